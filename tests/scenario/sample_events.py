"""The event logs of vehicle and door, which grow for as long as they live."""
import json
import pathlib
import subprocess
import tempfile

import sentences
from relay import program
from sentences import check, equal

PROGRAMS = [('car', 'vehicle'), ('hotel', 'door')]
SECONDS = 60


def events(sample, name, state, **more):
    """Let a program show its log."""
    return subprocess.run(
        [program('samples', sample, name), 'events', '--state', str(state)],
        stderr=subprocess.PIPE, timeout=SECONDS, check=False, **more)


def test_a_log_of_many_megabytes_is_shown_to_its_last_line():
    for sample, name in PROGRAMS:
        with tempfile.TemporaryDirectory(prefix='tigress-log-') as top:
            log = pathlib.Path(top, 'events.log')
            with log.open('w', encoding='utf-8') as file:
                for number in range(100000):
                    file.write(json.dumps({'action': 'unlock',
                                           'number': number}) + '\n')
            done = events(sample, name, top, stdout=subprocess.PIPE)
            equal((done.returncode, done.stderr), (0, b''), name)
            check(done.stdout == log.read_bytes(), f'{name} shows other bytes')


def test_what_cannot_be_shown_is_told():
    for sample, name in PROGRAMS:
        with tempfile.TemporaryDirectory(prefix='tigress-log-') as top:
            done = events(sample, name, top, stdout=subprocess.PIPE)
            equal((done.returncode, done.stdout),
                  (0, b'Nothing has happened yet.\n'), f'{name} without a log')
            done = events(sample, name, top + '/nobody',
                          stdout=subprocess.PIPE)
            equal((done.returncode, done.stdout), (2, b''), f'no {name}')
            check(b'init' in done.stderr, done.stderr)
            pathlib.Path(top, 'events.log').write_text('{}\n')
            with open('/dev/full', 'wb') as full:
                done = events(sample, name, top, stdout=full)
            equal(done.returncode, 1, f'{name}: nowhere to show it')
            check(b'The disk is full' in done.stderr, done.stderr)


if __name__ == '__main__':
    sentences.main(globals())
