"""Three servers under Patroni on this machine, each with
contrib/patroni/patroni.yml, changed where its comments say so.

    patroni_nodes.missing()             what keeps one from being made, or None
    with patroni_nodes.Nodes() as nodes:
        nodes.leader(), nodes.uri('tigress_relay', directory), nodes[1].kill()

The machines are 127.0.0.11 to 127.0.0.13, with ports that nobody has; one etcd
is there for all of them. Two lines are not the sample's: the watchdog is off,
and sockets are in the node's own directory, since three share a machine.
Nothing is left at the end. Programs: patroni, patronictl and etcd in PATH.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

import cluster
import relay

PROGRAMS = ('patroni', 'patronictl', 'etcd')
SAMPLE = cluster.TOP / 'contrib' / 'patroni' / 'patroni.yml'
SECONDS = 120
SHOWN = 60          # lines of a log
NUMBERS = (1, 2, 3)
PR_SET_PDEATHSIG = 1
ROLES = {'SUPERUSER': 'postgres', 'REPLICATION': 'replicator',
         'REWIND': 'rewinder'}


class NodesError(Exception):
    """They could not be had; their own words are inside."""


def missing():
    """Why none can be had here, or None."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f'no {", ".join(absent)} in PATH'
    return cluster.missing()


def user():
    """Whose the servers are: (name, arguments of Popen())."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()), {}
    entry = pwd.getpwnam('nobody')
    with contextlib.suppress(KeyError):
        entry = pwd.getpwnam('postgres')    # as on a machine of theirs
    return entry, {'user': entry.pw_uid, 'group': entry.pw_gid,
                   'extra_groups': []}


def version():
    """Patroni's, (4, 1, 4)."""
    said = subprocess.run(['patroni', '--version'], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return tuple(map(int, said.split()[-1].split('.')))


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(words, log, **more):
    """A program of theirs, in the background."""
    with open(log, 'ab') as output:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd='/', preexec_fn=_die_with_parent, **user()[1], **more)


def bury(stopped):
    """Take leave of servers that have ended. They are nobody's children when
    Patroni starts them, and ours when we took those in (see rig.py)."""
    while not stopped.wait(0.2):
        for file in pathlib.Path('/proc/self/task').glob('*/children'):
            with contextlib.suppress(OSError):
                for pid in map(int, file.read_text().split()):
                    name = pathlib.Path(f'/proc/{pid}/comm').read_text()
                    if name == 'postgres\n':
                        os.waitpid(pid, os.WNOHANG)


def until(happens, what, seconds=SECONDS):
    """Wait; what happens() said when it was true."""
    end = time.monotonic() + seconds
    while not (said := happens()):
        if time.monotonic() > end:
            raise NodesError(f'it did not come: {what}')
        time.sleep(0.1)
    return said


