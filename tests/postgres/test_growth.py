"""A table through which mailboxes pass does not grow by each of them: relays
vacuum it, with the rights that contrib/postgresql/roles.sql gives, and without
autovacuum's help. bench/churn.py measures how far it grows.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 -B test_growth.py
"""
import contextlib
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('TIGRESS_BUILD', TOP / 'build/release'))
sys.path.insert(0, str(TOP / 'tests' / 'scenario'))

import cluster                                              # noqa: E402
import sentences                                            # noqa: E402
from sentences import Skip, check                           # noqa: E402

LIVE = 4096
MAILBOXES = 40_000
THREADS = 2
BLOB = 1700     # of most mailboxes: see bench/churn.c
SECONDS = 240


@contextlib.contextmanager
def database():
    """A server with its roles and tables, and no autovacuum."""
    reason = cluster.missing()
    if reason is not None:
        raise Skip(f'there is no PostgreSQL here: {reason}')
    with cluster.Cluster(autovacuum='off') as made:
        roles = TOP / 'contrib' / 'postgresql' / 'roles.sql'
        made.primary.sql(roles.read_text())
        subprocess.run(
            [BUILD / 'src/launch/tigress-relay', '--migrate', '--store',
             uri(made.primary, 'tigress_owner')], check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield made.primary


def uri(server, user):
    """Its address as another user."""
    return server.uri.replace(f'//{cluster.USER}@', f'//{user}@')


def churn(server, mailboxes):
    """Let so many come and go; what the store has said meanwhile."""
    done = subprocess.run(
        [BUILD / 'bench/churn', uri(server, 'tigress_relay'), str(LIVE),
         str(mailboxes), str(THREADS)], check=False, timeout=SECONDS,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    check(done.returncode == 0, f'churn failed: {done.stderr}')
    return done.stderr


def size_of(server):
    """Of the table with its indexes, in bytes."""
    return int(server.sql("SELECT pg_total_relation_size('tigress.rows')"))


def test_room_of_mailboxes_that_have_ended_is_used_again():
    with database() as server:
        words = churn(server, MAILBOXES)
        check(words == '', f'it said: {words}')
        size, most = size_of(server), MAILBOXES * BLOB * 2 // 3
        check(size < most, f'{size:,} bytes, of at most {most:,}')


def test_a_relay_that_may_not_vacuum_says_so():
    with database() as server:
        server.sql('REVOKE tigress_rows FROM tigress_relay')
        words = churn(server, MAILBOXES // 3)
        check(1 <= words.count('may not vacuum') <= THREADS,
              f'it said: {words}')
        size, least = size_of(server), MAILBOXES // 3 * BLOB
        check(size > least, f'{size:,} bytes, although nobody vacuums')


if __name__ == '__main__':
    sentences.main(globals())
