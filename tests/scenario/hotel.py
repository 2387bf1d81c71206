"""The parties of a hotel key, as programs with directories of their own.

    with Relay() as relay, Cast(relay) as cast:
        cast.check_in()
        cast.give('Weekend', '--doors', 'room')
        with cast.door('room') as door:
            cast.other.run('open', '--door', door.socket)

Only the programs' command lines are used: no file of theirs is written here.
"""
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile

from car import (DONE, NETWORK, OVER, REFUSED, RUN_SECONDS, TAKEN, USAGE,
                 WAITING, Result, Unexpected, moment)
from relay import free_port, program

__all__ = ['DONE', 'NETWORK', 'OVER', 'REFUSED', 'TAKEN', 'USAGE', 'WAITING',
           'Cast', 'Party', 'Running', 'events', 'moment']

ROOM, OTHER_ROOM = '204', '205'
DOORS = 'room,pool'
DAY = 86400


class Party:
    """One program and its state directory."""

    def __init__(self, name, state):
        self.name = name
        self.program = program('samples', 'hotel', name)
        self.state = pathlib.Path(state)
        self.passphrase = None  # what car_kill.py asks of a party

    def command(self, command, *options):
        """The words of a command line."""
        return [self.program, command, '--state', str(self.state), *options]

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


class Running:
    """A program that serves, until the end of the `with`."""

    def __init__(self, party, *options):
        self.party = party
        self.options = options
        self.process = None
        self.ready = None

    def start(self):
        """Start, and wait until it says that it is ready."""
        self.process = subprocess.Popen(
            self.party.command('serve', *self.options),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = self.process.stdout.readline().split()
        if self.ready[:1] != ['ready']:
            self.stop()
            raise Unexpected(f'{self.party.name} does not serve')
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(RUN_SECONDS)
        self.process.stdout.close()
        self.process = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    @property
    def socket(self):
        """Where a door listens."""
        return self.ready[1]


class Cast:
    """A hotel and its guests, below one temporary directory.

    relay   a Relay, or anything else with `host` and `ca`
    attest  the directory of the guests' authenticator; None: they have none
    first   who booked; other: who is given a key
    """

    def __init__(self, relay, attest=None):
        self.relay = relay
        self.attest = attest
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tigress-hotel-'))
        self.port = free_port()
        self.url = f'https://127.0.0.1:{self.port}'
        self.desk = Party('desk', self.top / 'desk')
        self.first = self.guest('first')
        self.other = self.guest('other')
        self.url_file = self.top / 'invitation'
        self.booking = self.top / 'booking'
        self.serving = Running(self.desk, '--listen',
                               f'127.0.0.1:{self.port}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.serving.stop()
        shutil.rmtree(self.top, ignore_errors=True)

    def guest(self, name):
        return Party('guest', self.top / name)

    def file(self, name):
        return str(self.top / name)

    @property
    def ca(self):
        """Who certifies the desk."""
        return str(self.desk.state / 'tls.pem')

    def init_options(self):
        return ['--relay', self.relay.host, '--relay-ca', self.relay.ca,
                '--desk', self.url, '--desk-ca', self.ca,
                *(['--attest', self.attest] if self.attest else [])]

    def make_guest(self, guest):
        guest.run('init', *self.init_options())
        return guest

    def open_desk(self):
        self.desk.run('init')
        self.serving.start()

    def book(self, file=None, room=ROOM, doors=DOORS, since=-DAY,
             until=3 * DAY):
        """A stay, from and until so many seconds from now."""
        file = file or self.booking
        self.desk.run('book', '--room', room, '--doors', doors,
                      '--from', moment(since), '--until', moment(until),
                      '--booking', str(file))
        return json.loads(pathlib.Path(file).read_text())

    def check_in(self):
        """Everything that comes before a share."""
        self.open_desk()
        self.book()
        self.make_guest(self.first)
        self.make_guest(self.other)

    def share(self, name, *options, expect=DONE):
        """The first guest offers a key; the URL is then in url_file."""
        return self.first.run('share', '--name', name, '--booking',
                              str(self.booking), '--url-file',
                              str(self.url_file), *options, expect=expect)

    def accept(self, guest=None, expect=DONE):
        return (guest or self.other).run('accept', '--url-file',
                                         str(self.url_file), expect=expect)

    def give(self, name, *options):
        """A whole share, from offer to usable key."""
        self.share(name, *options)
        self.accept()

    def make_door(self, name, room=ROOM):
        """A door is built in; room None: a door for everybody's key."""
        door = Party('door', self.top / f'door-{room}-{name}')
        identity = self.file(f'identity-{room}-{name}')
        where = [] if room is None else ['--room', room]
        self.desk.run('door', '--door', name, *where, '--identity', identity)
        door.run('init', '--identity', identity)
        return door

    def door(self, name, *options, room=ROOM, online=False):
        """A new door that listens: `with cast.door('room') as door:`."""
        if online:
            options += ('--desk', self.url)
        return Running(self.make_door(name, room), *options)

    def open(self, door, guest=None, expect=DONE):
        """A guest at a door that listens."""
        return (guest or self.other).run('open', '--door', door.socket,
                                         expect=expect)

    def tokens(self):
        """What the desk knows of every token."""
        return [line for line in self.desk.run('list').all
                if 'state' in line]

    def files_of(self, party):
        """Every regular file of a party."""
        return [path for path in party.state.rglob('*') if path.is_file()]

    def keys(self):
        """How many keys the desk has ever issued."""
        return len([one for one in self.tokens() if one['serial']])


def events(door):
    """What a door has written into its log."""
    log = door.party.state / 'events.log'
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text().splitlines()]
