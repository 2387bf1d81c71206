"""The second factor: a PIN told by voice, three tries, and a wallet that asks
its owner for a passphrase first (THREATS 1, 9 to 13).
"""
import contextlib
import os
import pathlib
import pty
import select
import subprocess
import time

import car
import sentences
from relay import Relay
from sentences import check, equal

SECONDS = 20


@contextlib.contextmanager
def world():
    """A relay and the enrolled parties; a key is offered."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        cast.share('Weekend', 'unlock')
        yield cast


def no_key(cast, friend=None):
    """Nobody has signed anything, and nothing can be used."""
    check(not list(cast.owner.state.glob('issued-*')), 'a signature')
    check(not list((friend or cast.friend).state.glob('certificate-*')),
          'a key')


def guess(cast, count, command='continue', expect=car.DONE, friend=None):
    """The friend's device is told a PIN that is wrong by `count`."""
    words = ['--url-file', str(cast.url_file)] if command == 'accept' else []
    return (friend or cast.friend).run(
        command, *words, '--pin-file', cast.wrong_pin_file(count),
        expect=expect)


def warned(cast, left):
    """The owner is told that somebody does not know the PIN."""
    result = cast.owner.run('continue', expect=car.REFUSED)
    equal((result.check, result.json['triesLeft']), ('pin', left), 'owner')
    check('a stranger has the link' in result.text, result.text)


def test_a_pin_is_six_digits_and_shown_to_the_owner_again():
    with world() as cast:
        check(len(cast.pin) == 6 and cast.pin.isdigit(), cast.pin)
        shown = cast.owner.run('pin', '--name', 'Weekend')
        equal(shown.json['pin'], cast.pin, 'the PIN again')
        cast.share('Weekend', 'unlock')
        equal(shown.json['pin'], cast.pin, 'the PIN of the same share')
        told = cast.owner.run('share', '--name', 'Another', '--entitlements',
                              'unlock', '--url-file', str(cast.url_file))
        check(told.json['pin'] in told.json['message'], 'it is not told')


def test_without_the_pin_the_friend_is_told_to_ask_the_owner():
    with world() as cast:
        result = cast.accept(pin=False, expect=car.PIN)
        check('Ask the owner for the PIN' in result.text, result.text)
        cast.friend.run('continue', expect=car.PIN)
        cast.owner.run('continue', expect=car.WAITING)
        cast.friend.run('continue', '--pin-file', str(cast.pin_file))
        cast.owner.run('continue')
        cast.friend.run('continue')
        equal(cast.friend.run('status').json['usable'], True, 'usable')


def test_what_is_no_pin_costs_no_try():
    with world() as cast:
        file = pathlib.Path(cast.file('typo'))
        for typed in ('', '12345', '1234567', 'abcdef', '12345x'):
            file.write_text(typed + '\n')
            result = cast.friend.run(
                'accept', '--url-file', str(cast.url_file), '--pin-file',
                str(file), expect=car.PIN)
            equal(result.json['triesLeft'], 3, f'tries after {typed!r}')
        file.write_text(f'{cast.pin[:3]} {cast.pin[3:]}\n')
        cast.friend.run('continue', '--pin-file', str(file))
        cast.owner.run('continue')  # it was right


def test_after_one_or_two_wrong_pins_the_right_one_still_works():
    for wrong in (1, 2):
        with world() as cast:
            guess(cast, 1, 'accept')
            for count in range(1, wrong):
                warned(cast, 3 - count)
                guess(cast, 1 + count)
            warned(cast, 3 - wrong)
            no_key(cast)
            asked = cast.friend.run('continue', expect=car.PIN)
            equal(asked.json['triesLeft'], 3 - wrong, 'the friend is told')
            check("not the owner's PIN" in asked.text, asked.text)
            equal(cast.owner.run('status').json['triesLeft'], 3 - wrong,
                  'status')
            cast.friend.run('continue', '--pin-file', str(cast.pin_file))
            cast.owner.run('continue')
            cast.friend.run('continue')
            with cast.serve() as vehicle:
                cast.ask(vehicle, 'unlock')


