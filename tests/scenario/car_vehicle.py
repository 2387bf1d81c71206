"""The vehicle: what a key may do, when, and with which answers (THREATS 26).

Some tests talk to the vehicle themselves, knowing docs/formats.md and nothing
of our code; signatures are made by openssl(1).
"""
import base64
import contextlib
import json
import pathlib
import socket
import subprocess
import threading

import car
import foreign_friend
import sentences
from relay import Relay
from sentences import check, equal

ACTIONS = ['unlock', 'lock', 'start', 'drive', 'trunk']
DAY = 86400


@contextlib.contextmanager
def world(*lent):
    """A relay and the parties, with these entitlements lent, one share each."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        for number, entitlements in enumerate(lent):
            cast.lend(f'share {number}', entitlements)
        yield cast


class Talk:
    """One connection to a vehicle, line by line."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.lines = self.socket.makefile('r')

    def send(self, message):
        self.socket.sendall(json.dumps(message).encode() + b'\n')

    def receive(self):
        """The next message, or None when the vehicle has hung up."""
        line = self.lines.readline()
        return json.loads(line) if line else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()


def pem_to_base64(path):
    """The first certificate of a file, as the vehicle wants it."""
    text = pathlib.Path(path).read_text().split('-----')[2]
    return ''.join(text.split())


def chain_of(friend, share=1):
    """Leaf and owner's certificate."""
    return [pem_to_base64(friend.state / f'{stem}-{share}.pem')
            for stem in ('certificate', 'issuer')]


def words(vehicle, action, nonce):
    """What a key signs (docs/formats.md)."""
    return f'tigress-car-challenge-v1\n{vehicle}\n{action}\n{nonce}\n'


def sign(key_file, text):
    """ECDSA with SHA-256, by openssl."""
    signature = subprocess.run(
        ['openssl', 'dgst', '-sha256', '-sign', str(key_file)],
        input=text.encode(), capture_output=True, check=True).stdout
    return base64.b64encode(signature).decode()


def answer(vehicle, action, chain, make_signature):
    """Ask, answer with what is made of the challenge, and get the verdict."""
    with Talk(vehicle.socket) as talk:
        talk.send({'action': action})
        challenge = talk.receive()
        talk.send({'signature': make_signature(challenge), 'chain': chain})
        return talk.receive()


def refused_by(cast, verdict, why):
    """The verdict names the check, and nothing was done."""
    equal((verdict['done'], verdict.get('check')), (False, why), 'verdict')
    equal([event['done'] for event in cast.events()][-1], False, 'the log')


def test_each_entitlement_allows_its_own_action_and_no_other():
    for lent in ACTIONS:
        with world(lent) as cast, cast.serve() as vehicle:
            for action in ACTIONS:
                result = cast.ask(vehicle, action, expect=None)
                expected = car.DONE if action == lent else car.REFUSED
                equal(result.status, expected, f'{lent} key, {action}')
                if action != lent:
                    equal(result.check, 'entitlement', 'check')
            equal([event['done'] for event in cast.events()],
                  [action == lent for action in ACTIONS], 'the log')


def test_of_several_keys_the_one_that_allows_it_is_used():
    with world('unlock', 'trunk') as cast, cast.serve() as vehicle:
        cast.ask(vehicle, 'trunk')
        cast.ask(vehicle, 'unlock')
        cast.ask(vehicle, 'start', expect=car.REFUSED)


def test_a_key_works_only_inside_its_window():
    with world() as cast:
        start, end = car.moment(3600), car.moment(7200)
        cast.lend('Later', 'unlock', '--from', start, '--until', end)
        for now, why in ((car.moment(0), 'too-early'),
                         (car.moment(3590), 'too-early'), (start, None),
                         (car.moment(5400), None), (end, 'too-late'),
                         (car.moment(7210), 'too-late'),
                         (car.moment(DAY), 'too-late')):
            with cast.serve('--now', now) as vehicle:
                result = cast.ask(vehicle, 'unlock', expect=None)
            equal(result.check, why, f'at {now}, window {start} to {end}')
            equal(result.status, car.REFUSED if why else car.DONE, 'status')


def test_the_owner_cannot_share_what_the_maker_did_not_give():
    with Relay() as relay, car.Cast(relay) as cast:
        cast.maker.run('init')
        cast.make_vehicle()
        until = car.moment(DAY)
        cast.make_owner(cast.owner, car.VIN, '--entitlements', 'unlock,lock',
                        '--until', until)
        cast.make_friend()
        for terms in (('start',), ('unlock,trunk',),
                      ('unlock', '--until', car.moment(2 * DAY)),
                      ('unlock', '--from', car.moment(-2 * DAY),
                       '--until', until)):
            result = cast.share('Beyond', *terms, expect=car.REFUSED)
            equal(result.check, 'beyond', f'check of {terms}')
        equal(cast.owner.run('status').json['message'], 'Nothing is shared.',
              'shares')
        cast.share('Within', 'unlock', '--until', until)


