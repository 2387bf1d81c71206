"""What another verifier says of devices that the relay accepts: of our software
authenticator, and of devices of our own making in the formats that it knows.
Where it differs is said in docs/attestation.md.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 -B test_peer.py
"""
import base64
import json
import os
import pathlib
import re

from test_relay import Create, Maker, TESTS, challenge_of, relay_for

# (test_relay.py has found these)
import cli_kit
import peer as peers
import sentences
from relay import Relay
from sentences import Skip, check, equal
from wire import Wire

WHY_NOT = peers.missing()

# Accepted by the relay; the words are the other verifier's, where it refuses.
MAKERS = {
    'packed': None,
    'apple': None,
    'fido-u2f': None,
    'tpm': None,
    'android-key': None,
    'apple-appattest': 'User presence was required',
}

# Statements of others, read in place if they lie beside the project. Those
# that it judges otherwise than we do, and its words.
VECTORS = pathlib.Path(os.environ.get(
    'TIGRESS_VECTORS',
    TESTS.parent.parent / 'shared' / 'vectors' / 'attestation'))
OTHERWISE = {
    'neg-apple-trailing-cbor': None,
    'w3c-fido-u2f-es256': 'AAGUID',
    'w3c-tpm-es256': 'TPM manufacturer',
}
# Refused by us, see vectors.c: w3c-android-key promises nothing of its key.
REFUSED = ('neg-', 'w3c-android-key-')


def needed():
    if WHY_NOT:
        raise Skip(WHY_NOT)


def last_create(wire):
    """(claim, request id, payload, statement) of the last one on the wire."""
    head, body = re.findall(
        rb'POST /v1/m HTTP/1.1\r\n(.*?)\r\n\r\n(\{.*?\})HTTP/1.1 ',
        wire.bytes, re.DOTALL)[-1]
    fields = dict(line.split(': ', 1)
                  for line in head.decode().split('\r\n'))
    return (fields['Mailbox-Device-Claim'], fields['Mailbox-Request-ID'],
            json.loads(body)['payload'], fields['Mailbox-Device-Attestation'])


# R-ATT-1 D9
def test_the_software_authenticator_convinces_another_verifier_too():
    needed()
    with cli_kit.Device() as owner, peers.Peer() as peer, Maker() as maker:
        owner.home.chmod(0o755)
        place = str(owner.home / 'authenticator')
        root = owner.event('authenticator', place)['root']
        conf = ['tigress_attestation required;',
                f'tigress_attestation_root {root};']
        with Wire() as wire, Relay(conf=conf,
                                   public_host=wire.host) as relay:
            wire.connect(relay)
            owner.relay = wire
            for kind in ('packed', 'apple'):
                owner.share('--attest', place, '--attest-format', kind)
                claim, request_id, payload, statement = last_create(wire)
                challenge = challenge_of(claim, request_id, payload)
                asked = (root, statement, challenge, wire.url)
                equal(peer.judge(*asked),
                      {'verified': True, 'format': kind}, kind)
                # … and for nothing else: it has looked.
                other = bytes(32)
                for name, wrong in (
                        ('root', (maker.root, *asked[1:])),
                        ('challenge', (*asked[:2], other, wire.url)),
                        ('origin', (*asked[:3], 'https://127.0.0.1:1')),
                        ('RP ID', (*asked, 'localhost'))):
                    equal(peer.judge(*wrong)['verified'], False,
                          f'{kind}, another {name}')


# R-ATT-2
def test_what_the_relay_accepts_convinces_another_verifier_or_it_is_known_why():
    needed()
    with peers.Peer() as peer, Maker() as maker, relay_for(maker) as relay:
        for kind, why in MAKERS.items():
            mine = Create(relay, maker, kind)
            equal(mine.send().status, 200, kind)
            verdict = peer.judge(
                maker.root, mine.statement,
                challenge_of(mine.claim, mine.request_id,
                             mine.body['payload']), relay.url)
            equal(verdict['verified'], why is None, f'{kind}: {verdict}')
            if why is not None:
                check(why in verdict['reason'], f'{kind}: {verdict}')


# R-ATT-2
def test_what_the_relay_refuses_does_not_convince_another_verifier():
    needed()
    with peers.Peer() as peer, Maker() as maker, relay_for(maker) as relay:
        for kind in MAKERS:
            mine = Create(relay, maker, 'spoilt-' + kind)
            equal(mine.send().status, 401, kind)
            verdict = peer.judge(
                maker.root, mine.statement,
                challenge_of(mine.claim, mine.request_id,
                             mine.body['payload']), relay.url)
            equal(verdict['verified'], False, kind)


def vectors():
    """Each with what peer.judge() wants of it."""
    if not VECTORS.is_dir():
        raise Skip(f'there are no vectors in {VECTORS}')
    root = VECTORS / 'w3c-test-vectors-ca.pem'
    for path in sorted(VECTORS.glob('*-*.json')):
        said = json.loads(path.read_text(encoding='utf-8'))
        statement = encoded(json.dumps({
            name: encoded(bytes.fromhex(said[name + '_hex']))
            for name in ('clientDataJSON', 'attestationObject')}).encode())
        yield path.stem, (root, statement,
                          bytes.fromhex(said['challenge_hex']),
                          said['origin'], said['rpId'])


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


# R-ATT-2
def test_another_verifier_judges_vectors_as_we_do_or_it_is_known_why():
    needed()
    with peers.Peer() as peer:
        for name, asked in vectors():
            verdict = peer.judge(*asked)
            ours = not name.startswith(REFUSED)
            equal(verdict['verified'], ours != (name in OTHERWISE),
                  f'{name}: {verdict}')
            if OTHERWISE.get(name):
                check(OTHERWISE[name] in verdict['reason'],
                      f'{name}: {verdict}')


if __name__ == '__main__':
    sentences.main(globals())
