#!/usr/bin/python3
"""Measure the relay beside nginx answering a constant; write RESULTS.md.

    run.py [--quick]

In one run, interleaved: the relay, and the same nginx program with the same
certificate answering constants of the same size, once with nginx's own TLS
settings and once without session tickets. The server has one processor, the
load another. What counts is the server's processor time per request, taken
from /proc; load (load.c) sends an exact number of requests, checks every
answer and gives up at the first wrong one.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import attestation
import postgres
import waiting

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
BUILD = TOP / 'build' / 'release'
LOAD = BUILD / 'bench' / 'load'
HOLD = BUILD / 'bench' / 'hold'
DEVICE = BUILD / 'tests' / 'attest' / 'attest_device'
STORE_BENCH = BUILD / 'bench' / 'store_bench'

KINDS = {
    'create': 'new connection + create',
    'read': 'new connection + read',
    'mix': 'keep-alive mix (1 create : 1 bind : 3 reads : 2 updates : '
           '1 delete)',
}
SERVERS = {
    'relay': 'relay',
    'default': 'constant, default TLS',
    'no tickets': 'constant, no tickets',
}
TARGETS = {'read': 1.00, 'create': 1.20}
STORE_TARGET = 1.5
STORE_ROWS = ['10000', '100000', '1000000']
STORE_LINE = re.compile(r'(\w+) lmdb rows=(\d+) (?:batch|in_flight)=(\d+) '
                        r'us_per_op=([\d.]+) cpu_us_per_op=([\d.]+) '
                        r'ops=\d+$')
PATIENCE_SECONDS = 60
HELD = 10000  # connections


def pinned(cpu, command):
    """The command on one processor, when there are two to choose from."""
    if os.cpu_count() < 2:
        return command
    return ['taskset', '-c', str(cpu), *command]


def leaves(pid):
    """The descendants of a process that have no child."""
    children = pathlib.Path(
        f'/proc/{pid}/task/{pid}/children').read_text().split()
    return sum((leaves(int(child)) for child in children), []) or [pid]


class Server:
    """A server under measurement: its port, its workers, its end."""

    def __init__(self, process, port, authority):
        self.process = process
        self.port = port
        self.authority = authority
        self.workers = []

    def find_workers(self):
        """The processes below ours that have no child: nginx's workers."""
        self.workers = leaves(self.process.pid)

    def cpu_ns(self):
        """Processor time of all threads of the workers, in nanoseconds."""
        return sum(int(task.joinpath('schedstat').read_text().split()[0])
                   for pid in self.workers
                   for task in pathlib.Path(f'/proc/{pid}/task').iterdir())

    def wakings(self):
        """How often a thread of theirs has gone to sleep."""
        status = [task.joinpath('status').read_text() for pid in self.workers
                  for task in pathlib.Path(f'/proc/{pid}/task').iterdir()]
        return sum(int(re.search(r'\nvoluntary_ctxt_switches:\s+(\d+)',
                                 text)[1]) for text in status)

    def memory(self):
        """What the workers hold that is no file, in bytes."""
        rollups = [pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text()
                   for pid in self.workers]
        return 1024 * sum(int(re.search(r'Anonymous: +(\d+)', rollup)[1])
                          for rollup in rollups)

    def end(self):
        """End it cleanly."""
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)


def start_relay(state, workers, conf=()):
    """./dev relay; ready when it says so."""
    log = state / f'relay-{workers}.log'
    process = subprocess.Popen(
        pinned(0, [TOP / 'dev', 'relay', '--workers', str(workers),
                   '--state', state / f'relay-{workers}',
                   *(word for one in conf for word in ('--conf', one))]),
        stdout=subprocess.PIPE, stderr=open(log, 'w'),
        stdin=subprocess.DEVNULL, text=True)
    ready = re.match(r'ready https://127\.0\.0\.1:(\d+) ca=(.*)',
                     process.stdout.readline())
    if not ready:
        sys.exit('bench: the relay does not start:\n' + log.read_text())
    server = Server(process, int(ready[1]), pathlib.Path(ready[2]))
    server.find_workers()
    return server