def test_a_key_does_not_open_another_vehicle():
    with world('unlock') as cast:
        other = cast.party('vehicle', 'other')
        cast.make_vehicle(other, car.OTHER_VIN)
        with cast.serve(vehicle=other) as vehicle:
            result = cast.ask(vehicle, 'unlock', expect=car.REFUSED)
            check('no key' in result.text, result.text)
            equal(cast.events(other), [], 'what the vehicle saw')


def test_a_replayed_answer_is_refused():
    with world() as cast, cast.serve() as vehicle:
        known = cast.lend_known('Weekend', 'unlock')
        key, chain = known.key.path, known.chain
        kept = []

        def honest(challenge):
            kept.append(sign(key, words(car.VIN, 'unlock',
                                        challenge['nonce'])))
            return kept[0]

        equal(answer(vehicle, 'unlock', chain, honest)['done'], True,
              'the honest answer')
        refused_by(cast, answer(vehicle, 'unlock', chain, lambda _: kept[0]),
                   'signature')


def test_a_connection_takes_one_answer_only():
    with world() as cast, cast.serve() as vehicle:
        known = cast.lend_known('Weekend', 'unlock')
        key = known.key.path
        with Talk(vehicle.socket) as talk:
            talk.send({'action': 'unlock'})
            challenge = talk.receive()
            good = sign(key, words(car.VIN, 'unlock', challenge['nonce']))
            bad = {'signature': sign(key, 'something else'),
                   'chain': known.chain}
            talk.send(bad)
            equal(talk.receive()['check'], 'signature', 'the first answer')
            with contextlib.suppress(OSError):
                talk.send(dict(bad, signature=good))
            with contextlib.suppress(OSError):
                equal(talk.receive(), None, 'the second answer')
        equal([event['done'] for event in cast.events()], [False], 'the log')


def test_nonces_are_never_repeated():
    with world() as cast, cast.serve() as vehicle:
        seen = set()
        for _ in range(50):
            with Talk(vehicle.socket) as talk:
                talk.send({'action': 'unlock'})
                seen.add(talk.receive()['nonce'])
        equal(len(seen), 50, 'different nonces')
        equal({len(base64.b64decode(nonce)) for nonce in seen}, {32}, 'bytes')


def test_an_answer_that_was_signed_for_something_else_is_refused():
    with world() as cast, cast.serve() as vehicle:
        known = cast.lend_known('Weekend', 'unlock,start')
        key, chain = known.key.path, known.chain
        for name, wrong in (
                ('another vehicle',
                 lambda c: words(car.OTHER_VIN, 'start', c['nonce'])),
                ('another action',
                 lambda c: words(car.VIN, 'unlock', c['nonce'])),
                ('no purpose', lambda c: c['nonce'])):
            verdict = answer(vehicle, 'start', chain,
                             lambda c, make=wrong: sign(key, make(c)))
            equal(verdict.get('check'), 'signature', name)
        equal({event['done'] for event in cast.events()}, {False}, 'the log')


def pass_on(listening, vehicle, outcome):
    """A man in the middle: shows himself as VIN, talks to another vehicle."""
    connection, _ = listening.accept()
    with connection, Talk(vehicle.socket) as far:
        near = connection.makefile('rw')
        far.send(json.loads(near.readline()))
        challenge = far.receive()
        near.write(json.dumps(dict(challenge, vehicle=car.VIN)) + '\n')
        near.flush()
        far.send(json.loads(near.readline()))
        outcome.append(far.receive())


def test_an_answer_relayed_to_another_vehicle_is_refused():
    with world('unlock') as cast:
        other = cast.party('vehicle', 'other')
        cast.make_vehicle(other, car.OTHER_VIN)
        outcome = []
        with cast.serve(vehicle=other) as vehicle, \
                socket.socket(socket.AF_UNIX) as listening:
            listening.bind(cast.file('middle.sock'))
            listening.listen(1)
            middle = threading.Thread(target=pass_on,
                                      args=(listening, vehicle, outcome))
            middle.start()
            cast.friend.run('unlock', '--vehicle', cast.file('middle.sock'),
                            expect=car.NETWORK)
            middle.join(30)
        equal(outcome[0]['check'], 'vehicle', 'the other vehicle')
        equal([event['done'] for event in cast.events(other)], [False], 'log')


