"""A real relay for a test: started on a free loopback port, ended for sure.

    with Relay(workers=2) as relay:
        ... relay.url, relay.ca, relay.state ...
        relay.kill9_worker()

The programs come from the build directory: TIGRESS_BUILD in the environment
(meson sets it for the tests), otherwise build/release of the checkout.

Who uses this and is told to end (SIGTERM) takes along what it has made: a relay
has a session of its own, and would stay.
"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('TIGRESS_BUILD',
                                    TOP / 'build' / 'release')).resolve()
# A sanitizer's library, where the module is built with one: nginx itself is
# not, so it has to be there before anything else.
PRELOAD = os.environ.get('TIGRESS_PRELOAD', '')
SANITIZER = re.compile(r'.*(ERROR: AddressSanitizer|: runtime error: )')
START_SECONDS = 20
STOP_SECONDS = 15


class RelayError(Exception):
    """The relay could not be started or stopped; its own words are inside."""


def end(number, _):
    """Leave every `with`, and be told only once."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


if threading.current_thread() is threading.main_thread() and \
        signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
    signal.signal(signal.SIGTERM, end)


def program(*parts, build=None):
    """The path of a built program, or an error that says what to build."""
    path = (pathlib.Path(build) if build else BUILD).joinpath(*parts)
    if not path.exists():
        raise RelayError(f'{path} is missing: build it first')
    return str(path)


def missing():
    """Why no relay can be started here, or None."""
    try:
        program('src', 'launch', 'tigress-relay')
    except RelayError as reason:
        return str(reason)
    return None


def free_port():
    """A TCP port on loopback that nobody has right now, and that the system
    gives to no outgoing connection while the relay is down for a restart."""
    for _ in range(100):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port
    raise RelayError('there is no free port')


def nginx_options(build):
    """Where nginx and the module are, if they are in the places of a build."""
    options = []
    module = build / 'src' / 'nginx' / 'ngx_http_tigress_module.so'
    if module.exists():
        options += ['--module', str(module)]
    for nginx in (TOP / 'build' / 'nginx' / 'usr' / 'sbin' / 'nginx',
                  pathlib.Path('/usr/sbin/nginx')):
        if nginx.exists():
            return options + ['--nginx', str(nginx)]
    return options


def environment():
    """What a relay is started with. nginx frees nothing at its end that goes
    away by itself, so leaks are not looked for."""
    if not PRELOAD:
        return None
    options = os.environ.get('ASAN_OPTIONS', '')
    return {**os.environ, 'LD_PRELOAD': PRELOAD,
            'ASAN_OPTIONS': options + ':detect_leaks=0'}


# `openssl req` alone can make no certificate that began earlier.
AUTHORITY = """
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
basicConstraints = critical,CA:TRUE
authorityKeyIdentifier = keyid
subjectAltName = IP:127.0.0.1,DNS:localhost
[req]
distinguished_name = nobody
[nobody]
"""


def openssl(directory, *words):
    """Run openssl in that directory."""
    subprocess.run(['openssl', *words], cwd=directory, check=True,
                   capture_output=True)


def day(offset):
    """A time that many days from now, as `openssl ca` reads it."""
    return time.strftime('%Y%m%d%H%M%SZ',
                         time.gmtime(time.time() + offset * 86400))


def make_certificate(directory):
    """A self-signed certificate for 127.0.0.1: its own authority. It is valid
    since yesterday: a clock that is put right while the tests run, as soon
    after a start of the machine, must not make it one of the future."""
    cert, key = directory / 'relay.crt', directory / 'relay.key'
    if cert.exists():
        return cert, key
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        (pathlib.Path(scratch) / 'index').touch()
        (pathlib.Path(scratch) / 'config').write_text(AUTHORITY)
        openssl(scratch, 'req', '-config', 'config', '-new', '-newkey', 'ec',
                '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-subj', '/CN=127.0.0.1', '-keyout', str(key.resolve()),
                '-out', 'request')
        openssl(scratch, 'ca', '-config', 'config', '-batch', '-selfsign',
                '-notext', '-keyfile', str(key.resolve()), '-in', 'request',
                '-startdate', day(-1), '-enddate', day(30),
                '-out', str(cert.resolve()))
    return cert, key


def is_alive(pid):
    """Whether a process still holds anything: some thread has not ended.

    A worker's first thread may be a zombie while its store thread waits for
    the disk, and with it the listening socket stays.
    """
    try:
        tasks = list(pathlib.Path(f'/proc/{pid}/task').iterdir())
    except FileNotFoundError:
        return False
    for task in tasks:
        try:
            stat = (task / 'stat').read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if stat.rsplit(')', 1)[1].split()[0] not in 'ZX':
            return True
    return False


def wait_for_end(pids):
    """Wait for processes that are not our children, by looking."""
    deadline = time.monotonic() + STOP_SECONDS
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)


def pids_of_group(group):
    """The processes of a process group, alive or not."""
    found = []
    for process in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            stat = (process / 'stat').read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat.rsplit(')', 1)[1].split()[2]) == group:
            found.append(int(process.name))
    return found


