"""A device that is killed at any moment goes on where it was, through the
real relay: nothing is lost, nothing happens twice.

Each step of a whole flow is begun again and again; every time the process
kills itself (SIGKILL) one system call later than the time before, until the
step gets through. Then the next one. TAP output.
Usage: hostile_relay_killed_test.py DEVICE-PROGRAM
"""
import pathlib
import subprocess
import sys
import tempfile
import types

from hostile_relay_device import Device, expect
from relay import Relay

STEP_KILLS_MAX = 400


def survive(device, command, text='', done=None):
    """Kill the device at its 1st, 2nd, ... system call until it gets through.

    Returns what it gave in the end, and how often it was killed. `done`: the
    results that mean that an earlier, killed try had got it done.
    """
    for kills in range(STEP_KILLS_MAX):
        ended = device.run(command, text, device.share, die_at=kills + 1)
        if ended is None:
            continue
        if ended[0] not in (done or ('TG_OK',)):
            raise AssertionError(f'{command} after {kills} kills: {ended}')
        return ended[1], kills
    raise AssertionError(f'{command}: not done after {STEP_KILLS_MAX} kills')


def begin(device, command, text):
    """Begin a share; returns how often the device was killed meanwhile.

    A `create` that was killed after it was stored leaves a share behind that
    nobody was told of, and the next try makes another; an `accept` finds the
    one that is there.
    """
    device.share, kills = survive(device, command, text)
    if command == 'accept':
        expect(device.share, '1', 'one share, however often it is accepted')
    return kills


def flow(directory, authority, ca):
    """The car key's three messages, both devices killed throughout."""
    kills = 0
    relay = types.SimpleNamespace(authority=authority, ca=ca)
    owner = Device(directory, 'owner', relay)
    friend = Device(directory, 'friend', relay)

    def step(device, command, text='', gives=None, done=None):
        nonlocal kills
        given, count = survive(device, command, text, done)
        if gives is not None:
            expect(given, gives, command)
        kills += count

    kills += begin(owner, 'create', '{"step":1}')
    step(owner, 'resume')
    url = owner.expect('invitation', 'TG_OK')
    kills += begin(friend, 'accept', url)
    step(friend, 'receive', gives='{"step":1}')
    step(friend, 'answer', '{"step":2}')
    step(owner, 'receive', gives='{"step":2}')
    step(owner, 'answer', '{"step":3}')
    step(friend, 'receive', gives='{"step":3}')
    step(friend, 'handled')
    friend.expect('receive', 'TG_E_NO_NEWS')
    step(friend, 'finish')
    owner.expect('receive', 'TG_E_GONE')
    expect(friend.expect('show', 'TG_OK').split()[:3],
           ['finished', 'settled', 'none'])
    expect(owner.expect('show', 'TG_OK').split()[:3],
           ['gone', 'settled', 'none'])
    return kills


# R-IDEM
def a_whole_flow_survives_kill_9_at_every_system_call(directory, relay):
    authority = relay.url.removeprefix('https://').rstrip('/')
    kills = flow(directory, authority, relay.ca)
    if kills < 50:
        raise AssertionError(f'only {kills} kills: they did not happen')
    print(f'# killed {kills} times')


def main():
    print('1..1')
    name = a_whole_flow_survives_kill_9_at_every_system_call
    with tempfile.TemporaryDirectory() as path, Relay(workers=2) as relay:
        try:
            name(pathlib.Path(path), relay)
            print(f'ok 1 - {name.__name__}', flush=True)
            return 0
        except (AssertionError, subprocess.TimeoutExpired) as error:
            print(f'not ok 1 - {name.__name__}\n# {error}', flush=True)
            return 1


if __name__ == '__main__':
    sys.exit(main())
