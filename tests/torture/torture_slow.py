"""Slow and idle clients: cut off by the deadlines, never in the way of others
(THREATS 20)."""
import contextlib
import resource
import sys
import time

import rig
from client import Closed, new_id
from share import create, headers, make, payload, to_bytes, valid_body
from tap import equal, fail, note, row, status, test, that

HEADER_S = 2
BODY_S = 2
CONF = [f"client_header_timeout {HEADER_S}s;",
        f"tigress_body_timeout {BODY_S}s;",
        "worker_connections 4096;"]
IDLE = 1500
PATIENCE_S = 15


def _relay():
    return rig.Rig(conf=CONF[:2])


def _drip(connection, data, step_s=0.2):
    """One byte each step until the relay has had enough; True when it had."""
    connection.sock.settimeout(0.001)
    deadline = time.monotonic() + PATIENCE_S
    for place in range(len(data)):
        if time.monotonic() > deadline:
            return False
        try:
            connection.sock.sendall(data[place:place + 1])
            time.sleep(step_s)
            if connection.sock.recv(1) in (b"", b"H"):
                return True
        except TimeoutError:
            continue
        except OSError as problem:
            if "timed out" in str(problem) or "WANT" in str(problem).upper():
                continue
            return True
    return False


def _cut_off(speaker, opening, dripped):
    with speaker.connect() as connection:
        if opening:
            connection.send(opening)
        started = time.monotonic()
        that(_drip(connection, dripped), "it was never cut off")
        return time.monotonic() - started


def _create_request(speaker, padding=0):
    body = to_bytes(valid_body(padding="p" * padding))
    sent = headers(new_id(), new_id(), body)
    data = speaker.render("POST", "/v1/m", sent, body)
    return data[:-len(body)], body


# §4
@test
def a_byte_at_a_time_in_the_headers_is_cut_off(relay):
    speaker = relay.speaker()
    head, _ = _create_request(speaker)
    took = _cut_off(speaker, b"", head * 9)
    note(f"headers: cut off after {took:.1f} s")
    relay.is_well()


# §4
@test
def a_byte_at_a_time_in_the_body_is_cut_off(relay):
    speaker = relay.speaker()
    head, body = _create_request(speaker, 4000)
    took = _cut_off(speaker, head, body)
    note(f"body: cut off after {took:.1f} s")
    relay.is_well()


# §4
@test
def a_slow_body_makes_no_mailbox_and_is_answered_with_a_problem(relay):
    speaker = relay.speaker()
    claim, request_id = new_id(), new_id()
    body = to_bytes(valid_body())
    data = speaker.render("POST", "/v1/m", headers(claim, request_id, body),
                          body)
    with speaker.connect() as connection:
        connection.send(data[:-5])
        try:
            answer = connection.receive("POST")
            status(answer, 408)
            that(answer.closes, "the end is not announced")
            equal(answer.json()["status"], 408, "member status")
        except Closed:
            note("closed without an answer")
    status(create(speaker, claim=claim, request_id=request_id), 200)


@contextlib.contextmanager
def _crowd(speaker, count):
    """So many idle connections, some of them in the middle of a request."""
    crowd = []
    context = speaker.context()
    try:
        for number in range(count):
            connection = speaker.connect(context)
            crowd.append(connection)
            if number % 3 == 1:
                connection.send(b"POST /v1/m HTTP/1.1\r\nHost: x")
            if number % 3 == 2:
                connection.send(_create_request(speaker)[0] + b"{")
        yield crowd
    finally:
        for connection in crowd:
            connection.close()


def _room_for(files):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < files:
        fail(f"needs {files} open files, may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))


# §4
@test
def honest_calls_are_served_among_crowds_of_idle_connections(relay):
    count = rig.scaled(IDLE)
    _room_for(count + 500)
    speaker = relay.speaker()
    mailbox = make(speaker, payload=payload("here"), bound=True)
    started = time.monotonic()
    with _crowd(speaker, count):
        note(f"{count} connections in {time.monotonic() - started:.1f} s")
        for number in range(30):
            with row(f"call {number}"), speaker.connect() as connection:
                answer = mailbox.read(mailbox.recipient,
                                      connection=connection)
                status(answer, 200)
                status(create(speaker, connection=connection), 200)
    relay.is_well()


# §4
@test
def a_crowd_of_slow_bodies_is_cut_off_and_forgotten(relay):
    speaker = relay.speaker()
    head, body = _create_request(speaker)
    crowd = [speaker.connect() for _ in range(200)]
    try:
        for connection in crowd:
            connection.send(head + body[:10])
        relay.is_well()
        ended = [_ends(connection) for connection in crowd]
        equal(ended.count(True), len(crowd), "connections ended")
    finally:
        for connection in crowd:
            connection.close()
    relay.is_well()


def _ends(connection):
    connection.sock.settimeout(PATIENCE_S)
    try:
        while connection.file.read(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


if __name__ == "__main__":
    sys.exit(rig.main("__main__", _relay))
