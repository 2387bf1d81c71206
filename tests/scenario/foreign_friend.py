"""A friend and an owner of another make, for a car key with a PIN.

    friend = Friend(share_url, ca, directory, root_pem, '012345')
    friend.ask(friend.take_offer())
    ... the owner's device answers ...
    friend.take_answer()                # the chain; the mailbox is deleted
    friend.register(maker_url, maker_ca)
    friend.action(vehicle_socket, 'unlock')

Written from docs/formats.md, docs/protocol.md and RFCs: cpace.py proves the
PIN, foreign_mailbox.py talks to the relay, foreign_der.py reads certificates,
openssl(1) has the keys. To make a hostile one, override a hook:

    terms()    what is asked for, of what was offered
    share()    the CPace share that is sent
    tag()      the confirmation that is sent
    change()   the whole message, before it is sent
"""
import base64
import hashlib
import json
import pathlib
import secrets
import socket
import subprocess

import foreign_der as der
from cpace import Pake
from foreign_mailbox import Mailbox, Refused, Server, base64_of, bytes_of

ORDER = ['unlock', 'lock', 'start', 'drive', 'trunk']
TERMS = ['share', 'vehicle', 'entitlements', 'notBefore', 'notAfter', 'uses',
         'sharing']
CONTEXT = b'tigress-car-key-pin-v1'
ATTEMPTS = 3
SECONDS = 20


def openssl(*words, stdin=b''):
    """Run openssl(1): its output, or an error."""
    done = subprocess.run(['openssl', *words], input=stdin, check=False,
                          capture_output=True, timeout=SECONDS)
    if done.returncode != 0:
        raise Refused(done.stderr.decode())
    return done.stdout


class Key:
    """A private key on P-256, in a file."""

    def __init__(self, path):
        self.path = str(path)
        if not pathlib.Path(path).exists():
            openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout',
                    '-out', self.path)
        self.der = openssl('pkey', '-in', self.path, '-pubout', '-outform',
                           'DER')
        self.public = base64_of(self.der)
        self.fingerprint = hashlib.sha256(self.der).hexdigest()[:32]

    def sign_bytes(self, data):
        return openssl('dgst', '-sha256', '-sign', self.path, stdin=data)

    def sign(self, *lines):
        """Base64 of the signature over lines."""
        return base64_of(self.sign_bytes(text_of(*lines)))


def text_of(*lines):
    return ''.join(line + '\n' for line in lines).encode()


def terms_of(message):
    """The terms in a message; what is absent stays so."""
    return {name: message[name] for name in TERMS if name in message}


def same_terms(one, other):
    """Entitlements are a set, and absence has a meaning."""
    return words_of(one) == words_of(other)


def words_of(terms):
    """The words of the terms, as lines."""
    names = [name for name in ORDER if name in terms['entitlements']]
    return [terms['share'], terms['vehicle'], ','.join(names),
            terms['notBefore'], terms['notAfter'], str(terms.get('uses', 0)),
            str(terms.get('sharing', 0))]


def offer_words(terms):
    """What the owner's share is bound to."""
    return text_of('tigress-car-key-offer-v1', *words_of(terms))


def request_lines(terms, public):
    """What `proof` signs, and the friend's share is bound to."""
    return ['tigress-car-key-signing-request-v1', *words_of(terms), public]


def pem_of(*certificates):
    """DER as a PEM text."""
    return ''.join(
        '-----BEGIN CERTIFICATE-----\n' +
        base64.encodebytes(certificate).decode() +
        '-----END CERTIFICATE-----\n' for certificate in certificates)


def certificates_of(pem):
    """The DER of each certificate in a PEM text."""
    return [base64.b64decode(part.split('-----END')[0])
            for part in pem.split('BEGIN CERTIFICATE-----')[1:]]


def session_of(share, attempt):
    return bytes.fromhex(share) + bytes([attempt])


