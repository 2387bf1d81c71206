"""A relay that replays, reflects, swaps, truncates, floods or misleads gets
nowhere: the library refuses with the right error and loses nothing.

Each test ends by letting the relay be honest again and carrying the share to
its end. TAP output. Usage: hostile_relay_test.py DEVICE-PROGRAM
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import types
from unittest import mock

from hostile_relay import Cut, Endless, HostileRelay
from hostile_relay_device import Device, expect


class Pair:
    """An initiator and a recipient, with message 1 in the mailbox."""

    def __init__(self, directory, relay, name=''):
        self.owner = Device(directory, name + 'owner', relay)
        self.friend = Device(directory, name + 'friend', relay)
        self.owner.begin('create', '{"step":1}')
        self.owner.expect('resume', 'TG_OK')
        self.friend.begin('accept', self.owner.expect('invitation', 'TG_OK'))
        self.identifier = list(relay.mailboxes)[-1]

    def answer(self):
        """The friend reads message 1 and answers with message 2."""
        expect(self.friend.expect('receive', 'TG_OK'), '{"step":1}')
        self.friend.expect('send', 'TG_OK', '{"step":2}')

    def rest(self):
        """From the owner's reading of message 2 to the end."""
        expect(self.owner.expect('receive', 'TG_OK'), '{"step":2}')
        self.owner.expect('send', 'TG_OK', '{"step":3}')
        expect(self.friend.expect('receive', 'TG_OK'), '{"step":3}')
        self.friend.expect('finish', 'TG_OK')
        self.owner.expect('receive', 'TG_E_GONE')
        expect(self.owner.expect('show', 'TG_OK').split()[0], 'gone')


def put(relay, pair, payload):
    """Serve this payload to everybody who reads."""
    def lie(call, answer):
        if call != 'read' or answer[0] != 200:
            return answer
        body = json.loads(answer[2])
        body['payload'] = payload
        headers = dict(answer[1], ETag='"forged"')
        return 200, headers, json.dumps(body).encode()
    relay.lie = lie


def change(call, **members):
    """Replace members of the answer to one call; None removes."""
    def lie(which, answer):
        if which != call:
            return answer
        body = json.loads(answer[2])
        for name, value in members.items():
            body.pop(name, None)
            if value is not None:
                body[name] = value
        return answer[0], answer[1], json.dumps(body).encode()
    return lie


def replace(call, status, headers, body):
    """Replace the whole answer to one call."""
    return lambda which, answer: ((status, headers, body) if which == call
                                  else answer)


def break_twice(listener, take_hello):
    """Accept two connections, one for each attempt, and close them."""
    for _ in range(2):
        connection, _ = listener.accept()
        with connection:
            if take_hello:
                connection.recv(10000)


TESTS = []


def test(function):
    TESTS.append(function)
    return function


