#!/usr/bin/python3
"""How a PostgreSQL table grows while mailboxes come and go.

    churn.py [--mailboxes N] [--live N] [--threads N] [--set NAME=VALUE]...
             [--table NAME=VALUE]...

A private server (tests/postgres/cluster.py) below build/, churn.c to write to
it, and a line for each twentieth of the mailboxes: the size of the table with
its indexes, beside what the rows that are live take when they are written anew,
each page full, to a copy of the table. Exits with 1 when the table has grown
beyond twice that. 5 million mailboxes take ten minutes or more.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
BUILD = pathlib.Path(os.environ.get('TIGRESS_BUILD', TOP / 'build/release'))
sys.path.insert(0, str(TOP / 'tests' / 'postgres'))

import cluster                                              # noqa: E402

MOST = 2.0
# What tests set otherwise, as PostgreSQL has it by itself.
SETTINGS = {'shared_buffers': '128MB', 'max_wal_size': '1GB',
            'autovacuum_naptime': '1min'}
SIZES = '''SELECT pg_total_relation_size('tigress.rows'),
    pg_relation_size('tigress.rows'), pg_indexes_size('tigress.rows'),
    autovacuum_count, vacuum_count, n_tup_upd, n_tup_hot_upd
    FROM pg_stat_user_tables WHERE relid = 'tigress.rows'::regclass'''
COPY = '''DROP TABLE IF EXISTS copy;
    CREATE TABLE copy (LIKE tigress.rows INCLUDING ALL);
    INSERT INTO copy SELECT * FROM tigress.rows ORDER BY expires;
    SELECT count(*), pg_total_relation_size('copy') FROM copy;
    DROP TABLE copy'''


def live_bytes(server):
    """(rows, bytes of a copy of them that has no room to spare)"""
    rows, size = server.sql(COPY).splitlines()[-1].split('|')
    return int(rows), int(size)


def alter(server, options):
    """Other parameters of the table, as soon as there is one."""
    if not options:
        return
    server.wait_until(lambda: server.sql(
        "SELECT to_regclass('tigress.rows') IS NOT NULL") == 't')
    server.sql(f'ALTER TABLE tigress.rows SET ({", ".join(options)})')


class Watch:
    """The table's size over time."""

    def __init__(self, server):
        self.server = server
        self.begun = time.monotonic()
        self.live = self.most = self.last = 0

    def look(self, mailboxes):
        """A line, and the growth so far."""
        total, table, indexes, theirs, ours, updates, hot = map(
            int, self.server.sql(SIZES).split('|'))
        self.last = total / self.live
        self.most = max(self.most, self.last)
        took = time.monotonic() - self.begun
        print(f'{mailboxes:>9,} mailboxes {took:6.0f} s  '
              f'{total / 1e6:7.1f} MB (table {table / 1e6:.1f}, indexes '
              f'{indexes / 1e6:.1f})  {self.last:.2f} × live  {ours} '
              f'vacuums and {theirs} of the server, '
              f'{100 * hot / max(1, updates):.0f} % of updates '
              f'in place, load {os.getloadavg()[0]:.1f}', flush=True)

    def listen(self, process):
        """What churn.c says, to its end."""
        for line in process.stdout:
            if line.startswith('live'):
                rows, self.live = live_bytes(self.server)
                print(f'{rows:,} rows are live: {self.live / 1e6:.1f} MB',
                      flush=True)
            elif self.live:
                self.look(int(line.split()[1]))


def churn(options):
    """All of it; how often the live size the table was, at most."""
    made = dict(pair.split('=', 1) for pair in options.set)
    # Below build/, since /tmp may be in memory.
    tempfile.tempdir = str(TOP / 'build')
    with cluster.Cluster(**{**SETTINGS, **made}) as database:
        watch = Watch(database.primary)
        process = subprocess.Popen(
            [BUILD / 'bench' / 'churn', database.primary.uri,
             *map(str, (options.live, options.mailboxes, options.threads))],
            stdout=subprocess.PIPE, text=True)
        alter(database.primary, options.table)
        watch.listen(process)
        if process.wait() != 0:
            sys.exit('churn: the store failed')
        rows, watch.live = live_bytes(database.primary)
        watch.look(options.mailboxes)
        print(f'{rows:,} rows are live at the end: {watch.live / 1e6:.1f} MB; '
              f'the table was {watch.most:.2f} × live at most, and is '
              f'{watch.last:.2f} × live')
        return watch.most


def main():
    """Options, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--mailboxes', type=int, default=5_000_000)
    parser.add_argument('--live', type=int, default=150_000)
    parser.add_argument('--threads', type=int, default=3)
    parser.add_argument('--set', action='append', default=[],
                        metavar='NAME=VALUE', help='of the server')
    parser.add_argument('--table', action='append', default=[],
                        metavar='NAME=VALUE', help='of the table')
    reason = cluster.missing()
    if reason is not None:
        sys.exit(f'churn: there is no PostgreSQL here: {reason}')
    sys.exit(0 if churn(parser.parse_args()) <= MOST else 1)


if __name__ == '__main__':
    main()