def test_three_wrong_pins_end_the_share_and_both_say_why():
    with world() as cast:
        guess(cast, 1, 'accept')
        warned(cast, 2)
        guess(cast, 2)
        warned(cast, 1)
        guess(cast, 3)
        result = cast.owner.run('continue', expect=car.REFUSED)
        equal((result.check, result.json['end']), ('pin', 'pin'), 'the owner')
        check('wrong three times' in result.text, result.text)
        result = cast.friend.run('continue', expect=car.OVER)
        equal(result.json['end'], 'pin', 'the friend')
        check('wrong three times' in result.text, result.text)
        no_key(cast)
        cast.owner.run('pin', '--name', 'Weekend', expect=car.OVER)
        cast.share('Weekend', 'unlock', expect=car.OVER)
        cast.owner.run('continue')
        cast.accept(expect=car.OVER)
        cast.lend('Second chance', 'unlock')


def test_after_a_wrong_pin_both_sides_still_know_it_in_the_next_run():
    with world() as cast:
        sent = guess(cast, 1, 'accept')
        check('must judge the PIN' in sent.text, sent.text)
        told = cast.owner.run('continue', '--verbose', expect=car.REFUSED)
        check('CPace' in told.text, told.text)
        for command, status in (('continue', car.WAITING),
                                ('status', car.DONE)):
            told = cast.owner.run(command, expect=status)
            equal(told.json['triesLeft'], 2, command)
            check('a stranger has the link' in told.text, told.text)
        cast.friend.run('continue', expect=car.PIN)
        told = cast.friend.run('status').json['message']
        check("the PIN was wrong: it waits for the owner's PIN" in told, told)
        cast.friend.run('continue', '--pin-file', str(cast.pin_file))
        told = cast.friend.run('status').json['message']
        check('has not signed the key yet' in told, told)


# THREATS 13
def test_a_thief_who_comes_first_gets_no_key_and_the_owner_is_warned():
    with world() as cast:
        thief = cast.make_friend(cast.party('friend', 'thief'))
        guess(cast, 1, 'accept', friend=thief)
        warned(cast, 2)
        told = cast.accept(expect=car.TAKEN)
        check('tell the owner' in told.text, told.text)
        cast.owner.run('cancel', '--name', 'Weekend')
        guess(cast, 2, expect=car.OVER, friend=thief)
        no_key(cast, thief)
        cast.friend.run('continue', expect=car.OVER)  # the friend's, too
        cast.lend('Once more', 'unlock')