def make_certificates(place):
    """ca.crt, and server.crt and server.key, which name all machines."""
    relay.openssl(place, 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                  'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                  '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt')
    (place / 'names').write_text('subjectAltName=' + ','.join(
        f'IP:127.0.0.1{number}' for number in NUMBERS) + '\n')
    relay.openssl(place, 'req', '-newkey', 'ec', '-pkeyopt',
                  'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=node',
                  '-keyout', 'server.key', '-out', 'request')
    relay.openssl(place, 'x509', '-req', '-in', 'request', '-days', '2',
                  '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial',
                  '-extfile', 'names', '-out', 'server.crt')
    (place / 'server.key').chmod(0o600)
    (place / 'ca.key').unlink()


class Node:
    """One machine: Patroni and its server."""

    def __init__(self, nodes, number):
        self.nodes = nodes
        self.number = number
        self.name = f'db{number}'
        self.host = f'127.0.0.1{number}'
        self.directory = nodes.directory / self.name
        self.data = self.directory / 'data'
        self.config = self.directory / 'patroni.yml'
        self.log = self.directory / 'log'
        self.process = None

    def write_config(self):
        """The sample, with what its comments name replaced."""
        text = SAMPLE.read_text(encoding='utf-8')
        binaries, _ = cluster.programs()
        for old, new in (
                ('name: db1 ', f'name: {self.name} '),
                ('10.0.0.1:8008', f'10.0.0.{self.number}:8008'),
                ('10.0.0.1:5432', f'10.0.0.{self.number}:5432'),
                ('10.0.0.', '127.0.0.1'),
                (':8008', f':{self.nodes.rest}'),
                (':5432', f':{self.nodes.port}'),
                (':2379', f':{self.nodes.etcd_port}'),
                ('/etc/patroni', str(self.nodes.etc)),
                ('/var/lib/postgresql/15/tigress', str(self.data)),
                ('/usr/lib/postgresql/15/bin', str(binaries)),
                ('/var/lib/postgresql/patroni.pass',
                 str(self.directory / 'patroni.pass')),
                # Not the sample's.
                ('mode: required', 'mode: "off"'),
                ('  bin_dir:', '  parameters: {unix_socket_directories: '
                 f'"{self.directory}"}}\n  bin_dir:')):
            if old not in text:
                raise NodesError(f'the sample does not have “{old}” any more')
            text = text.replace(old, new)
        if version() < (4,):
            text = text.replace('synchronous_mode: quorum',
                                'synchronous_mode: true')
        self.config.write_text(text, encoding='utf-8')

    def start(self):
        """Run its Patroni, which runs its server."""
        secret = {f'PATRONI_{role}_PASSWORD': self.nodes.passwords[role]
                  for role in ROLES}
        self.process = start(
            ['patroni', self.config], self.log,
            env={'PATH': os.environ['PATH'], 'LC_ALL': 'C', **secret})

    def postmaster(self):
        """Its process number, or None."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.data / 'postmaster.pid').read_text().split()[0])
            if relay.is_alive(pid):
                return pid
        return None

    def kill_server(self):
        """kill -9 for the postmaster; its children notice and end."""
        pid = self.postmaster()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def kill_patroni(self):
        """kill -9 for Patroni alone: the server goes on."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def kill(self):
        """kill -9 for both, the children of the server too."""
        if self.process is not None:
            self.kill_patroni()
        pid = self.postmaster()
        if pid is None:
            return
        children = pathlib.Path(f'/proc/{pid}/task/{pid}/children')
        for each in [pid, *map(int, children.read_text().split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    def sql(self, text, database='postgres', name='postgres'):
        """What psql prints: rows, columns with |."""
        binaries, _ = cluster.programs()
        done = subprocess.run(
            [binaries / 'psql', '-X', '-q', '-A', '-t', '-v',
             'ON_ERROR_STOP=1', '-d', self.nodes.uri(
                 name, self.nodes.directory, database, [self]), '-f', '-'],
            input=text, check=False, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.STDOUT,
            env={'PATH': os.environ['PATH'], 'PGCONNECT_TIMEOUT': '5'})
        if done.returncode != 0:
            raise NodesError(done.stdout)
        return done.stdout.strip()

    def ask(self, path):
        """What its Patroni answers, JSON."""
        context = ssl.create_default_context(
            cafile=self.nodes.etc / 'ca.crt')
        context.load_cert_chain(self.nodes.etc / 'server.crt',
                                self.nodes.etc / 'server.key')
        with urllib.request.urlopen(
                f'https://{self.host}:{self.nodes.rest}{path}',
                context=context, timeout=5) as answer:
            return json.load(answer)


class Nodes:
    """etcd, and db1 to db3."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='tigress-pa-'))
        self.directory.chmod(0o755)
        self.port, self.rest, self.etcd_port, self.peer_port = (
            relay.free_port() for _ in range(4))
        self.etcd = None
        self.stopped = threading.Event()
        self.passwords = {role: secrets.token_hex(16) for role in
                          (*ROLES, 'tigress_owner', 'tigress_relay')}
        self.all = [Node(self, number) for number in NUMBERS]
        self.etc = self.directory / 'etc'

    def __getitem__(self, index):
        return self.all[index]

    def uri(self, name, directory, database='tigress', nodes=None):
        """Of some nodes, of all of them; the password's file and the
        authority are in that directory."""
        hosts = ','.join(f'{node.host}:{self.port}'
                         for node in nodes or self.all)
        return (f'postgresql://{name}@{hosts}/{database}?passfile={directory}'
                f'/pass&sslmode=verify-full&sslrootcert={directory}/ca.crt')

    def lend(self, directory, owner, names):
        """A file with the passwords of these, for that user of the system."""
        file = directory / 'pass'
        file.touch(0o600)
        file.write_text(''.join(
            f'*:*:*:{name}:{self.passwords[key]}\n'
            for key, name in names.items()))
        os.chown(file, owner.pw_uid, -1)
        shutil.copy(self.etc / 'ca.crt', directory)
        (directory / 'ca.crt').chmod(0o644)

    def members(self):
        """What a Patroni that answers says of all, or nothing."""
        for node in self.all:
            if node.process is not None:
                with contextlib.suppress(OSError, ValueError):
                    return node.ask('/cluster')['members']
        return []

    def leader(self):
        """The node that takes writes, or None."""
        for member in self.members():
            if member['role'] == 'leader' and member['state'] == 'running':
                return self.all[int(member['name'][2:]) - 1]
        return None

    def is_whole(self):
        """A leader, and two that follow it; who may take its place is known
        to all, and confirms."""
        roles = [member['role'] for member in self.members()
                 if member['state'] in ('running', 'streaming')]
        leader = self.leader()
        if len(roles) != 3 or leader is None or not (
                {'sync_standby', 'quorum_standby'} & set(roles)):
            return False
        with contextlib.suppress(NodesError):
            return leader.sql(
                "SELECT count(*) FILTER (WHERE state = 'streaming'), count(*)"
                " FILTER (WHERE sync_state IN ('sync', 'quorum')) > 0"
                ' FROM pg_stat_replication') == '2|t'
        return False

    def control(self, *words):
        """What patronictl prints."""
        done = subprocess.run(
            ['patronictl', '-c', self.all[0].config, *words], check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise NodesError(done.stdout)
        return done.stdout

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.show()
            self.stop()
            raise
        return self

    def _start(self):
        self.etc.mkdir()
        make_certificates(self.etc)
        self._give(self.etc)
        for node in self.all:
            node.directory.mkdir(0o700)
            node.write_config()
            self._give(node.directory)
        self.lend(self.directory, pwd.getpwuid(os.geteuid()),
                  {**ROLES, 'tigress_owner': 'tigress_owner'})
        threading.Thread(target=bury, args=[self.stopped], daemon=True).start()
        self._start_etcd()
        for node in self.all:
            node.start()
        until(self.is_whole, 'a leader and two standbys')

    def _give(self, directory):
        """All of it to whom the servers are."""
        owner, _ = user()
        for path in [directory, *directory.rglob('*')]:
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _start_etcd(self):
        place = self.directory / 'etcd'
        place.mkdir(0o700)
        self._give(place)
        own = ','.join(f'https://{node.host}:{self.etcd_port}'
                       for node in self.all)
        peer = f'http://127.0.0.1:{self.peer_port}'
        self.etcd = start(
            ['etcd', '--data-dir', place / 'data', '--listen-client-urls',
             own, '--advertise-client-urls', own, '--listen-peer-urls', peer,
             '--initial-advertise-peer-urls', peer, '--initial-cluster',
             f'default={peer}', '--cert-file', self.etc / 'server.crt',
             '--key-file', self.etc / 'server.key', '--trusted-ca-file',
             self.etc / 'ca.crt', '--client-cert-auth'], place / 'log')

    def show(self):
        """What each Patroni and its server said last."""
        for node in self.all:
            if node.log.exists():
                lines = node.log.read_text(errors='replace').splitlines()
                print(f'# {node.name}:')
                print('\n'.join('#   ' + line for line in lines[-SHOWN:]))

    def __exit__(self, problem, *_):
        if problem is not None:
            self.show()
        self.stop()

    def stop(self):
        """End all, and remove everything."""
        for node in self.all:
            with contextlib.suppress(OSError):
                node.kill()
        if self.etcd is not None:
            self.etcd.kill()
            self.etcd.wait()
        self.stopped.set()
        shutil.rmtree(self.directory, ignore_errors=True)
