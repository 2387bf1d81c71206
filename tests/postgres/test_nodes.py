"""Two relays on one database: each finds what the other has made, and wakes who
waits at the other (R-WAIT-3).

Run by meson; by hand: TIGRESS_BUILD=build/release python3 -B test_nodes.py
"""
import contextlib
import pathlib
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name)
                for name in ('conformance', 'scenario', 'torture')]

import cluster                                              # noqa: E402
import sentences                                            # noqa: E402
import share                                                # noqa: E402
import stalling                                             # noqa: E402
from rig import Rig, RelayError                             # noqa: E402
from sentences import Skip, check, equal                    # noqa: E402

WAIT_S = 20
SOON_S = 10
BEATS = 5      # of an ear that nobody confirms
TRIES = 20     # to connect


@contextlib.contextmanager
def two_relays(standbys=0, conf=()):
    """(database, one relay, another)"""
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    with cluster.Cluster(standbys=standbys) as database, \
            Rig(database=database.primary.uri, conf=conf) as one, \
            Rig(database=database.primary.uri, conf=conf) as other:
        yield database, one, other


def at(relay, mailbox):
    """The same mailbox, spoken to through another relay."""
    there = share.Share(relay.speaker(), mailbox.answer, mailbox.initiator)
    there.recipient = mailbox.recipient
    return there


class Waiting(threading.Thread):
    """A read that waits for news of what is known."""

    def __init__(self, mailbox, claim):
        super().__init__(daemon=True)
        self.mailbox, self.claim = mailbox, claim
        self.etag = mailbox.etag(claim)
        self.answer = None
        self.start()

    def run(self):
        self.answer = self.mailbox.read(
            self.claim, extra=[('If-None-Match', self.etag),
                               ('Prefer', f'wait={WAIT_S}')])

    def heard(self):
        """The answer, long before the wait is over."""
        self.join(SOON_S)
        check(self.answer is not None, 'it was not woken')
        return self.answer


def until(happens, what):
    """Wait for it, bounded."""
    deadline = time.monotonic() + WAIT_S
    while not happens():
        check(time.monotonic() < deadline, what)
        time.sleep(0.05)


def test_what_one_relay_makes_the_other_knows():
    with two_relays() as (_, one, other):
        here = share.make(one.speaker())
        there = at(other, here)
        there.bind()
        equal(here.read(here.stranger).status, 401, 'a second device')
        equal(there.update(there.recipient, text='from there').status, 200,
              'update')
        equal(here.text(), 'from there', 'text')
        equal(here.delete().status, 200, 'delete')
        there.is_gone()


def test_first_reads_at_both_relays_bind_exactly_one():
    with two_relays() as (_, one, other):
        for _ in range(10):
            here = share.make(one.speaker())
            codes = race([at(relay, here) for relay in (one, other) * 5])
            equal(sorted(codes), [200] + [401] * 9, 'answers')


def race(places):
    codes = []
    barrier = threading.Barrier(len(places))

    def read(place):
        claim = share.new_id()
        barrier.wait()
        codes.append(place.read(claim).status)

    readers = [threading.Thread(target=read, args=[place])
               for place in places]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return codes


# R-WAIT-3
def test_who_waits_at_one_relay_is_woken_by_a_change_at_the_other():
    with two_relays() as (_, one, other):
        here = share.make(one.speaker())
        there = at(other, here)
        there.bind()
        for text in ('first', 'second', 'third'):
            waiting = Waiting(here, here.initiator)
            equal(there.update(there.recipient, text=text).status, 200,
                  'update')
            equal(waiting.heard().status, 200, 'woken')
        waiting = Waiting(here, here.initiator)
        # One that comes before the read has begun to wait ends nothing.
        until(lambda: relinquish_ends(waiting, there), 'the wait goes on')
        equal(waiting.answer.status, 412, 'the wait has ended')
        waiting = Waiting(here, here.recipient)
        equal(there.delete().status, 200, 'delete')
        equal(waiting.heard().status, 404, 'woken by a delete')


def relinquish_ends(waiting, there):
    equal(there.relinquish().status, 200, 'relinquish')
    there.bind()
    waiting.join(1)
    return waiting.answer is not None


def test_a_relay_that_lost_the_database_catches_up_on_what_it_missed():
    with two_relays() as (database, one, other):
        here = share.make(one.speaker())
        there = at(other, here)
        there.bind()
        waiting = Waiting(here, here.initiator)
        until(lambda: len(listeners(database)) > 0, 'nobody listens')
        database.primary.sql(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
            "WHERE query LIKE 'LISTEN%' OR query LIKE 'SELECT 1%'")
        equal(there.update(there.recipient, text='missed').status, 200,
              'update')
        equal(waiting.heard().status, 200, 'woken')


def listeners(database):
    return database.primary.sql(
        'SELECT pid FROM pg_stat_activity WHERE '
        "query LIKE 'LISTEN%' OR query LIKE 'SELECT 1%'").split()


