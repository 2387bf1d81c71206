"""The parties of a car key, as programs with directories of their own.

    with Relay() as relay, Cast(relay) as cast:
        cast.enrol()
        cast.lend('Weekend', 'unlock,start')
        cast.friend.run('unlock', '--vehicle', cast.vehicle_socket)

Only the programs' command lines are used: no file of theirs is written here.
"""
import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import foreign_friend
from relay import free_port, program

# The documented exit statuses.
(DONE, FAILED, USAGE, REFUSED, WAITING, TAKEN, OVER, NETWORK, PIN,
 PASSPHRASE) = range(10)

PASSPHRASE_TEXT = 'correct horse battery staple'
VIN = 'WVWZZZ1JZXW000001'
OTHER_VIN = 'WVWZZZ1JZXW000002'
RUN_SECONDS = 60


class Unexpected(Exception):
    """A program ended otherwise than expected; its words are inside."""


class Result:
    """How a program ended: status, text, and the members of --json."""

    def __init__(self, process):
        self.status = process.returncode
        self.text = process.stdout + process.stderr
        lines = process.stdout.splitlines()
        self.all = [json.loads(line) for line in lines
                    if line.startswith('{')]
        self.json = self.all[-1] if self.all else {}

    @property
    def check(self):
        """Which check refused."""
        return self.json.get('check')


