"""What the samples tell a person when it goes wrong on this machine: sentences
that say what to do, and names of errors with --verbose alone.

No relay: nobody is there to be asked.
"""
import contextlib
import os
import pathlib
import subprocess
import tempfile

import car
import sentences
from cli_refusals import in_a_tiny_file_system
from relay import program
from sentences import Skip, check, equal
from terminal import Terminal

QUESTION = 'Enter: '
NOBODY = '127.0.0.1:1'
LINK = (f'https://{NOBODY}/v1/m/1d4a6a4e-9d2c-4d5e-8a9f-5b3c2a1d0e9f'
        '?v=c#AAAAAAAAAAAAAAAAAAAAAA==')


class World:
    """A friend's and a guest's device, and where they are."""

    def __init__(self, top):
        self.top = pathlib.Path(top)
        maker = car.Party('maker', self.top / 'maker')
        maker.run('init')
        self.friend = car.Party('friend', self.top / 'friend')
        self.root = str(maker.state / 'root.pem')
        self.friend.run('init', '--relay', NOBODY, '--maker-root', self.root)
        self.guest = car.Party('friend', self.top / 'guest')
        self.guest.program = program('samples', 'hotel', 'guest')
        self.guest.run('init', '--relay', NOBODY, '--desk',
                       'https://127.0.0.1:1')
        self.vehicle = car.Party('vehicle', self.top / 'vehicle')


@contextlib.contextmanager
def world():
    with tempfile.TemporaryDirectory(prefix='tigress-refusals-') as top:
        yield World(top)


def tell(party, *words, prefix=lambda command: command):
    """(status, the sentence, the sentence with --verbose)"""
    done = [subprocess.run(prefix(party.command(*words, *extra)), text=True,
                           stdin=subprocess.DEVNULL, capture_output=True,
                           start_new_session=True, timeout=car.RUN_SECONDS,
                           check=False)
            for extra in ((), ('--verbose',))]
    return done[0].returncode, *(one.stdout + one.stderr for one in done)


def check_told(told, statuses, *words):
    """A sentence with these words; what only engineers know is not in it."""
    status, sentence, verbose = told
    check(status in statuses, f'status {status}: {sentence}')
    for word in words:
        check(word in sentence, f'{word!r} is not in: {sentence}')
    check('TG_E_' not in sentence and sentence.rstrip().endswith('.'),
          sentence)
    check('TG_E_' in verbose, verbose)


def test_a_file_that_is_missing_or_another_is_told():
    with world() as w:
        init = ('init', '--relay', NOBODY, '--maker-root')
        for told in (tell(w.friend, 'accept', '--url-file', '/nowhere/url'),
                     tell(w.vehicle, 'init', '--identity', '/nowhere/file'),
                     tell(w.guest, 'share', '--name', 'x', '--booking',
                          '/nowhere/file'),
                     tell(w.friend, *init, '/nowhere/root')):
            check_told(told, (car.FAILED,), 'a file is not there', 'Check')
        for told in (tell(w.vehicle, 'init', '--identity', '/etc/passwd'),
                     tell(w.friend, *init, '/etc/passwd')):
            check_told(told, (car.REFUSED,), 'not what is needed', 'Check')


def without_privilege(command):
    """As root, for whom the modes of files hold as for everybody."""
    return ['setpriv', '--bounding-set', '-dac_override,-dac_read_search',
            '--inh-caps', '-dac_override,-dac_read_search', '--', *command]


def test_a_directory_that_is_another_users_is_told():
    is_root = os.getuid() == 0
    with world() as w:
        for party, words in ((w.friend, ['status']), (w.guest, ['status'])):
            party.state.chmod(0o700 if is_root else 0o000)
            if is_root:
                os.chown(party.state, 65534, -1)
            told = tell(party, *words, prefix=without_privilege if is_root
                        else lambda command: command)
            party.state.chmod(0o700)
            check_told(told, (car.FAILED,), 'cannot be used', 'belongs to you')


def test_a_full_disk_is_told():
    with world() as w:
        room = w.top / 'room'
        room.mkdir()
        if subprocess.run(in_a_tiny_file_system(room, ['true']), check=False,
                          capture_output=True).returncode:
            raise Skip('mounting a small file system is not permitted here')
        friend = car.Party('friend', room / 'friend')
        told = tell(friend, 'init', '--relay', NOBODY, '--maker-root', w.root,
                    prefix=lambda command: in_a_tiny_file_system(room,
                                                                 command))
        check_told(told, (car.FAILED,), 'The disk is full')


def test_no_network_and_a_relay_that_is_not_trusted_are_told():
    with world() as w:
        for party in w.friend, w.guest:
            for link, status, words in (
                    (LINK, car.NETWORK, 'Check the network connection'),
                    (LINK.replace('127.0.0.1:1', 'relay.example'),
                     car.REFUSED, 'Ask whoever sent it')):
                path = w.top / 'link'
                path.write_text(link)
                told = tell(party, 'accept', '--url-file', str(path))
                check_told(told, (status,), words)


def test_a_link_is_asked_for_at_a_terminal_and_not_shown():
    with world() as w:
        for party in w.friend, w.guest:
            with Terminal(lambda **start: subprocess.Popen(
                    party.command('accept'), **start), stdin=True) as terminal:
                terminal.answer(QUESTION, LINK)
                out, shown = terminal.end(car.NETWORK)
            check('AAAA' not in out + shown, (out, shown))
            equal(out.count('\n'), 1, out)


if __name__ == '__main__':
    sentences.main(globals())
