"""Car keys without wallets: certificates written from docs/formats.md alone
(foreign_der.py), a maker that serves, and a vehicle that asks it.

    with World() as world, world.serving() as vehicle:
        friend = world.owner.issue()
        world.maker.register(friend)
        verdict = vehicle.ask(friend, 'unlock')
"""
import base64
import http.client
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading

import car
import foreign_der
import foreign_friend
from car_vehicle import Talk, pem_to_base64, sign
from relay import free_port

ACTIONS = ['unlock', 'lock', 'start', 'drive', 'trunk']
SECONDS = 30


class Key(foreign_friend.Key):
    """A private key with the chain that vouches for it, leaf first."""

    def __init__(self, directory, vehicle=car.VIN, path=None):
        self.directory = pathlib.Path(directory)
        super().__init__(path or tempfile.mktemp('.key', 'key-', directory))
        self.vehicle = vehicle
        self.issuers = []
        self.chain = []
        self.certificate = None  # the first of the chain; or a root
        self.until = None        # that of the certificate, as written in it

    def issue(self, start=0, end=None, uses=None, sharing=0, vehicle=None,
              actions=None, key=None):
        """A further key, or `key` once more, certified by this one; times
        relative to now. Without an end it is for an hour, or as long as this
        one, whose own hour may have begun a second earlier."""
        new = Key(self.directory, vehicle or self.vehicle,
                  path=key and key.path)
        until = (car.moment(end) if end is not None
                 else self.until or car.moment(3600))
        new.until = until
        grant = {'vehicle': new.vehicle, 'entitlements': actions or ACTIONS,
                 'notBefore': car.moment(start), 'notAfter': until,
                 'sharing': sharing}
        if uses is not None:
            grant['uses'] = uses
        made = foreign_der.make(new, grant, self.certificate, self)
        new.is_now(made, self.chain)
        new.issuers = [self, *self.issuers]
        return new

    def is_now(self, made, above=()):
        """This certificate (DER), and those above it, are this key's."""
        self.certificate = foreign_der.Certificate(made)
        self.chain = [base64.b64encode(made).decode(), *above]

    def signed(self, words):
        return sign(self.path, words)


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
        key = Key(self.state.parent, vehicle)
        request, signed = key.path + '.csr', key.path + '.pem'
        done = car.openssl('req', '-new', '-key', key.path, '-subj', '/CN=o',
                           '-out', request)
        assert done[0] == 0, done
        self.run('certify', '--vin', vehicle, '--request', request,
                 '--certificate', signed)
        key.is_now(base64.b64decode(pem_to_base64(signed)))
        return key

    def root_key(self):
        """The authority's own key, to certify what the maker would not."""
        key = Key(self.state.parent, path=str(self.state / 'maker.key'))
        key.certificate = foreign_der.Certificate(
            base64.b64decode(pem_to_base64(self.state / 'root.pem')))
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
