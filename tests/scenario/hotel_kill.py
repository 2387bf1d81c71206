"""kill -9 for guests and desk, again and again, in the middle of every step.

Each step is started and killed after a little longer every time, until it has
come to its end by itself; so it dies at many of its moments, and each new run
finds what the last one left. In the end there is one mailbox, one token and
one key, or after a cancellation none that counts. The delays come from a seed
that is printed; set HOTEL_KILL_SEED to see the same again, HOTEL_KILL_TRIALS
for more.
"""
import concurrent.futures
import contextlib
import http.client
import os
import random
import signal
import subprocess
import threading
import time

import hotel
import hotel_peer as peer
import sentences
from car_kill import kill_until_done
from hotel_peer import Key, ask_token
from relay import Relay
from sentences import check, equal
from wire import Wire

TRIALS = int(os.environ.get('HOTEL_KILL_TRIALS', '3'))
SEED = int(os.environ.get('HOTEL_KILL_SEED', str(time.time_ns() % 10**6)))
STEP_MS = 60       # about as long as a step of a guest takes
KILLS_A_STEP = 5   # of the desk
AT_ONCE = 20
ROUNDS = 50        # of asking again, to come to an end


@contextlib.contextmanager
def world():
    """A relay, what crosses the wire, a hotel, two guests."""
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            hotel.Cast(wire) as cast:
        wire.connect(relay)
        cast.check_in()
        yield cast, wire


def trials():
    """A world for each trial, and its own chance."""
    print(f'# seed {SEED}')
    for number in range(TRIALS):
        with world() as (cast, wire):
            yield cast, wire, random.Random(SEED + number)


def steps(cast, name='Weekend'):
    """The whole way, each step as its party would type it."""
    return [
        (cast.first, ['share', '--name', name, '--booking', str(cast.booking),
                      '--url-file', str(cast.url_file)]),
        (cast.other, ['accept', '--url-file', str(cast.url_file)]),
        (cast.first, ['continue']),
    ]


def mailboxes(wire):
    """How many were ever made."""
    return len([c for c in wire.calls if (c.method, c.path, c.status) ==
                ('POST', '/v1/m', 200)])


def check_one_key(cast, wire):
    """One mailbox, gone; one token, redeemed; one key, which works."""
    equal(mailboxes(wire), 1, 'mailboxes made')
    equal([one['state'] for one in cast.tokens()], ['redeemed'], 'tokens')
    other = cast.other.run('status').all
    equal([(one['state'], one['usable']) for one in other],
          [('finished', True)], 'shares of the other guest')
    first = cast.first.run('status').all
    equal([one['state'] for one in first], ['gone'], 'of the first')
    with cast.door('room', online=True) as door:
        cast.open(door)


def test_every_guest_killed_in_every_step_leaves_exactly_one_key():
    killed = 0
    for cast, wire, chance in trials():
        for party, words in steps(cast):
            status, kills = kill_until_done(party, words, chance)
            killed += kills
            equal(status, hotel.DONE, f'{party.state.name} {words[0]}')
        check_one_key(cast, wire)
    print(f'# {killed} times killed in {TRIALS} shares')
    check(killed >= TRIALS * 3, 'hardly anything was killed')


