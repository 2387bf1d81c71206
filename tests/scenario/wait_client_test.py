"""How libtigress waits: one question that the relay holds, and again after
whatever has ended it (§6). The relay is a small one that can break and lie.

No test sleeps: the device tells how long it pauses, and takes it for passed.
TAP output. Usage: wait_client_test.py DEVICE-PROGRAM WAITING-PROGRAM
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from holding_relay import SECONDS, HoldingRelay
from hostile_relay_device import Device, expect

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 250, 10000
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Waiting:
    """A device that waits, in a process of its own."""

    def __init__(self, device, *others, seconds=60):
        self.process = subprocess.Popen(
            [sys.argv[2], device.wallet, device.relay.authority, device.ca,
             str(seconds), device.share, *others],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def stop(self):
        """What a program does that wants its device back."""
        self.process.stdin.write('stop')
        self.process.stdin.flush()

    def back(self):
        """(pauses in ms, result, what it gave, about pushes)"""
        # communicate() would close its standard input, and so stop it.
        lines = self.process.stdout.read().split('\n')
        self.process.wait(SECONDS)
        pauses = [int(line.split()[1]) for line in lines
                  if line.startswith('pause ')]
        rest = lines[len(pauses):]
        return pauses, rest[0], rest[1], rest[2] if len(rest) > 2 else ''

    def expect(self, result, given=''):
        """Check how it ended; its pauses."""
        pauses, *rest = self.back()
        expect(rest[:2], [result, given])
        return pauses


def start(directory, relay, name=''):
    """(owner, friend): the friend has read message 1."""
    owner = Device(directory, name + 'owner', relay)
    friend = Device(directory, name + 'friend', relay)
    owner.begin('create', '{"step":1}')
    owner.expect('resume', 'TG_OK')
    friend.begin('accept', owner.expect('invitation', 'TG_OK'))
    friend.expect('receive', 'TG_OK')
    friend.expect('handled', 'TG_OK')
    relay.seen.clear()
    return owner, friend


def claim_of(relay):
    """Of the initiator of the last mailbox."""
    return list(relay.mailboxes.values())[-1]['initiator']


# R-WAIT-1
@test
def who_waits_asks_once_and_says_what_it_knows(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        friend.expect('send', 'TG_OK', '{"step":2}')
        expect(waiting.expect('TG_OK', '{"step":2}'), [])
    first, held = relay.reads(claim_of(relay))
    expect([first.get(name) for name in ('If-None-Match', 'Prefer')],
           [None, None])
    expect((held['If-None-Match'], held['Prefer']), ('"1"', 'wait=60'))
    owner.expect('send', 'TG_OK', '{"step":3}')
    with Waiting(owner, seconds=7) as waiting:
        relay.until_held(2)
        expect(relay.held[1][1:3], ('"3"', 7))
        friend.expect('receive', 'TG_OK')
        friend.expect('send', 'TG_OK', '{"step":4}')
        expect(waiting.expect('TG_OK', '{"step":4}'), [])


def check_growth(pauses):
    """Each is random, and below a bound that doubles up to the longest."""
    bound = FIRST_PAUSE_MS
    for pause in pauses:
        if not 0 < pause <= bound:
            raise AssertionError(f'{pauses}: {pause} is over {bound}')
        bound = min(bound * 2, LONGEST_PAUSE_MS)


# R-WAIT-1
@test
def a_read_whose_connection_breaks_is_asked_again(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        for number in range(1, 5):
            relay.until_held(number)
            relay.let_go(relay.CUT)
        relay.until_held(5)
        friend.expect('send', 'TG_OK', '{"step":2}')
        pauses = waiting.expect('TG_OK', '{"step":2}')
    expect({held[1] for held in relay.held}, {'"1"'})
    # libcurl repeats by itself what went out on a connection that had been
    # used before: the first question may come again without a pause.
    expect(len(pauses) in (3, 4), True, pauses)
    check_growth(pauses)


# R-WAIT-1
@test
def a_change_that_the_break_hides_is_found_afterwards(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        relay.deaf = True
        friend.expect('send', 'TG_OK', '{"step":2}')
        relay.let_go(relay.CUT)
        waiting.expect('TG_OK', '{"step":2}')
    expect([read['If-None-Match'] for read in
            relay.reads(claim_of(relay))[1:]], ['"1"', '"1"'])


# R-WAIT-1
@test
def a_worker_that_ends_is_left_for_another_after_a_pause(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        relay.let_go(relay.EARLY)
        relay.until_held(2)
        friend.expect('send', 'TG_OK', '{"step":2}')
        pauses = waiting.expect('TG_OK', '{"step":2}')
    expect(len(pauses), 1)
    check_growth(pauses)


# R-REL-1, §13
@test
def who_is_answered_early_again_and_again_asks_less_often(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        for number in range(1, 6):
            relay.until_held(number)
            relay.let_go(relay.EARLY)
        relay.until_held(6)
        friend.expect('send', 'TG_OK', '{"step":2}')
        pauses = waiting.expect('TG_OK', '{"step":2}')
    expect(len(pauses), 5)
    check_growth(pauses)


# R-WAIT-1
@test
def a_relay_that_holds_nothing_is_asked_less_and_less_often(directory, relay):
    relay.holds = False
    owner, _ = start(directory, relay)
    with Waiting(owner, seconds=600) as waiting:
        pauses = waiting.expect('TG_E_NO_NEWS')
    check_growth(pauses)
    if max(pauses) < LONGEST_PAUSE_MS / 2:
        raise AssertionError(f'{pauses}: they do not grow')
    if not 500000 <= sum(pauses) <= 600000:
        raise AssertionError(f'{sum(pauses)} ms in all')
    expect(len(relay.reads(claim_of(relay))), len(pauses) + 1)


# R-WAIT-2
@test
def a_busy_relay_says_when_to_come_back(directory, relay):
    owner, friend = start(directory, relay)
    friend.expect('send', 'TG_OK', '{"step":2}')
    for status in (429, 503):
        answers = [(status, {'Retry-After': '45'}, b'')]
        relay.lie = lambda call, answer, left=answers: (
            left.pop() if left and call == 'read' else answer)
        with Waiting(owner) as waiting:
            pause, = waiting.expect('TG_OK', '{"step":2}')
        if not 45000 < pause <= 45000 + FIRST_PAUSE_MS:
            raise AssertionError(f'{pause} ms after Retry-After: 45')
        relay.lie = None
        owner.expect('handled', 'TG_OK')
        friend.expect('send', 'TG_OK', '{"step":2}')


# R-WAIT-2
@test
def a_relay_that_stays_busy_is_given_up_when_the_time_is_up(directory, relay):
    owner, _ = start(directory, relay)
    relay.lie = lambda call, answer: (503, {'Retry-After': '3600'}, b'')
    with Waiting(owner, seconds=9) as waiting:
        pause, = waiting.expect('TG_E_BUSY', 'status 503')
    if not 8000 < pause <= 9000:
        raise AssertionError(f'{pause} ms, though 9 s are left')
    expect(len(relay.reads()), 1)


# R-WAIT-1
@test
def the_time_of_an_answer_does_not_count_while_it_is_held(directory, relay):
    """The device gives a call 1 s."""
    owner, _ = start(directory, relay)
    with Waiting(owner, seconds=3) as waiting:
        expect(waiting.expect('TG_E_NO_NEWS'), [])
    expect([held[2] for held in relay.held], [3])


@test
def who_waits_can_be_stopped_at_any_moment(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        waiting.stop()
        expect(waiting.expect('TG_E_NO_NEWS'), [])
        expect(len(relay.reads(claim_of(relay))), 1, 'one is still held')
    friend.expect('send', 'TG_OK', '{"step":2}')
    expect(owner.expect('receive', 'TG_OK'), '{"step":2}')


# R-WAIT-1, R-DEL-1
@test
def the_end_of_the_mailbox_ends_the_waiting(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        friend.expect('finish', 'TG_OK')
        waiting.expect('TG_E_GONE', 'status 404: no such mailbox')
    expect(owner.expect('show', 'TG_OK').split()[0], 'gone')


@test
def what_another_process_of_the_device_sends_is_no_news(directory, relay):
    owner, friend = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        owner.expect('send', 'TG_OK', '{"step":"1b"}')
        relay.until_held(2)
        expect(relay.held[1][1], '"2"')
        expect(friend.expect('receive', 'TG_OK'), '{"step":"1b"}')
        friend.expect('send', 'TG_OK', '{"step":2}')
        waiting.expect('TG_OK', '{"step":2}')


@test
def what_another_process_ends_is_not_waited_for(directory, relay):
    owner, _ = start(directory, relay)
    with Waiting(owner) as waiting:
        relay.until_held(1)
        owner.expect('cancel', 'TG_OK')
        # It may see the mailbox gone before the other knows it deleted.
        expect(waiting.back()[1] in ('TG_E_STATE', 'TG_E_GONE'), True)
    expect(owner.expect('show', 'TG_OK').split()[0], 'cancelled')


@test
def of_several_shares_the_one_with_news_is_named(directory, relay):
    owner, friend = start(directory, relay, 'first ')
    second, other = Device(directory, 'first owner', relay), \
        Device(directory, 'other', relay)
    second.begin('create', '{"step":1}')
    second.expect('resume', 'TG_OK')
    other.begin('accept', second.expect('invitation', 'TG_OK'))
    other.expect('receive', 'TG_OK')
    with Waiting(owner, second.share) as waiting:
        relay.until_held(2)
        other.expect('send', 'TG_OK', '{"step":2}')
        expect(waiting.expect('TG_OK', second.share), [])
    asked = len(relay.seen)
    with Waiting(second) as waiting:
        expect(waiting.expect('TG_OK', '{"step":2}'), [])
    expect(len(relay.seen), asked, 'it was in the wallet already')
    claims = {held[0] for held in relay.held}
    expect((len(claims), len({held[3] for held in relay.held})), (2, 2),
           'each claim has a connection of its own')
    with Waiting(second, owner.share) as waiting:
        expect(waiting.expect('TG_OK', second.share), [])
    friend.expect('finish', 'TG_OK')
    second.expect('handled', 'TG_OK')
    with Waiting(second, owner.share) as waiting:
        expect(waiting.expect('TG_OK', owner.share), [])


# R-PUSH-1
@test
def whether_the_relay_rings_is_known_from_its_answers(directory, relay):
    owner, friend = start(directory, relay)
    for step, rings in ((2, True), (3, False)):
        def lie(call, answer, rings=rings):
            if call != 'read' or answer[0] != 200:
                return answer
            body = json.loads(answer[2])
            body['isPushNotificationSupported'] = rings
            return answer[0], answer[1], json.dumps(body).encode()
        friend.expect('send', 'TG_OK', f'{{"step":{step}}}')
        relay.lie = lie
        with Waiting(owner) as waiting:
            expect(waiting.back()[3], 'push' if rings else 'no push')
        relay.lie = None
        owner.expect('handled', 'TG_OK')


def main():
    failed = 0
    print(f'1..{len(TESTS)}')
    for number, function in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory() as path:
            directory = pathlib.Path(path)
            try:
                with HoldingRelay(directory) as relay:
                    function(directory, relay)
                print(f'ok {number} - {function.__name__}', flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f'not ok {number} - {function.__name__}\n# {error}',
                      flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
