#!/usr/bin/python3
"""The conformance suite against two relays on one database, behind a balancer
that gives each connection to any of them: for meson.
"""
import os
import pathlib
import random
import selectors
import shutil
import socket
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
SUITE = HERE.parent / 'conformance'
sys.path[:0] = [str(HERE.parent / 'scenario')]

import cluster                                              # noqa: E402
from relay import Relay, free_port                          # noqa: E402

PIECE = 65536


class Balancer:
    """Plain TCP: what comes goes to one of the ports, drawn anew each time."""

    def __init__(self, port):
        self.ports = []
        self.taken = {}     # connections of each port
        self.listener = socket.create_server(('127.0.0.1', port), backlog=512)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return          # closed: the end
            threading.Thread(target=self.join, args=[client],
                             daemon=True).start()

    def join(self, client):
        port = random.choice(self.ports)
        self.taken[port] = self.taken.get(port, 0) + 1
        with client, socket.create_connection(('127.0.0.1', port)) as server:
            try:
                forward(client, server)
            except OSError:
                pass            # one of them is gone: so is the other, now

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def forward(one, other):
    """Both ways, until both have said that there is no more."""
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while ready.get_map():
            for key, _ in ready.select():
                piece = key.fileobj.recv(PIECE)
                if piece:
                    key.data.sendall(piece)
                else:
                    ready.unregister(key.fileobj)
                    key.data.shutdown(socket.SHUT_WR)


def relays(database, public):
    """Two that look like one from outside: name and certificate are the
    same."""
    one, other = (Relay(database=database.primary.uri, public_host=public)
                  for _ in range(2))
    shutil.copy(one.ca, other.ca)
    shutil.copy(one.key, other.key)
    return one, other


def run(words, port, relay):
    settings = {**os.environ, 'RELAY_URL': f'https://127.0.0.1:{port}',
                'RELAY_CA': relay.ca}
    return subprocess.run([sys.executable, '-B', str(SUITE / 'run.py'),
                           *words], env=settings, check=False).returncode


def main(words):
    """Start, run, end."""
    reason = cluster.missing()
    if reason is not None:
        print(f'1..0 # SKIP there is no PostgreSQL here: {reason}')
        return 0
    port = free_port()
    balancer = Balancer(port)
    with cluster.Cluster() as database:
        one, other = relays(database, f'127.0.0.1:{port}')
        with one, other:
            balancer.ports = [one.port, other.port]
            code = run(words, port, one)
            print(f'# connections: {sorted(balancer.taken.values())}')
            for relay in (one, other) if code else ():
                print('# ' + '\n# '.join(relay.output().splitlines()[-10:]))
    balancer.close()
    return code


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
