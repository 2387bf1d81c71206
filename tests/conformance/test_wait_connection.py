"""§6 Waiting, and what else happens on the connection of a read that waits.

Waits are far longer than a call's time limit here, so that an answer which
comes at all came early (test_wait.py).
"""
import threading

from share import headers, make, payload
from tap import equal, row, status, test, that

LONG_S = 60
PADDING = 3000      # bytes, more than servers give a head at first
ROUNDS = 50


def wait_headers(share, etag, *more):
    return headers(share.initiator, extra=[
        ("If-None-Match", etag), ("Prefer", f"wait={LONG_S}"), *more])


def wait_bytes(relay, share, etag, *more, body=b""):
    """The request of a read that waits."""
    return relay.render("POST", share.path,
                        wait_headers(share, etag, *more), body)


def read_bytes(relay, share):
    return relay.render("POST", share.path, headers(share.recipient))


def bound(relay):
    share = make(relay, bound=True)
    return share, share.etag()


def woken(connection, text):
    """The answer to a read that waited for this text."""
    answer = status(connection.receive("POST"), 200)
    equal(answer.json()["payload"], payload(text), "payload")
    return answer


# R-WAIT-1
@test
def reads_wait_again_and_again_on_one_connection(relay):
    share, etag = bound(relay)
    with relay.connect() as connection:
        for number in range(ROUNDS):
            connection.send(wait_bytes(relay, share, etag))
            text = f"round {number}"
            status(share.update(share.recipient, text=text), 200)
            etag = woken(connection, text).header("etag")


# R-WAIT-1
@test
def a_request_behind_one_that_waits_has_its_turn_afterwards(relay):
    for at_once in (True, False):
        with row("in one piece" if at_once else "later"):
            share, etag = bound(relay)
            parts = [wait_bytes(relay, share, etag),
                     read_bytes(relay, share), read_bytes(relay, share)]
            with relay.connect() as connection:
                if at_once:
                    connection.send(b"".join(parts))
                else:
                    connection.send(parts[0])
                    status(share.read(), 200)
                    connection.send(parts[1] + parts[2])
                status(share.update(share.recipient, text="now"), 200)
                for _ in parts:
                    woken(connection, "now")


# R-WAIT-1
@test
def a_client_that_asks_for_the_end_of_the_connection_gets_it(relay):
    share, etag = bound(relay)
    with relay.connect() as connection:
        connection.send(wait_bytes(relay, share, etag,
                                   ("Connection", "close")))
        status(share.update(share.recipient, text="the last"), 200)
        that(woken(connection, "the last").closes, "it does not say so")
        equal(connection.file.read(), b"", "behind the answer")


# R-WAIT-1
@test
def requests_of_every_shape_wait(relay):
    shapes = {
        "a long head": ([("X-Padding", "x" * PADDING)], b""),
        "a body": ([("Content-Type", "application/json")], b"{}"),
        "a body in chunks": ([("Content-Type", "application/json"),
                              ("Transfer-Encoding", "chunked")],
                             b"2\r\n{}\r\n0\r\n\r\n"),
        "an empty body in chunks": ([("Transfer-Encoding", "chunked")],
                                    b"0\r\n\r\n"),
        "many headers": ([(f"X-{n}", "y") for n in range(40)], b""),
        "an empty header": ([("X-Empty", "")], b""),
    }
    for name, (more, body) in shapes.items():
        with row(name):
            share, etag = bound(relay)
            with relay.connect() as connection:
                for text in ("once", "twice"):
                    connection.send(wait_bytes(relay, share, etag, *more,
                                               body=body))
                    status(share.update(share.recipient, text=text), 200)
                    etag = woken(connection, text).header("etag")


# R-HDR-1
@test
def the_answer_to_a_read_that_waited_echoes_its_request_id(relay):
    share, etag = bound(relay)
    sent = ("Mailbox-Request-ID", "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e")
    with relay.connect() as connection:
        connection.send(wait_bytes(relay, share, etag, sent))
        status(share.update(share.recipient, text="here"), 200)
        equal(woken(connection, "here").header(sent[0]), sent[1], "echo")


# R-WAIT-1
@test
def an_update_wakes_a_read_that_waits_over_http_2(relay):
    share, etag = bound(relay)
    found = []
    at_once = headers(share.initiator, extra=[("If-None-Match", etag)])
    status(relay.curl("POST", share.path, at_once), 412)
    waiting = threading.Thread(target=lambda: found.append(
        relay.curl("POST", share.path, wait_headers(share, etag))))
    waiting.start()
    status(share.update(share.recipient, text="over there"), 200)
    waiting.join()
    that(found, "no answer")
    equal(found[0].version, "HTTP/2", "version")
    equal(status(found[0], 200).json()["payload"], payload("over there"),
          "payload")
