"""kill -9 for every party, again and again, in the middle of every step.

Each step is started and killed after a little longer every time, until it has
come to its end by itself; so it dies at many of its moments, and each new run
finds what the last one left. In the end there is exactly one share, one
signature and one key. The delays come from a seed that is printed; set
CAR_KILL_SEED to see the same again, CAR_KILL_TRIALS for more.
"""
import contextlib
import os
import random
import subprocess
import time

import car
import sentences
from relay import Relay
from sentences import check, equal
from wire import Wire

TRIALS = int(os.environ.get('CAR_KILL_TRIALS', '4'))
SEED = int(os.environ.get('CAR_KILL_SEED', str(time.time_ns() % 10**6)))
LONGEST_MS = 500       # then a step may run as long as it wants
ROUNDS = 8             # of `continue` by both, to come to an end


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


def kill_until_done(party, words, chance):
    """The command, killed ever later, until it ends. (status, kills)"""
    kills = 0
    milliseconds = chance.uniform(0, 1.5)
    while milliseconds < LONGEST_MS:
        status = run_for(party, words, milliseconds)
        if status is not None:
            return status, kills
        kills += 1
        milliseconds += chance.uniform(0.5, 8)
    return party.run(*words, expect=None).status, kills


def steps(cast):
    """The whole way, each step as its party would type it."""
    return [
        (cast.owner, ['share', '--name', 'Weekend', '--entitlements',
                      'unlock,start', '--url-file', str(cast.url_file)]),
        (cast.friend, ['accept', '--url-file', str(cast.url_file)]),
        (cast.owner, ['continue']),
        (cast.friend, ['continue']),
        (cast.owner, ['continue']),
    ]


def come_to_an_end(cast):
    """Both go on, undisturbed, until the key is there."""
    for _ in range(ROUNDS):
        for party in (cast.owner, cast.friend):
            result = party.run('continue', expect=None)
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
    only_file(cast.friend, 'key')
    only_file(cast.friend, 'issuer')
    equal(only_file(cast.friend, 'certificate'),
          only_file(cast.owner, 'issued'), 'certificate of friend and owner')
    equal(cast.owner.run('status').json['state'], 'gone', 'owner\'s state')
    equal(cast.friend.run('status').json['state'], 'finished', 'friend\'s')
    with cast.serve() as vehicle:
        cast.ask(vehicle, 'unlock')
        cast.ask(vehicle, 'trunk', expect=car.REFUSED)


@contextlib.contextmanager
def world():
    """The enrolled parties, a relay, and what crosses the wire."""
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            car.Cast(wire) as cast:
        wire.connect(relay)
        cast.enrol()
        yield cast, wire, relay


def test_every_party_killed_in_every_step_leaves_exactly_one_key():
    print(f'# seed {SEED}')
    chance = random.Random(SEED)
    killed = 0
    for _ in range(TRIALS):
        with world() as (cast, wire, _):
            for party, words in steps(cast):
                status, kills = kill_until_done(party, words, chance)
                killed += kills
                check(status in (car.DONE, car.WAITING),
                      f'{party.name} {words[0]} ends with {status}')
            come_to_an_end(cast)
            check_the_end(cast, wire)
    print(f'# {killed} times killed in {TRIALS} shares')
    check(killed >= TRIALS * 5, 'hardly anything was killed')


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
        for party, words in steps(cast):
            party.run(*words)
            relay.kill9()
            relay.start()
        check_the_end(cast, wire)


def test_workers_killed_between_any_two_steps_are_not_noticed():
    with world() as (cast, wire, relay):
        for number, (party, words) in enumerate(steps(cast)):
            relay.kill9_worker(number % 2)
            party.run(*words)
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