def own_certificate(cast, name, issuer, issuer_key, extensions):
    """A certificate that a thief makes for a key of his own."""
    key, request = cast.file(name + '.key'), cast.file(name + '.csr')
    config, made = cast.file(name + '.cnf'), cast.file(name + '.pem')
    pathlib.Path(config).write_text(extensions)
    for line in (
            ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out',
             key],
            ['req', '-new', '-key', key, '-subj', '/CN=thief', '-out',
             request],
            ['x509', '-req', '-in', request, '-CA', issuer, '-CAkey',
             issuer_key, '-days', '1', '-extfile', config, '-out', made]):
        status, text = car.openssl(*line)
        equal(status, 0, text)
    return key, pem_to_base64(made)


PLAIN_LEAF = '''basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
'''


def present(cast, vehicle, key, chain):
    """The verdict over a key with a chain, honestly signed."""
    return answer(vehicle, 'unlock', chain, lambda challenge: sign(
        key, words(car.VIN, 'unlock', challenge['nonce'])))


def test_a_key_signed_by_a_friends_key_is_refused():
    with world() as cast, cast.serve() as vehicle:
        known = cast.lend_known('Weekend', 'unlock')
        key, third = own_certificate(
            cast, 'third', str(known.directory / 'leaf.pem'), known.key.path,
            PLAIN_LEAF)
        leaf, owner = known.chain
        refused_by(cast, present(cast, vehicle, key, [third, leaf]), 'chain')
        verdict = present(cast, vehicle, key, [third, leaf, owner])
        equal(verdict['done'], False, 'with the whole chain')


def test_a_certificate_without_our_extensions_is_refused():
    with world() as cast, cast.serve() as vehicle:
        owner = foreign_friend.Owner(cast.file('owner of another make'))
        certificate = cast.file('other-owner.pem')
        cast.maker.run('certify', '--vin', car.VIN, '--request', owner.request,
                       '--certificate', certificate)
        key, leaf = own_certificate(cast, 'bare', certificate, owner.key.path,
                                    PLAIN_LEAF)
        refused_by(cast, present(cast, vehicle, key,
                                 [leaf, pem_to_base64(certificate)]), 'chain')


def test_a_chain_to_another_maker_is_refused():
    with world() as cast:
        cast.maker = cast.party('maker', 'other-maker')
        cast.maker.run('init')
        stranger = cast.party('vehicle', 'strange')
        cast.make_vehicle(stranger)
        cast.owner = cast.party('owner', 'other-owner')
        cast.make_owner()
        cast.friend = cast.party('friend', 'other-friend')
        cast.make_friend()
        cast.lend('Foreign', 'unlock')
        with cast.serve() as vehicle:
            result = cast.ask(vehicle, 'unlock', expect=car.REFUSED)
            equal(result.check, 'chain', 'check')
        with cast.serve(vehicle=stranger) as vehicle:
            cast.ask(vehicle, 'unlock')  # its own maker's vehicle opens


def test_a_stolen_certificate_is_worth_nothing_without_its_key():
    with world('unlock') as cast, cast.serve() as vehicle:
        other_key = cast.lend_known('Another', 'unlock').key.path
        refused_by(cast, present(cast, vehicle, other_key,
                                 chain_of(cast.friend)), 'signature')


def test_nonsense_is_refused_and_the_vehicle_goes_on():
    with world('unlock') as cast, cast.serve() as vehicle:
        for lines in (b'\n', b'{}\n', b'{"action":"fly"}\n', b'\xff\xfe\n',
                      b'[' * 5000 + b'\n', b'{"action":1}\n',
                      b'x' * 20000 + b'\n', b''):
            with Talk(vehicle.socket) as talk, \
                    contextlib.suppress(ConnectionError):
                talk.socket.sendall(lines)
                talk.socket.shutdown(socket.SHUT_WR)
                equal(talk.receive(), None, f'answer to {lines[:20]}')
        for reply in ({}, {'chain': []}, {'chain': ['!'], 'signature': ''},
                      {'chain': chain_of(cast.friend) * 2, 'signature': 'AA=='},
                      {'chain': 'x', 'signature': 1}):
            with Talk(vehicle.socket) as talk:
                talk.send({'action': 'unlock'})
                talk.receive()
                talk.send(reply)
                equal(talk.receive()['done'], False, f'answer to {reply}')
        equal({event['done'] for event in cast.events()}, {False}, 'the log')
        cast.ask(vehicle, 'unlock')


if __name__ == '__main__':
    sentences.main(globals())
