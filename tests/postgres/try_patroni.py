"""Failover as Patroni does it, with contrib/patroni/patroni.yml: three servers,
two relays, clients that race. After each trouble all answers are judged
(history.py), and it is said for how long nobody was acknowledged anything.

Run by hand, a quarter of an hour:
    TIGRESS_BUILD=build/release python3 -B tests/postgres/try_patroni.py
Wants patroni, patronictl and etcd in PATH (Debian: patroni, etcd-server; stop
the service that the latter brings). Skips, and says so, where they are not.
PATRONI_FAULTS=switchover,two   only these, in turn (see FAULTS)
PATRONI_ALONE_S=120             for how long the last one is left alone
"""
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name)
                for name in ('conformance', 'scenario', 'torture')]

import cluster                                              # noqa: E402
import crowd                                                # noqa: E402
import history                                              # noqa: E402
import patroni_nodes                                        # noqa: E402
import relay                                                # noqa: E402
import sentences                                            # noqa: E402
import share                                                # noqa: E402
from patroni_nodes import until                             # noqa: E402
from rig import UNANSWERED, Rig                             # noqa: E402
from sentences import Skip, check                           # noqa: E402

BUSY = 60           # acknowledged calls before a fault, and after it
SHOWN = 20          # problems
ALONE_S = int(os.environ.get('PATRONI_ALONE_S', '35'))  # more than ttl
ROLES_SQL = cluster.TOP / 'contrib' / 'postgresql' / 'roles.sql'


class Scene:
    """What there is."""

    def __init__(self, nodes, relays):
        self.nodes = nodes
        self.relays = relays
        self.crowd = crowd.Crowd([one.speaker() for one in relays])

    def leader(self):
        return until(self.nodes.leader, 'a leader')

    def standbys(self):
        leader = self.leader()
        return [node for node in self.nodes.all if node is not leader]

    def until_led_by_another(self, old):
        """Returns the new one."""
        def another():
            leader = self.nodes.leader()
            return leader if leader is not old else None
        return until(another, 'another leader')

    def until_whole(self):
        until(self.nodes.is_whole, 'a leader and two standbys')

    def until_busy(self):
        """Until clients were acknowledged a number of calls more."""
        wanted = self.crowd.acknowledged() + BUSY
        until(lambda: self.crowd.acknowledged() >= wanted,
              'clients that get on')

    def until_all_serve(self):
        """Each worker of each relay takes creates."""
        for one in self.relays:
            served = 0
            end = time.monotonic() + patroni_nodes.SECONDS
            while served < 4 * one.workers:
                served = served + 1 if serves(one) == 200 else 0
                check(time.monotonic() < end, 'a relay does not serve:\n' +
                      one.output()[-2000:])


def serves(one):
    """What it says to a create, on a connection of its own; None: nothing."""
    try:
        return share.create(one.speaker()).status
    except UNANSWERED:
        return None


# ---- what breaks ---------------------------------------------------------
# Each leaves a leader and two standbys behind.

def switchover(scene):
    """patronictl switchover."""
    old = scene.leader()
    said = scene.nodes.control(
        'switchover', 'tigress', '--leader', old.name, '--candidate',
        scene.standbys()[0].name, '--force')
    print('# ' + said.replace('\n', '\n# '))
    scene.until_led_by_another(old)


def postmaster(scene):
    """The primary's postmaster is killed; its Patroni sees that."""
    old = scene.leader()
    old.kill_server()
    scene.until_led_by_another(old)     # primary_start_timeout is 0


def machine(scene):
    """The primary's postmaster and Patroni are killed."""
    old = scene.leader()
    old.kill()
    scene.until_led_by_another(old)
    scene.until_all_serve()
    old.start()


def patroni(scene):
    """The primary's Patroni is killed, and nobody resets the machine, as a
    watchdog would: for a while there are two primaries."""
    old = scene.leader()
    old.kill_patroni()
    scene.until_led_by_another(old)
    scene.until_all_serve()
    print(f'# the deposed one: {old.sql("SELECT pg_is_in_recovery()")}')
    old.start()


def standby(scene):
    """One standby of two is lost."""
    lost = scene.standbys()[0]
    lost.kill()
    scene.until_busy()
    lost.start()


def alone(scene):
    """Nobody confirms: nothing is acknowledged, for as long as that lasts, and
    relays say why."""
    said = {one: len(one.output()) for one in scene.relays}
    for one, before in said.items():
        until(lambda one=one: serves(one) == 503, 'a relay that refuses')
        until(lambda one=one, before=before:
              'do not confirm' in one.output()[before:], 'a reason')
    end = time.monotonic() + ALONE_S
    while time.monotonic() < end:
        for one in scene.relays:
            check(serves(one) != 200, 'a relay goes on alone')
    names, sessions = scene.leader().sql(
        'SHOW synchronous_standby_names; SELECT count(*) FROM pg_stat_activity'
        " WHERE usename = 'tigress_relay'").splitlines()
    print(f'# synchronous_standby_names without standbys: {names}; sessions of'
          f' relays: {sessions}')
    check(names, 'nobody has to confirm any more')


