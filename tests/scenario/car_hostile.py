"""A friend and an owner who do not keep to the rules, and one who does.

The other side is not our sample: it is made here of docs/formats.md, openssl(1)
and the program `tigress`, which carries any content. So it can write what our
own programs never would; and the honest one keeps the formats page honest.
"""
import base64
import contextlib
import json
import pathlib
import subprocess

import car
import sentences
from car_vehicle import answer, pem_to_base64, sign, words
from cli_kit import CAR, TOKEN, Device
from relay import Relay
from sentences import check, equal

ORDER = ['unlock', 'lock', 'start', 'drive', 'trunk']


class Foreign:
    """A device of another make: `tigress` for the way, openssl for the keys."""

    def __init__(self, cast):
        self.device = Device(cast.relay)
        self.cast = cast
        self.key = self.new_key('foreign.key')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.device.__exit__()

    def new_key(self, name):
        path = str(self.device.home / name)
        status, text = car.openssl('ecparam', '-name', 'prime256v1', '-genkey',
                                   '-noout', '-out', path)
        equal(status, 0, text)
        return path

    def receive(self):
        """Accept the invitation: the content of message 1."""
        done = self.device.run('receive', '--url-file',
                               str(self.cast.url_file), '--allow',
                               self.cast.relay.host)
        return json.loads(done.stdout)['content']

    def send(self, content):
        self.device.run('update', '1', self.device.file(
            {'format': CAR, 'content': content}))

    def next_content(self):
        """The other side's next message."""
        out = str(self.device.home / 'next')
        pathlib.Path(out).unlink(missing_ok=True)
        self.device.run('watch', '1', '--timeout', '5', '--out', out)
        return json.loads(pathlib.Path(out).read_text())['content']

    def public_key(self, key=None):
        done = subprocess.run(['openssl', 'pkey', '-in', key or self.key,
                               '-pubout', '-outform', 'DER'],
                              capture_output=True, check=True)
        return base64.b64encode(done.stdout).decode()

    def proof(self, terms, key=None):
        names = ','.join(n for n in ORDER if n in terms['entitlements'])
        return sign(key or self.key, ''.join(line + '\n' for line in (
            'tigress-car-key-signing-request-v1', terms['share'],
            terms['vehicle'], names, terms['notBefore'], terms['notAfter'],
            self.public_key(key))))

    def request(self, offer, key=None, **changes):
        """A KeySigningRequest, honest but for `changes` of the terms."""
        terms = {name: offer[name] for name in (
            'share', 'vehicle', 'entitlements', 'notBefore', 'notAfter')}
        terms.update(changes)
        return {'type': 'KeySigningRequest', 'version': 1, **terms,
                'publicKey': self.public_key(key),
                'proof': self.proof(terms, key)}


