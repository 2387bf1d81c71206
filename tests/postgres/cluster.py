"""A private PostgreSQL for a test: one server, or a primary with standbys.

    cluster.missing()            what keeps one from being made, or None
    with Cluster() as c:         c.primary.uri, c.primary.sql('SELECT 1')
    with Cluster(standbys=2) as c:
        c.primary.kill(); c.standbys[0].promote(); ...

Servers listen on unix sockets alone, in a directory of their own that is
removed at the end. They are children of this process and end with it, however
it ends. fsync is on: what is tested is durability. initdb wants no root, so
root lends the servers another user.
"""
import ctypes
import functools
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
USER = 'tigress'      # the superuser of these servers
SECONDS = 60
PR_SET_PDEATHSIG = 1
IPC_RMID = 0
FIRST_PORT = 5432     # only a part of the socket's name

SETTINGS = {
    'listen_addresses': '', 'fsync': 'on', 'synchronous_commit': 'on',
    'full_page_writes': 'on', 'shared_buffers': '64MB',
    'max_connections': '80', 'wal_level': 'replica', 'max_wal_senders': '10',
    'wal_keep_size': '256MB', 'hot_standby': 'on', 'wal_log_hints': 'on',
    'max_wal_size': '512MB', 'log_min_messages': 'warning',
    'timezone': 'UTC', 'log_timezone': 'UTC',
    # In the data directory, and not in /dev/shm, where a kill leaves it.
    'dynamic_shared_memory_type': 'mmap',
}


class ClusterError(Exception):
    """A server could not be had; its own words are inside."""


@functools.lru_cache(None)
def programs():
    """The directories of the programs and of initdb's files."""
    found = subprocess.run(
        [TOP / 'tools' / 'postgres-unpack', TOP / 'build' / 'postgres'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        check=False)
    if found.returncode != 0:
        raise ClusterError(found.stderr.strip())
    lines = dict(line.split('=', 1) for line in found.stdout.splitlines())
    return pathlib.Path(lines['bin']), pathlib.Path(lines['share'])


def missing():
    """Why no server can be had here, or None."""
    try:
        programs()
    except ClusterError as reason:
        return str(reason).splitlines()[-1]
    return None


def _as_user():
    """Arguments of Popen() that make it another user's, if we are root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam('nobody')
    return {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _run(words, **options):
    """A program of PostgreSQL, to its end; its output."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, cwd='/',
        env={'PATH': os.environ['PATH'], 'LC_ALL': 'C'}, **options)
    if done.returncode != 0:
        raise ClusterError(f'{words[0]}: {done.stdout}')
    return done.stdout


def shared_memory(pid):
    """The System V segments that a process has attached, by number."""
    maps = pathlib.Path(f'/proc/{pid}/maps').read_text()
    return [int(number)
            for number in re.findall(r' (\d+) +/SYSV[0-9a-f]+', maps)]


def _free_shared_memory(number):
    """Done with one that no process is there any more to free."""
    ctypes.CDLL(None).shmctl(number, IPC_RMID, None)


