#!/usr/bin/python3
"""What a read costs in memory that waits as a stream of HTTP/2.

Beside `./dev bench`, which holds reads over HTTP/1.1 alone. Needs a build:

    TIGRESS_BUILD=build/release python3 -B bench/streams.py
"""
import pathlib
import re
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / 'tests' / 'torture'))

import rig                                                  # noqa: E402
import h2                                                   # noqa: E402
from share import headers, make                             # noqa: E402

CONNECTIONS = 10
STREAMS = 100
CONF = [f'http2_max_concurrent_streams {STREAMS + 1};']


def memory(relay):
    """What the workers hold that is no file, in bytes."""
    found = [pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text()
             for pid in relay.worker_pids()]
    return 1024 * sum(int(re.search(r'Anonymous: +(\d+)', text)[1])
                      for text in found)


def wait(client, share):
    """Let a read wait on a stream of its own."""
    client.ask('POST', share.path, headers(
        share.initiator, extra=[('If-None-Match', '"1"'),
                                ('Prefer', 'wait=60')]))


def open_all(relay, shares, connections, streams):
    """So many connections, on each of which so many reads wait."""
    clients = [h2.Client(relay.speaker()) for _ in range(connections)]
    for number, client in enumerate(clients):
        for share in shares[number * streams:][:streams]:
            wait(client, share)
        # Answered when all that came before it has been looked at.
        client.answer(client.ask('GET', '/nothing/is/here', []))
    return clients


def held(connections, streams):
    """Memory that they take of a fresh relay, which has done each thing once:
    one that has held them before would have room left over."""
    with rig.Rig(workers=1, conf=CONF) as relay:
        speaker = relay.speaker()
        shares = [make(speaker) for _ in range(connections * streams + 1)]
        clients = open_all(relay, shares[-1:], 1, 1)
        before = memory(relay)
        clients += open_all(relay, shares, connections, streams)
        time.sleep(1)
        took = memory(relay) - before
        answered = sum(len(client.answered()) for client in clients)
        for client in clients:
            client.close()
    if answered != len(clients):
        sys.exit('streams: a read did not wait')
    return took / connections / 1024


def main():
    """Measure and print."""
    one, many = held(CONNECTIONS, 1), held(CONNECTIONS, STREAMS)
    print(f'{CONNECTIONS} connections over HTTP/2, with one read that waits: '
          f'{one:.1f} KiB each')
    print(f'with {STREAMS}: {many:.1f} KiB each; '
          f'{(many - one) / (STREAMS - 1):.1f} KiB for each stream more')


if __name__ == '__main__':
    main()
