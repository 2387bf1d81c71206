"""tigress: two devices that wait for one another, through a relay with four
workers that are killed at random (§6). A proxy counts what they ask.

TIGRESS_WAIT_ROUNDS says how many rounds they talk; 1000 for the whole trial.
"""
import contextlib
import os
import random
import signal
import threading

import cli_kit
from cli_kit import DONE, NOTHING_NEW, UNREACHABLE, Device
from wire import Wire

ROUNDS = int(os.environ.get('TIGRESS_WAIT_ROUNDS', '30'))
WORKERS = 4
QUIET_SECONDS = 5
WATCH_SECONDS = 25      # far above any round, below what the proxy bears
TRIES = 20


class Killer:
    """Kills one of the workers now and then, until the end of the `with`."""

    def __init__(self, relay):
        self.relay = relay
        self.kills = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ended.wait(random.uniform(0.1, 0.8)):
            workers = self.relay.worker_pids()
            if len(workers) == WORKERS:  # those killed have been replaced
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(workers), signal.SIGKILL)
                    self.kills += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def say(device, text):
    """Send it; a relay that could not be reached is asked again."""
    done = device.run('update', '1', device.information(text), expect=None)
    for _ in range(TRIES):
        if done.returncode != UNREACHABLE:
            break
        done = device.run('resume', '1', expect=None)
    assert done.returncode == DONE, (text, done)


def hear(device, text):
    """Wait for it. What does not come in time is a wake that was lost."""
    event = device.event('watch', '1', '--timeout', str(WATCH_SECONDS))
    assert event['content'] == {'text': text}, (text, event)


def echo(device, problems):
    try:
        for number in range(ROUNDS):
            hear(device, f'question {number}')
            say(device, f'answer {number}')
    except BaseException as problem:  # noqa: BLE001: the other thread tells
        problems.append(problem)


def talk(owner, friend):
    """All rounds, with two devices that wait at the same time."""
    problems = []
    answering = threading.Thread(target=echo, args=(friend, problems))
    answering.start()
    try:
        for number in range(ROUNDS):
            say(owner, f'question {number}')
            hear(owner, f'answer {number}')
    finally:
        answering.join()
        assert not problems, problems


@contextlib.contextmanager
def pair(relay):
    """(owner, friend, wire): an open share, whose calls are counted."""
    with Wire() as wire:
        wire.connect(relay)
        with Device(wire) as owner, Device(wire) as friend:
            # The relay names itself in the link, not the proxy.
            relay.public_host, before = wire.host, relay.public_host
            relay.restart()
            try:
                friend.receive(owner.share()['url'])
                yield owner, friend, wire
            finally:
                relay.public_host = before


def is_held(head):
    head = head.lower()
    return '\r\nif-none-match: "' in head and '\r\nprefer: wait=' in head


def who_waits_asks_once_while_nothing_happens(relay):
    """R-WAIT-1"""
    with pair(relay) as (owner, friend, wire):
        owner.run('watch', '1', '--timeout', '1', expect=NOTHING_NEW)
        for device in (owner, friend):
            wire.asked.clear()
            device.run('watch', '1', '--timeout', str(QUIET_SECONDS),
                       expect=NOTHING_NEW)
            assert len(wire.asked) == 1, wire.asked
            assert is_held(wire.asked[0]), wire.asked


def who_waits_hears_of_the_end(relay):
    """R-WAIT-1 R-DEL-1"""
    with pair(relay) as (owner, friend, wire):
        watching = friend.start('--json', 'watch')
        friend.run('list')
        owner.run('cancel', '1')
        out, _ = watching.communicate(timeout=cli_kit.SECONDS)
        assert watching.returncode == cli_kit.GONE, out


def two_devices_talk_while_workers_are_killed(relay):
    """R-WAIT-1 R-WAIT-2"""
    with pair(relay) as (owner, friend, wire):
        wire.asked.clear()
        with Killer(relay) as killer:
            talk(owner, friend)
        asked, kills = list(wire.asked), killer.kills
    reads = [head for head in asked if head.startswith('POST')]
    held = [head for head in reads if is_held(head)]
    print(f'# {ROUNDS} rounds, {kills} workers killed, {len(asked)} requests, '
          f'{len(held)} of them held reads, {len(reads) - len(held)} others')
    # Each round has two updates and two waits. A kill breaks at most what both
    # devices have at that worker; only an update whose answer was lost makes a
    # device look what the mailbox holds.
    assert len(held) <= 2 * ROUNDS + 2 * kills + 4, 'somebody polls'
    assert len(reads) - len(held) <= kills + 4, 'somebody polls'
    assert kills > 0, 'nobody was killed'


if __name__ == '__main__':
    cli_kit.main(
        who_waits_asks_once_while_nothing_happens,
        who_waits_hears_of_the_end,
        two_devices_talk_while_workers_are_killed,
        workers=WORKERS)
