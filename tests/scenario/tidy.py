#!/usr/bin/python3
"""Tests take along what they have made, however they end."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'postgres'))

import cluster                                              # noqa: E402
import sentences                                            # noqa: E402
from relay import is_alive, missing                         # noqa: E402
from sentences import Skip, check, equal                    # noqa: E402

SECONDS = 60

# A test that has a relay and a proxy, and waits.
WAITING = """
import sys
from relay import Relay
from wire import Wire

with Wire() as wire, Relay(public_host=wire.host) as relay:
    wire.connect(relay)
    print(relay.process.pid, flush=True)
    sys.stdin.read()
"""


def run(text, place, tell):
    """Run such a test below `place`; `tell` it to end once it prints:
    its status, and what it has printed."""
    with subprocess.Popen([sys.executable, '-B', '-c', text], text=True,
                          env={**os.environ, 'TMPDIR': str(place),
                               'PYTHONPATH': str(HERE)},
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE
                          ) as process:
        line = process.stdout.readline()
        tell(process)
        try:
            return process.wait(SECONDS), line
        finally:
            process.kill()


def who_ends(text, tell, status):
    reason = missing()
    if reason is not None:
        raise Skip(reason)
    with tempfile.TemporaryDirectory(prefix='tigress-tidy-') as place:
        ended, line = run(text, place, tell)
        check(line.strip().isdigit(), f'it said: {line}')
        equal(ended, status, 'status')
        equal(os.listdir(place), [], 'left behind')
        check(not is_alive(int(line)), 'the relay is left')


def test_who_comes_to_the_end_leaves_nothing_behind():
    who_ends(WAITING, lambda process: process.stdin.close(), 0)


def test_who_is_told_to_end_leaves_nothing_behind():
    who_ends(WAITING, lambda process: process.send_signal(signal.SIGTERM),
             128 + signal.SIGTERM)


def test_who_cannot_start_a_relay_leaves_nothing_behind():
    with tempfile.TemporaryDirectory(prefix='tigress-tidy-') as place:
        for name in ('sample_readme.py', 'cli_qr.py'):
            done = subprocess.run(
                [sys.executable, '-B', HERE / name], text=True, check=False,
                env={**os.environ, 'TMPDIR': place, 'TIGRESS_BUILD': place},
                stdout=subprocess.PIPE, timeout=SECONDS)
            equal(done.returncode, 0, f'{name}: status')
            check('# SKIP' in done.stdout, f'{name}: {done.stdout}')
            equal(os.listdir(place), [], f'{name} leaves behind')


def segments():
    """The numbers of all segments of shared memory of this machine."""
    lines = pathlib.Path('/proc/sysvipc/shm').read_text().splitlines()
    return {int(line.split()[1]) for line in lines[1:]}


def test_a_database_that_is_killed_leaves_no_shared_memory_behind():
    reason = cluster.missing()
    if reason is not None:
        raise Skip(reason)
    with cluster.Cluster() as made:
        server = made.primary
        for _ in range(2):
            pid = server.process.pid
            maps = pathlib.Path(f'/proc/{pid}/maps').read_text()
            check('/dev/shm/' not in maps, 'it has files in /dev/shm')
            own = set(cluster.shared_memory(pid))
            check(own and own <= segments(), f'its own: {own}')
            server.kill()
            # Its processes are on their way out, and may hold it until then.
            server.wait_until(lambda own=own: not own & segments())
            server.start()
        equal(server.sql('SELECT 1'), '1', 'after the kills')


if __name__ == '__main__':
    sentences.main(globals())
