"""Bytes that are not TLS, not HTTP, or not to the point (THREATS 27)."""
import random
import socket
import sys
import time

import h2
import rig
import tls
from client import new_id
from share import create, headers, make, to_bytes, valid_body
from tap import equal, note, row, status, test, that

SEED = random.randrange(1 << 32)


def _talk(relay, data, pieces=None):
    """Send raw bytes to the port; what comes back until it closes or two
    seconds of nothing."""
    got = b""
    with socket.create_connection(("127.0.0.1", relay.port), 10) as sock:
        sock.settimeout(2)
        try:
            for piece in pieces or [data]:
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
            while part := sock.recv(65536):
                got += part
        except OSError:
            pass
    return got


def _unharmed(relay, workers):
    equal(sorted(relay.worker_pids()), workers, "the same workers")
    relay.is_well()


# R-TLS-1
@test
def bytes_that_are_not_tls_do_no_harm(relay):
    workers = sorted(relay.worker_pids())
    chance = random.Random(SEED)
    note(f"seed {SEED}")
    for size in [0, 1, 2, 5, 6, 100, 17000] * rig.scaled(10):
        _talk(relay, chance.randbytes(size))
    _unharmed(relay, workers)


# R-TLS-1
@test
def broken_hellos_do_no_harm(relay):
    workers = sorted(relay.worker_pids())
    chance = random.Random(SEED)
    note(f"seed {SEED}")
    hello = tls.client_hello(0x0303, tls.ECDHE_AEAD)
    for _ in range(rig.scaled(150)):
        broken = bytearray(hello)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        _talk(relay, bytes(broken[:chance.randint(1, len(broken))]))
    _talk(relay, b"", [bytes([byte]) for byte in hello])
    _unharmed(relay, workers)


# R-TLS-1
@test
def plain_http_on_the_tls_port_is_refused_and_does_nothing(relay):
    workers = sorted(relay.worker_pids())
    body = to_bytes(valid_body())
    claim, request_id = new_id(), new_id()
    data = relay.speaker().render("POST", "/v1/m",
                                  headers(claim, request_id, body), body)
    got = _talk(relay, data)
    note(f"answered with {got[:40]!r}")
    that(b"urlLink" not in got, "a mailbox was made in the clear")
    if got.startswith(b"HTTP/"):
        that(got.split(b" ")[1][:1] == b"4", "not a refusal")
        that(b"application/problem+json" in got, "not a problem document")
        that(claim.encode() not in got, "the claim is repeated")
    status(create(relay.speaker(), None, claim, request_id), 200)
    _unharmed(relay, workers)


def _http_garbage(chance, mailbox):
    """Requests with something wrong in the line, the headers or the length."""
    line = f"POST {mailbox.path} HTTP/1.1\r\nHost: x\r\n".encode()
    claim = f"Mailbox-Device-Claim: {mailbox.recipient}\r\n".encode()
    yield b"\r\n\r\n"
    yield b"\0" * 100
    yield b"POST\r\n\r\n"
    yield b"POST  HTTP/1.1\r\n\r\n"
    yield b"POST " + b"/" * 20000 + b" HTTP/1.1\r\n\r\n"
    yield b"POST /v1/m HTTP/9.9\r\n\r\n"
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(200)
    yield line + claim + b"Content-Length: -1\r\n\r\n"
    yield line + claim + b"Content-Length: 1e3\r\n\r\n"
    yield line + claim + b"Content-Length: 99999999999999999999\r\n\r\n"
    yield line + claim + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}   "
    yield line + claim + b"Transfer-Encoding: gzip\r\n\r\n"
    yield line + claim + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    yield line + claim + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1"
    yield (line + claim + b"Transfer-Encoding: chunked\r\n"
           b"Content-Length: 3\r\n\r\n0\r\n\r\n")
    yield line + b"Mailbox-Device-Claim\r\n\r\n"
    yield line + b"Mailbox-Device-Claim : x\r\n\r\n"
    yield line + b" folded: x\r\n\r\n"
    yield line + b"\0: x\r\n\r\n"
    yield line + claim[:-2] + b"\0\r\n\r\n"
    for _ in range(rig.scaled(60)):
        yield chance.randbytes(chance.randint(1, 3000))


