#!/usr/bin/python3
"""Run a program beside a private PostgreSQL.

    with_cluster.py [--standbys N] PROGRAM ARG...

It finds in its environment:
  TIGRESS_TEST_POSTGRESQL        the address, as a superuser, no password
  TIGRESS_TEST_POSTGRESQL_DATA   the directory with the server's files
Where no server can be had, the program's tests are skipped, and said so.
"""
import argparse
import os
import signal
import subprocess
import sys

import cluster


def end(number, _):
    """Told to end, it takes along what it has made, and is told only once."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(1)


def main():
    """Start, run, end."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--standbys', type=int, default=0)
    parser.add_argument('program', nargs=argparse.REMAINDER)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    reason = cluster.missing()
    if reason is not None:
        print(f'1..0 # SKIP there is no PostgreSQL here: {reason}')
        return 0
    with cluster.Cluster(standbys=given.standbys) as made:
        return subprocess.run(given.program, check=False, env={
            **os.environ, 'TIGRESS_TEST_POSTGRESQL': made.primary.uri,
            'TIGRESS_TEST_POSTGRESQL_DATA': str(made.primary.data),
        }).returncode


if __name__ == '__main__':
    sys.exit(main())
