"""A real tigress-push for a test, and a worker that rings.

    with Daemon(directory, conf) as push:
        worker = push.worker()
        worker.ring(APNS, 'ab12')
        assert worker.dead() == mark(APNS, 'ab12')
    assert push.status == 0 and push.counts('apns') == {'delivered': 1}
"""
import collections
import hashlib
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))

import peers  # noqa: E402
import tap    # noqa: E402

APNS, FCM, WEBPUSH = 'com.apple.apns', 'com.google.fcm', 'org.w3.webpush'
HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = peers.BUILD / 'src' / 'push' / 'tigress-push'
SECONDS = 30
HOUR = 3600
# Nothing that a test might lean on, and a proxy that nobody must ask.
ENVIRONMENT = {'PATH': os.environ.get('PATH', ''), 'LC_ALL': 'C',
               'https_proxy': 'http://127.0.0.1:9', 'HTTPS_PROXY':
               'http://127.0.0.1:9', 'all_proxy': 'http://127.0.0.1:9'}


class Skip(Exception):
    """Something is missing here that a test needs."""


def mark(kind, data):
    """What a dead token is called."""
    return hashlib.sha256(kind.encode() + b'\0' + data.encode()).digest()[:16]


def packet(kind, data, until):
    """A doorbell as a worker sends it."""
    kind, data = kind.encode(), data.encode()
    return (b'R' + struct.pack('>QB', until, len(kind)) + kind +
            struct.pack('>H', len(data)) + data)


def later(seconds=HOUR):
    """A whole minute from now."""
    return (int(time.time()) + seconds + 59) // 60 * 60


def wait_until(holds, what, seconds=SECONDS):
    """Bounded, and without a guess how long it takes."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f'not in {seconds} s: {what}')
        time.sleep(0.02)


class Worker:
    """A connection to the daemon's socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(SECONDS)
        self.socket.connect(str(path))

    def ring(self, kind, data, until=None):
        """Ring for a token."""
        self.send(packet(kind, data, until or later()))

    def send(self, data):
        """Any packet."""
        self.socket.send(data)

    def dead(self):
        """The next mark of a dead token."""
        data = self.socket.recv(100)
        assert len(data) == 17 and data[:1] == b'D', data
        return data[1:]

    def hears_nothing(self):
        """Whether there is no word of a dead token, at this moment."""
        return not select.select([self.socket], [], [], 0)[0]

    def is_closed(self):
        """Wait for the end of the connection."""
        try:
            return self.socket.recv(100) == b''
        except ConnectionError:
            return True

    def close(self):
        self.socket.close()


