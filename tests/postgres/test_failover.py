"""Failover, really: a primary and two standbys of which any one must confirm,
two relays, clients that race, and every round something that breaks. A checker
judges all that they were answered (history.py).

Run by meson, three rounds; by hand, longer:
    FAILOVER_ROUNDS=20 TIGRESS_BUILD=build/release \
        python3 -B tests/postgres/test_failover.py
FAILOVER_FAULTS=kill,stall   only these, in turn (see FAULTS)
FAILOVER_WEAK=1              nothing waits for a standby: the checker must find
                             what that loses
"""
import os
import pathlib
import random
import signal
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name)
                for name in ('conformance', 'scenario', 'torture')]

import cluster                                              # noqa: E402
import crowd                                                # noqa: E402
import history                                              # noqa: E402
import replicas                                             # noqa: E402
import sentences                                            # noqa: E402
import share                                                # noqa: E402
import stalling                                             # noqa: E402
from rig import UNANSWERED, Rig                             # noqa: E402
from sentences import Skip, check                           # noqa: E402

ROUNDS = int(os.environ.get('FAILOVER_ROUNDS', '3'))
WEAK = bool(os.environ.get('FAILOVER_WEAK'))
SERVES_S = 40       # after a fault, until all relays serve, on a slow machine
BUSY = 60           # acknowledged calls before a fault, and after it
SHOWN = 20          # problems


class Scene:
    """What there is, and who is the primary."""

    def __init__(self, servers, relays, wire):
        self.servers = servers
        self.primary = servers[0]
        self.relays = relays
        self.wire = wire
        self.crowd = crowd.Crowd([relay.speaker() for relay in relays])

    def standbys(self):
        return [one for one in self.servers if one is not self.primary]

    def fail_over(self):
        """The others go on without the primary; returns that one."""
        old = self.primary
        self.primary = replicas.fail_over(self.standbys())
        return old

    def until_busy(self):
        """Until clients were acknowledged a number of calls more."""
        wanted = self.crowd.acknowledged() + BUSY
        end = time.monotonic() + 2 * SERVES_S
        while self.crowd.acknowledged() < wanted:
            check(time.monotonic() < end, 'clients do not get on')
            time.sleep(0.05)

    def until_all_serve(self):
        """Each worker of each relay takes creates; how long that took."""
        begun = time.monotonic()
        for relay in self.relays:
            served = 0
            while served < 4 * relay.workers:
                served = served + 1 if _serves(relay) else 0
                check(time.monotonic() < begun + SERVES_S,
                      f'{relay.database} does not serve:\n{_words(relay)}')
        return time.monotonic() - begun


def _words(relay):
    """What it last said of its database."""
    lines = [line for line in relay.output().splitlines()
             if 'operation_failed' not in line]
    return '\n'.join(lines[-20:])


def _serves(relay):
    """Whether it takes a create, on a connection of its own."""
    try:
        return share.create(relay.speaker()).status == 200
    except UNANSWERED:
        return False


# ---- what breaks ---------------------------------------------------------
# Each leaves a primary with two standbys behind, and says how long clients
# may have had to wait for it: from the fault on, in seconds.

def _timed(scene, begun):
    scene.until_all_serve()
    return time.monotonic() - begun


def kill(scene):
    """The primary is gone at once; a standby takes its place."""
    begun = time.monotonic()
    scene.primary.kill()
    old = scene.fail_over()
    took = _timed(scene, begun)
    replicas.rejoin(old, scene.primary)
    return took


def freeze(scene):
    """The primary hangs, is replaced, and comes to life again, not knowing."""
    begun = time.monotonic()
    scene.primary.freeze()
    if random.random() < 0.5:
        time.sleep(random.uniform(2, 7))    # relays may give it up, or not
    old = scene.fail_over()
    if random.random() < 0.5:
        scene.until_all_serve()
    old.thaw()
    time.sleep(random.uniform(1, 3))        # two that think they are primary
    old.stop()
    took = _timed(scene, begun)
    replicas.rejoin(old, scene.primary)
    return took


def stall(scene):
    """One relay is cut off; what it had sent may arrive late, or never."""
    scene.wire.stall()
    time.sleep(random.uniform(1, 8))
    begun = time.monotonic()
    random.choice([scene.wire.go_on, scene.wire.reset])()
    return _timed(scene, begun)


def split(scene):
    """The primary and one relay are cut off from the rest, and know nothing
    of it: the standbys go on with the other relay. That relay finds its way to
    them while the deposed primary is still there."""
    begun = time.monotonic()
    scene.wire.cut(scene.primary)
    old = scene.fail_over()
    took = _timed(scene, begun)
    old.stop()
    scene.wire.mend()
    replicas.rejoin(old, scene.primary)
    return took


def doubt(scene):
    """The standbys lose the primary, it crashes and comes back with what no
    standby has; then it is replaced. Nothing of that may have been told."""
    for standby in scene.standbys():
        replicas.detach(standby)
    time.sleep(random.uniform(0.5, 2))      # commits that nobody confirms
    scene.primary.kill()
    scene.primary.start()
    time.sleep(random.uniform(1, 3))
    return kill(scene)


def crash(scene):
    """The primary crashes and recovers; nothing is replaced."""
    begun = time.monotonic()
    scene.primary.kill()
    scene.primary.start()
    took = _timed(scene, begun)
    for standby in scene.standbys():
        replicas.follow(standby, scene.primary)
    return took


def workers(scene):
    """All workers of one relay are killed."""
    begun = time.monotonic()
    for pid in random.choice(scene.relays).worker_pids():
        os.kill(pid, signal.SIGKILL)
    return _timed(scene, begun)


FAULTS = [globals()[name] for name in os.environ.get(
    'FAILOVER_FAULTS',
    'kill,split,stall,freeze,doubt,crash,workers').split(',')]


# ---- rounds --------------------------------------------------------------

def play(scene, fault):
    """Clients at work, a fault in the middle; then all is judged."""
    try:
        with scene.crowd.at_work():
            scene.until_busy()
            took = fault(scene)
            scene.until_busy()
    except Exception:
        for text in history.problems(scene.crowd.calls)[:SHOWN]:
            print(f'# {text}')
        raise
    scene.crowd.audit()
    calls, done, refused, unknown = history.figures(scene.crowd.calls)
    print(f'# {fault.__name__}: all served after {took:.1f} s; so far {calls}'
          f' calls, {done} acknowledged, {refused} refused, {unknown}'
          ' unknown', flush=True)
    found = history.problems(scene.crowd.calls)
    check(not found, f'{len(found)} problems:\n' + '\n'.join(found[:SHOWN]))


def make_scene():
    """The servers, two relays, one of them by a wire that can be cut."""
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    return cluster.Cluster(standbys=2)


def run(database):
    """All rounds."""
    conf = [f'tigress_store_durability {"local" if WEAK else "replicated"};']
    if WEAK:
        for server in database.servers:
            server.reload({'synchronous_standby_names': ''})
    with stalling.Wire(database.servers) as wire:
        by_wire = database.uri.replace(str(database.directory),
                                       str(wire.directory))
        with Rig(database=database.uri, conf=conf) as one, \
                Rig(database=by_wire, conf=conf) as other:
            scene = Scene(database.servers, [one, other], wire)
            for number in range(ROUNDS):
                play(scene, FAULTS[number % len(FAULTS)])


def test_whatever_fails_nothing_acknowledged_is_lost_or_told_twice():
    with make_scene() as database:
        run(database)


if __name__ == '__main__':
    sentences.main(globals())