def constant_conf(directory, port, tls, sizes, tickets):
    """The configuration of an nginx that answers constants."""
    places = {'= /v1/m': 'create', '= /v1/m/read': 'read',
              '= /v1/m/update': 'update', '= /v1/m/delete': 'delete'}
    locations = '\n'.join(
        f'    location {place} {{ default_type application/json; '
        f'return 200 "{"x" * sizes[step]}"; }}'
        for place, step in places.items())
    temporary = '\n'.join(
        f'  {kind}_temp_path {directory}/{kind};' for kind in
        ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    return f'''daemon off;
{'user root;' if os.getuid() == 0 else ''}
worker_processes 1;
pid {directory}/pid;
error_log stderr;
events {{ worker_connections 16384; }}
worker_rlimit_nofile 20000;
http {{
  access_log off;
{temporary}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {tls}/relay.pem;
    ssl_certificate_key {tls}/relay.key;
    # As in Debian's own nginx.conf: without it nginx 1.22 has no TLS 1.3, and
    # another handshake would be compared.
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    {'' if tickets else 'ssl_session_tickets off;'}
    {'' if tickets else 'ssl_conf_command NumTickets 0;'}
{locations}
  }}
}}
'''


def start_constant(state, name, port, authority, sizes):
    """nginx with constants; ready when it accepts a request."""
    directory = state / name.replace(' ', '-')
    directory.mkdir()
    conf = directory / 'nginx.conf'
    conf.write_text(constant_conf(directory, port, authority.parent, sizes,
                                  name == 'default'))
    process = subprocess.Popen(
        pinned(0, [os.environ['TIGRESS_NGINX'], '-p', directory, '-c', conf,
                   '-e', 'stderr']), stdin=subprocess.DEVNULL)
    server = Server(process, port, authority)
    for _ in range(100):
        time.sleep(0.05)
        if load(server, 'create', 1, constant=True, check=False):
            server.find_workers()
            return server
    sys.exit('bench: the constant does not start')


def load_command(server, kind, count, constant, options):
    """How load.c is told what to do."""
    command = [LOAD, '--port', server.port, '--ca', server.authority,
               '--kind', kind, '--count', count, '--connections', 32,
               *options]
    command += ['--constant'] if constant else []
    return pinned(1, [str(part) for part in command])


def start_load(server, kind, count, constant, options):
    """load.c, prepared and waiting; None when it could not prepare."""
    process = subprocess.Popen(
        load_command(server, kind, count, constant, options), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout.readline().strip() == 'prepared':
        return process
    process.communicate()
    return None


def load(server, kind, count, constant=False, check=True, options=()):
    """Do it; returns load's result, with the server's cost per request."""
    process = start_load(server, kind, count, constant, options)
    if process is None:
        sys.exit(f'bench: the load for {kind} could not be prepared')
    before = server.cpu_ns()
    said, _ = process.communicate('go\n', timeout=PATIENCE_SECONDS)
    if process.returncode != 0:
        if check:
            sys.exit(f'bench: a wrong answer in {kind}; nothing is reported')
        return None
    result = json.loads(said)
    after = server.cpu_ns()
    result['cpu_us'] = (after - before) / 1000 / result['requests']
    return result


def hold_command(server, count, *options):
    """How hold.c is told what to do."""
    return pinned(1, [str(part) for part in
                      (HOLD, '--port', server.port, '--ca', server.authority,
                       '--connections', count, *options)])


def measure_held(state, servers, count):
    """(memory of an idle connection by server, what waiting reads cost)"""
    idle = {}
    for name, server in servers.items():
        options = [] if name == 'relay' else ['--constant']
        idle[name] = waiting.idle_bytes(
            server, hold_command(server, count, *options), count)
    relay = start_relay(state, 2)
    try:
        return idle, waiting.measure(
            relay, hold_command(relay, count, '--waits'), count,
            lambda: load(relay, 'mix', 2048)['cpu_us'])
    finally:
        relay.end()


def measure_attestation(state, quick):
    """What judging devices costs, with a relay of its own."""
    place = state / 'devices'
    place.mkdir()
    place.chmod(0o755)
    payload = subprocess.run([LOAD, '--payload'], capture_output=True,
                             text=True, check=True).stdout
    devices = attestation.Devices(DEVICE, place, payload)
    relay = start_relay(place, 1, attestation.conf(devices))
    try:
        return attestation.measure(
            relay, lambda kind, count, *options: load(
                relay, kind, count, options=options),
            devices, place, pinned, 1 if quick else 5, 512 if quick else 1024)
    finally:
        relay.end()
        devices.end()


def measure(servers, runs, scale):
    """costs[kind][server]: µs per request, one for each run."""
    counts = {'create': 1024 * scale, 'read': 1024 * scale,
              'mix': 2048 * scale}
    costs = {kind: {name: [] for name in servers} for kind in counts}
    for number in range(runs + 1):
        for kind, count in counts.items():
            for name, server in servers.items():
                result = load(server, kind, count, name != 'relay')
                if number > 0:  # the first warms up
                    costs[kind][name].append(result['cpu_us'])
        print(f'bench: run {number} of {runs} done', file=sys.stderr)
    return costs


def machine():
    """What this was measured on."""
    cpu = re.search(r'model name\s*: (.*)',
                    pathlib.Path('/proc/cpuinfo').read_text())
    commit = subprocess.run(['git', '-C', TOP, 'describe', '--always',
                             '--dirty'], capture_output=True, text=True,
                            check=False).stdout.strip()
    nginx = subprocess.run([os.environ['TIGRESS_NGINX'], '-v'],
                           capture_output=True, text=True,
                           check=False).stderr.strip()
    openssl = subprocess.run(['openssl', 'version'], capture_output=True,
                             text=True, check=False).stdout.strip()
    return [
        f'- date: {datetime.datetime.now(datetime.timezone.utc):%F %H:%M} UTC',
        f'- commit: {commit or "unknown"}',
        f'- machine: {os.cpu_count()} × {cpu[1] if cpu else os.uname().machine}'
        f', Linux {os.uname().release}',
        f'- {nginx.replace("nginx version: ", "")}, '
        f'{" ".join(openssl.split()[:2])}',
    ]


def verdict(ratio, target):
    """Honest words about one target."""
    return f'{"met" if ratio <= target else "NOT met"} ({ratio:.2f})'


def request_table(costs):
    """Rows of medians, ranges and ratios."""
    lines = ['| requests | server | CPU µs per request | range | ratio |',
             '|---|---|---:|---:|---:|']
    for kind, by_server in costs.items():
        reference = statistics.median(by_server['default'])
        for name, values in by_server.items():
            median = statistics.median(values)
            lines.append(
                f'| {KINDS[kind]} | {SERVERS[name]} | {median:.1f} | '
                f'{min(values):.1f}–{max(values):.1f} | '
                f'{median / reference:.2f} |')
    return lines


def more_targets(found):
    """The targets of other modules: (what, value, at most)."""
    return [f'- {what}: {verdict(value, most)}' for what, value, most in found]


def target_list(costs, store):
    """Each target, met or not."""
    lines = []
    for kind, target in TARGETS.items():
        ratio = (statistics.median(costs[kind]['relay']) /
                 statistics.median(costs[kind]['default']))
        lines.append(f'- {KINDS[kind]} ≤ {target:.2f} × the constant with '
                     f'default TLS: {verdict(ratio, target)}')
    for what, number in (('µs', 0), ('CPU µs', 1)) if store else ():
        ratio = store['1000000'][number] / store['10000'][number]
        lines.append(f'- store with 1,000,000 rows ≤ {STORE_TARGET} × its '
                     f'cost with 10,000 (64 together), {what} per '
                     f'operation: {verdict(ratio, STORE_TARGET)}')
    if not store:
        lines.append('- store with 1,000,000 rows: not measured in this run')
    return lines


def measure_all(state, quick):
    """Start everything, measure, end everything."""
    relay = start_relay(state, 1)
    servers = {'relay': relay}
    try:
        sizes = load(relay, 'mix', 8 * 32)['bytes']
        for offset, name in enumerate(('default', 'no tickets'), 1):
            servers[name] = start_constant(state, name, relay.port + offset,
                                           relay.authority, sizes)
        costs = measure(servers, 5 if quick else 7, 1 if quick else 3)
        idle, found = measure_held(state, servers, HELD)
    finally:
        for server in servers.values():
            server.end()
    return sizes, costs, idle, found


def store_rows(state):
    """The store alone, at each number of rows: (what 64 operations together
    cost each, as (µs, CPU µs) by number of rows; a table of everything)."""
    told = subprocess.run([STORE_BENCH, state, *STORE_ROWS], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    table = ['| what | rows | together | µs per operation | CPU µs |',
             '|---|---:|---:|---:|---:|']
    cost = {}
    for line in told.splitlines():
        found = STORE_LINE.match(line)
        if not found:
            sys.exit(f'bench: store_bench said something else: {line}')
        table.append('| ' + ' | '.join(found.groups()) + ' |')
        if found[1] == 'store' and found[3] == '64':
            cost[found[2]] = float(found[4]), float(found[5])
    return cost, table


def doorbells(quick):
    """What push.py says, which measures by itself."""
    count, rounds = ('5000', '1') if quick else ('50000', '3')
    return subprocess.run([sys.executable, '-B', HERE / 'push.py', '--count',
                           count, '--rounds', rounds], text=True,
                          stdout=subprocess.PIPE,
                          check=True).stdout.splitlines()


def write_results(quick, measured, judged, bells, store, store_lines,
                  database):
    """bench/RESULTS.md, and the same to the terminal."""
    sizes, costs, idle, found = measured
    lines = [
        '# Results of ./dev bench' + (' --quick' if quick else ''), '',
        *machine(), '',
        'Server processor time per request, medians of interleaved runs; the',
        'ratio is to nginx answering a constant of the same size with its',
        'default TLS settings. One worker each, so that one processor is',
        f'compared with one. A create answers {sizes["create"]} bytes, a read '
        f'{sizes["read"]};', 'a payload is 1 KiB. HTTP/1.1, TLS 1.3, P-256.',
        '', *request_table(costs), '',
        '## Memory of an idle TLS connection', '',
        f'One of {HELD:,} that were opened 32 at a time.', '',
        *(f'- {SERVERS[name]}: {held / 1024:.1f} KiB'
          for name, held in idle.items()), '',
        '## Reads that wait', '',
        *waiting.table(found, idle['default']), '',
        '## Devices judged', '', *attestation.table(judged), '',
        '## Doorbells', '', *bells, '',
        '## The store alone', '', *(store_lines or ['not measured']), '',
        '## The store on PostgreSQL', '', *database, '',
        '## Targets', '', *target_list(costs, store),
        *more_targets(waiting.targets(found, idle['default']) +
                      attestation.targets(judged)), '',
    ]
    text = '\n'.join(lines)
    (HERE / 'RESULTS.md').write_text(text)
    print(text)


def main():
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--quick', action='store_true',
                        help='fewer requests, and a small store')
    quick = parser.parse_args().quick
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Below build/, since /tmp may be in memory, where a sync costs nothing.
    state = pathlib.Path(tempfile.mkdtemp(prefix='bench-', dir=BUILD.parent))
    try:
        measured = measure_all(state, quick)
        judged = measure_attestation(state, quick)
        store, store_lines = ({}, []) if quick else store_rows(state)
    finally:
        shutil.rmtree(state)
    write_results(quick, measured, judged, doorbells(quick), store,
                  store_lines, postgres.measure(quick))


if __name__ == '__main__':
    main()