# R-PAY-1
@test
def an_older_message_is_refused_and_the_flow_goes_on(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('send', 'TG_OK', '{"step":3}')
    first = relay.history[pair.identifier][0]
    put(relay, pair, first)
    pair.friend.expect('receive', 'TG_E_REPLAY')
    expect(pair.friend.expect('show', 'TG_OK').split()[:3],
           ['open', 'settled', 'none'])
    relay.lie = None
    expect(pair.friend.expect('receive', 'TG_OK'), '{"step":3}')
    pair.friend.expect('finish', 'TG_OK')


# R-PAY-1
@test
def ones_own_older_message_is_refused(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('send', 'TG_OK', '{"step":3}')
    put(relay, pair, relay.history[pair.identifier][0])
    pair.owner.expect('receive', 'TG_E_REPLAY')
    relay.lie = None
    pair.owner.expect('receive', 'TG_E_NO_NEWS')


# R-PAY-1
@test
def a_message_that_was_answered_already_is_refused(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    second = relay.history[pair.identifier][1]
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('send', 'TG_OK', '{"step":3}')
    put(relay, pair, second)
    pair.owner.expect('receive', 'TG_E_REPLAY')


# R-PAY-1
@test
def a_hidden_update_cannot_be_overwritten(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    put(relay, pair, relay.history[pair.identifier][0])
    pair.owner.expect('receive', 'TG_E_NO_NEWS')
    pair.owner.expect('send', 'TG_E_CONFLICT', '{"step":9}')
    relay.lie = None
    pair.rest()


@test
def a_message_of_another_mailbox_is_refused(directory, relay):
    pair = Pair(directory, relay)
    other = Pair(directory, relay, 'other-')
    put(relay, pair, relay.history[other.identifier][0])
    pair.friend.expect('receive', 'TG_E_AUTH')
    expect(pair.friend.expect('show', 'TG_OK').split()[:3],
           ['open', 'settled', 'none'])
    relay.lie = None
    pair.answer()
    pair.rest()


@test
def a_changed_payload_is_refused(directory, relay):
    pair = Pair(directory, relay)
    data = relay.history[pair.identifier][0]['data']
    changed = ('B' if data[20] == 'A' else 'A')
    for payload, result in (
            ({'type': 'AEAD_AES_128_GCM',
              'data': data[:20] + changed + data[21:]}, 'TG_E_AUTH'),
            ({'type': 'AEAD_AES_128_GCM', 'data': data[:16]}, 'TG_E_AUTH'),
            ({'type': 'AEAD_AES_256_GCM', 'data': data}, 'TG_E_AUTH'),
            ({'type': 'ROT13', 'data': data}, 'TG_E_UNKNOWN'),
            ({'type': 'AEAD_AES_128_GCM', 'data': '%%%%'}, 'TG_E_PROTOCOL'),
            ({'type': 'AEAD_AES_128_GCM', 'data': 7}, 'TG_E_PROTOCOL'),
            ({'type': 'AEAD_AES_128_GCM', 'data': ''}, 'TG_E_PROTOCOL'),
            ([], 'TG_E_PROTOCOL')):
        put(relay, pair, payload)
        pair.friend.expect('receive', result)
    relay.lie = None
    pair.answer()
    pair.rest()


@test
def a_read_answer_of_the_wrong_form_is_refused(directory, relay):
    pair = Pair(directory, relay)
    good = {'title': 'T', 'description': 'D',
            'imageURL': 'https://i.example/i'}
    for lie in (
            change('read', payload=None),
            change('read', displayInformation=None),
            change('read', displayInformation=dict(good, title='\x1b[2J')),
            change('read', displayInformation=dict(good, title='a\u202eb')),
            change('read', displayInformation=dict(good, title='x' * 129)),
            change('read', displayInformation=dict(good, imageURL='http://x')),
            change('read', expiration='soon'),
            change('read', expiration=7),
            change('read', isPushNotificationSupported='yes'),
            replace('read', 200, {'Content-Type': 'application/json'}, b'[]'),
            replace('read', 200, {'Content-Type': 'application/json'}, b'{'),
            lambda call, a: (a[0], {'ETag': '"1"'}, a[2]),
            lambda call, a: (a[0], dict(a[1], **{'Content-Type': 'text/html'}),
                             a[2]),
            replace('read', 201, {'Content-Type': 'application/json'}, b'{}'),
            replace('read', 204, {}, b''),
            replace('read', 400, {}, b''),
            replace('read', 412, {}, b''),
            replace('read', 302, {'Location': f'{relay.authority}/x'}, b''),
            lambda call, a: (a[0], dict(a[1], ETag='no quotes'), a[2])):
        relay.lie = lie
        pair.friend.expect('receive', 'TG_E_PROTOCOL')
    relay.lie = None
    pair.answer()
    pair.rest()


@test
def an_endless_body_and_huge_headers_are_cut_off(directory, relay):
    pair = Pair(directory, relay)
    relay.lie = replace('read', 200, {'Content-Type': 'application/json'},
                        Endless())
    pair.friend.expect('receive', 'TG_E_PROTOCOL')
    relay.lie = replace('read', 200, {f'X-{i}': 'x' * 1000
                                      for i in range(60)}, b'')
    pair.friend.expect('receive', 'TG_E_PROTOCOL')
    relay.lie = None
    pair.answer()


@test
def a_redirect_is_not_followed(directory, relay):
    pair = Pair(directory, relay)
    before = len(relay.seen)
    relay.lie = replace('read', 307, {
        'Location': f'https://{relay.authority}/v1/m/{pair.identifier}'}, b'')
    pair.friend.expect('receive', 'TG_E_PROTOCOL')
    expect(len(relay.seen), before + 1)


@test
def a_truncated_or_broken_answer_is_asked_for_again(directory, relay):
    pair = Pair(directory, relay)
    relay.lie = lambda call, a: (a[0], a[1], Cut(a[2]))
    pair.friend.expect('receive', 'TG_E_NETWORK')
    relay.lie = lambda call, a: None
    pair.friend.expect('receive', 'TG_E_NETWORK')
    expect(pair.friend.expect('show', 'TG_OK').split()[0], 'new')
    relay.lie = None
    pair.answer()
    pair.rest()


@test
def a_foreign_url_link_is_refused_and_creating_can_be_resumed(directory,
                                                              relay):
    owner = Device(directory, 'owner', relay)
    owner.begin('create', '{"step":1}')
    place = f'https://{relay.authority}/v1/m/'
    good = '0b0c0d0e-1111-4222-8333-444455556666'
    for link in (f'https://evil.example/v1/m/{good}',
                 f'https://127.0.0.1:1/v1/m/{good}',
                 f'http://{relay.authority}/v1/m/{good}',
                 f'{place}{good}?v=c', f'{place}{good}#secret', place,
                 f'{place}{good}/..', f'https://u@{relay.authority}/v1/m/'
                 + good, 7, None):
        relay.lie = change('create', urlLink=link)
        owner.expect('resume', 'TG_E_PROTOCOL')
        expect(owner.expect('show', 'TG_OK').split()[:2], ['new', 'pending'])
        owner.expect('invitation', 'TG_E_STATE')
    relay.lie = None
    owner.expect('resume', 'TG_OK')
    expect(len(relay.mailboxes), 1, 'R-IDEM: one mailbox, however often')
    requests = {s[2]['Mailbox-Request-ID'] for s in relay.seen}
    expect(len(requests), 1, 'R-IDEM: the same request id each time')
    expect(len({s[3] for s in relay.seen}), 1, 'the same body each time')


# R-IDEM
@test
def an_update_whose_answer_was_lost_is_done_once(directory, relay):
    pair = Pair(directory, relay)
    expect(pair.friend.expect('receive', 'TG_OK'), '{"step":1}')
    relay.lie = lambda call, a: None if call == 'update' else a
    pair.friend.expect('send', 'TG_E_NETWORK', '{"step":2}')
    expect(pair.friend.expect('show', 'TG_OK').split()[:3],
           ['open', 'pending', 'message'])
    relay.lie = None
    pair.friend.expect('answer', 'TG_OK', '{"step":2}')
    expect(pair.friend.expect('show', 'TG_OK').split()[:3],
           ['open', 'settled', 'none'])
    expect(len(relay.history[pair.identifier]), 2)
    pair.rest()


# R-IDEM, R-UPD-3
@test
def a_late_201_does_not_overwrite_what_came_meanwhile(directory, relay):
    pair = Pair(directory, relay)
    expect(pair.friend.expect('receive', 'TG_OK'), '{"step":1}')
    relay.lie = lambda call, a: None if call == 'update' else a
    pair.friend.expect('send', 'TG_E_NETWORK', '{"step":2}')
    relay.lie = None
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('send', 'TG_OK', '{"step":3}')
    pair.friend.expect('resume', 'TG_OK')
    pair.friend.expect('send', 'TG_E_CONFLICT', '{"step":4}')
    expect(pair.friend.expect('receive', 'TG_OK'), '{"step":3}')


# R-UPD-3
@test
def an_unread_message_is_not_overwritten(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    pair.owner.expect('send', 'TG_E_CONFLICT', '{"step":9}')
    expect(len(relay.history[pair.identifier]), 2)
    pair.rest()


# R-UPD-3
@test
def a_new_etag_of_the_same_payload_is_learnt(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('handled', 'TG_OK')
    relay.mailboxes[pair.identifier]['version'] += 1
    pair.owner.expect('send', 'TG_E_CONFLICT', '{"step":3}')
    pair.owner.expect('receive', 'TG_E_NO_NEWS')
    pair.owner.expect('send', 'TG_OK', '{"step":3}')


@test
def writing_twice_running_is_read_once_or_twice(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('handled', 'TG_OK')
    pair.friend.expect('send', 'TG_OK', '{"step":"2b"}')
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":"2b"}')
    pair.owner.expect('handled', 'TG_OK')
    pair.friend.expect('send', 'TG_OK', '{"step":"2c"}')
    pair.friend.expect('send', 'TG_OK', '{"step":"2d"}')
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":"2d"}')
    pair.owner.expect('send', 'TG_OK', '{"step":3}')
    expect(pair.friend.expect('receive', 'TG_OK'), '{"step":3}')


@test
def an_unknown_format_is_named_and_can_be_given_back(directory, relay):
    pair = Pair(directory, relay)
    pair.answer()
    expect(pair.owner.expect('receive', 'TG_OK'), '{"step":2}')
    pair.owner.expect('send-unknown', 'TG_OK', '{"step":3}')
    pair.friend.expect('receive', 'TG_E_UNKNOWN')
    pair.friend.expect('relinquish', 'TG_OK')
    expect(pair.friend.expect('show', 'TG_OK').split()[0], 'relinquished')
    expect(relay.mailboxes[pair.identifier]['recipient'], None)


@test
def a_stolen_mailbox_is_refused(directory, relay):
    pair = Pair(directory, relay)
    thief = Device(directory, 'thief', relay)
    thief.begin('accept', pair.owner.expect('invitation', 'TG_OK'))
    thief.expect('receive', 'TG_OK')
    pair.friend.expect('receive', 'TG_E_REFUSED')


@test
def busy_relay_is_tried_again_with_the_same_request_id(directory, relay):
    owner = Device(directory, 'owner', relay)
    owner.begin('create', '{"step":1}')
    relay.lie = replace('create', 503, {'Retry-After': '1'}, b'')
    owner.expect('resume', 'TG_E_BUSY')
    expect(len(relay.seen), 2)
    expect(len({s[2]['Mailbox-Request-ID'] for s in relay.seen}), 1)
    relay.seen.clear()
    relay.lie = replace('create', 429, {'Retry-After': '3600'}, b'')
    owner.expect('resume', 'TG_E_BUSY')
    expect(len(relay.seen), 1, 'an hour is not waited for')
    relay.lie = None
    owner.expect('resume', 'TG_OK')


@test
def a_refused_create_fails_for_good(directory, relay):
    owner = Device(directory, 'owner', relay)
    owner.begin('create', '{"step":1}')
    relay.lie = replace('create', 401, {}, b'')
    owner.expect('resume', 'TG_E_REFUSED')
    expect(owner.expect('show', 'TG_OK').split()[:2], ['failed', 'settled'])
    owner.expect('resume', 'TG_OK')
    owner.expect('send', 'TG_E_STATE', '{}')
    owner.expect('cancel', 'TG_OK')
    expect(owner.expect('show', 'TG_OK').split()[0], 'failed')


@test
def a_deletion_that_is_404_counts_as_done(directory, relay):
    pair = Pair(directory, relay)
    relay.lie = lambda call, a: None if call == 'delete' else a
    pair.owner.expect('cancel', 'TG_E_NETWORK')
    expect(pair.owner.expect('show', 'TG_OK').split()[:2],
           ['open', 'pending'])
    relay.lie = None
    pair.owner.expect('cancel', 'TG_OK')
    expect(pair.owner.expect('show', 'TG_OK').split()[:2],
           ['cancelled', 'settled'])
    pair.owner.expect('invitation', 'TG_E_STATE')
    pair.friend.expect('receive', 'TG_E_GONE')


@test
def a_relay_that_repeats_our_claim_does_not_get_it_shown(directory, relay):
    pair = Pair(directory, relay)

    def lie(call, answer):
        claim = relay.seen[-1][2]['Mailbox-Device-Claim']
        return 401, {'Content-Type': 'application/problem+json'}, json.dumps(
            {'title': 'refused', 'detail': f'claim {claim} unknown'}).encode()
    relay.lie = lie
    result, reason = pair.friend('receive')
    expect((result, reason), ('TG_E_REFUSED', 'status 401'))
    relay.lie = replace('read', 401,
                        {'Content-Type': 'application/problem+json'},
                        b'{"title":"not\\u001b[31m yours"}')
    expect(pair.friend('receive')[1], 'status 401: not[31m yours')


@test
def a_proxy_of_the_environment_is_not_used(directory, relay):
    pair = Pair(directory, relay)
    nowhere = 'http://127.0.0.1:1'
    with mock.patch.dict(os.environ, {'https_proxy': nowhere,
                                      'ALL_PROXY': nowhere,
                                      'HTTPS_PROXY': nowhere}):
        pair.answer()


# R-URL-2
@test
def a_relay_that_is_not_listed_sees_no_connection(directory, relay):
    pair = Pair(directory, relay)
    url = pair.owner.expect('invitation', 'TG_OK')
    other = directory / 'other'
    other.mkdir()
    before = len(relay.seen)
    with HostileRelay(other) as listed:
        friend = Device(directory, 'careful', listed, relay.ca)
        expect(friend.run('accept', url)[0], 'TG_E_UNTRUSTED')
        # Struck off the list after it was accepted.
        friend = Device(directory, 'friend', listed, relay.ca)
        friend.share = pair.friend.share
        friend.expect('receive', 'TG_E_UNTRUSTED')
    expect(len(relay.seen), before)
    pair.answer()
    pair.rest()


@test
def a_connection_that_breaks_in_the_handshake_is_made_again(directory, relay):
    for take_hello in (False, True):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            listener.settimeout(10)
            port = listener.getsockname()[1]
            broken = types.SimpleNamespace(authority=f'127.0.0.1:{port}',
                                           ca=relay.ca)
            stray = Device(directory, f'stray-{take_hello}', broken)
            stray.begin('create', '{}')
            breaker = threading.Thread(target=break_twice,
                                       args=(listener, take_hello))
            breaker.start()
            stray.expect('resume', 'TG_E_NETWORK')
            breaker.join()
            expect(stray.expect('show', 'TG_OK').split()[:2],
                   ['new', 'pending'])


# R-TLS-1
@test
def a_certificate_of_somebody_else_is_refused(directory, relay):
    other = directory / 'other'
    other.mkdir()
    with HostileRelay(other, 'IP:127.0.0.9') as wrong_name:
        owner = Device(directory, 'a', wrong_name)
        owner.begin('create', '{}')
        owner.expect('resume', 'TG_E_TLS')
        owner.ca = relay.ca
        owner.expect('resume', 'TG_E_TLS')
        expect(wrong_name.seen, [])


# R-URL-1, R-URL-2
@test
def secret_never_reaches_the_relay(directory, relay):
    pair = Pair(directory, relay)
    url = pair.owner.expect('invitation', 'TG_OK')
    secret = url.split('#')[1]
    pair.answer()
    pair.rest()
    for _, path, headers, body in relay.seen:
        text = path + json.dumps(headers) + body.decode()
        if secret in text or secret.rstrip('=') in text or '#' in path:
            raise AssertionError('the secret is on the wire')
        for forbidden in ('Cookie', 'User-Agent', 'Referer'):
            expect(headers.get(forbidden), None)


def main():
    failed = 0
    print(f'1..{len(TESTS)}')
    for number, function in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory() as path:
            directory = pathlib.Path(path)
            try:
                with HostileRelay(directory) as relay:
                    function(directory, relay)
                print(f'ok {number} - {function.__name__}', flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f'not ok {number} - {function.__name__}\n# {error}',
                      flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