def test_while_the_database_is_away_it_is_503_and_then_all_is_there():
    with two_relays() as (database, one, other):
        here = share.make(one.speaker())
        here.bind()
        database.primary.stop()
        equal(here.read().status, 503, 'away')
        check(here.read().header('retry-after'), 'no Retry-After')
        database.primary.start()
        until(lambda: here.read().status == 200, 'it does not come back')
        until(lambda: at(other, here).read().status == 200, 'nor does this')
        here.belongs_to(here.recipient)
        check('postgres' not in one.output().lower().replace(
            'postgresql', ''), 'names in the log')


def test_trouble_is_told_once_however_often_it_is_tried():
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    with cluster.Cluster() as database, \
            stalling.Wire(database.servers) as wire, \
            Rig(workers=1, database=database.primary.uri.replace(
                str(database.directory), str(wire.directory))) as relay:
        mailbox = share.make(relay.speaker())
        before = relay.output()
        wire.cut(database.primary)

        def has_been_tried():
            equal(mailbox.read().status, 503, 'away')
            return wire.refused >= TRIES

        until(has_been_tried, 'it is tried no more')
        wire.mend()
        until(lambda: mailbox.read().status == 200, 'it does not come back')
        until(lambda: 'the database answers again' in relay.output(),
              'nobody is told')
        told = [line.partition('store: ')[2][:30]
                for line in relay.output()[len(before):].splitlines()
                if 'store: ' in line]
        equal(told, ['the database does not answer: ',
                     'the database answers again'], 'what was told')


def test_a_relay_may_come_before_its_database():
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    with cluster.Cluster() as database:
        database.primary.stop()
        relay = Rig(database=database.primary.uri)
        relay.serves = relay.is_up
        with relay:
            speaker = relay.speaker()
            equal(share.create(speaker).status, 503, 'before')
            database.primary.start()
            until(lambda: share.create(speaker).status == 200,
                  'it does not come')


def test_a_database_that_could_lose_what_was_promised_is_refused_in_words():
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    with cluster.Cluster() as database:
        relay = Rig(database=database.primary.uri,
                    conf=['tigress_store_durability replicated;'])
        relay.serves = relay.is_up
        with relay:
            equal(share.create(relay.speaker()).status, 503, 'create')
            until(lambda: 'synchronous_standby_names' in relay.output(),
                  'no words')


REPLICATED = ['tigress_store_durability replicated;']


def test_when_standbys_are_asked_no_more_nothing_is_answered_until_they_are():
    with two_relays(standbys=1, conf=REPLICATED) as (database, one, other):
        here = share.make(one.speaker())
        here.bind()
        there = at(other, here)
        primary = database.primary
        names = primary.sql('SHOW synchronous_standby_names')
        primary.reload({'synchronous_standby_names': ''})
        equal(here.read().status, 503, 'a read')
        equal(there.update(there.recipient, text='x').status, 503, 'an update')
        equal(share.create(one.speaker()).status, 503, 'a create')
        check(here.read().header('retry-after'), 'no Retry-After')
        until(lambda: 'no synchronous_standby_names: set' in one.output(),
              'no words')
        primary.reload({'synchronous_standby_names': names})
        until(lambda: here.read().status == 200, 'it does not come back')
        until(lambda: there.read().status == 200, 'nor does the other')
        check('the database answers again' in one.output(), 'no words')


def test_a_role_that_asks_for_less_changes_nothing():
    with two_relays(standbys=1, conf=REPLICATED) as (database, one, _):
        here = share.make(one.speaker())
        for level in ('local', 'off'):
            database.primary.sql(
                f'ALTER ROLE tigress SET synchronous_commit = {level};'
                f'ALTER DATABASE postgres SET synchronous_commit = {level}')
            database.primary.reload({'synchronous_commit': level})
            database.standbys[0].freeze()
            equal(here.read().status, 503, f'nobody confirms, and {level}')
            database.standbys[0].thaw()
            until(lambda: here.read().status == 200, 'it does not come back')


def test_addresses_that_are_wrong_are_refused_at_the_start():
    for store, words in (
            ('postgresql://me:secret@localhost/x', 'passfile='),
            ('postgresql://[', 'not understood'),
            ('mysql://x', 'lmdb:DIR')):
        try:
            with Rig(database=store):
                check(False, f'{store} was taken')
        except RelayError as error:
            check(words in str(error), f'wanted “{words}” in: {error}')
            check('secret' not in str(error), 'the password was repeated')


def test_a_primary_without_standbys_is_not_filled_with_sessions():
    """Each beat of a relay's ear waits for a standby, in its own session, until
    somebody ends that: nothing limits such a wait."""
    beats = ("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
             " AND query LIKE '%pg_logical_emit_message%'")
    seen, at_once = set(), 0
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    with cluster.Cluster(standbys=1) as database, Rig(
            workers=1, database=database.uri,
            conf=['tigress_store_durability replicated;']):
        database.standbys[0].kill()

        def has_begun_anew():
            nonlocal at_once
            now = set(database.primary.sql(beats).split())
            seen.update(now)
            at_once = max(at_once, len(now))
            return len(seen) >= BEATS

        until(has_begun_anew, 'the ear gave up')
    check(at_once <= 2, f'{at_once} sessions at once')


if __name__ == '__main__':
    sentences.main(globals())
