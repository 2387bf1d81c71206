"""Reads that wait as streams of one connection over HTTP/2.

That a place is free again is seen from outside: of a relay that lets few reads
wait, another one is told to come back, or waits.
"""
import contextlib
import json
import random
import signal
import sys

import h2
import rig
from share import headers, make, payload
from tap import equal, fail, status, test, that

LONG_S = 60
SHORT_S = 1
MANY = 40           # streams; the relay allows 64 of a connection


def fields(claim, etag, seconds=LONG_S):
    return headers(claim, extra=[("If-None-Match", etag),
                                 ("Prefer", f"wait={seconds}")])


def wait_for(client, share, claim=None, etag='"1"'):
    """Let a read wait; its stream."""
    return client.ask("POST", share.path,
                      fields(claim or share.initiator, etag))


def read_once(client, share):
    """An answer of its worker, after all that was asked before it."""
    number = client.ask("POST", share.path, headers(share.initiator))
    equal(client.answer(number)[0], 200, "status")


def others_wait(share):
    """Whether a read of somebody else may wait now."""
    answer = status(share.read(extra=fields(share.initiator, share.etag(),
                                            SHORT_S)[1:]), 412, 503)
    return answer.status == 412


def until(expected, share):
    """Others may wait, or not, once the relay has seen to it."""
    for _ in range(20):
        if others_wait(share) == expected:
            return
    fail("a place is not free again" if expected else "places are left over")


# R-WAIT-1
@test
def the_right_one_of_many_streams_is_woken(relay):
    speaker = relay.speaker()
    shares = [make(speaker) for _ in range(MANY)]
    with h2.Client(speaker) as client:
        waiting = {wait_for(client, share): share for share in shares}
        order = list(waiting)
        random.shuffle(order)
        for done, number in enumerate(order, 1):
            text = f"for stream {number}"
            status(waiting[number].update(text=text), 200)
            code, body = client.answer(number)
            equal(code, 200, "status")
            equal(json.loads(body)["payload"], payload(text), "payload")
            read_once(client, shares[0])
            equal(client.answered() & set(order), set(order[:done]),
                  "streams that are answered")


# R-WAIT-1
@test
def a_stream_waits_again_and_again(relay):
    speaker = relay.speaker()
    share = make(speaker)
    with h2.Client(speaker) as client:
        for version in range(1, 101):
            number = wait_for(client, share, etag=f'"{version}"')
            status(share.update(text=f"round {version}"), 200)
            code, body = client.answer(number)
            equal(code, 200, "status")
            equal(json.loads(body)["payload"], payload(f"round {version}"),
                  "payload")


# R-WAIT-2
@test
def of_two_streams_of_one_claim_the_newer_waits_on(relay):
    speaker = relay.speaker()
    share = make(speaker)
    with h2.Client(speaker) as client:
        older = wait_for(client, share)
        read_once(client, share)
        newer = wait_for(client, share)
        equal(client.answer(older)[0], 412, "status of the older")
        status(share.update(), 200)
        equal(client.answer(newer)[0], 200, "status of the newer")


# R-WAIT-2
@test
def a_stream_that_is_reset_gives_its_place_back(relay):
    with rig.Rig(workers=1, conf=["tigress_parked 2;"]) as small:
        speaker = small.speaker()
        shares = [make(speaker) for _ in range(3)]
        with h2.Client(speaker) as client:
            first, second = [wait_for(client, share) for share in shares[:2]]
            until(False, shares[2])
            client.reset(first)
            until(True, shares[2])
            status(shares[1].update(), 200)
            equal(client.answer(second)[0], 200, "status of the other")


def let_all_wait(client, shares):
    """All but the last, which finds no place then."""
    waiting = [wait_for(client, share) for share in shares[:-1]]
    until(False, shares[-1])
    return waiting


# R-WAIT-2
@test
def a_connection_that_is_closed_gives_all_places_back(relay):
    with rig.Rig(workers=1, conf=[f"tigress_parked {MANY};"]) as small:
        speaker = small.speaker()
        shares = [make(speaker) for _ in range(MANY + 1)]
        for _ in range(3):
            with h2.Client(speaker) as client:
                let_all_wait(client, shares)
            until(True, shares[-1])
        with h2.Client(speaker) as client:
            waiting = let_all_wait(client, shares)
            for share in shares[:-1]:
                status(share.update(), 200)
            for number in waiting:
                equal(client.answer(number)[0], 200, "status")


# R-WAIT-1
@test
def all_streams_are_answered_when_their_worker_drains(relay):
    speaker = relay.speaker()
    shares = [make(speaker) for _ in range(MANY)]
    with h2.Client(speaker) as client:
        waiting = [wait_for(client, share) for share in shares]
        read_once(client, shares[0])
        relay.tell(signal.SIGHUP)
        for number in waiting:
            equal(client.answer(number)[0], 412, "status")
        while not client.goes_away:
            client.take_frame()
    relay.is_well()


def answered_while_speaking(client):
    """The statuses of all streams, of a connection that is never silent, so
    that there is always something on its way to the relay."""
    while not client.goes_away or len(client.answered()) < len(client.streams):
        with contextlib.suppress(OSError):  # what it has sent is still here
            client.connection.send(h2.ping())
        client.take_frame()
    return [stream.status for stream in client.streams.values()]


# R-WAIT-1
@test
def all_streams_are_answered_when_their_worker_drains_though_spoken_to(relay):
    speaker = relay.speaker()
    shares = [make(speaker) for _ in range(MANY)]
    for _ in range(rig.scaled(4)):
        old = relay.worker_pids()
        with h2.Client(speaker) as client:
            for share in shares:
                wait_for(client, share)
            read_once(client, shares[0])
            relay.tell(signal.SIGHUP)
            equal(answered_while_speaking(client), [412] * MANY + [200],
                  "statuses")
        relay.until_ended(old)
    that("open socket" not in relay.output(),
         "a worker has ended with a connection that was open")


# R-WAIT-1
@test
def all_streams_are_answered_when_the_relay_stops(relay):
    speaker = relay.speaker()
    shares = [make(speaker) for _ in range(MANY)]
    with h2.Client(speaker) as client:
        waiting = [wait_for(client, share) for share in shares]
        read_once(client, shares[0])
        relay.stop()
        codes = [client.answer(number)[0] for number in waiting]
    that(set(codes) == {412}, f"answered {codes}")
    relay.start()


if __name__ == "__main__":
    sys.exit(rig.main("__main__", lambda: rig.Rig(workers=4)))
