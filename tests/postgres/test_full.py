"""A database whose disk is full, really: on a small file system that is filled
while relays serve. What clients are answered, what the log says, and that it is
over when there is room again.

Needs root, who mounts it. By hand:
    TIGRESS_BUILD=build/release python3 -B tests/postgres/test_full.py
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name)
                for name in ('conformance', 'scenario', 'torture')]

import cluster                                              # noqa: E402
import rig                                                  # noqa: E402
import sentences                                            # noqa: E402
import share                                                # noqa: E402
import tap                                                  # noqa: E402
from sentences import Skip, check, equal                    # noqa: E402

DISK_KIB = 72 * 1024
# No checkpoint by itself, after which the log would be written over.
SETTINGS = {'wal_keep_size': '0', 'min_wal_size': '2MB',
            'max_wal_size': '1GB'}
LARGE = 'x' * 40000
MOST = 4000         # calls until it is full
BACK_S = 30


@contextlib.contextmanager
def directory_of_servers():
    """In the usual place for files, for whoever the servers are."""
    place = pathlib.Path(tempfile.mkdtemp(prefix='tigress-full-'))
    own(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def own(place):
    if os.geteuid() == 0:
        entry = pwd.getpwnam('nobody')
        os.chown(place, entry.pw_uid, entry.pw_gid)


class Disk:
    """A small one, with a server's data or its log."""

    def __init__(self, place, server):
        self.choke = place / 'choke'
        self.server = server

    def fill(self):
        """To the last page."""
        with open(self.choke, 'ab', buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(b'\0' * 4096)

    def make_room(self):
        """Now."""
        self.choke.unlink()


@contextlib.contextmanager
def on_a_small_disk(what):
    """(disk, a relay); what is there: 'data' or 'log'."""
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    try:
        with rig.small_disk(DISK_KIB) as place, \
                directory_of_servers() as elsewhere:
            own(place)
            server = cluster.Server(elsewhere, 'alpha', cluster.FIRST_PORT)
            small, other = place / what, elsewhere / 'other'
            server.data, log = ((small, other) if what == 'data'
                                else (other, small))
            server.initdb(SETTINGS, '--wal-segsize=1', '-X', log)
            try:
                server.start()
                with rig.Rig(database=server.uri) as relay:
                    yield Disk(place, server), relay
            finally:
                server.stop()
    except tap.Skip as reason:
        raise Skip(str(reason)) from None


def until_refused(call):
    """What it was answered at last: not 200."""
    for _ in range(MOST):
        answer = call()
        if answer.status != 200:
            return answer
    raise AssertionError('it is never full')


def is_refusal(answer):
    equal(answer.status, 503, 'a call that needs room')
    check(answer.header('retry-after').isdigit(), 'no Retry-After')
    equal(answer.json()['status'], 503, 'the problem')


def until_done(call, wanted=(200, 201)):
    """Until it is answered 200, or 201 for what was done already. That one
    worker has its database back does not say that the next has."""
    end = time.monotonic() + BACK_S
    while (status := call().status) not in wanted:
        equal(status, 503, 'until the database is back')
        check(time.monotonic() < end, 'it does not come back')
        time.sleep(0.05)


def until_it_runs(server):
    """It ends when it cannot write its log, and then a part of it may still be
    about; or it comes back by itself."""
    end = time.monotonic() + BACK_S
    while True:
        with contextlib.suppress(cluster.ClusterError):
            if server.answers():
                return
        check(time.monotonic() < end, 'it does not start')
        if server.process.poll() is not None:
            with contextlib.suppress(cluster.ClusterError):
                server.start()
        time.sleep(0.05)


def until_said(relay, words):
    """The log may have it a moment later than the client its answer."""
    end = time.monotonic() + BACK_S
    while words not in relay.output():
        check(time.monotonic() < end, f'no word of: {words}')
        time.sleep(0.05)


def until_told(relay, mailbox):
    """That it is over; which is said some time after the last refusal."""
    end = time.monotonic() + BACK_S
    while 'the database answers again' not in relay.output():
        equal(mailbox.read().status, 200, 'a read')
        check(time.monotonic() < end, 'it is never over')
        time.sleep(0.1)


def lines_about_the_database(relay):
    return [line for line in relay.output().splitlines()
            if 'store: the database' in line]


class Mailbox:
    """One that is written again and again; what it may hold now."""

    def __init__(self, relay):
        self.share = share.make(relay.speaker(),
                                payload=share.payload('first'), bound=True)
        self.may_hold = ['first']
        self.count = 0

    def update(self):
        """Acknowledged, it holds that; refused with 503, perhaps."""
        self.count += 1
        text = f'{self.count:02000}'
        answer = self.share.update(text=text)
        self.may_hold = ([text] if answer.status == 200
                         else [*self.may_hold, text])
        return answer

    def is_kept(self):
        check(self.share.text() in self.may_hold, 'an update is lost')
        self.share.belongs_to(self.share.recipient)


def test_while_the_disk_is_full_what_needs_no_room_goes_on():
    with on_a_small_disk('data') as (disk, relay):
        speaker = relay.speaker()
        kept = [share.make(speaker, bound=True) for _ in range(20)]
        large = share.valid_body(payload=share.payload(LARGE))
        disk.fill()
        is_refusal(until_refused(lambda: share.create(speaker, large)))
        claim, request = share.new_id(), share.new_id()
        refused = [claim, request]
        for mailbox in kept[1:]:
            is_refusal(share.create(speaker, large, *refused))
            equal(mailbox.text(), 'first payload', 'a read')
            equal(mailbox.read(share.new_id()).status, 401, 'a stranger')
            equal(mailbox.delete().status, 200, 'a delete')
        until_said(relay, 'disk is full: make room')
        disk.make_room()
        until_done(lambda: share.create(speaker, large, *refused))
        equal(kept[0].text(), 'first payload', 'what was there')
        for mailbox in kept[1:]:
            mailbox.is_gone()
        until_told(relay, kept[0])
        said = lines_about_the_database(relay)
        check(len(said) <= 2 * relay.workers, '\n'.join(said))


def test_a_log_that_finds_no_room_loses_nothing_that_was_acknowledged():
    with on_a_small_disk('log') as (disk, relay):
        workers = sorted(relay.worker_pids())
        kept = [Mailbox(relay) for _ in range(5)]
        gone = [share.make(relay.speaker(), bound=True) for _ in range(5)]
        for mailbox in gone:
            equal(mailbox.delete().status, 200, 'a delete')
        disk.fill()
        turns = iter(range(MOST))
        is_refusal(until_refused(
            lambda: kept[next(turns) % len(kept)].update()))
        until_said(relay, 'the database does not answer')
        disk.make_room()
        until_it_runs(disk.server)
        for mailbox in kept:
            until_done(mailbox.share.read)
            mailbox.is_kept()
            equal(mailbox.update().status, 200, 'and on it goes')
            mailbox.is_kept()
        for mailbox in gone:
            until_done(mailbox.read, [404])
            mailbox.is_gone()
        equal(sorted(relay.worker_pids()), workers, 'the same workers')


if __name__ == '__main__':
    sentences.main(globals())
