"""What it costs to judge a device, beside the signatures alone.

measure() starts a relay that accepts devices without a statement and with one,
and sends it creates of both kinds, interleaved. The devices are those of the
tests (tests/attest/device.c): one maker, mostly an intermediate, and the
signatures of SIGNATURES for each statement. What these cost alone, `openssl
speed` says in the same minute, on the same processor. That of the intermediate
is counted though the relay remembers it of `packed` and `apple`
(docs/decisions/11); of `android-key` it may be one device's, and is not.
"""
import base64
import hashlib
import pathlib
import re
import statistics
import subprocess
import uuid

FORMATS = ('packed', 'apple', 'android-key', 'fido-u2f')
# Of ECDSA on P-256: the statement's own where there is one, and the chain's.
SIGNATURES = {'packed': 3, 'apple': 2, 'android-key': 3, 'fido-u2f': 2}
TARGET = 1.5
NAME, RP_ID = 'packed', '127.0.0.1'


def verify_us(pinned):
    """What checking one signature of P-256 costs, in µs."""
    told = subprocess.run(pinned(0, ['openssl', 'speed', '-seconds', '1',
                                     'ecdsap256']),
                          capture_output=True, text=True, check=True).stdout
    return 1e6 / float(re.search(r'([\d.]+)\n*\Z', told)[1])


class Devices:
    """The program that makes statements, and its root."""

    def __init__(self, program, place, payload):
        self.root = place / 'devices.pem'
        self.content = b'AEAD_AES_128_GCM\0' + base64.b64decode(payload)
        self.process = subprocess.Popen(
            [program, self.root], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.line('none', 'https://x', bytes(32))   # then the root is written

    def line(self, kind, origin, challenge):
        self.process.stdin.write(f'{kind} {origin} {RP_ID} '
                                 f'{challenge.hex()}\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def write(self, path, kind, origin, count):
        """A file for `load --devices`."""
        with open(path, 'w') as file:
            for _ in range(count):
                claim, request_id = uuid.uuid4(), uuid.uuid4()
                challenge = hashlib.sha256(
                    b'tigress-create-v1' + claim.bytes + request_id.bytes +
                    self.content).digest()
                file.write(f'{request_id} {claim} '
                           f'{self.line(kind, origin, challenge)}\n')

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def conf(devices):
    return ['tigress_attestation optional;',
            f'tigress_attestation_root {devices.root};']


def measure(server, load, devices, place, pinned, runs, count):
    """(µs of a create without, {format: µs with}, µs of one check): medians.

    load(kind, count, *options) is what run.py has."""
    origin = f'https://127.0.0.1:{server.port}'
    without, found, bare = [], {kind: [] for kind in FORMATS}, []
    for number in range(runs + 1):
        bare.append(verify_us(pinned))
        without.append(load('create', count)['cpu_us'])
        for kind in FORMATS:
            file = pathlib.Path(place) / f'{kind}.devices'
            devices.write(file, kind, origin, count)
            found[kind].append(
                load('create', count, '--devices', file)['cpu_us'])
    # The first of each warms up.
    return (statistics.median(without[1:]),
            {kind: statistics.median(us[1:]) for kind, us in found.items()},
            statistics.median(bare[1:]))


def ratio(found, kind):
    without, by_format, bare = found
    return (by_format[kind] - without) / (SIGNATURES[kind] * bare)


def table(found):
    """Lines for RESULTS.md."""
    without, by_format, bare = found
    lines = [
        'New connection + create with a statement, CPU µs of the relay.',
        f'Checking one ECDSA signature on P-256 costs {bare:.1f} µs (`openssl '
        'speed`, same run).', '',
        '| statement | CPU µs | more than none | signatures | × these alone |',
        '|---|---:|---:|---:|---:|',
        f'| none | {without:.1f} | | | |']
    for kind, cost in by_format.items():
        lines.append(f'| {kind} | {cost:.1f} | {cost - without:.1f} | '
                     f'{SIGNATURES[kind]} | {ratio(found, kind):.2f} |')
    return lines


def targets(found):
    """[(what, value, at most)]"""
    return [('a device judged ≤ 1.5 × the bare checks of its signatures '
             f'({NAME})', ratio(found, NAME), TARGET)]
