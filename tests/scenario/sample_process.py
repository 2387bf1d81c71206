"""Every program of the samples: what its process gives away.

It is made to wait in the middle of `init`, for a lock or for its input, and
looked at from outside.
"""
import contextlib
import fcntl
import os
import pathlib
import subprocess
import tempfile
import time

import sentences
from relay import program
from sentences import Skip, check, equal

NOBODY = 65534
SECONDS = 30
CORE = 'Max core file size'
RELAY = ['--relay', '127.0.0.1:1']
PROGRAMS = {
    ('car', 'maker'): [],
    ('car', 'vehicle'): ['--identity', '-'],
    ('car', 'owner'): [*RELAY, '--request', 'request'],
    ('car', 'friend'): [*RELAY, '--maker-root', '-'],
    ('hotel', 'desk'): [],
    ('hotel', 'door'): ['--identity', '-'],
    ('hotel', 'guest'): [*RELAY, '--desk', 'https://127.0.0.1:1'],
}


def user():
    """Whose processes to look at: root may look into every process."""
    return NOBODY if os.getuid() == 0 else os.getuid()


@contextlib.contextmanager
def waiting(sample, name, options):
    """A program that does not go on: it waits for the lock, or for input."""
    with tempfile.TemporaryDirectory(prefix='tigress-process-') as top, \
            open(os.path.join(top, 'lock'), 'w', encoding='utf-8') as lock:
        for path in top, lock.name:
            os.chown(path, user(), -1)
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [program('samples', sample, name), 'init', '--state', top,
                   *options]
        more = {'user': NOBODY} if os.getuid() == 0 else {}
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, cwd=top, **more)
        except PermissionError as reason:
            raise Skip('only root can start what was built here') from reason
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def core_limit(proc):
    """The soft and the hard limit, as words."""
    for line in (proc / 'limits').read_text().splitlines():
        if line.startswith(CORE):
            return line[len(CORE):].split()[:2]
    raise AssertionError('no limit of core files is told')


def is_closed(proc):
    """What cannot be dumped belongs to root (proc(5))."""
    return (proc / 'mem').stat().st_uid == 0


def test_no_program_leaves_a_core_file_or_lets_others_look_into_it():
    for (sample, name), options in PROGRAMS.items():
        with waiting(sample, name, options) as process:
            proc = pathlib.Path('/proc', str(process.pid))
            end = time.monotonic() + SECONDS
            while time.monotonic() < end and not (
                    core_limit(proc) == ['0', '0'] and is_closed(proc)):
                equal(process.poll(), None, f'{name}: the exit status')
                time.sleep(0.01)
            equal(core_limit(proc), ['0', '0'], f'{name}: core files')
            check(is_closed(proc), f'{name} can be looked into')


if __name__ == '__main__':
    sentences.main(globals())
