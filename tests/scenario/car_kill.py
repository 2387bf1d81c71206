"""kill -9 for every party, again and again, in the middle of every step.

Each step is started and killed after a little longer every time, until it has
come to its end by itself; so it dies at many of its moments, and each new run
finds what the last one left. In the end there is exactly one share, one
signature and one key, or none and no half state; and never a try of the PIN
more or less than there should be. The delays come from a seed that is printed;
set CAR_KILL_SEED to see the same again, CAR_KILL_TRIALS for more: from
MANY_TRIALS on, each kills less often.
"""
import contextlib
import itertools
import os
import random
import subprocess
import time

import car
import sentences
from relay import Relay
from sentences import check, equal
from wire import Wire

TRIALS = int(os.environ.get('CAR_KILL_TRIALS', '2'))
SEED = int(os.environ.get('CAR_KILL_SEED', str(time.time_ns() % 10**6)))
MANY_TRIALS = 20
STEP_MS = 45 if TRIALS >= MANY_TRIALS else 14
UNLOCKING_STEP_MS = 60  # while a passphrase is tried there is little to see
LONGEST_MS = 700        # then a step may run as long as it wants
ROUNDS = 8              # of `continue` by both, to come to an end


def run_for(party, words, milliseconds):
    """Run a command, killed after that time. Its status; None: killed."""
    process = subprocess.Popen(party.command(*words),
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(milliseconds / 1000)
    if process.poll() is None:
        process.kill()
    status = process.wait()
    return None if status < 0 else status


def unlocking_ms(party):
    """How long a command of this party does nothing but unlock."""
    if not party.passphrase or not (party.state / 'wallet.db').exists():
        return 0
    begin = time.monotonic()
    party.run('pin', '--name', 'there is none', expect=None)
    return (time.monotonic() - begin) * 900


def kill_until_done(party, words, chance):
    """The command, killed ever later, until it ends. (status, kills)"""
    kills = 0
    unlocked = unlocking_ms(party)
    milliseconds = chance.uniform(0, 1.5)
    while milliseconds < LONGEST_MS:
        status = run_for(party, words, milliseconds)
        if status is not None:
            return status, kills
        kills += 1
        milliseconds += (UNLOCKING_STEP_MS if milliseconds < unlocked else
                         chance.uniform(0.5, STEP_MS))
    return party.run(*words, expect=None).status, kills


def steps(cast):
    """The whole way, each step as its party would type it, and how it may
    end; the first PIN is a wrong one. A step that was killed when all was done
    has nothing new to say when it is repeated."""
    url = ['--url-file', str(cast.url_file)]
    pin = ['--pin-file', str(cast.pin_file)]
    fine = (car.DONE, car.WAITING)
    yield cast.owner, ['share', '--name', 'Weekend', '--entitlements',
                       'unlock,start', *url, *pin], fine
    yield cast.friend, ['accept', *url, '--pin-file',
                        cast.wrong_pin_file()], fine
    yield cast.owner, ['continue'], (car.REFUSED, car.WAITING)
    yield cast.friend, ['continue', *pin], fine
    yield cast.owner, ['continue'], fine
    yield cast.friend, ['continue'], fine
    yield cast.owner, ['continue'], fine


def story(cast, wire):
    """Where both sides stand and what they asked, for who reads of a failure:
    it tells a share that was ended from one that is not found."""
    lines = [party.run('status', expect=None).text
             for party in (cast.owner, cast.friend)]
    return '\n'.join([*lines, *map(str, wire.calls)])


def kill_all(cast, wire, chance, how_many=None):
    """The steps, or the first ones, each killed and repeated. Kills."""
    killed = 0
    for party, words, fine in itertools.islice(steps(cast), how_many):
        status, kills = kill_until_done(party, words, chance)
        killed += kills
        check(status in fine, f'{party.name} {words[0]} ends with {status}\n'
              + story(cast, wire))
        # A PIN is refused, and no more than that.
        check(status != car.REFUSED or
              'end' not in cast.owner.run('status').json, story(cast, wire))
    return killed


def come_to_an_end(cast):
    """Both go on, undisturbed, until the key is there."""
    pin = ['--pin-file', str(cast.pin_file)]
    for _ in range(ROUNDS):
        for party, more in ((cast.owner, []), (cast.friend, pin)):
            result = party.run('continue', *more, expect=None)
            check(result.status in (car.DONE, car.WAITING), result.text)
        if cast.friend.run('status').json.get('usable'):
            cast.owner.run('continue')
            return
    raise AssertionError('the share does not come to an end')


def only_file(party, stem):
    """The content of the one file of that kind. Its number may be any: a
    share that died before anybody knew of it has taken one."""
    files = list(party.state.glob(stem + '-*.pem'))
    equal(len(files), 1, f'files {stem} of {party.name}')
    return files[0].read_bytes()


def check_the_end(cast, wire):
    """One share, one signature, one key; the mailbox gone; no half state."""
    made = [c for c in wire.calls if (c.method, c.path, c.status) ==
            ('POST', '/v1/m', 200)]
    equal(len(made), 1, 'mailboxes made')
    equal(len(cast.owner.run('status').all), 1, 'shares of the owner')
    only_file(cast.friend, 'issuer')
    equal(only_file(cast.friend, 'certificate'),
          only_file(cast.owner, 'issued'), 'certificate of friend and owner')
    equal(cast.owner.run('status').json['state'], 'gone', 'owner\'s state')
    equal(cast.owner.run('status').json['end'], 'closed', 'how it ended')
    equal(cast.friend.run('status').json['state'], 'finished', 'friend\'s')
    known = cast.maker.run('keys', '--vin', car.VIN).json
    equal(len(known['registered']), 1, 'keys that the maker knows')
    with cast.serve() as vehicle:
        cast.ask(vehicle, 'unlock')
        cast.ask(vehicle, 'trunk', expect=car.REFUSED)


@contextlib.contextmanager
def world():
    """The enrolled parties, a relay, and what crosses the wire."""
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            car.Cast(wire) as cast:
        wire.connect(relay)
        cast.enrol(server=True)
        with cast.maker_serving():
            yield cast, wire, relay


def test_every_party_killed_in_every_step_leaves_exactly_one_key():
    print(f'# seed {SEED}')
    chance = random.Random(SEED)
    killed = 0
    for _ in range(TRIALS):
        with world() as (cast, wire, _):
            killed += kill_all(cast, wire, chance)
            come_to_an_end(cast)
            check_the_end(cast, wire)
    print(f'# {killed} times killed in {TRIALS} shares')
    check(killed >= TRIALS * 7, 'hardly anything was killed')


def test_a_share_called_off_while_all_are_killed_leaves_one_key_or_none():
    chance = random.Random(SEED + 1)
    for _ in range(TRIALS):
        with world() as (cast, wire, _):
            done = chance.randrange(1, 7)
            kill_all(cast, wire, chance, done)
            words = ['cancel', '--name', 'Weekend']
            status, _ = kill_until_done(cast.owner, words, chance)
            check(status in (car.DONE, car.OVER), f'cancel: {status}')
            words = ['continue', '--pin-file', str(cast.pin_file)]
            kill_until_done(cast.friend, words, chance)
            cast.owner.run('continue')
            cast.friend.run(*words)  # nothing is left to be done
            ended = cast.owner.run('status').json['end']
            keys = [one for one in cast.friend.run('status').all
                    if one.get('usable')]
            equal((ended, len(keys)), ('closed', 1) if done == 6 else
                  ('cancelled', 0), f'the end after {done} steps')


def test_setting_up_can_be_interrupted_too():
    chance = random.Random(SEED)
    with Relay() as relay, car.Cast(relay) as cast:
        vehicle = ['vehicle', '--vin', car.VIN, '--identity', cast.file('id')]
        init = ['init', '--request', cast.file('csr'), *cast.relay_options()]
        certify = ['certify', '--vin', car.VIN, '--request', cast.file('csr'),
                   '--certificate', cast.file('pem')]
        root = str(cast.maker.state / 'root.pem')
        for party, words in (
                (cast.maker, ['init']), (cast.maker, vehicle),
                (cast.vehicle, ['init', '--identity', cast.file('id')]),
                (cast.owner, init), (cast.maker, certify),
                (cast.owner, ['enrol', '--certificate', cast.file('pem')]),
                (cast.friend, ['init', '--maker-root', root,
                               *cast.relay_options()])):
            status, _ = kill_until_done(party, words, chance)
            equal(status, car.DONE, f'{party.name} {words[0]}')
        cast.lend('Weekend', 'unlock')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')


def test_a_relay_killed_between_any_two_steps_loses_nothing():
    with world() as (cast, wire, relay):
        for party, words, fine in steps(cast):
            result = party.run(*words, expect=None)
            check(result.status in fine, result.text)
            relay.kill9()
            relay.start()
        check_the_end(cast, wire)


def test_workers_killed_between_any_two_steps_are_not_noticed():
    with world() as (cast, wire, relay):
        for number, (party, words, fine) in enumerate(steps(cast)):
            relay.kill9_worker(number % 2)
            result = party.run(*words, expect=None)
            check(result.status in fine, result.text)
        check_the_end(cast, wire)


def test_a_vehicle_that_was_killed_serves_again():
    with world() as (cast, _, _):
        cast.lend('Weekend', 'unlock')
        serving = cast.serve()
        with serving as vehicle:
            cast.ask(vehicle, 'unlock')
            serving.process.kill()
            serving.process.wait()
        check((cast.vehicle.state / 'vehicle.sock').exists(), 'no socket left')
        cast.friend.run('unlock', '--vehicle', serving.socket,
                        expect=car.NETWORK)
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')
        equal(len(cast.events()), 2, 'events')


if __name__ == '__main__':
    sentences.main(globals())