class Server:
    """One server: data in DIRECTORY/NAME, sockets in DIRECTORY."""

    def __init__(self, directory, name, port):
        self.directory = directory
        self.name = name
        self.port = port
        self.data = directory / name
        self.log = directory / f'{name}.log'
        self.process = None
        self.frozen = False

    @property
    def uri(self):
        """As the superuser, without a password."""
        return (f'postgresql://{USER}@/postgres?host={self.directory}'
                f'&port={self.port}')

    def initdb(self, settings, *more):
        """Make its files; `more` words for initdb."""
        binaries, share = programs()
        _run([binaries / 'initdb', '-D', self.data, '-L', share, '-U', USER,
              '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync',
              '--no-instructions', *more], **_as_user())
        self.configure({**SETTINGS, **settings})

    def configure(self, settings):
        """Add to postgresql.conf; the last line of a name counts."""
        with open(self.data / 'postgresql.conf', 'a',
                  encoding='utf-8') as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")

    def copy_from(self, source):
        """Become a standby of another, from scratch."""
        binaries, _ = programs()
        shutil.rmtree(self.data, ignore_errors=True)
        _run([binaries / 'pg_basebackup', '-D', self.data, '-R', '-X',
              'stream', '-c', 'fast', '--no-sync', '-d',
              f'{source.uri}&application_name={self.name}'], **_as_user())

    def start(self):
        """Run it, and wait until it takes connections."""
        binaries, _ = programs()
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [binaries / 'postgres', '-D', self.data, '-p',
                 str(self.port), '-k', self.directory,
                 '-c', f'cluster_name={self.name}'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                preexec_fn=_die_with_parent, **_as_user())
        self.frozen = False
        self.wait_until(self.answers)
        return self

    def answers(self):
        """Whether it takes connections."""
        if self.process.poll() is not None:
            raise ClusterError(self.log.read_text(errors='replace')[-2000:])
        binaries, _ = programs()
        return subprocess.run(
            [binaries / 'pg_isready', '-q', '-h', self.directory, '-p',
             str(self.port)], check=False).returncode == 0

    def wait_until(self, happens):
        """Until happens() is true."""
        end = time.monotonic() + SECONDS
        while not happens():
            if time.monotonic() > end:
                raise ClusterError(f'{self.name}: {happens} did not come')
            time.sleep(0.05)

    def sql(self, text, database='postgres'):
        """What psql prints for some statements: rows, columns with |."""
        binaries, _ = programs()
        return _run([binaries / 'psql', '-X', '-q', '-A', '-t', '-v',
                     'ON_ERROR_STOP=1', '-h', self.directory, '-p',
                     str(self.port), '-U', USER, '-d', database, '-c',
                     text]).strip()

    def reload(self, settings):
        """Change settings of a server that runs, and wait until they count."""
        self.configure(settings)
        self.sql('SELECT pg_reload_conf()')
        name, value = list(settings.items())[-1]
        self.wait_until(lambda: self.sql(f'SHOW {name}') == value)

    # ---- trouble --------------------------------------------------------

    def pids(self):
        """The postmaster and all of its processes."""
        postmaster = self.process.pid
        children = pathlib.Path(
            f'/proc/{postmaster}/task/{postmaster}/children').read_text()
        return [postmaster, *map(int, children.split())]

    def kill(self):
        """kill -9, everything at once."""
        segments = shared_memory(self.process.pid)
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        for segment in segments:
            _free_shared_memory(segment)
        self.frozen = False

    def freeze(self):
        """SIGSTOP for everything: the postmaster first, so that none comes."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass
        self.frozen = True

    def thaw(self):
        """SIGCONT for everything."""
        for pid in self.pids():
            os.kill(pid, signal.SIGCONT)
        self.frozen = False

    def promote(self):
        """Make a standby the primary, and wait until it takes writes."""
        self.sql('SELECT pg_promote(false)')
        self.wait_until(
            lambda: self.sql('SELECT pg_is_in_recovery()') == 'f')

    def rejoin(self, source):
        """Come back as a standby of `source`, whatever became of it. Its own
        postgresql.conf stays what the source's is."""
        self.stop()
        self.copy_from(source)
        return self.start()

    def is_streaming_from(self, source):
        """Whether the source sends to it."""
        return source.sql(
            "SELECT count(*) FROM pg_stat_replication WHERE state ="
            f" 'streaming' AND application_name = '{self.name}'") == '1'

    def stop(self):
        """End it, for sure."""
        if self.process is None:
            return
        if self.process.poll() is None:
            if self.frozen:
                self.kill()
            else:
                self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None


class Cluster:
    """A primary, and standbys of which any one must confirm each commit."""

    def __init__(self, standbys=0, **settings):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='tigress-pg-'))
        if os.geteuid() == 0:
            entry = pwd.getpwnam('nobody')
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        self.settings = settings
        names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'][:standbys + 1]
        self.servers = [Server(self.directory, name, FIRST_PORT + i)
                        for i, name in enumerate(names)]

    @property
    def primary(self):
        """The one that began as the primary."""
        return self.servers[0]

    @property
    def standbys(self):
        """Those that began as standbys."""
        return self.servers[1:]

    @property
    def uri(self):
        """All of the servers; whoever takes writes is meant."""
        hosts = ','.join(str(self.directory) for _ in self.servers)
        ports = ','.join(str(server.port) for server in self.servers)
        return (f'postgresql://{USER}@/postgres?host={hosts}&port={ports}'
                '&target_session_attrs=read-write')

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self):
        self.primary.initdb(self.settings)
        self.primary.start()
        for standby in self.standbys:
            standby.copy_from(self.primary)
            standby.start()
            standby.wait_until(
                functools.partial(standby.is_streaming_from, self.primary))
        if self.standbys:
            names = ', '.join(server.name for server in self.servers)
            # The others find it in what they copy later; for now, by hand.
            for standby in self.standbys:
                standby.configure(
                    {'synchronous_standby_names': f'ANY 1 ({names})'})
                standby.sql('SELECT pg_reload_conf()')
            self.primary.reload(
                {'synchronous_standby_names': f'ANY 1 ({names})'})

    def __exit__(self, *ignored):
        self.stop()

    def stop(self):
        """End all servers, and remove everything."""
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