def run_with_dying_desk(cast, party, words, chance):
    """A step while the desk dies somewhere in it, and comes back."""
    process = subprocess.Popen(party.command(*words, '--json', '--verbose'),
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    time.sleep(chance.uniform(0, STEP_MS) / 1000)
    cast.serving.stop(signal.SIGKILL)
    said = process.communicate(timeout=60)[0]
    cast.serving.start()
    check(process.returncode in (hotel.DONE, hotel.NETWORK, hotel.WAITING) and
          'TG_E_TLS' not in said,  # no certificate of another was there
          f'{party.state.name} {words[0]} ends with {process.returncode}: '
          + said)


def test_a_desk_killed_in_every_step_gives_exactly_one_key():
    for cast, wire, chance in trials():
        for party, words in steps(cast):
            for _ in range(KILLS_A_STEP):
                run_with_dying_desk(cast, party, words, chance)
            party.run(*words, '--verbose')
        check_one_key(cast, wire)


def test_a_cancellation_killed_anywhere_leaves_nothing_that_counts():
    for cast, wire, chance in trials():
        done = chance.randrange(3)  # steps before it
        begun = steps(cast)[done:done + 1]
        for party, words in steps(cast)[:done]:
            party.run(*words)
        for party, words in begun:  # and one that dies somewhere
            process = subprocess.Popen(party.command(*words),
                                       stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, STEP_MS) / 1000)
            process.kill()
            process.wait()
        status, _ = kill_until_done(
            cast.first, ['cancel', '--name', 'Weekend'], chance)
        # USAGE: nobody had heard of that share, not even its own device.
        check(status in (hotel.DONE, hotel.OVER, hotel.USAGE),
              f'cancel ends with {status}')
        states = [one['state'] for one in cast.tokens()]
        check(set(states) <= {'cancelled'} and len(states) <= 1, str(states))
        check(mailboxes(wire) <= 1, 'mailboxes made')
        if cast.url_file.exists():
            result = cast.accept(expect=None)
            with cast.door('room', online=True) as door:
                opened = cast.open(door, expect=None)
            check(opened.status == hotel.REFUSED, result.text + opened.text)


def redeem_at_last(cast, body):
    """Ask until there is an answer: (status, statement or check)."""
    for _ in range(ROUNDS):
        try:
            answer = peer.call(cast, 'POST', '/v1/redeem', body)
        except (OSError, ValueError, http.client.HTTPException):
            # It died, perhaps within its answer, or is not there yet.
            time.sleep(0.02)
            continue
        return answer.status, answer.json.get('statement', answer.check)
    raise AssertionError('the desk does not answer any more')


def test_a_desk_killed_while_many_redeem_gives_exactly_one_key():
    for cast, _, chance in trials():
        booking = cast.book()
        keys = [Key.make(cast.file(f'{i}.key')) for i in range(AT_ONCE)]
        token = ask_token(cast, booking).json['token']
        bodies = [peer.redemption(token, key) for key in keys]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = [pool.submit(redeem_at_last, cast, body)
                       for body in bodies]
            for _ in range(KILLS_A_STEP):
                threading.Event().wait(chance.uniform(0, 0.03))
                cast.serving.stop(signal.SIGKILL)
                cast.serving.start()
            answers = [one.result() for one in waiting]
        lucky = [i for i, one in enumerate(answers) if one[0] == 200]
        equal(len(lucky), 1, 'keys')
        equal({one for i, one in enumerate(answers) if i != lucky[0]},
              {(403, 'redeemed')}, 'the others')
        equal(redeem_at_last(cast, bodies[lucky[0]]), answers[lucky[0]],
              'asked again')
        equal(cast.keys(), 1, 'keys in the ledger')


def test_setting_up_can_be_interrupted_too():
    chance = random.Random(SEED)
    with Relay() as relay, hotel.Cast(relay) as cast:
        def until_done(party, *words):
            status, _ = kill_until_done(party, list(words), chance)
            equal(status, hotel.DONE, f'{party.name} {words[0]}')

        until_done(cast.desk, 'init')
        cast.serving.start()
        until_done(cast.desk, 'book', '--room', hotel.ROOM, '--doors', 'room',
                   '--from', hotel.moment(-9), '--until', hotel.moment(999),
                   '--booking', str(cast.booking))
        for guest in (cast.first, cast.other):
            until_done(guest, 'init', *cast.init_options())
        identity = cast.file('identity')
        until_done(cast.desk, 'door', '--door', 'room', '--identity', identity)
        door = hotel.Party('door', cast.file('door'))
        until_done(door, 'init', '--identity', identity)
        cast.give('Weekend')
        with hotel.Running(door, '--desk', cast.url) as serving:
            cast.open(serving)
            serving.process.kill()
            serving.process.wait()
            cast.open(serving, expect=hotel.NETWORK)
        with hotel.Running(door) as again:
            cast.open(again)
            equal(len(hotel.events(again)), 2, 'events')


if __name__ == '__main__':
    sentences.main(globals())
