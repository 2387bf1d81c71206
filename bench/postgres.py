#!/usr/bin/python3
"""What a database costs: the store alone on it, and one and two relays.

    postgres.py [--quick]

A private PostgreSQL (tests/postgres/cluster.py) below build/, on the disk of
this checkout; relays of two workers each. Nothing is pinned to a processor:
clients, relays and database share those that there are.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
BUILD = pathlib.Path(os.environ.get('TIGRESS_BUILD', TOP / 'build/release'))
sys.path[:0] = [str(TOP / 'tests' / name) for name in ('postgres', 'scenario')]

import cluster                                              # noqa: E402
import relay                                                # noqa: E402

SETTINGS = {'shared_buffers': '512MB', 'max_wal_size': '4GB'}
LINE = re.compile(r'(\w+) (local|replicated) rows=(\d+) '
                  r'(?:batch|in_flight)=(\d+) us_per_op=([\d.]+) '
                  r'cpu_us_per_op=([\d.]+) ops=(\d+)$')
TICK_US = 1e6 / os.sysconf('SC_CLK_TCK')
LOAD_CONNECTIONS = 32
ROUNDS = 3
PATIENCE_SECONDS = 60


def processor_us(server):
    """What all processes of a server have computed, those too that ended."""
    total = 0
    for pid in server.pids():
        try:
            stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
        except FileNotFoundError:
            continue
        times = stat.rsplit(')', 1)[1].split()[11:15]
        is_postmaster = pid == server.process.pid
        total += sum(map(int, times[:4 if is_postmaster else 2]))
    return total * TICK_US


# ---- the store alone --------------------------------------------------------

def run_store(servers, durability, rows, first):
    """store_bench, with the servers' part: ([a row for each figure], first
    share of another time)."""
    process = subprocess.Popen(
        [BUILD / 'bench' / 'store_bench', servers[0].uri, durability,
         str(rows), str(first)], stdout=subprocess.PIPE, text=True)
    found, before = [], 0
    for line in process.stdout:
        used = sum(map(processor_us, servers))
        if line.startswith('end'):
            first = int(line.split()[1])
        elif match := LINE.match(line):
            layer, _, _, together, us, cpu = match.groups()[:6]
            found.append((layer, durability, rows, int(together), float(us),
                          float(cpu), (used - before) / int(match[7])))
        before = used
    if process.wait() != 0:
        sys.exit('bench: the store failed')
    return found, first


def store_figures(rows):
    """On the same rows: alone, and then with a standby."""
    with cluster.Cluster(standbys=1, **SETTINGS) as database:
        primary, standby = database.servers
        names = primary.sql('SHOW synchronous_standby_names')
        primary.reload({'synchronous_standby_names': ''})
        standby.stop()
        alone, first = run_store([primary], 'local', rows, 0)
        standby.rejoin(primary)
        standby.wait_until(lambda: standby.is_streaming_from(primary))
        primary.reload({'synchronous_standby_names': names})
        both, _ = run_store(database.servers, 'replicated', rows, first)
    return alone + both


def store_table(found):
    """Rows of a table."""
    lines = ['| what | standbys | rows | together | operations/s | µs per '
             'operation | CPU µs, client | CPU µs, servers |',
             '|---|---:|---:|---:|---:|---:|---:|---:|']
    for layer, durability, rows, together, us, cpu, servers in found:
        lines.append(f'| {layer} | {int(durability == "replicated")} | {rows} '
                     f'| {together} | {1e6 / us:,.0f} | {us:.1f} | {cpu:.1f} '
                     f'| {servers:.1f} |')
    return lines


# ---- relays -----------------------------------------------------------------

def start_load(one, count):
    """load.c, prepared and waiting."""
    process = subprocess.Popen(
        [BUILD / 'bench' / 'load', '--port', str(one.port), '--ca', one.ca,
         '--kind', 'mix', '--count', str(count), '--connections',
         str(LOAD_CONNECTIONS)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    if process.stdout.readline().strip() != 'prepared':
        sys.exit('bench: the load could not be prepared')
    return process


def throughput(relays, count):
    """Requests a second of two loads, on one relay or on two."""
    loads = [start_load(one, count) for one in (relays[0], relays[-1])]
    for process in loads:
        process.stdin.write('go\n')
        process.stdin.flush()
    told = [process.communicate(timeout=PATIENCE_SECONDS)[0]
            for process in loads]
    if any(process.returncode != 0 for process in loads):
        sys.exit('bench: a wrong answer; nothing is reported')
    results = [json.loads(text) for text in told]
    return (sum(result['requests'] for result in results) /
            max(result['seconds'] for result in results))


def relay_figures(count):
    """[(what, the most requests a second, all of the rounds)]"""
    with cluster.Cluster(**SETTINGS) as database, relay.Relay() as disk, \
            relay.Relay(database=database.uri) as one, \
            relay.Relay(database=database.uri) as other:
        cases = {'LMDB, one node': [disk], 'PostgreSQL, one node': [one],
                 'PostgreSQL, two nodes': [one, other]}
        found = {name: [] for name in cases}
        for number in range(ROUNDS + 1):
            for name, relays in cases.items():
                rate = throughput(relays, count)
                if number > 0:  # the first warms up
                    found[name].append(rate)
    return found


def relay_table(found):
    """Rows of a table."""
    lines = ['| store, nodes | requests/s, the best of '
             f'{ROUNDS} rounds | all rounds |', '|---|---:|---|']
    for name, rates in found.items():
        lines.append(f'| {name} | {max(rates):,.0f} | ' +
                     ', '.join(f'{rate:,.0f}' for rate in rates) + ' |')
    return lines


# -----------------------------------------------------------------------------

def measure(quick):
    """The section of the results, or a word on why there is none."""
    reason = cluster.missing()
    if reason is not None:
        return [f'not measured: {reason}']
    before = os.getloadavg()[0]
    was, tempfile.tempdir = tempfile.tempdir, str(TOP / 'build')
    try:
        store = store_figures(100_000)
        if not quick:
            store += store_figures(1_000_000)
        relays = relay_figures(1024 if quick else 4096)
    finally:
        tempfile.tempdir = was
    return [
        'Private servers and their clients, over unix sockets, on the same',
        f'{os.cpu_count()} processors and the same disk, with fsync; '
        f'{SETTINGS["shared_buffers"]} of shared buffers. The', 'same shares '
        'as above; with a standby each answer, also of a read, waits for',
        'it. The servers\' part is that of all their processes, the '
        'standby\'s too.', f'Load of the machine before: {before:.1f}.', '',
        *store_table(store), '',
        'Requests of the keep-alive mix, two loads of '
        f'{LOAD_CONNECTIONS} connections each; a node has two', 'workers. '
        'Loads, relays and the database share '
        f'{os.cpu_count()} processors: **this is no', 'evidence of scaling**, '
        'it only shows what a second node costs where nothing is', 'gained '
        'by it.', '', *relay_table(relays),
    ]


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--quick', action='store_true',
                        help='100,000 rows only, fewer requests')
    print('\n'.join(measure(parser.parse_args().quick)))


if __name__ == '__main__':
    main()
