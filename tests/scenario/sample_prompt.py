"""The secrets that the samples ask for at a terminal: samples/common/prompt.c.

An owner's device asks for its passphrase; nothing here talks to a relay.
"""
import contextlib
import pathlib
import signal
import subprocess
import tempfile

import car
import sentences
from sentences import check, equal
from terminal import Terminal

NEW = 'New passphrase for this device: '
AGAIN = 'Once more: '
ASKED = 'Passphrase of this device: '
RIGHT = 'correct horse battery staple'
SIGNALS = ((signal.SIGTERM, None), (signal.SIGHUP, None),
           (signal.SIGINT, '\x03'), (signal.SIGQUIT, '\x1c'))


@contextlib.contextmanager
def new_owner():
    """An owner's device that is not there yet."""
    with tempfile.TemporaryDirectory(prefix='tigress-prompt-') as top:
        owner = car.Party('owner', pathlib.Path(top, 'owner'))
        owner.passphrase = None
        yield owner


@contextlib.contextmanager
def sealed_owner():
    """One that has a passphrase."""
    with new_owner() as owner:
        with at_terminal(owner, *init(owner)) as terminal:
            terminal.answer(NEW, RIGHT)
            terminal.answer(AGAIN, RIGHT)
            terminal.end(car.DONE)
        yield owner


def init(owner):
    """The words that make a device."""
    return ('init', '--relay', '127.0.0.1:1', '--request',
            str(owner.state.parent / 'csr'))


def at_terminal(owner, *words, **more):
    """A program of this owner at a terminal of its own."""
    return Terminal(lambda **start: subprocess.Popen(owner.command(*words),
                                                     **start), **more)


def test_what_is_typed_is_neither_shown_nor_kept():
    with new_owner() as owner:
        with at_terminal(owner, *init(owner)) as terminal:
            terminal.answer(NEW, RIGHT)
            terminal.answer(AGAIN, RIGHT)
            out, shown = terminal.end(car.DONE)
        with at_terminal(owner, 'enrol', '--certificate',
                         '/dev/null') as terminal:
            terminal.answer(ASKED, RIGHT)
            more = terminal.end(car.REFUSED)
        check(RIGHT not in ''.join((out, shown, *more)), 'it is shown')
        for path in owner.state.rglob('*'):
            check(RIGHT.encode() not in path.read_bytes(), path.name)


def test_the_right_passphrase_opens_and_another_does_not():
    with sealed_owner() as owner:
        other = 'This is not the passphrase'
        for typed, status, words in (
                (RIGHT, car.USAGE, 'owner'),  # no certificate yet
                ('another', car.PASSPHRASE, other),
                ('', car.PASSPHRASE, other),
                (RIGHT + ' ', car.PASSPHRASE, other),
                ('x' * 1024, car.PASSPHRASE, other),
                ('x' * 1025, car.PASSPHRASE, 'at most 1024')):
            with at_terminal(owner, 'status') as terminal:
                terminal.answer(ASKED, typed)
                out, _ = terminal.end(status)
            check(words in out, out)


def test_a_new_one_is_typed_twice_and_not_empty():
    for first, second in ((RIGHT, RIGHT + 'r'), (RIGHT, ''), ('', '')):
        with new_owner() as owner:
            with at_terminal(owner, *init(owner)) as terminal:
                terminal.answer(NEW, first)
                terminal.answer(AGAIN, second)
                out, _ = terminal.end(car.PASSPHRASE)
            check('Nothing was done' in out, out)
            check(not (owner.state.parent / 'csr').exists(), 'a request')


def test_a_signal_gives_the_terminal_back_and_ends_the_program():
    with sealed_owner() as owner:
        for number, key in SIGNALS:
            with at_terminal(owner, 'status') as terminal:
                terminal.wait_for(ASKED)
                check(not terminal.echoes(), 'it is shown')
                if key:
                    terminal.type(RIGHT + key)
                else:
                    terminal.process.send_signal(number)
                terminal.end(-number)


def test_a_signal_at_the_second_question_makes_no_key():
    for number, key in SIGNALS:
        with new_owner() as owner:
            with at_terminal(owner, *init(owner)) as terminal:
                terminal.answer(NEW, RIGHT)
                terminal.wait_for(AGAIN)
                if key:
                    terminal.type(key)
                else:
                    terminal.process.send_signal(number)
                terminal.end(-number)
            check(not (owner.state.parent / 'csr').exists(), 'a request')


def test_a_terminal_that_was_silent_stays_silent():
    with sealed_owner() as owner:
        for typed, status in ((RIGHT + '\n', car.USAGE),
                              ('\x03', -signal.SIGINT)):
            with at_terminal(owner, 'status', silent=True) as terminal:
                terminal.wait_for(ASKED)
                terminal.type(typed)
                terminal.end(status)
                check(not terminal.echoes(), 'it echoes')


def test_without_a_terminal_the_way_to_give_it_is_told():
    with sealed_owner() as owner:
        done = subprocess.run(owner.command('status'), text=True,
                              capture_output=True, start_new_session=True,
                              stdin=subprocess.DEVNULL, check=False)
        equal(done.returncode, car.PASSPHRASE, done.stderr)
        check('--passphrase-file' in done.stderr, done.stderr)


if __name__ == '__main__':
    sentences.main(globals())
