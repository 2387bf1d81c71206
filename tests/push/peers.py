"""Notification services for a test: peers in node, told what to do by files.

    peers.missing()                   what keeps them from running, or None
    with Apns(directory) as apns: ... apns.url, apns.behave({...}), apns.log()

Each peer's own file says what it checks. Keys are made here with openssl.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import node_packages                                        # noqa: E402
from node_packages import BUILD                             # noqa: E402

SECONDS = 30


class PeerError(Exception):
    """A peer could not be started; its own words are inside."""


def run(*words, **options):
    """Run a program that must succeed; its output as bytes."""
    return subprocess.run(words, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **options).stdout


def missing():
    """Why the peers cannot be had here, or None. Installs what they need."""
    return node_packages.missing(HERE, 'openssl')


def make_key(path, *, rsa=False):
    """A private key in PEM (PKCS #8), and its public half in PATH.pub."""
    kind = (['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] if rsa else
            ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'])
    run('openssl', 'genpkey', '-algorithm', *kind, '-out', path)
    run('openssl', 'pkey', '-in', path, '-pubout', '-out', f'{path}.pub')
    return pathlib.Path(path)


def public_point(path):
    """The public key of VAPID: a point of P-256 in base64url."""
    der = run('openssl', 'pkey', '-in', path, '-pubout', '-outform', 'DER')
    return base64.urlsafe_b64encode(der[-65:]).rstrip(b'=').decode()


class Peer:
    """A peer in a directory of its own. ca: the authority to believe."""

    program = None

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca = self.directory / 'cert.pem'
        self.process = None
        self.port = self.url = None
        self.certify()

    def certify(self, names='IP:127.0.0.1,DNS:localhost'):
        """A self-signed certificate: its own authority."""
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
            'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
            '-subj', '/CN=peer', '-addext', f'subjectAltName={names}',
            '-keyout', self.directory / 'key.pem', '-out', self.ca)

    def know(self, **known):
        """Write peer.json, which is read at the start."""
        (self.directory / 'peer.json').write_text(json.dumps(known))

    def behave(self, rules):
        """From the next request on."""
        new = self.directory / 'behaviour.new'
        new.write_text(json.dumps(rules))
        new.rename(self.directory / 'behaviour.json')

    def start(self):
        """Run it, and wait until it listens. It inherits no input."""
        port = self.directory / 'port'
        port.unlink(missing_ok=True)
        with open(self.directory / 'errors', 'ab') as errors:
            self.process = subprocess.Popen(
                ['node', HERE / self.program, self.directory],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                env={**os.environ, 'TIGRESS_BUILD': str(BUILD)})
        end = time.monotonic() + SECONDS
        while not port.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise PeerError((self.directory / 'errors').read_text())
            time.sleep(0.02)
        self.port = int(port.read_text())
        self.url = f'https://127.0.0.1:{self.port}'
        return self

    def log(self, token=None):
        """What it received so far, for one token or all."""
        try:
            text = (self.directory / 'log').read_text()
        except FileNotFoundError:
            return []
        lines = [json.loads(line) for line in text.splitlines(True)
                 if line.endswith('\n')]
        return [line for line in lines
                if token is None or line['token'] == token]

    def wait_for(self, count, token=None, seconds=SECONDS):
        """The log, once it has `count` lines for the token."""
        end = time.monotonic() + seconds
        while len(self.log(token)) < count:
            if time.monotonic() > end:
                raise PeerError(f'{self.program}: {count} requests did not '
                                f'come, but {self.log(token)}')
            time.sleep(0.02)
        return self.log(token)

    def stop(self):
        """End it; what it wrote stays."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        self.stop()


class Apns(Peer):
    """Apple's: topics is {topic: push type}, all of one key and team."""

    program = 'apns_peer.mjs'
    key_id, team_id = 'ABC123DEFG', 'DEF123GHIJ'

    def __init__(self, directory, topics=None):
        super().__init__(directory)
        self.topics = topics or {'org.example.wallet': 'background'}
        self.key = make_key(self.directory / 'apns.p8')
        self.know(
            keys={self.key_id: {'team_id': self.team_id,
                                'public_key': 'apns.p8.pub'}},
            topics={topic: {'key_id': self.key_id, 'push_type': push_type}
                    for topic, push_type in self.topics.items()})


class Fcm(Peer):
    """Google's. service_account, a file, is there once it has started."""

    program = 'fcm_peer.mjs'
    email = 'tigress@example.iam.gserviceaccount.com'
    project = 'example-project'

    def __init__(self, directory):
        super().__init__(directory)
        self.key = make_key(self.directory / 'google.pem', rsa=True)
        self.service_account = self.directory / 'service-account.json'
        self.know(client_email=self.email, project_id=self.project,
                  private_key_id='0123456789abcdef',
                  public_key='google.pem.pub')

    def start(self):
        """Also write the service account, with the port in token_uri."""
        super().start()
        self.service_account.write_text(json.dumps({
            'type': 'service_account', 'project_id': self.project,
            'private_key_id': '0123456789abcdef',
            'private_key': self.key.read_text(),
            'client_email': self.email, 'client_id': '1',
            'token_uri': f'{self.url}/token'}))
        return self


class WebPush(Peer):
    """A browser's service. Its endpoints have a name, localhost: addresses
    are refused. self.host is what a list of hosts has to say."""

    program = 'webpush_peer.mjs'
    subject = 'mailto:push@example.org'

    def __init__(self, directory):
        super().__init__(directory)
        self.key = make_key(self.directory / 'vapid.pem')
        self.know(public_key=public_point(self.key), subject=self.subject)

    @property
    def host(self):
        """Host and port, once it has started."""
        return f'localhost:{self.port}'

    def token_data(self, token):
        """What a device hands the relay as tokenData: see PROTOCOL §8."""
        subscription = {'endpoint': f'https://{self.host}/push/{token}',
                        'expirationTime': None,
                        'keys': {'auth': 'AAAA', 'p256dh': 'BBBB'}}
        return base64.b64encode(json.dumps(subscription).encode()).decode()