class Relay:
    """One relay with a state directory of its own.

    url, ca   what a device needs to reach it; host: its host and port
    state     its directory; removed at the end unless the caller gave it
    log       everything it printed, a file

    public_host stands in share URLs: for a proxy in front of it. database is
    one that it shares with others, as of `tigress-relay --store`.
    """

    def __init__(self, workers=2, conf=(), state=None, port=None, build=None,
                 public_host=None, database=None):
        self.build = pathlib.Path(build).resolve() if build else BUILD
        self.workers = workers
        self.conf = list(conf)
        self.database = database
        self.process = None
        self.own_state = state is None
        self.state = pathlib.Path(state or
                                  tempfile.mkdtemp(prefix='tigress-relay-'))
        # nginx workers may run as another user when the master is root.
        self.state.chmod(0o755)
        self.log = self.state / 'output'
        self.port = port or free_port()
        self.url = f'https://127.0.0.1:{self.port}'
        self.host = f'127.0.0.1:{self.port}'
        self.public_host = public_host or self.host
        cert, self.key = make_certificate(self.state)
        self.ca = str(cert)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def command(self):
        """How this relay is started."""
        options = ['--listen', self.host,
                   '--workers', str(self.workers),
                   '--state', str(self.state / 'relay'),
                   '--tls-cert', self.ca, '--tls-key', str(self.key),
                   '--public-host', self.public_host]
        if self.database:
            options += ['--store', self.database]
        for directive in self.conf:
            options += ['--conf', directive]
        return ([program('src', 'launch', 'tigress-relay', build=self.build)] +
                options + nginx_options(self.build))

    def start(self):
        """Start and wait until it serves."""
        command = self.command()
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
                env=environment())
        deadline = time.monotonic() + START_SECONDS
        # Each worker finds its way to a database by itself.
        wanted = 4 * self.workers if self.database else 1
        served = 0
        while (served := served + 1 if self.serves() else 0) < wanted:
            if served > 0:
                continue
            if self.process.poll() is not None:
                raise RelayError('the relay ended at once:\n' + self.output())
            if time.monotonic() > deadline:
                raise RelayError('the relay does not serve:\n' + self.output())
            time.sleep(0.05)

    def serves(self):
        """Whether it answers, with its own certificate; a database, too."""
        return self.is_up(f'/v1/m/{uuid.uuid4()}' if self.database
                          else '/.well-known/tigress')

    def is_up(self, path='/favicon.ico'):
        """Whether it answers something there; 503 counts for that alone."""
        try:
            self.get(path)
            return True
        except urllib.error.HTTPError as answer:
            return answer.code != 503
        except (OSError, ssl.SSLError):
            return False

    def get(self, path, **headers):
        """GET path: (status, headers, body). Raises HTTPError on 4xx, 5xx."""
        context = ssl.create_default_context(cafile=self.ca)
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, context=context,
                                    timeout=5) as answer:
            return answer.status, answer.headers, answer.read()

    def discovery(self):
        """What the relay says about itself (R-HTTP-1, §7)."""
        return json.loads(self.get('/.well-known/tigress')[2])

    def output(self):
        """What it has printed so far."""
        return self.log.read_text(errors='replace') if self.log.exists() else ''

    def worker_pids(self):
        """The nginx workers of this relay."""
        pid = self.process.pid
        children = pathlib.Path(f'/proc/{pid}/task/{pid}/children')
        return [int(child) for child in children.read_text().split()]

    def kill9_worker(self, index=0):
        """kill -9 one worker, as soon as there are so many; the master starts
        another. Returns its pid."""
        deadline = time.monotonic() + START_SECONDS
        while len(pids := list(filter(is_alive, self.worker_pids()))) <= index:
            if time.monotonic() > deadline:
                raise RelayError(f'there is no worker {index}:\n' +
                                 self.output())
            time.sleep(0.01)
        os.kill(pids[index], signal.SIGKILL)
        wait_for_end(pids[index:index + 1])
        return pids[index]

    def kill9(self):
        """kill -9 the master and every worker: nothing is tidied up."""
        # All at once: a relay that serves may still be starting its last
        # worker, which must not stay behind with the port.
        group = self.process.pid
        os.killpg(group, signal.SIGKILL)
        pids = pids_of_group(group)
        self.process.wait()
        self.process = None
        wait_for_end(pids)

    def stop(self):
        """End it cleanly, keeping its state. Returns the exit status."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process = process
            self.kill9()
            raise RelayError('the relay did not end on SIGTERM:\n' +
                             self.output()) from None

    def restart(self):
        """Stop (if it runs) and start again: same port, same state."""
        self.stop()
        self.start()

    def files(self):
        """Every regular file it has written, for searching through."""
        return [path for path in self.state.rglob('*') if path.is_file()]

    def close(self):
        """Stop and remove what is ours. RelayError when a sanitizer has found
        something in it."""
        try:
            self.stop()
            found = SANITIZER.search(self.output())
            if found:
                raise RelayError(self.output()[found.start():][:8000])
        finally:
            if self.own_state:
                shutil.rmtree(self.state, ignore_errors=True)
