"""What connections cost that are held open, and reads that wait on them."""
import json
import statistics
import subprocess
import sys
import time

SILENCE_SECONDS = 10
SILENCES = 3
WAKES = 2000
MIXES = 5
QUIET_NS = 300_000  # less than this in a third of a second: nothing happens
PATIENCE_SECONDS = 60


class Hold:
    """hold.c: many connections of its own to one server."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, text=True,
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.hear('prepared')

    def hear(self, word):
        """Its next line, which has to be this one, if any is named."""
        line = self.process.stdout.readline().strip()
        if not line or word not in ('', line):
            sys.exit('bench: connections could not be held')
        return line

    def tell(self, line, word=''):
        """What it says to a line."""
        self.process.stdin.write(f'{line}\n')
        self.process.stdin.flush()
        return self.hear(word)

    def end(self):
        """Close them all."""
        self.process.stdin.close()
        if self.process.wait(PATIENCE_SECONDS) != 0:
            sys.exit('bench: a connection that was held broke')


def settle(server):
    """Wait until a server has nothing left to do."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        before = server.cpu_ns()
        time.sleep(0.3)
        if server.cpu_ns() - before < QUIET_NS:
            return
    sys.exit('bench: a server does not come to rest')


def stand_still(server):
    """Wait for a whole second in which a server uses no processor at all:
    what it still has to do for the handshakes is no part of the silence."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        before = server.cpu_ns()
        time.sleep(1)
        if server.cpu_ns() == before:
            return
    sys.exit('bench: a server does not stand still')


def silences(server):
    """[(µs of the processor, wakings)] of a few times in a row. The clock of
    a thread goes on while the host of a virtual machine has taken its
    processor away: one of them alone may have met that."""
    found = []
    stand_still(server)
    for _ in range(SILENCES):
        used, woken = server.cpu_ns(), server.wakings()
        time.sleep(SILENCE_SECONDS)
        found.append(((server.cpu_ns() - used) / 1000,
                      server.wakings() - woken))
    return found


def held(server, command):
    """(hold.c with all connections open, bytes of memory that they took)"""
    hold = Hold(command)
    settle(server)
    before = server.memory()
    hold.tell('open', 'held')
    settle(server)
    return hold, server.memory() - before


def idle_bytes(server, command, count):
    """Memory of one connection that has said something and is now silent."""
    Hold(command).end()  # what is needed once is there now
    hold, took = held(server, command)
    hold.end()
    return took / count


def measure(server, command, count, mix):
    """Reads that wait at a relay; mix() is the cost of a request of others.

    A dictionary: bytes of each, silences, how long wakes took, how many
    waits were over before (`over`), and the cost of others alone and beside
    them.
    """
    alone = [mix() for _ in range(MIXES)]
    hold, took = held(server, command)
    found = {'count': count, 'bytes': took / count}
    found['silences'] = silences(server)
    found |= json.loads(hold.tell(WAKES))
    found['beside'] = statistics.median(mix() for _ in range(MIXES))
    hold.end()
    settle(server)
    found['alone'] = statistics.median(alone + [mix() for _ in range(MIXES)])
    return found


def table(found, idle):
    """The section of the results."""
    sent, told = found['sent'], found['told']
    ratio = found['bytes'] / idle
    return [
        f'{found["count"]:,} reads that wait on as many TLS connections '
        f'(HTTP/1.1) at a relay of', 'two workers.', '',
        f'- memory of each: {found["bytes"] / 1024:.1f} KiB, {ratio:.2f} × '
        'an idle connection of nginx (default TLS)',
        f'- CPU used in {SILENCE_SECONDS} s in which nobody says anything: '
        f'{silence_ms(found):.2f} ms, the median of {SILENCES}:',
        '  ' + ', '.join(f'{used / 1000:.2f} ms in {wakings} wakings'
                         for used, wakings in found['silences']),
        '  (from a second on in which they used none; reads whose time was '
        f'over: {found["over"]})',
        f'- from an update\'s first byte to the answer of who waits, '
        f'{WAKES} times:', f'  {spread(sent)}',
        '- from the answer to the update to the answer of who waits: '
        f'{spread(told)}',
        f'- keep-alive mix alone {found["alone"]:.1f}, beside them '
        f'{found["beside"]:.1f} CPU µs per request',
    ]


def silence_ms(found):
    """The median of the silences."""
    return statistics.median(used for used, _ in found['silences']) / 1000


def spread(times):
    """Times in words."""
    return ', '.join(f'{name} {times[key] / 1000:.1f} ms' for name, key in
                     (('p50', 'p50'), ('p99', 'p99'), ('most', 'most')))


def targets(found, idle):
    """(what, value, most) of each target."""
    return [
        ('a read that waits ≤ 1.20 × the memory of an idle connection of '
         'nginx with default TLS', found['bytes'] / idle, 1.2),
        (f'CPU in {SILENCE_SECONDS} s of silence ≤ 1 ms',
         silence_ms(found), 1),
        ('wake p99 ≤ 10 ms, commit and all',
         found['sent']['p99'] / 1000, 10),
        ('others ≤ 1.10 × their cost without them',
         found['beside'] / found['alone'], 1.1),
    ]