def come_back(scene, one, other):
    """First one, which is enough, then the other."""
    begun = time.monotonic()
    one.start()
    scene.until_all_serve()
    print(f'# served {time.monotonic() - begun:.1f} s after one came back')
    other.start()


def standbys(scene):
    """Both are lost."""
    lost = scene.standbys()
    for node in lost:
        node.kill()
    alone(scene)
    come_back(scene, *lost)


def two(scene):
    """A standby is lost, later the primary; the other is promoted, and alone.
    The old primary comes back first."""
    old = scene.leader()
    lost = scene.standbys()[0]
    lost.kill()
    until(lambda: lost.name not in old.sql('SHOW synchronous_standby_names'),
          'a primary that waits for the other standby only')
    scene.until_busy()
    old.kill()
    scene.until_led_by_another(old)
    alone(scene)
    come_back(scene, old, lost)


FAULTS = [globals()[name] for name in os.environ.get(
    'PATRONI_FAULTS',
    'switchover,postmaster,machine,patroni,standby,standbys,two').split(',')]


# ---- rounds --------------------------------------------------------------

def longest_pause(calls, begun):
    """The longest time since then in which nobody got a call done."""
    ends = sorted(call.ended for call in calls if call.is_done)
    ends = [end for end in ends if end > begun]
    return max(b - a for a, b in zip([begun, *ends], ends))


def play(scene, fault):
    """Clients at work, a fault in the middle; then all is judged."""
    try:
        with scene.crowd.at_work():
            scene.until_busy()
            begun = time.monotonic()
            fault(scene)
            scene.until_all_serve()
            scene.until_whole()
            scene.until_busy()
    except Exception:
        for text in history.problems(scene.crowd.calls)[:SHOWN]:
            print(f'# {text}')
        raise
    pauses = [longest_pause(
        [call for call in scene.crowd.calls if call.place == place], begun)
        for place in ('relay 0', 'relay 1')]
    scene.crowd.audit()
    calls, done, refused, unknown = history.figures(scene.crowd.calls)
    print(f'# {fault.__name__}: nothing was done for {pauses[0]:.1f} and'
          f' {pauses[1]:.1f} s; so far {calls} calls, {done} acknowledged,'
          f' {refused} refused, {unknown} unknown', flush=True)
    found = history.problems(scene.crowd.calls)
    check(not found, f'{len(found)} problems:\n' + '\n'.join(found[:SHOWN]))


def prepare(nodes):
    """What docs/operations.md says: the database, roles, passwords, tables."""
    leader = nodes.leader()
    leader.sql('CREATE DATABASE tigress')
    leader.sql(ROLES_SQL.read_text(encoding='utf-8'), 'tigress')
    for name in ('tigress_owner', 'tigress_relay'):
        leader.sql(f"ALTER ROLE {name} PASSWORD '{nodes.passwords[name]}'")
    leader.sql('ALTER ROLE tigress_relay CONNECTION LIMIT 80')
    subprocess.run(
        [relay.program('src', 'launch', 'tigress-relay'), '--migrate',
         '--store', nodes.uri('tigress_owner', nodes.directory)], check=True,
        env={'PATH': os.environ['PATH']})


def run(nodes, place):
    """All rounds."""
    prepare(nodes)
    workers = (pwd.getpwnam('nobody') if os.geteuid() == 0 else
               pwd.getpwuid(os.geteuid()))
    nodes.lend(place, workers, {'tigress_relay': 'tigress_relay'})
    address = nodes.uri('tigress_relay', place) + (
        '&target_session_attrs=read-write')
    conf = ['tigress_store_durability replicated;']
    with Rig(database=address, conf=conf) as one, \
            Rig(database=address, conf=conf) as other:
        scene = Scene(nodes, [one, other])
        try:
            for fault in FAULTS:
                play(scene, fault)
        finally:
            show(scene)


def show(scene):
    """What relays and servers said."""
    for one in scene.relays:
        lines = [line for line in one.output().splitlines()
                 if 'operation_failed' not in line]
        print('# a relay:\n#   ' + '\n#   '.join(lines[-40:]))


def test_whatever_patroni_does_nothing_acknowledged_is_lost_or_told_twice():
    reason = patroni_nodes.missing()
    if reason is not None:
        raise Skip(f'there is no Patroni here: {reason}')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with patroni_nodes.Nodes() as nodes, \
            tempfile.TemporaryDirectory(prefix='tigress-pr-') as place:
        os.chmod(place, 0o755)
        print(f'# Patroni {patroni_nodes.version()}, {nodes.directory}')
        run(nodes, pathlib.Path(place))


if __name__ == '__main__':
    sentences.main(globals())