class Daemon:
    """tigress-push with a configuration, in a directory of its own."""

    def __init__(self, directory, conf=None, start=True, environment=None):
        self.environment = {**ENVIRONMENT, **(environment or {})}
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.path = self.directory / 'socket'
        self.conf = self.directory / 'push.conf'
        self.errors = self.directory / 'errors'
        self.process = None
        self.status = None
        self.workers = []
        if conf is not None:
            self.configure(conf)
        if start:
            self.start()

    def configure(self, conf):
        """Write the configuration; the socket is in our directory."""
        if '[push]' not in conf:
            conf = '[push]\n' + conf
        self.conf.touch(0o600)
        self.conf.write_text(conf.replace('[push]\n',
                                          '[push]\nsocket = socket\n', 1))

    def start(self):
        """Start it, also once more, and wait until it listens."""
        count = self.log().count('ready') if self.errors.exists() else 0
        with open(self.errors, 'ab') as errors:
            self.process = subprocess.Popen(
                [PROGRAM, '--config', self.conf], stdin=subprocess.DEVNULL,
                stdout=errors, stderr=errors, env=self.environment)
        self.said('ready', count + 1)

    def said(self, text, count=1):
        """Wait until the log has this so many times."""
        wait_until(lambda: self.log().count(text) >= count or
                   self.process.poll() is not None,
                   f'{text}, but {self.log()}')
        assert self.log().count(text) >= count, self.log()

    def log(self):
        return self.errors.read_text()

    def trouble(self, service):
        """What it has said last is wrong with a service, or None."""
        found = re.findall(f'{service}: .*; last trouble: (.*)', self.log())
        return found[-1] if found else None

    def counts(self, name):
        """What it has said of apns, fcm, webpush or doorbells, all in all;
        without what is 0, and without how many wait."""
        sums = collections.Counter()
        for line in re.findall(f'{name}: (.*)', self.log()):
            for word, number in re.findall(r'(\w+)=(\d+)', line):
                sums[word] += int(number)
        del sums['waiting']
        return {word: number for word, number in sums.items() if number}

    def left(self):
        """How many doorbells were left at the end."""
        return int(re.search(r'ended; (\d+) doorbells', self.log())[1])

    def worker(self):
        """A worker, connected."""
        self.workers.append(Worker(self.path))
        return self.workers[-1]

    def tell(self, number):
        self.process.send_signal(number)

    def reload(self, *, is_right=True):
        """SIGHUP, and wait for what it says."""
        text = 'was read anew' if is_right else 'goes on with'
        count = self.log().count(text)
        self.tell(signal.SIGHUP)
        self.said(text, count + 1)

    def stop(self, number=signal.SIGTERM):
        """End it, and return the log."""
        if self.process is not None and self.process.poll() is None:
            self.tell(number)
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError('it does not end') from None
        if self.process is not None:
            self.status = self.process.returncode
        for worker in self.workers:
            worker.close()
        return self.log()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Place:
    """Three peers and a configuration for them."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.apns = peers.Apns(self.directory / 'apns')
        self.fcm = peers.Fcm(self.directory / 'fcm')
        self.webpush = peers.WebPush(self.directory / 'webpush')
        self.all = [self.apns, self.fcm, self.webpush]
        self.daemons = 0

    def start(self):
        for peer in self.all:
            peer.start()
        self.fcm.service_account.chmod(0o600)
        self.believe()

    def believe(self):
        """The file of authorities, from the certificates as they are."""
        self.ca = self.directory / 'authorities.pem'
        self.ca.write_text(''.join(p.ca.read_text() for p in self.all))

    def stop(self):
        for peer in self.all:
            peer.stop()

    def keys(self):
        """The files that only tigress-push is to read."""
        return [self.apns.key, self.webpush.key, self.fcm.service_account]

    def push(self, more=''):
        return f'[push]\nauthorities = {self.ca}\n{more}'

    def of_apns(self, topic='org.example.wallet', more=''):
        return (f'[apns {topic}]\nkey_file = {self.apns.key}\n'
                f'key_id = {self.apns.key_id}\n'
                f'team_id = {self.apns.team_id}\n'
                f'server = {self.apns.url}\n{more}')

    def of_fcm(self):
        return (f'[fcm]\nservice_account = {self.fcm.service_account}\n'
                f'server = {self.fcm.url}\n')

    def of_webpush(self, more='allow_private = yes\n', more_hosts=''):
        return (f'[webpush]\nkey_file = {self.webpush.key}\n'
                f'subject = {self.webpush.subject}\n'
                f'hosts = {self.webpush.host} {more_hosts}\n{more}')

    def conf(self, more=''):
        """Everything."""
        return (self.push(more) + self.of_apns() + self.of_fcm() +
                self.of_webpush())

    def daemon(self, conf=None, **options):
        """A tigress-push of its own for each test."""
        self.daemons += 1
        return Daemon(self.directory / f'push-{self.daemons}',
                      conf or self.conf(), **options)

    def good(self):
        """All peers do what they should again."""
        for peer in self.all:
            peer.behave({})


def main(*tests):
    """Run the tests, each with the one place; TAP."""
    checks = tap.Checks()
    reason = peers.missing()
    if reason:
        for test in tests:
            checks.skip(test.__name__, reason)
        return checks.done()
    scratch = tempfile.mkdtemp(prefix='tigress-push-')
    place = Place(scratch)
    try:
        place.start()
        for test in tests:
            place.good()
            problems = []
            try:
                test(place)
            except Skip as reason:
                checks.skip(test.__name__, reason)
                continue
            except Exception:           # each test is told of
                problems = traceback.format_exc().splitlines()
            checks.report(test.__name__, problems)
    finally:
        place.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    return checks.done()