class Device:
    """What both sides have: a mailbox, a key, a PIN."""

    def __init__(self, directory, pin):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.key = Key(self.directory / 'foreign.key')
        self.pin = pin
        self.mailbox = None
        self.offer = None  # the terms
        self.attempt = 1
        self.pake = None

    def change(self, message):
        """Hook: a message before it is sent."""
        return message

    def send(self, kind, **members):
        self.mailbox.send(self.change(
            {'type': kind, 'version': 1, 'share': self.offer['share'],
             **members}))

    def receive(self, *kinds):
        """The next message, which must be one of these; None: not yet."""
        message = self.mailbox.next()
        if message is None:
            return None
        if message.get('type') not in kinds or message.get('version') != 1:
            raise Refused(f'not expected: {message.get("type")}')
        if self.offer and message.get('share') != self.offer['share']:
            raise Refused('another share')
        return message


class Friend(Device):
    """See the top of this file."""

    def __init__(self, share_url, ca, directory, root, pin):
        super().__init__(directory, pin)
        self.mailbox = Mailbox.join(share_url, ca)
        self.root = str(root)  # a file
        self.chain = None
        self.reason = None  # of a ShareCancelled
        self.retry_share = None  # of a PinRetryRequest

    def terms(self, offer):
        """Hook: what is asked for."""
        return offer

    def share(self, owner_share):
        """Hook: the CPace share that is sent."""
        return self.pake.share

    def tag(self):
        """Hook: the confirmation that is sent."""
        return self.pake.tag()

    def take_offer(self):
        """The first message: the owner's share of attempt 1."""
        message = self.receive('KeyCreationRequest')
        self.offer = terms_of(message)
        return bytes_of(message['pakeShare'])

    def ask(self, owner_share):
        """Ask for the key, with a proof of the PIN."""
        terms = self.terms(dict(self.offer))
        lines = request_lines(terms, self.key.public)
        self.pake = Pake('recipient', self.pin, CONTEXT,
                         session_of(self.offer['share'], self.attempt),
                         text_of(*lines))
        self.pake.finish(owner_share, offer_words(terms))
        self.send('KeySigningRequest', **terms, publicKey=self.key.public,
                  proof=self.key.sign(*lines), attempt=self.attempt,
                  pakeShare=base64_of(self.share(owner_share)),
                  pakeTag=base64_of(self.tag()))

    def take_answer(self):
        """What the owner's device says: the type of the message, or None. A
        key that has come is checked, and the mailbox deleted."""
        message = self.receive('PinRetryRequest', 'KeyImportRequest',
                               'ShareCancelled')
        if message is None:
            return None
        if message['type'] == 'PinRetryRequest':
            if message['attempt'] != self.attempt + 1:
                raise Refused('an attempt that is not the next')
            self.attempt = message['attempt']
            self.retry_share = bytes_of(message['pakeShare'])
        elif message['type'] == 'ShareCancelled':
            self.reason = message['reason']
            self.mailbox.delete()
        else:
            self.take_key(message)
            self.mailbox.delete()
        return message['type']

    def try_again(self, pin):
        """Answer a PinRetryRequest."""
        self.pin = pin
        self.ask(self.retry_share)

    def take_key(self, message):
        """Everything that must hold before the key is kept."""
        if not same_terms(terms_of(message), self.offer):
            raise Refused('other terms')
        if not self.pake.check(bytes_of(message['pakeTag'])):
            raise Refused('the owner does not know the PIN')
        chain = [bytes_of(text) for text in message['chain']]
        if len(chain) not in (2, 3):
            raise Refused('a chain of another length')
        leaf = der.Certificate(chain[0])
        grant = dict(leaf.grant(), share=self.offer['share'])
        if leaf.key != self.key.der or not same_terms(grant, self.offer):
            raise Refused('not what was asked for')
        self.verify(chain)
        self.chain = message['chain']

    def verify(self, chain):
        """The path up to the maker's root, by openssl."""
        leaf, above = self.directory / 'leaf.pem', self.directory / 'above.pem'
        leaf.write_text(pem_of(chain[0]))
        above.write_text(pem_of(*chain[1:]))
        openssl('verify', '-x509_strict', '-CAfile', self.root, '-untrusted',
                str(above), str(leaf))

    def register(self, maker_url, maker_ca):
        """Tell the maker of the key: (status, answer)."""
        signature = self.key.sign('tigress-car-register-v1',
                                  self.offer['vehicle'], self.key.fingerprint)
        return call_maker(maker_url, maker_ca, '/v1/keys', chain=self.chain,
                          signature=signature)

    def action(self, path, action):
        """Ask a vehicle: its verdict."""
        return ask_vehicle(path, action, self.key, self.chain)


