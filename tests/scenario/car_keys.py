"""Car keys without wallets: certificates written here, byte by byte, from
docs/formats.md alone, a maker that serves, and a vehicle that asks it.

    with World() as world, world.serving() as vehicle:
        friend = world.owner.issue()
        world.maker.register(friend)
        verdict = vehicle.ask(friend, 'unlock')
"""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time

import car
from car_vehicle import Talk, pem_to_base64, sign
from relay import free_port

ARC = 182699292988453813516644499464118056658
ACTIONS = ['unlock', 'lock', 'start', 'drive', 'trunk']
SECONDS = 30


def tlv(tag, *parts):
    """DER: one value."""
    content = b''.join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    return bytes([tag, 128 + len(digits)]) + digits + content


def elements(der):
    """The values inside of one value."""
    def head(at):
        size, start = der[at + 1], at + 2
        if size > 127:
            start += size - 128
            size = int.from_bytes(der[at + 2:start], 'big')
        return start, start + size
    at, end = head(0)
    while at < end:
        following = head(at)[1]
        yield der[at:following]
        at = following


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, 'big'))


def oid(*arcs):
    content = b''
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        digits = [arc & 127]
        while arc := arc >> 7:
            digits.append(arc & 127 | 128)
        content += bytes(reversed(digits))
    return tlv(6, content)


def when(seconds):
    return tlv(24, time.strftime('%Y%m%d%H%M%SZ',
                                 time.gmtime(seconds)).encode())


def validity_time(seconds):
    """As RFC 5280 wants it in a certificate: two digits until 2049."""
    return tlv(23, time.strftime('%y%m%d%H%M%SZ',
                                 time.gmtime(seconds)).encode())


def extension(arcs, value, critical=False):
    return tlv(48, oid(*arcs), *([tlv(1, b'\xff')] if critical else []),
               tlv(4, value))


class Key:
    """A private key with the chain that vouches for it, leaf first."""

    def __init__(self, directory, chain=(), issuers=(), vehicle=car.VIN,
                 path=None):
        self.directory = pathlib.Path(directory)
        self.vehicle = vehicle
        self.issuers = list(issuers)
        self.chain = list(chain)
        self.path = path
        if path is None:
            self.path = tempfile.mktemp('.key', 'key-', directory)
            done = car.openssl('genpkey', '-algorithm', 'EC', '-pkeyopt',
                               'ec_paramgen_curve:P-256', '-out', self.path)
            assert done[0] == 0, done
        self.public = subprocess.run(
            ['openssl', 'pkey', '-in', self.path, '-pubout', '-outform',
             'DER'], capture_output=True, check=True).stdout
        self.fingerprint = hashlib.sha256(self.public).hexdigest()[:32]

    def signed(self, words):
        return sign(self.path, words)

    def issue(self, start=0, end=3600, uses=None, sharing=0, vehicle=None,
              actions=None, key=None):
        """A further key, or `key` once more, certified by this one; times
        relative to now."""
        new = Key(self.directory, vehicle=vehicle or self.vehicle,
                  path=key and key.path)
        now = int(time.time())
        body = certificate(self, new, now + start, now + end, uses, sharing,
                           actions or ACTIONS)
        algorithm = tlv(48, oid(1, 2, 840, 10045, 4, 3, 2))
        signature = subprocess.run(
            ['openssl', 'dgst', '-sha256', '-sign', self.path], input=body,
            capture_output=True, check=True).stdout
        whole = tlv(48, body, algorithm, tlv(3, b'\0' + signature))
        new.chain = [base64.b64encode(whole).decode(), *self.chain]
        new.issuers = [self, *self.issuers]
        return new


def certificate(issuer, new, start, end, uses, sharing, actions):
    """What is signed: a TBSCertificate."""
    certified = base64.b64decode((issuer.chain or [issuer.certificate])[0])
    issuer_name = list(elements(list(elements(certified))[0]))[5]
    name = tlv(48, tlv(49, tlv(48, oid(2, 5, 4, 3),
                               tlv(12, new.fingerprint.encode()))))

    def key_id(key):
        return hashlib.sha1(key.public[-65:]).digest()
    rights = tlv(48, tlv(1, b'\xff'), integer(sharing - 1)) if sharing else (
        tlv(48))
    extensions = [
        extension((2, 5, 29, 19), rights, True),
        extension((2, 5, 29, 15),
                  tlv(3, b'\x02\x84' if sharing else b'\x07\x80'), True),
        extension((2, 5, 29, 14), tlv(4, key_id(new))),
        extension((2, 5, 29, 35), tlv(48, tlv(0x80, key_id(issuer)))),
        extension((2, 5, 29, 37), tlv(48, oid(2, 25, ARC, 4)), True),
        extension((2, 25, ARC, 1), tlv(12, new.vehicle.encode())),
        extension((2, 25, ARC, 2),
                  tlv(48, *(tlv(12, action.encode()) for action in actions))),
        extension((2, 25, ARC, 3), tlv(48, when(start), when(end)))]
    if uses is not None:
        extensions.append(extension((2, 25, ARC, 5), integer(uses)))
    return tlv(48, tlv(0xa0, integer(2)),
               integer(int.from_bytes(os.urandom(15), 'big')),
               tlv(48, oid(1, 2, 840, 10045, 4, 3, 2)), issuer_name,
               tlv(48, validity_time(start), validity_time(end)), name,
               new.public, tlv(0xa3, tlv(48, *extensions)))


