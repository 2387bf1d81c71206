"""Guests, relays and strangers who do not keep to the rules, and one who does.

The other side is hotel_peer.py: what it sends is made of docs/formats.md and
openssl(1), so it can write what our own programs never would.
"""
import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import tempfile

import hotel
import hotel_peer as peer
import sentences
from hostile_relay import Cut, HostileRelay
from hotel_peer import Key, ask_token, knock, redeem
from relay import Relay
from sentences import check, equal

AT_ONCE = 20


@contextlib.contextmanager
def desk_world():
    """A hotel with its desk open, and a booking. No guests, no relay."""
    with hotel.Cast(None) as cast:
        cast.open_desk()
        yield cast, cast.book()


@contextlib.contextmanager
def key_world():
    """The same with a device of another make and its key: what it shows."""
    with desk_world() as (cast, booking):
        key = Key.make(cast.file('own.key'))
        token = ask_token(cast, booking).json['token']
        yield cast, key, redeem(cast, token, key).json


@contextlib.contextmanager
def lying_world():
    """A hotel and guests whose relay does what a test wants."""
    with tempfile.TemporaryDirectory() as directory, \
            HostileRelay(pathlib.Path(directory)) as relay:
        relay.host = relay.authority
        with hotel.Cast(relay) as cast:
            cast.check_in()
            yield cast, relay