def ask_vehicle(path, action, key, chain):
    """Ask a vehicle with a key: its verdict."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        lines = connection.makefile('rw')
        print(json.dumps({'action': action}), file=lines, flush=True)
        challenge = json.loads(lines.readline())
        signature = key.sign('tigress-car-challenge-v1', challenge['vehicle'],
                             action, challenge['nonce'])
        print(json.dumps({'signature': signature, 'chain': chain}),
              file=lines, flush=True)
        return json.loads(lines.readline())


def call_maker(url, ca, path, **members):
    """POST an object to the maker's server: (status, answer)."""
    status, _, answer = Server(ca).call('POST', url + path, members)
    return status, answer


def revoke(url, ca, chain, signer, key):
    """Revoke the first key of a chain, with the `signer`-th one."""
    leaf = der.Certificate(bytes_of(chain[0]))
    signature = key.sign('tigress-car-revoke-v1', leaf.grant()['vehicle'],
                         hashlib.sha256(leaf.key).hexdigest()[:32])
    return call_maker(url, ca, '/v1/keys/revoke', chain=chain, signer=signer,
                      signature=signature)


class Owner(Device):
    """An owner of another make, once the maker has certified its key."""

    def __init__(self, directory, pin=None):
        super().__init__(directory, pin or f'{secrets.randbelow(10**6):06}')
        self.certificates = None  # DER, without the root
        self.request = str(self.directory / 'foreign.csr')
        openssl('req', '-new', '-key', self.key.path, '-subj', '/CN=owner',
                '-out', self.request)

    def enrol(self, pem):
        """Take the maker's answer: own certificate, then the root."""
        self.certificates = certificates_of(pem)[:-1]

    def begin_attempt(self):
        self.pake = Pake('initiator', self.pin, CONTEXT,
                         session_of(self.offer['share'], self.attempt),
                         offer_words(self.offer))
        return base64_of(self.pake.share)

    def offer_key(self, host, ca, name='Weekend', **terms):
        """Share a key: the share URL."""
        self.offer = dict(terms, share=secrets.token_hex(16))
        self.mailbox = Mailbox.create(host, ca, self.change(
            {'type': 'KeyCreationRequest', 'version': 1, **self.offer,
             'name': name, 'pakeShare': self.begin_attempt()}))
        return self.mailbox.share_url

    def answer(self):
        """Judge a KeySigningRequest: the type of the answer, or None."""
        message = self.receive('KeySigningRequest')
        if message is None:
            return None
        public = message['publicKey']
        lines = request_lines(self.offer, public)
        if not same_terms(terms_of(message), self.offer) or \
                message['attempt'] != self.attempt:
            raise Refused('not what was offered')
        self.check_proof(bytes_of(public), lines, bytes_of(message['proof']))
        self.pake.finish(bytes_of(message['pakeShare']), text_of(*lines))
        if self.pake.check(bytes_of(message['pakeTag'])):
            self.send_key(bytes_of(public))
            return 'KeyImportRequest'
        if self.attempt == ATTEMPTS:
            self.send('ShareCancelled', reason='pin')
            return 'ShareCancelled'
        self.attempt += 1
        self.send('PinRetryRequest', attempt=self.attempt,
                  pakeShare=self.begin_attempt())
        return 'PinRetryRequest'

    def check_proof(self, public, lines, proof):
        key, signature = (self.directory / name for name in ('key', 'proof'))
        key.write_bytes(public)
        signature.write_bytes(proof)
        openssl('dgst', '-sha256', '-verify', str(key), '-keyform', 'DER',
                '-signature', str(signature), stdin=text_of(*lines))

    def tag(self):
        """Hook: the confirmation that is sent."""
        return self.pake.tag()

    def certify(self, public):
        """Hook: the chain for a friend's key, DER."""
        key = type('Public', (), {'der': public})
        return [der.make(key, self.offer,
                         der.Certificate(self.certificates[0]), self.key),
                *self.certificates]

    def send_key(self, public):
        self.send('KeyImportRequest', **terms_of(self.offer),
                  chain=[base64_of(one) for one in self.certify(public)],
                  pakeTag=base64_of(self.tag()))