# R-HTTP-1, §4, R-READ-2
@test
def garbage_inside_tls_is_answered_with_a_problem_or_closed(relay):
    workers = sorted(relay.worker_pids())
    chance = random.Random(SEED)
    note(f"seed {SEED}")
    speaker = relay.speaker()
    mailbox = make(speaker)
    answers = {}
    for data in _http_garbage(chance, mailbox):
        with row(repr(data[:60])), speaker.connect() as connection:
            code = _judge(connection, data)
            answers[code] = answers.get(code, 0) + 1
    note(f"answers: {answers}")
    mailbox.is_free()
    _unharmed(relay, workers)


def _judge(connection, data):
    connection.sock.settimeout(3)
    try:
        connection.send(data)
        answer = connection.receive("POST")
    except (OSError, ValueError):
        return "closed"
    that(400 <= answer.status < 600, f"got {answer.status}")
    kind = (answer.header("content-type") or "").split(";")[0]
    equal(kind, "application/problem+json", "Content-Type")
    that(answer.header("strict-transport-security"), "no HSTS")
    return answer.status


# R-TLS-1
@test
def connections_dropped_at_any_byte_do_no_harm(relay):
    workers = sorted(relay.worker_pids())
    speaker = relay.speaker()
    mailbox = make(speaker, bound=True)
    body = to_bytes({"payload": {"type": "X", "data": "AAAA"}})
    sent = headers(new_id(), new_id(), body)
    data = speaker.render("PUT", mailbox.path, sent, body)
    with mailbox.unchanged():
        for cut in range(1, len(data), 11):
            with speaker.connect() as connection:
                connection.send(data[:cut])
    time.sleep(0.1)
    _unharmed(relay, workers)


def _creates(first, count):
    """Frames of so many creates, one a stream; and the streams."""
    body = to_bytes(valid_body())
    streams = list(range(first, first + 2 * count, 2))
    return b"".join(
        h2.request(stream, "POST", "/v1/m",
                   headers(new_id(), new_id(), body), body)
        for stream in streams), streams


# R-TLS-1, R-CREATE-5
@test
def streams_reset_while_their_calls_are_under_way_do_no_harm(relay):
    workers = sorted(relay.worker_pids())
    chance = random.Random(SEED)
    speaker = relay.speaker()
    for _ in range(rig.scaled(60)):
        with speaker.connect(alpn=["h2"]) as connection:
            frames, streams = _creates(1, 20)
            connection.send(h2.opening() + frames)
            time.sleep(chance.uniform(0, 0.003))
            for stream in streams:
                connection.send(h2.more_window(stream) + h2.reset(stream))
            more, _ = _creates(101, chance.randint(0, 20))
            connection.send(more)
            time.sleep(chance.uniform(0, 0.003))
    _unharmed(relay, workers)


# R-TLS-1, R-CREATE-5
@test
def clients_that_go_away_while_their_calls_are_under_way_do_no_harm(relay):
    workers = sorted(relay.worker_pids())
    chance = random.Random(SEED)
    speaker = relay.speaker()
    body = to_bytes(valid_body())
    for _ in range(rig.scaled(150)):
        calls = [speaker.render("POST", "/v1/m",
                                headers(new_id(), new_id(), body), body)
                 for _ in range(chance.randint(1, 4))]
        data = b"".join(calls)
        with speaker.connect() as connection:
            connection.send(data[:len(data) - chance.choice([0, 0, 30])])
            time.sleep(chance.uniform(0, 0.002))
    _unharmed(relay, workers)


if __name__ == "__main__":
    sys.exit(rig.main("__main__", rig.Rig))