class Party:
    """One program and its state directory.

    passphrase  a file, given with every command; None: none. An owner's is
                beside the state directory.
    """

    def __init__(self, name, state):
        self.name = name
        self.program = program('samples', 'car', name)
        self.state = pathlib.Path(state)
        self.passphrase = None
        if name == 'owner':
            self.passphrase = self.state.parent / 'passphrase'

    def command(self, command, *options):
        """The words of a command line."""
        words = [self.program, command, '--state', str(self.state), *options]
        if self.passphrase:
            words += ['--passphrase-file', str(self.passphrase)]
        return words

    def run(self, command, *options, expect=DONE, stdin=''):
        """Run a command with --json; `expect` None takes any status."""
        process = subprocess.run(
            self.command(command, '--json', *options), input=stdin,
            capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        result = Result(process)
        if expect is not None and result.status != expect:
            raise Unexpected(f'{self.name} {command}: status {result.status}, '
                             f'not {expect}: {result.text}')
        return result


class Serving:
    """A vehicle that listens, until the end of the `with`."""

    def __init__(self, party, *options):
        self.command = party.command('serve', *options)
        self.socket = str(party.state / 'vehicle.sock')
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith('ready '):
            self.__exit__()
            raise Unexpected(f'it does not serve: {line}')
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(RUN_SECONDS)
        self.process.stdout.close()


class MakerServing(Serving):
    """The maker's server, until the end of the `with`."""

    def __init__(self, cast):
        super().__init__(cast.maker, '--listen', f'127.0.0.1:{cast.port}')


class Cast:
    """Maker, vehicle, owner and friends, below one temporary directory.

    relay   a Relay, or anything else with `host` and `ca`
    attest  the directory of the devices' authenticator; None: they have none
    """

    def __init__(self, relay, attest=None):
        self.relay = relay
        self.attest = attest
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tigress-car-'))
        self.maker = self.party('maker')
        self.vehicle = self.party('vehicle')
        self.owner = self.party('owner')
        self.friend = self.party('friend')
        self.url_file = self.top / 'invitation'
        self.pin_file = self.top / 'pin'
        self.port = None  # of the maker's server, when it has one
        (self.top / 'passphrase').write_text(PASSPHRASE_TEXT + '\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def party(self, name, directory=None):
        """One more party, for example a second friend."""
        return Party(name, self.top / (directory or name))

    def file(self, name):
        return str(self.top / name)

    def relay_options(self):
        return ['--relay', self.relay.host, '--relay-ca', self.relay.ca,
                *(['--attest', self.attest] if self.attest else [])]

    def server_options(self):
        """Where devices find the maker's server, if there is one."""
        if not self.port:
            return []
        return ['--maker-url', f'https://127.0.0.1:{self.port}',
                '--maker-ca', str(self.maker.state / 'tls.pem')]

    def make_vehicle(self, vehicle=None, vin=VIN):
        """A vehicle leaves the factory."""
        vehicle = vehicle or self.vehicle
        identity = self.file(vin + '.json')
        server = self.server_options()[1:2]
        self.maker.run('vehicle', '--vin', vin, '--identity', identity,
                       *(['--server', *server] if server else []))
        vehicle.run('init', '--identity', identity)

    def make_owner(self, owner=None, vin=VIN, *limits):
        """A device becomes an owner's."""
        owner = owner or self.owner
        request = self.file(owner.state.name + '.csr')
        certificate = self.file(owner.state.name + '.pem')
        owner.run('init', '--request', request, *self.relay_options(),
                  *self.server_options())
        self.maker.run('certify', '--vin', vin, '--request', request,
                       '--certificate', certificate, *limits)
        owner.run('enrol', '--certificate', certificate)

    def make_friend(self, friend=None):
        """A device becomes able to accept invitations."""
        friend = friend or self.friend
        friend.run('init', '--maker-root', str(self.maker.state / 'root.pem'),
                   *self.relay_options(), *self.server_options())
        return friend

    def enrol(self, server=False):
        """Everything that comes before a share; with `server` the maker has
        one, which maker_serving() starts."""
        self.port = free_port() if server else None
        self.maker.run('init')
        self.make_vehicle()
        self.make_owner()
        self.make_friend()

    def share(self, name, entitlements, *options, expect=DONE):
        """The owner offers a key; the URL is then in url_file, the PIN in
        pin_file."""
        return self.owner.run('share', '--name', name, '--entitlements',
                              entitlements, '--url-file', str(self.url_file),
                              '--pin-file', str(self.pin_file), *options,
                              expect=expect)

    def accept(self, friend=None, expect=DONE, pin=True):
        """A friend's device takes the URL, and with `pin` the PIN."""
        told = ['--pin-file', str(self.pin_file)] if pin else []
        return (friend or self.friend).run(
            'accept', '--url-file', str(self.url_file), *told, expect=expect)

    @property
    def pin(self):
        """The PIN of the last share, as the owner tells it."""
        return self.pin_file.read_text().strip()

    def wrong_pin_file(self, count=1):
        """A file with another PIN, six digits."""
        path = self.top / 'wrong-pin'
        path.write_text(f'{(int(self.pin) + count) % 10**6:06}\n')
        return str(path)

    def lend(self, name, entitlements, *options):
        """A whole share, from offer to usable key."""
        self.share(name, entitlements, *options)
        self.accept()
        self.owner.run('continue', '--name', name)
        self.friend.run('continue')

    def lend_known(self, name, entitlements, *options):
        """The same to a device of another make, whose key is in a file: its
        `key.path` and `chain`."""
        self.share(name, entitlements, *options)
        friend = foreign_friend.Friend(
            self.url_file.read_text().strip(), self.relay.ca,
            self.top / ('known ' + name), self.maker.state / 'root.pem',
            self.pin)
        friend.ask(friend.take_offer())
        self.owner.run('continue', '--name', name)
        friend.take_answer()
        return friend

    def maker_serving(self):
        """The maker's server: `with cast.maker_serving():`."""
        return MakerServing(self)

    def serve(self, *options, vehicle=None):
        """A vehicle that listens: `with cast.serve() as vehicle:`."""
        return Serving(vehicle or self.vehicle, *options)

    def ask(self, vehicle, action, expect=DONE, friend=None):
        """The friend's key asks a serving vehicle for an action."""
        return (friend or self.friend).run(action, '--vehicle',
                                           vehicle.socket, expect=expect)

    def events(self, vehicle=None):
        """What a vehicle has written into its log."""
        log = (vehicle or self.vehicle).state / 'events.log'
        if not log.exists():
            return []
        return [json.loads(line) for line in log.read_text().splitlines()]

    def files_of(self, party):
        """Every regular file of a party."""
        return [path for path in party.state.rglob('*') if path.is_file()]


def holds(content, secret):
    """Whether bytes hold a secret, as it is, in hex or anywhere in base64."""
    dense = b''.join(content.split())
    forms = [secret]
    for before in range(3):
        # Characters that depend on the neighbours are left away.
        base64_text = base64.b64encode(bytes(before) + secret).rstrip(b'=')
        forms.append(base64_text[(before * 8 + 5) // 6:-1])
    return (any(form in content or form in dense for form in forms) or
            secret.hex().encode() in dense.lower())


def moment(offset_seconds):
    """A time relative to now, as the programs write it."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ',
                         time.gmtime(time.time() + offset_seconds))


def openssl(*words):
    """Run openssl; (status, text)."""
    process = subprocess.run(['openssl', *words], capture_output=True,
                             text=True, check=False, timeout=RUN_SECONDS)
    return process.returncode, process.stdout + process.stderr
