#!/usr/bin/python3
"""How many doorbells tigress-push delivers, and what one costs; as Markdown.

    push.py [--count N] [--rounds N]

The peer is nginx, which reads every post on its one HTTP/2 connection and
answers 200; it has a processor of its own, and so has tigress-push. A worker
rings for N different tokens, and for one that is none behind them: when that is
told to be dead, all others have been sent. Then tigress-push is told to end,
delivers what is under way, and says how many it has delivered. What counts is
the processor time of its whole life, less that of one that had nothing to do.

TIGRESS_BUILD and TIGRESS_NGINX say where the programs are, otherwise
build/release and build/nginx.
"""
import argparse
import os
import pathlib
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get('TIGRESS_BUILD',
                                    TOP / 'build' / 'release')).resolve()
PUSH = BUILD / 'src' / 'push' / 'tigress-push'
NGINX = os.environ.get('TIGRESS_NGINX',
                       TOP / 'build' / 'nginx' / 'usr' / 'sbin' / 'nginx')
SECONDS = 60
TYPE, NONE = b'com.apple.apns', b'not a token'
RATE_WANTED, SHARE_WANTED = 5000, 0.5

NGINX_CONF = """
daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {place};
    proxy_temp_path {place};
    fastcgi_temp_path {place};
    uwsgi_temp_path {place};
    scgi_temp_path {place};
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {place}/cert.pem;
        ssl_certificate_key {place}/key.pem;
        http2_max_concurrent_streams 1000;
        keepalive_requests 100000000;
        # Like APNs, and unlike "return", it reads the body first.
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass_request_headers off;
        }}
    }}
    upstream behind {{
        server unix:{place}/behind;
        keepalive 512;
    }}
    server {{
        listen unix:{place}/behind;
        keepalive_requests 100000000;
        location / {{ return 200; }}
    }}
}}
"""

PUSH_CONF = """
[push]
socket = socket
authorities = cert.pem
queue = 1000000
[apns com.example.app]
key_file = apns.p8
key_id = ABC123DEFG
team_id = DEF123GHIJ
server = https://localhost:{port}
"""


def pinned(cpu, *command):
    """The command on one processor, when there are two to choose from."""
    if os.cpu_count() < 2:
        return command
    return ('taskset', '-c', str(cpu), *command)


def openssl(*words):
    subprocess.run(['openssl', *words], check=True,
                   stderr=subprocess.DEVNULL)


def make_place(place):
    """Keys, certificate and configurations; the port of the peer."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    curve = ['ec_paramgen_curve:P-256']
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', *curve, '-out',
            place / 'apns.p8')
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', *curve, '-nodes',
            '-subj', '/CN=peer', '-addext', 'subjectAltName=DNS:localhost',
            '-keyout', place / 'key.pem', '-out', place / 'cert.pem')
    (place / 'apns.p8').chmod(0o600)
    (place / 'nginx.conf').write_text(
        NGINX_CONF.format(place=place, port=port))
    (place / 'push.conf').touch(0o600)
    (place / 'push.conf').write_text(PUSH_CONF.format(port=port))
    return port


def wait_for(holds):
    """Bounded."""
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            sys.exit('push.py: a program does not come up')
        time.sleep(0.02)


def answers(port):
    """Whether the peer listens."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def packet(data):
    """A doorbell for a token, good for two hours."""
    until = int(time.time()) // 60 * 60 + 7200
    return (b'R' + struct.pack('>QB', until, len(TYPE)) + TYPE +
            struct.pack('>H', len(data)) + data)


def ring(place, count):
    """Ring for that many tokens and wait; the seconds that it took."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as worker:
        worker.settimeout(SECONDS)
        worker.connect(str(place / 'socket'))
        packets = [packet(b'%064x' % i) for i in range(count)]
        begin = time.monotonic()
        for one in packets:
            worker.send(one)
        worker.send(packet(NONE))
        worker.recv(100)
        return time.monotonic() - begin


def measure(place, count):
    """Delivered, seconds of the clock, seconds of the processor."""
    with open(place / 'errors', 'w+', encoding='utf-8') as errors:
        process = subprocess.Popen(
            pinned(0, PUSH, '--config', place / 'push.conf'), stderr=errors)
        wait_for(lambda: 'ready' in (place / 'errors').read_text())
        seconds = ring(place, count)
        process.send_signal(signal.SIGTERM)
        _, _, usage = os.wait4(process.pid, 0)
    said = (place / 'errors').read_text()
    delivered = sum(map(int, re.findall(r'delivered=(\d+)', said)))
    if delivered != count:
        sys.exit(f'push.py: {delivered} of {count} were delivered:\n{said}')
    return seconds, usage.ru_utime + usage.ru_stime


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--count', type=int, default=50000)
    parser.add_argument('--rounds', type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='tigress-bench-') as name:
        place = pathlib.Path(name)
        port = make_place(place)
        peer = subprocess.Popen(
            pinned(1, NGINX, '-c', place / 'nginx.conf', '-p', place,
                   '-e', 'stderr'))
        try:
            wait_for(lambda: answers(port))
            _, idle = measure(place, 0)
            rounds = [measure(place, options.count)
                      for _ in range(options.rounds)]
        finally:
            peer.terminate()
            peer.wait()
    rates = [options.count / seconds for seconds, _ in rounds]
    costs = [(cpu - idle) / options.count for _, cpu in rounds]
    cost = statistics.median(costs)
    print('| doorbells | a second, at most | µs of the processor for one | '
          f'share of a core at {RATE_WANTED}/s (goal {SHARE_WANTED:.0%}) |')
    print('|---|---|---|---|')
    print(f'| {options.count} on one connection, {options.rounds} rounds | '
          f'{statistics.median(rates):.0f} '
          f'({min(rates):.0f}–{max(rates):.0f}) | '
          f'{cost * 1e6:.0f} ({min(costs) * 1e6:.0f}–'
          f'{max(costs) * 1e6:.0f}) | {cost * RATE_WANTED:.0%} |')


if __name__ == '__main__':
    main()