def at_once(count, function):
    """Call it so many times at the same time."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, range(count)))


def test_a_guest_made_of_the_formats_page_opens_the_door():
    with key_world() as (cast, key, shown):
        with cast.door('room') as room, cast.door('sauna') as sauna:
            equal(knock(room, shown, key), 'open', 'the room')
            equal(knock(sauna, shown, key), 'door', 'the sauna')


def test_of_many_devices_at_once_exactly_one_gets_the_key():
    with desk_world() as (cast, booking):
        for round_number in range(3):
            token = ask_token(cast, booking, round_number).json['token']
            keys = [Key.make(cast.file(f'{i}.key')) for i in range(AT_ONCE)]
            bodies = [peer.redemption(token, key) for key in keys]
            answers = at_once(AT_ONCE, lambda i, b=bodies: peer.call(
                cast, 'POST', '/v1/redeem', b[i]))
            lucky = [i for i, one in enumerate(answers) if one.status == 200]
            equal(len(lucky), 1, 'keys')
            equal({one.check for one in answers if one.status != 200},
                  {'redeemed'}, 'the others')
            said = json.loads(answers[lucky[0]].json['statement'])
            equal(said['publicKey'], keys[lucky[0]].public, 'whose key it is')
            equal(cast.keys(), round_number + 1, 'keys in the ledger')


def test_the_same_device_gets_the_same_key_however_often_it_asks():
    with desk_world() as (cast, booking):
        token = ask_token(cast, booking).json['token']
        key = Key.make(cast.file('own.key'))
        answers = at_once(AT_ONCE, lambda _: redeem(cast, token, key))
        equal({one.status for one in answers}, {200}, 'status')
        equal(len({json.dumps(one.json) for one in answers}), 1, 'keys')
        cast.serving.stop()
        cast.serving.start()
        equal(redeem(cast, token, key).json, answers[0].json, 'after a restart')
        other = Key.make(cast.file('other.key'))
        equal(redeem(cast, token, other).check, 'redeemed', 'another device')


def test_asking_for_a_token_again_gives_the_same_one():
    with desk_world() as (cast, booking):
        answers = at_once(AT_ONCE, lambda _: ask_token(cast, booking))
        equal(len({one.json.get('token') for one in answers}), 1, 'tokens')
        equal(len(cast.tokens()), 1, 'in the ledger')
        equal(ask_token(cast, booking, doors=['room']).check, 'request',
              'the same request for something else')
        check(ask_token(cast, booking, 2).json['token'] !=
              answers[0].json['token'], 'another request')


def test_nobody_asks_for_more_than_was_booked():
    with desk_world() as (cast, booking):
        for changes in ({'room': hotel.OTHER_ROOM},
                        {'doors': ['room', 'sauna']},
                        {'notBefore': hotel.moment(-2 * hotel.DAY)},
                        {'notAfter': hotel.moment(4 * hotel.DAY)}):
            equal(ask_token(cast, booking, **changes).check, 'beyond',
                  str(changes))
        answers = [ask_token(cast, booking, number) for number in range(17)]
        equal([one.check for one in answers], [None] * 16 + ['limit'],
              'how many')


def test_only_the_secret_of_a_booking_speaks_for_it():
    with desk_world() as (cast, booking):
        other = cast.book(cast.file('other'))
        wrong = base64.b64encode(bytes(32)).decode()
        for bearer in (wrong, other['secret'], 'x', wrong[:-1]):
            equal(ask_token(cast, booking, bearer=bearer).status, 401, bearer)
        ask_token(cast, booking)
        for bearer in (wrong, other['secret']):
            equal(peer.cancel(cast, booking, bearer=bearer).status, 401,
                  'cancelling')
        ghost = dict(booking, booking='AAAAAAAA')
        equal(ask_token(cast, ghost).status, 401, 'no such booking')
        equal([one['state'] for one in cast.tokens()], ['open'], 'tokens')


def test_an_edited_or_invented_token_is_worth_nothing():
    with desk_world() as (cast, booking):
        token = ask_token(cast, booking).json['token']
        key = Key.make(cast.file('own.key'))
        raw = bytearray(base64.b64decode(token))
        raw[7] ^= 1
        for wrong, why in ((base64.b64encode(raw).decode(), 'token'),
                           (base64.b64encode(os.urandom(32)).decode(),
                            'token'),
                           (token[:-1], 'format'), (token + 'AAAA', 'format'),
                           ('', 'format')):
            equal(redeem(cast, wrong, key).check, why, wrong)
        equal(cast.keys(), 0, 'keys')


def test_a_redemption_without_proof_of_the_key_is_refused():
    with desk_world() as (cast, booking):
        token = ask_token(cast, booking).json['token']
        other_token = ask_token(cast, booking, 2).json['token']
        own, other = (Key.make(cast.file(name)) for name in 'ab')
        for changes in (
                {'proof': other.sign('tigress-hotel-redeem-v1', token,
                                     own.public)},
                {'proof': own.sign('tigress-hotel-redeem-v1', other_token,
                                   own.public)},
                {'proof': own.sign('tigress-hotel-door-v1', token,
                                   own.public)},
                {'publicKey': other.public}, {'proof': ''}):
            equal(redeem(cast, token, own, **changes).check, 'signature',
                  str(changes))
        equal(redeem(cast, token, own, publicKey='AAAA').check, 'format',
              'no key')
        equal(cast.keys(), 0, 'keys')


def test_what_was_cancelled_is_not_redeemed():
    with desk_world() as (cast, booking):
        key = Key.make(cast.file('own.key'))
        token = ask_token(cast, booking).json['token']
        equal([peer.cancel(cast, booking).json['was'] for _ in range(2)],
              ['open', 'cancelled'], 'cancelling')
        equal(redeem(cast, token, key).check, 'cancelled', 'redeeming')
        equal(ask_token(cast, booking).check, 'cancelled', 'asking again')
        token = ask_token(cast, booking, 2).json['token']
        redeem(cast, token, key)
        equal(peer.call(cast, 'POST', '/v1/decline', {'token': token}).check,
              'redeemed', 'declining what was redeemed')
        equal(peer.cancel(cast, booking, 2).json['was'], 'redeemed', 'key')
        equal(redeem(cast, token, key).check, 'cancelled', 'redeemed again')


def test_a_stay_that_is_over_is_not_redeemed():
    with desk_world() as (cast, _):
        past = cast.book(since=-2 * hotel.DAY, until=-hotel.DAY)
        token = ask_token(cast, past).json['token']
        key = Key.make(cast.file('own.key'))
        equal(redeem(cast, token, key).check, 'too-late', 'check')


def test_only_a_door_is_told_what_was_cancelled():
    with desk_world() as (cast, booking):
        for bearer in (None, booking['secret'], 'x'):
            equal(peer.call(cast, 'GET', '/v1/cancelled',
                            bearer=bearer).status, 401, str(bearer))
        for method, path in (('GET', '/v1/tokens'), ('POST', '/v1/cancelled'),
                             ('GET', '/v1/other'), ('POST', '/')):
            status = peer.call(cast, method, path,
                               {} if method == 'POST' else None).status
            check(status in (404, 405), f'{method} {path}: {status}')


def test_nonsense_is_refused_and_the_desk_goes_on():
    with desk_world() as (cast, booking):
        for body in ({}, [], 'x', {'token': 5}, {'token': None},
                     {'booking': booking['booking'], 'request': 'x'},
                     {'booking': 'x' * 60000}):
            for path in ('tokens', 'redeem', 'cancel', 'decline'):
                equal(peer.call(cast, 'POST', '/v1/' + path, body,
                                booking['secret']).status, 400,
                      f'{path}: {str(body)[:30]}')
        equal(ask_token(cast, booking).status, 200, 'afterwards')


def test_a_statement_that_the_desk_did_not_sign_is_refused():
    with key_world() as (cast, key, shown), cast.door('room') as door:
        said = json.loads(shown['statement'])
        edited = shown['statement'].replace('"pool","room"', '"room","sauna"')
        forger = Key.make(cast.file('forger.key'))
        for wrong in (dict(shown, statement=edited),
                      peer.statement(forger, said),
                      dict(shown, signature=forger.sign(
                          'tigress-hotel-key-v1', shown['statement'])),
                      dict(shown, signature=shown['signature'][:-4]),
                      dict(shown, signature='')):
            equal(knock(door, wrong, key), 'desk', str(wrong))
        for wrong in ({}, {'statement': shown['statement']},
                      dict(shown, statement=5)):
            equal(knock(door, wrong, key), 'format', str(wrong))
        equal(knock(door, shown, key), 'open', 'the right one')


def test_a_statement_of_another_form_is_refused_even_if_the_desk_signed_it():
    with key_world() as (cast, key, shown), cast.door('room') as door:
        desk = Key(cast.desk.state / 'desk.key')
        right, said = shown['statement'], json.loads(shown['statement'])
        equal(knock(door, peer.statement(desk, said), key), 'open', 'control')
        for text in (right + ' ', right.replace('":', '": '),
                     right.replace('"version":1', '"version":2'),
                     right.replace('"version":1', '"version":1,"version":1'),
                     right[:-1] + ',"uses":1}',
                     right.replace('"pool","room"', '"room","pool"'),
                     right.replace('"pool","room"', '"room","room"'),
                     right.replace('["pool","room"]', '[]'),
                     right.replace(said['notAfter'], said['notBefore']),
                     right.replace(said['serial'], said['serial'].upper()),
                     right.replace('204', '\\u0032\\u0030\\u0034'),
                     '{}', '[]', 'x', 'x' * 5000):
            check(text != right, 'nothing was changed')
            equal(knock(door, peer.statement(desk, None, text), key),
                  'format', text)


def test_a_key_for_another_room_or_other_days_is_refused():
    with key_world() as (cast, key, shown):
        with cast.door('room', room=hotel.OTHER_ROOM) as other:
            equal(knock(other, shown, key), 'room', 'another room')
        for days, verdict in ((0, 'open'), (-2, 'too-early'),
                              (2, 'open'), (4, 'too-late')):
            now = hotel.moment(days * hotel.DAY)
            with cast.door('pool', '--now', now, room=None) as door:
                equal(knock(door, shown, key), verdict, f'{days} days')


def test_a_stay_ends_and_begins_to_the_second():
    with key_world() as (cast, key, shown):
        said = json.loads(shown['statement'])
        for now, verdict in ((said['notBefore'], 'open'),
                             (said['notAfter'], 'too-late')):
            with cast.door('room', '--now', now) as door:
                equal(knock(door, shown, key), verdict, now)


def test_a_stolen_statement_is_worth_nothing_without_its_key():
    with key_world() as (cast, _, shown), cast.door('room') as door:
        thief = Key.make(cast.file('thief.key'))
        equal(knock(door, shown, thief), 'signature', 'check')


def test_a_replayed_answer_is_refused_everywhere():
    with key_world() as (cast, key, shown), cast.door('room') as door, \
            cast.door('pool') as other:
        with peer.Talk(door.socket) as talk:
            talk.send({'action': 'open'})
            answer = dict(shown, proof=peer.proof(talk.receive(), key))
            talk.send(answer)
            check(talk.receive()['done'], 'the first time')
        for again in (door, other):
            with peer.Talk(again.socket) as talk:
                talk.send({'action': 'open'})
                talk.receive()
                talk.send(answer)
                equal(talk.receive()['check'], 'signature', 'once more')
        # A door in the middle: the nonce of one, asked of the key by another.
        with peer.Talk(door.socket) as one, peer.Talk(other.socket) as two:
            for talk in (one, two):
                talk.send({'action': 'open'})
            mixed = dict(two.receive(), nonce=one.receive()['nonce'])
            one.send(dict(shown, proof=peer.proof(mixed, key)))
            equal(one.receive()['check'], 'signature', 'passed on')


def test_nonsense_at_the_door_is_refused_and_the_door_goes_on():
    with key_world() as (cast, key, shown), cast.door('room') as door:
        for text in ('', '[]', '{}', '{"action": "close"}', 'x' * 17000):
            with peer.Talk(door.socket) as talk:
                talk.send(text)
        for text in ('', '[]', '{}', '{"statement": 1}', '{' * 500):
            with peer.Talk(door.socket) as talk:
                talk.send({'action': 'open'})
                talk.receive()
                talk.send(text)
                equal(talk.receive()['check'], 'format', text[:20])
        equal(knock(door, shown, key), 'open', 'afterwards')


def test_a_thief_who_comes_first_is_noticed_and_locked_out():
    with Relay() as relay, hotel.Cast(relay) as cast:
        cast.check_in()
        cast.share('Weekend')
        thief = cast.make_guest(cast.guest('thief'))
        cast.accept(thief)
        # The one whom it was for finds nothing, and says so.
        cast.accept(expect=hotel.OVER)
        cast.first.run('cancel', '--name', 'Weekend')
        with cast.door('room', online=True) as door:
            equal(cast.open(door, thief, hotel.REFUSED).check, 'cancelled',
                  'check')


def lie_about_payload(payload):
    """Serve another payload to whoever reads."""
    def lie(call, answer):
        if call != 'read' or answer[0] != 200:
            return answer
        body = json.loads(answer[2])
        body['payload'] = payload
        return answer[0], answer[1], json.dumps(body).encode()
    return lie


def test_a_relay_that_swaps_or_changes_mailboxes_gets_nowhere():
    with lying_world() as (cast, relay):
        cast.share('One')
        cast.share('Two')  # this URL is in url_file
        one, two = (relay.history[name][0] for name in relay.history)
        data = two['data']
        changed = data[:20] + ('B' if data[20] == 'A' else 'A') + data[21:]
        for payload in (one, dict(two, data=changed),
                        dict(two, data=data[:40]),
                        dict(two, type='AEAD_AES_256_GCM')):
            relay.lie = lie_about_payload(payload)
            result = cast.accept(expect=hotel.REFUSED)
            check(result.json['error'] in ('TG_E_AUTH', 'TG_E_UNKNOWN'),
                  result.text)
            equal(cast.keys(), 0, 'keys')
        relay.lie = None
        cast.accept()
        equal(cast.keys(), 1, 'keys')


def test_a_relay_that_breaks_off_costs_nothing():
    with lying_world() as (cast, relay):
        cast.share('Weekend')
        for lie in (lambda call, a: (a[0], a[1], Cut(a[2])),
                    lambda call, a: (a[0], a[1], a[2][:-9]),
                    lambda call, a: (200, a[1], b'{}'),
                    lambda call, a: (302, {'Location': cast.url}, b'')):
            relay.lie = lambda call, a, lie=lie: (
                lie(call, a) if call == 'read' else a)
            result = cast.accept(expect=None)
            check(result.status in (hotel.REFUSED, hotel.NETWORK), result.text)
        relay.lie = None
        cast.accept()
        equal(cast.keys(), 1, 'keys')


def test_a_relay_that_says_deleted_and_keeps_the_mailbox_gives_no_second_key():
    with lying_world() as (cast, relay):
        cast.share('Weekend')
        kept = dict(relay.mailboxes)
        cast.accept()
        relay.mailboxes.update(kept)
        for mailbox in kept.values():
            mailbox['recipient'] = None  # as if nobody had ever read
        second = cast.make_guest(cast.guest('second'))
        result = cast.accept(second, expect=hotel.REFUSED)
        equal((result.check, cast.keys()), ('redeemed', 1), 'check, keys')


if __name__ == '__main__':
    sentences.main(globals())