class Maker(car.Party):
    """A maker with its server, at one port for as long as it lives."""

    def __init__(self, state):
        super().__init__('maker', state)
        self.run('init')
        self.ca = str(self.state / 'tls.pem')
        self.port = free_port()
        self.url = f'https://127.0.0.1:{self.port}'
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command('serve', '--listen', f'127.0.0.1:{self.port}'),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        if line != f'ready {self.url} ca={self.ca}\n':
            self.stop()
            raise car.Unexpected(f'the maker does not serve: {line}')

    def stop(self, how=signal.SIGTERM):
        """End it; (status, what it has said)."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(SECONDS)
        with self.process.stdout:
            words = self.process.stdout.read()
        self.process = None
        return status, words

    def connect(self):
        return http.client.HTTPSConnection(
            '127.0.0.1', self.port, timeout=SECONDS,
            context=ssl.create_default_context(cafile=self.ca))

    def call(self, method, path, body=None, token=None):
        """(status, answer); `body` an object, or bytes as they are."""
        connection = self.connect()
        headers = {'Authorization': 'Bearer ' + token} if token else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b'{}')
        finally:
            connection.close()

    def register(self, key, signer=None, what='register', **members):
        """Register a key; `signer` another that signs."""
        words = (f'tigress-car-{what}-v1\n{key.vehicle}\n'
                 f'{key.fingerprint}\n')
        return self.call('POST', '/v1/keys', {
            'chain': key.chain, 'signature': (signer or key).signed(words),
            **members})

    def revoke(self, key, signer=0, by=None, what='revoke'):
        """Revoke a key, signed at a place of its chain, or `by` another."""
        words = (f'tigress-car-{what}-v1\n{key.vehicle}\n'
                 f'{key.fingerprint}\n')
        by = by or [key, *key.issuers][signer]
        return self.call('POST', '/v1/keys/revoke', {
            'chain': key.chain, 'signer': signer,
            'signature': by.signed(words)})

    def keys(self, vehicle=car.VIN):
        """(registered, revoked), as `maker keys` says."""
        said = self.run('keys', '--vin', vehicle).json
        return said['registered'], said['revoked']

    def make_owner(self, vehicle=car.VIN):
        """An owner's key, certified on the maker's command line."""
        key = Key(self.state.parent, vehicle=vehicle)
        request, signed = key.path + '.csr', key.path + '.pem'
        done = car.openssl('req', '-new', '-key', key.path, '-subj', '/CN=o',
                           '-out', request)
        assert done[0] == 0, done
        self.run('certify', '--vin', vehicle, '--request', request,
                 '--certificate', signed)
        key.chain = [pem_to_base64(signed)]
        return key

    def root_key(self):
        """The authority's own key, to certify what the maker would not."""
        key = Key(self.state.parent, path=str(self.state / 'maker.key'))
        key.certificate = pem_to_base64(self.state / 'root.pem')
        return key


class Vehicle(car.Serving):
    """A vehicle that serves, and the lines that it prints."""

    def __init__(self, party, *options):
        super().__init__(party, *options)
        self.state = party.state
        self.lines = []
        self.news = threading.Condition()
        self.reader = None

    def __enter__(self):
        super().__enter__()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(SECONDS)
        if self.reader:
            self.reader.join(SECONDS)
        self.process.stdout.close()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()

    def wait_for(self, words):
        """Until a line has these words."""
        with self.news:
            found = self.news.wait_for(
                lambda: any(words in line for line in self.lines), SECONDS)
        assert found, f'never said {words!r}: {self.lines}'

    def kill9(self):
        self.process.kill()
        self.process.wait(SECONDS)

    def ask(self, key, action='unlock', patience=SECONDS):
        """'done', or the check that refused."""
        with Talk(self.socket) as talk:
            talk.socket.settimeout(patience)
            talk.send({'action': action})
            challenge = talk.receive()
            words = (f'tigress-car-challenge-v1\n{challenge["vehicle"]}\n'
                     f'{action}\n{challenge["nonce"]}\n')
            talk.send({'signature': key.signed(words), 'chain': key.chain})
            verdict = talk.receive()
        return 'done' if verdict['done'] else verdict['check']

    def events(self):
        """The log."""
        return [json.loads(line) for line in
                (self.state / 'events.log').read_text().splitlines()]


class World:
    """A maker that serves, one vehicle of it, and its owner's key."""

    def __init__(self, with_server=True):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tigress-keys-'))
        self.maker = Maker(self.top / 'maker')
        self.identity = self.make_vehicle(car.VIN, with_server)
        self.vehicle = self.make_party(self.identity, 'vehicle')
        self.owner = self.maker.make_owner()

    def make_vehicle(self, vin, with_server=True):
        """The path of its identity."""
        path = str(self.top / (vin + '.json'))
        server = ['--server', self.maker.url] if with_server else []
        self.maker.run('vehicle', '--vin', vin, '--identity', path, *server)
        return path

    def make_party(self, identity, name):
        party = car.Party('vehicle', self.top / name)
        party.run('init', '--identity', identity)
        return party

    def token(self, identity=None):
        text = pathlib.Path(identity or self.identity).read_text()
        return json.loads(text)['maker']['token']

    def serving(self, *options):
        return Vehicle(self.vehicle, *options)

    def __enter__(self):
        self.maker.start()
        return self

    def __exit__(self, *_):
        self.maker.stop()
        shutil.rmtree(self.top, ignore_errors=True)