@contextlib.contextmanager
def world():
    """A relay, the parties, and a foreign device."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        with Foreign(cast) as foreign:
            yield cast, foreign


def test_a_friend_made_of_the_formats_page_opens_the_vehicle():
    with world() as (cast, foreign):
        cast.share('Weekend', 'start,unlock')
        foreign.send(foreign.request(foreign.receive()))
        cast.owner.run('continue')
        chain = foreign.next_content()['chain']
        foreign.device.run('finish', '1')
        cast.owner.run('continue')
        with cast.serve() as vehicle:
            for action, done in (('unlock', True), ('trunk', False)):
                verdict = answer(
                    vehicle, action, chain, lambda c, a=action: sign(
                        foreign.key, words(c['vehicle'], a, c['nonce'])))
                equal(verdict['done'], done, action)


def refused_request(change):
    """What the owner says to a request that `change` has made of an honest
    one; afterwards nothing is signed, and the share has ended."""
    with world() as (cast, foreign):
        cast.share('Weekend', 'unlock')
        foreign.send(change(foreign, foreign.receive()))
        result = cast.owner.run('continue', expect=car.REFUSED)
        check(not list(cast.owner.state.glob('issued-*')), 'a signature')
        equal(cast.owner.run('status').json['state'], 'cancelled', 'state')
        cast.accept(expect=car.OVER)
        return result.check


def test_a_request_for_other_terms_than_were_offered_is_refused():
    for changes in ({'entitlements': ['unlock', 'start']},
                    {'entitlements': ['start']},
                    {'notAfter': car.moment(9 * 86400)},
                    {'notBefore': car.moment(-86400)},
                    {'vehicle': car.OTHER_VIN}):
        equal(refused_request(lambda f, offer, c=changes: f.request(
            offer, **c)), 'terms', str(changes))


def test_a_request_of_another_share_is_refused():
    equal(refused_request(lambda f, offer: f.request(offer, share='0' * 32)),
          'share', 'check')


def test_a_request_without_proof_of_the_key_is_refused():
    def of_another_key(foreign, offer):
        honest = foreign.request(offer)
        other = foreign.new_key('other.key')
        return dict(honest, publicKey=foreign.public_key(other))

    def for_other_terms(foreign, offer):
        return dict(foreign.request(offer),
                    proof=foreign.request(offer, share='0' * 32)['proof'])

    def empty(foreign, offer):
        return dict(foreign.request(offer), proof='')

    for change in (of_another_key, for_other_terms, empty):
        equal(refused_request(change), 'signature', change.__name__)


def test_a_request_that_cannot_be_read_is_refused():
    for changes in ({'publicKey': 'AAAA'}, {'publicKey': None},
                    {'proof': '!'}, {'version': 2}, {'entitlements': []},
                    {'type': 'KeyImportRequest'}):
        equal(refused_request(lambda f, offer, c=changes: dict(
            f.request(offer), **c)), 'format', str(changes))


def test_a_second_key_for_one_share_is_refused():
    with world() as (cast, foreign):
        cast.share('Weekend', 'unlock')
        offer = foreign.receive()
        foreign.send(foreign.request(offer))
        cast.owner.run('continue')
        foreign.next_content()
        foreign.send(foreign.request(offer, foreign.new_key('second.key')))
        result = cast.owner.run('continue', expect=car.REFUSED)
        equal(result.check, 'key', 'check')
        equal(len(list(cast.owner.state.glob('issued-*'))), 1, 'signatures')


def offer_of(**changes):
    """A KeyCreationRequest."""
    return dict({'type': 'KeyCreationRequest', 'version': 1,
                 'share': '8c5ff1f1ce0d0ea2f9dcc1ff4d1b3c9a',
                 'vehicle': car.VIN, 'entitlements': ['unlock'],
                 'notBefore': car.moment(-60), 'notAfter': car.moment(3600),
                 'name': 'Weekend'}, **changes)


def foreign_share(cast, foreign, content, kind=CAR):
    """A share that a foreign owner begins; the URL is then in url_file."""
    event = foreign.device.event(
        'share', foreign.device.file({'format': kind, 'content': content}),
        '--relay', cast.relay.url, '--rights', 'RWD')
    cast.url_file.write_text(event['url'] + '\n')


def refused_import(make):
    """What the friend says to a KeyImportRequest of a foreign owner."""
    with world() as (cast, foreign):
        cast.lend('Before', 'unlock')
        offer = offer_of()
        foreign_share(cast, foreign, offer)
        cast.accept()
        foreign.next_content()
        state = cast.friend.state
        chain = [pem_to_base64(state / 'certificate-1.pem'),
                 pem_to_base64(state / 'issuer-1.pem')]
        terms = {name: value for name, value in offer.items()
                 if name not in ('name', 'type')}
        foreign.send(make(cast, dict(terms, type='KeyImportRequest',
                                     chain=chain)))
        result = cast.friend.run('continue', expect=car.REFUSED)
        check(not (state / 'certificate-2.pem').exists(), 'a second key')
        check((state / 'certificate-1.pem').exists(), 'the first key is gone')
        equal(cast.friend.run('status').json['usable'], False, 'usable')
        return [r['check'] for r in result.all if 'check' in r][-1]


def own_chain(cast, message):
    """The friend's right key, certified by somebody who is no owner."""
    def file(name):
        return cast.file('own.' + name)

    pathlib.Path(file('cnf')).write_text(
        'basicConstraints=critical,CA:FALSE\n')
    for line in (
            ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj',
             '/CN=Thief', '-keyout', file('key'), '-out', file('pem')],
            ['req', '-new', '-subj', '/CN=Friend', '-key',
             str(cast.friend.state / 'key-2.pem'), '-out', file('csr')],
            ['x509', '-req', '-in', file('csr'), '-CA', file('pem'), '-CAkey',
             file('key'), '-days', '1', '-extfile', file('cnf'), '-out',
             file('leaf')]):
        status, text = car.openssl(*line)
        equal(status, 0, text)
    return dict(message, chain=[pem_to_base64(file('leaf')),
                                pem_to_base64(file('pem'))])


def test_a_key_that_is_not_as_agreed_is_not_taken():
    for why, make in (
            ('key', lambda cast, m: m),
            ('chain', own_chain),
            ('share', lambda cast, m: dict(m, share='0' * 32)),
            ('terms', lambda cast, m: dict(m, entitlements=ORDER)),
            ('format', lambda cast, m: dict(m, chain=m['chain'][:1])),
            ('format', lambda cast, m: dict(m, chain=m['chain'] * 2))):
        equal(refused_import(make), why, 'check')


# §11
def test_a_kind_of_key_that_is_not_known_is_left_for_another_device():
    with world() as (cast, foreign):
        foreign_share(cast, foreign, {'token': 'x'}, TOKEN)
        result = cast.accept(expect=car.REFUSED)
        equal(result.json['error'], 'TG_E_UNKNOWN', 'error')
        foreign_share(cast, foreign, offer_of(version=2))
        result = cast.accept(expect=car.REFUSED)
        equal(result.json['error'], 'TG_E_UNKNOWN', 'error of another version')
        check(not list(cast.friend.state.glob('key-*')), 'a key')
        other = cast.make_friend(cast.party('friend', 'other'))
        cast.accept(other, expect=car.REFUSED)  # it was free again, not taken


if __name__ == '__main__':
    sentences.main(globals())
