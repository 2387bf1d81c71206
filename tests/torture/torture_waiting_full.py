"""A relay that lets as many reads wait as it may: whom it refuses, and whom
it does not; with nginx's own limits, too. And one where more changes than a
worker can hear of."""
import contextlib
import os
import signal
import sys

import rig
from client import new_id
from held_store import HeldStore
from share import headers, make, payload
from tap import equal, row, status, test, that

LONG_S = 60         # above the time limit of a call
SHORT_S = 1
NOTES = 4096        # that are kept for a worker that does not listen


def waits(etag, seconds=LONG_S):
    return [("If-None-Match", etag), ("Prefer", f"wait={seconds}")]


def read_unanswered(share, claim=None, etag='"1"'):
    """A read that will wait, if it may; its connection."""
    connection = share.relay.connect()
    connection.send(share.relay.render(
        "POST", share.path,
        headers(claim or share.initiator, extra=waits(etag))))
    return connection


def is_full(share):
    """Whether a read of this mailbox would have to wait, and may not."""
    return status(share.read(extra=waits(share.etag(), SHORT_S)),
                  412, 503).status == 503


def fill(relay, number):
    """Mailboxes for which the initiators wait, and their connections."""
    speaker = relay.speaker()
    shares = [make(speaker) for _ in range(number)]
    found = {share: read_unanswered(share) for share in shares}
    probe = make(speaker)
    for _ in range(20):
        if is_full(probe):
            return found
    that(False, "there is a place left")


# R-WAIT-1 R-WAIT-2
@test
def a_full_house_refuses_nobody_who_need_not_wait():
    with rig.Rig(workers=1, conf=["tigress_parked 2;"]) as relay:
        filled = fill(relay, 2)
        share = make(relay.speaker(), bound=True)
        old, new = share.etag(), status(share.update(text="news"), 200)
        new = new.header("etag")
        with row("news"):
            answer = status(share.read(extra=waits(old)), 200)
            equal(answer.json()["payload"], payload("news"), "payload")
            equal(answer.header("preference-applied"), f"wait={LONG_S}",
                  "applied")
        with row("no news"):
            answer = status(share.read(extra=waits(new)), 503)
            that(answer.header("retry-after"), "Retry-After is missing")
            equal(answer.header("preference-applied"), None, "applied")
        with row("a stranger"):
            status(share.read(share.stranger, extra=waits(new)), 401)
        with row("no such mailbox"):
            status(share.read(target="/v1/m/" + new_id(), extra=waits(new)),
                   404)
        for other, connection in filled.items():
            status(other.update(text="woken"), 200)
            status(connection.receive("POST"), 200)
        status(share.read(extra=waits(new, SHORT_S)), 412)


# R-WAIT-2
@test
def in_a_full_house_a_newer_read_takes_the_place_of_its_older():
    with rig.Rig(workers=1, conf=["tigress_parked 2;"]) as relay:
        (share, older), (other, waiting) = fill(relay, 2).items()
        for _ in range(3):
            newer = read_unanswered(share)
            status(older.receive("POST"), 412)
            older = newer
        that(is_full(make(relay.speaker())), "there is a place left")
        for mailbox, connection in ((share, newer), (other, waiting)):
            status(mailbox.update(text="woken"), 200)
            status(connection.receive("POST"), 200)


# R-WAIT-1
@test
def without_a_place_no_read_waits_and_none_is_told_to_come_back():
    with rig.Rig(workers=1, conf=["tigress_parked 0;"]) as relay:
        speaker = relay.speaker()
        share = make(speaker)
        answer = status(share.read(extra=waits(share.etag())), 412)
        equal(answer.header("preference-applied"), None, "applied")
        answer = status(speaker.call("GET", "/.well-known/tigress"), 200)
        equal(answer.json()["wait"], {"max": 0}, "what it says of itself")


LIMITS = ["limit_req_zone $binary_remote_addr zone=requests:1m rate=1r/m;",
          "limit_req zone=requests burst=20 nodelay;", "limit_req_status 429;",
          "limit_conn_zone $binary_remote_addr zone=connections:1m;",
          "limit_conn connections 1;", "limit_conn_status 429;"]


def limited(relay, number):
    """A client with an address, and so with limits, of its own."""
    speaker = relay.speaker()
    speaker.source = (f"127.0.0.{number}", 0)
    return speaker


def asleep_of(his, share):
    """The recipient's read, which waits already; its connection."""
    hers, share.relay = share.relay, his
    waiting = read_unanswered(share, share.recipient)
    share.relay = hers
    status(share.read(), 200)           # the store did his before this
    return waiting


# R-WAIT-1 R-WAIT-2
@test
def who_has_waited_is_answered_though_its_source_has_used_up_its_limits():
    with rig.Rig(workers=1, conf=LIMITS) as relay:
        hers, his = limited(relay, 2), limited(relay, 3)
        share = make(hers, bound=True)
        waiting = asleep_of(his, share)
        codes = [his.call("GET", "/nothing/is/here").status
                 for _ in range(30)]
        equal((codes[0], codes[-1]), (404, 429), "the first and the last")
        status(share.update(text="news"), 200)
        answer = status(waiting.receive("POST"), 200)
        equal(answer.json()["payload"], payload("news"), "payload")


# R-WAIT-1 R-WAIT-2
@test
def who_has_waited_is_answered_though_its_source_has_connections_enough():
    with rig.Rig(workers=1, conf=LIMITS) as relay:
        hers, his = limited(relay, 2), limited(relay, 3)
        share = make(hers, bound=True)
        waiting = asleep_of(his, share)
        body = b"{}"
        busy = his.connect()
        busy.send(his.render("POST", share.path, headers(
            share.recipient, body=body), body)[:-1])    # it is not yet all
        status(his.call("GET", "/nothing/is/here"), 429)
        status(share.update(text="news"), 200)
        status(waiting.receive("POST"), 200)


@contextlib.contextmanager
def standing_still(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


# R-WAIT-3
@test
def a_worker_that_has_missed_more_than_is_kept_looks_at_everything():
    conf = [f"keepalive_requests {2 * NOTES};"]
    with rig.Rig(workers=2, conf=conf) as relay:
        speaker = relay.speaker()
        quiet, noisy = make(speaker), make(speaker)
        plain = speaker.render("POST", quiet.path, headers(quiet.initiator))
        pid = relay.worker_pids()[0]
        with HeldStore(pid) as held:
            ours, theirs = held.sort(speaker.connect, plain)
        ours[0].send(speaker.render(
            "POST", quiet.path,
            headers(quiet.initiator, extra=waits(quiet.etag()))))
        ours[1].send(plain)         # behind the other, which sleeps now
        status(ours[1].receive("POST"), 200)
        with standing_still(pid):
            status(quiet.update(text="news", connection=theirs[0]), 200)
            for _ in range(NOTES + 1):
                status(noisy.update(connection=theirs[0]), 200)
        answer = status(ours[0].receive("POST"), 200)
        equal(answer.json()["payload"], payload("news"), "payload")


if __name__ == "__main__":
    sys.exit(rig.main("__main__", None))
