"""A car key travels from owner to friend: the whole way, and who is kept out.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 car_flow.py [WORD…]
"""
import base64
import contextlib
import ssl
import urllib.error
import urllib.request
import uuid

import car
import sentences
from relay import Relay
from sentences import check, equal
from wire import Wire


# How each private key on P-256 begins, as PKCS #8.
PKCS8 = bytes.fromhex('020100301306072a8648ce3d020106082a8648ce3d030107')


@contextlib.contextmanager
def world():
    """A relay and the enrolled parties."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        yield cast


def call(relay, method, url, **headers):
    """A call to the relay by anybody: (status, body)."""
    request = urllib.request.Request(url, method=method, headers={
        name.replace('_', '-'): value for name, value in headers.items()})
    context = ssl.create_default_context(cafile=relay.ca)
    try:
        with urllib.request.urlopen(request, context=context,
                                    timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def plain_url(cast):
    """The share URL without its secret."""
    return cast.url_file.read_text().strip().split('#')[0]


def test_a_lent_key_opens_and_starts_the_vehicle():
    with world() as cast:
        cast.lend('Weekend', 'unlock,start')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'open')
            cast.ask(vehicle, 'start')
        equal([(event['action'], event['done']) for event in cast.events()],
              [('unlock', True), ('start', True)], 'the event log')


def test_openssl_verify_agrees_on_the_chain():
    with world() as cast:
        cast.lend('Weekend', 'unlock')
        state = cast.friend.state
        chain = ['-untrusted', str(state / 'issuer-1.pem'),
                 str(state / 'certificate-1.pem')]
        root = str(cast.maker.state / 'root.pem')
        for strict in ([], ['-x509_strict']):
            status, text = car.openssl('verify', *strict, '-CAfile', root,
                                       *chain)
            equal(status, 0, text)
        cast.party('maker', 'other').run('init')
        other = str(cast.top / 'other' / 'root.pem')
        status, text = car.openssl('verify', '-CAfile', other, *chain)
        check(status != 0, 'another maker\'s root is believed: ' + text)


def test_the_certificate_says_what_was_granted():
    with world() as cast:
        until = car.moment(3600)
        cast.lend('Weekend', 'lock,unlock', '--until', until)
        status, text = car.openssl(
            'x509', '-noout', '-text', '-in',
            str(cast.friend.state / 'certificate-1.pem'))
        equal(status, 0, text)
        for word in (car.VIN, 'unlock..lock', 'CA:FALSE',
                     ''.join(c for c in until if c.isalnum() and c != 'T')):
            check(word in text, f'{word} is not in {text}')
        check('start' not in text, 'start was not granted')


def test_the_owner_learns_that_the_key_has_arrived():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.owner.run('continue', expect=car.WAITING)
        cast.accept()
        cast.friend.run('continue', expect=car.WAITING)
        cast.owner.run('continue')
        cast.owner.run('continue', expect=car.WAITING)
        cast.friend.run('continue')
        cast.owner.run('continue')
        status = cast.owner.run('status').json
        equal((status['state'], status['signed']), ('gone', True), 'status')


def test_each_command_given_twice_has_no_second_effect():
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            car.Cast(wire) as cast:
        wire.connect(relay)
        cast.enrol()
        cast.share('Weekend', 'unlock')
        first = cast.url_file.read_text()
        cast.share('Weekend', 'unlock')
        equal(cast.url_file.read_text(), first, 'the URL of the second time')
        cast.accept()
        cast.accept(expect=car.WAITING)
        cast.owner.run('continue')
        issued = (cast.owner.state / 'issued-1.pem').read_bytes()
        cast.owner.run('continue', expect=car.WAITING)
        cast.friend.run('continue')
        cast.friend.run('continue')
        cast.accept()
        cast.owner.run('continue')
        equal((cast.owner.state / 'issued-1.pem').read_bytes(), issued,
              'the certificate')
        equal(len(list(cast.owner.state.glob('issued-*'))), 1, 'signatures')
        equal(len(cast.friend.run('status').all), 1, 'shares of the friend')
        equal(len(list(cast.friend.state.glob('certificate-*'))), 1, 'keys')
        creates = [c for c in wire.calls
                   if c.method == 'POST' and c.path == '/v1/m']
        equal(len(creates), 1, 'mailboxes made')


def test_one_name_is_one_share():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.share('Weekend', 'unlock,start', expect=car.USAGE)
        cast.share('Another', 'unlock,start')
        names = [share['name'] for share in cast.owner.run('status').all]
        equal(names, ['Weekend', 'Another'], 'the shares')


# R-READ-3
def test_a_second_device_with_url_and_secret_is_refused():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.accept()
        second = cast.make_friend(cast.party('friend', 'second'))
        cast.accept(second, expect=car.TAKEN)
        check(not list(second.state.glob('certificate-*')), 'it has a key')
        cast.owner.run('continue')
        cast.accept(second, expect=car.TAKEN)
        cast.friend.run('continue')
        cast.accept(second, expect=car.OVER)


def test_a_stranger_with_the_url_but_no_secret_learns_nothing():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        claim = str(uuid.uuid4())
        status, body = call(cast.relay, 'POST', plain_url(cast),
                            Mailbox_Device_Claim=claim)
        equal(status, 200, 'reading')
        for word in (car.VIN, 'KeyCreationRequest', 'Weekend', 'unlock'):
            check(word not in body, f'{word} can be read')
            encoded = base64.b64encode(word.encode()).decode().rstrip('=')
            check(encoded[:-1] not in body, f'{word} can be decoded')
        status, _ = call(cast.relay, 'PATCH', plain_url(cast),
                         Mailbox_Device_Claim=claim,
                         Mailbox_Request_ID=str(uuid.uuid4()))
        equal(status, 200, 'giving back')


# R-REL-1
def test_a_wrong_secret_gives_the_mailbox_back():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        stranger = cast.make_friend(cast.party('friend', 'stranger'))
        wrong = plain_url(cast) + '#AAAAAAAAAAAAAAAAAAAAAA=='
        result = stranger.run('accept', stdin=wrong, expect=car.REFUSED)
        equal(result.json['error'], 'TG_E_AUTH', 'why')
        check(not list(stranger.state.glob('certificate-*')), 'a key')
        cast.accept()  # so the friend still can


def test_a_link_without_its_secret_is_refused_before_the_relay_is_asked():
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            car.Cast(wire) as cast:
        wire.connect(relay)
        cast.enrol()
        cast.share('Weekend', 'unlock')
        wire.take()
        cast.friend.run('accept', stdin=plain_url(cast), expect=car.REFUSED)
        equal(wire.take(), [], 'calls')


# R-URL-2
def test_an_unknown_relay_is_refused_before_it_is_asked():
    with world() as cast, Relay() as other:
        cast.share('Weekend', 'unlock')
        url = cast.url_file.read_text().replace(cast.relay.host, other.host)
        result = cast.friend.run('accept', stdin=url, expect=car.REFUSED)
        equal(result.json['error'], 'TG_E_UNTRUSTED', 'why')


# R-DEL-1
def test_a_cancelled_share_can_no_longer_be_accepted():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.owner.run('cancel', '--name', 'Weekend')
        cast.accept(expect=car.OVER)
        cast.owner.run('cancel', '--name', 'Weekend', expect=car.OVER)
        equal(call(cast.relay, 'GET', plain_url(cast))[0], 404, 'the preview')


def test_a_share_cancelled_after_acceptance_leaves_no_key():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.accept()
        cast.owner.run('cancel', '--name', 'Weekend')
        cast.friend.run('continue', expect=car.OVER)
        check(not list(cast.friend.state.glob('certificate-*')), 'a key')
        check(not list(cast.owner.state.glob('issued-*')), 'a signature')


def test_a_key_that_has_arrived_can_no_longer_be_cancelled():
    with world() as cast:
        cast.lend('Weekend', 'unlock')
        cast.owner.run('cancel', '--name', 'Weekend', expect=car.OVER)


def test_a_relay_that_is_away_costs_a_repetition_and_nothing_else():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.relay.stop()
        cast.accept(expect=car.NETWORK)
        cast.relay.start()
        cast.accept()
        cast.relay.stop()
        cast.owner.run('continue', expect=car.NETWORK)
        cast.relay.start()
        cast.owner.run('continue')
        cast.relay.stop()
        cast.friend.run('continue', expect=car.NETWORK)
        cast.relay.start()
        cast.friend.run('continue')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')


def test_secrets_stay_where_they_belong():
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            car.Cast(wire) as cast:
        wire.connect(relay)
        cast.enrol()
        cast.share('Weekend', 'unlock')
        pin = cast.pin
        check(pin not in cast.url_file.read_text().split('#')[0], 'the link')
        equal(cast.pin_file.stat().st_mode & 0o777, 0o600, 'mode of the PIN')
        cast.accept()
        cast.owner.run('continue')
        cast.friend.run('continue')
        secret = base64.b64decode(
            cast.url_file.read_text().strip().split('#')[1])
        for path in relay.files():
            for hidden in (secret, car.VIN.encode()):
                check(not car.holds(path.read_bytes(), hidden),
                      f'a secret is in {path}')
        for hidden in (secret, car.VIN.encode(), PKCS8):
            check(not car.holds(wire.bytes, hidden), 'a secret on the wire')
        for party in (cast.owner, cast.friend):
            for path in cast.files_of(party):
                content = path.read_bytes()
                for hidden in (secret, PKCS8, b'PRIVATE KEY',
                               car.PASSPHRASE_TEXT.encode()):
                    check(hidden not in content, f'a secret is in {path}')
            for path in party.state.glob('wallet*'):
                check(pin.encode() not in path.read_bytes(), f'PIN: {path}')


if __name__ == '__main__':
    sentences.main(globals())