def killed_everywhere(party, words, longest_ms=400):
    """Run a command again and again, each time killed a little later, until
    it ends by itself. Its status."""
    for milliseconds in range(0, longest_ms, 16):
        process = subprocess.Popen(party.command(*words),
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(milliseconds / 1000)
        process.kill()
        process.wait()
    return party.run(*words, expect=None).status


# THREATS 12
def test_kill_9_gives_no_further_try_and_takes_none():
    with world() as cast:
        for count in (1, 2, 3):
            words = ['accept', '--url-file', str(cast.url_file)]
            status = killed_everywhere(cast.friend, [
                *words, '--pin-file', cast.wrong_pin_file(count)])
            check(status in (car.DONE, car.WAITING), f'friend: {status}')
            cast.friend.run('continue', expect=car.WAITING)
            status = killed_everywhere(cast.owner, ['continue'])
            check(status in (car.REFUSED, car.WAITING, car.DONE),
                  f'owner: {status}')
            if count < 3:
                equal(cast.owner.run('status').json['triesLeft'], 3 - count,
                      'tries left')
                equal(cast.friend.run('continue', expect=car.PIN)
                      .json['triesLeft'], 3 - count, 'the friend\'s count')
        equal(cast.owner.run('status').json['end'], 'pin', 'the end')
        result = cast.friend.run('continue', expect=car.OVER)
        equal(result.json['end'], 'pin', 'the friend\'s end')
        no_key(cast)


def test_a_pin_is_for_one_invitation():
    with world() as cast:
        first = cast.pin
        cast.accept(pin=False, expect=car.PIN)
        cast.share('Another', 'lock')
        cast.accept(pin=False, expect=car.PIN)
        pin = ['--pin-file', str(cast.pin_file)]
        result = cast.friend.run('continue', *pin, expect=car.PIN)
        check('--share' in result.text, result.text)
        cast.friend.run('continue', *pin, '--share', '2')
        cast.pin_file.write_text(first + '\n')
        cast.friend.run('continue', *pin, expect=car.WAITING)
        equal([r.get('triesLeft') for r in cast.owner.run('status').all],
              [3, 3], 'tries left')
        cast.owner.run('continue')
        cast.friend.run('continue')
        equal([r['usable'] for r in cast.friend.run('status').all],
              [True, True], 'keys')


# THREATS 1
def test_without_the_passphrase_the_owners_device_does_nothing():
    with world() as cast:
        right, cast.owner.passphrase = cast.owner.passphrase, None
        wrong = pathlib.Path(cast.file('wrong'))
        wrong.write_text('correct horse battery stapler\n')
        before = {path: path.read_bytes()
                  for path in cast.files_of(cast.owner)}
        commands = (['share', '--name', 'Mine', '--entitlements', 'unlock'],
                    ['continue'], ['status'], ['pin', '--name', 'Weekend'],
                    ['cancel', '--name', 'Weekend'],
                    ['unlock', '--vehicle', cast.file('nowhere')])
        for words in commands:
            for more in ([], ['--passphrase-file', str(wrong)]):
                result = cast.owner.run(*words, *more, expect=car.PASSPHRASE)
                check('Nothing was done' in result.text, result.text)
        equal({path: path.read_bytes() for path in cast.files_of(cast.owner)},
              before, 'the files')
        cast.owner.passphrase = right
        equal(len(cast.owner.run('status').all), 1, 'shares')


def test_a_friends_wallet_can_have_a_passphrase_too():
    with world() as cast:
        sealed = cast.party('friend', 'sealed')
        sealed.passphrase = cast.file('passphrase')
        cast.make_friend(sealed)
        cast.accept(sealed)
        cast.owner.run('continue')
        sealed.run('continue')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock', friend=sealed)
            sealed.passphrase = None
            cast.ask(vehicle, 'unlock', friend=sealed, expect=car.PASSPHRASE)


def at_terminal(words, answers):
    """Run a command with a terminal of its own; type each answer when its
    question is shown. (status, everything that was shown)"""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(words[0], words)
    shown, waiting = '', list(answers)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break  # it has ended
        if not more:
            break
        shown += more.decode()
        if waiting and waiting[0][0] in shown:
            os.write(terminal, (waiting.pop(0)[1] + '\n').encode())
            shown = shown.rsplit(':', 1)[0]
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def test_at_a_terminal_secrets_are_asked_and_not_shown():
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        cast.owner = cast.party('owner', 'typed')
        cast.owner.passphrase = None
        words = cast.owner.command('init', '--request', cast.file('csr'),
                                   *cast.relay_options())
        status, shown = at_terminal(words, [('New passphrase', 'one'),
                                            ('Once more', 'two')])
        equal(status, car.PASSPHRASE, shown)
        status, shown = at_terminal(words, [('New passphrase', 'sesame'),
                                            ('Once more', 'sesame')])
        equal(status, car.DONE, shown)
        check('sesame' not in shown, shown)
        cast.owner = cast.party('owner')
        cast.share('Weekend', 'unlock')
        words = cast.friend.command('accept', '--url-file',
                                    str(cast.url_file))
        status, shown = at_terminal(words, [("owner's PIN for", cast.pin)])
        equal(status, car.DONE, shown)
        check(cast.pin not in shown, 'the PIN is shown')
        cast.owner.run('continue')


if __name__ == '__main__':
    sentences.main(globals())
