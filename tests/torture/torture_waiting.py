"""Reads that wait, while workers are killed, reloaded and stopped.

A wake that was lost would show as a read that is answered 412: here the other
side always writes long before the time is over.
"""
import contextlib
import os
import random
import select
import signal
import sys
import threading
import time

import rig
from client import new_id
from held_store import HeldStore
from share import (Share, create, headers, make, payload, rights, to_bytes,
                   valid_body)
from tap import equal, fail, note, status, test, that

PAIRS = 3
WAIT_S = 15         # below the time limit of a call, far above any round


def waits(etag, seconds=WAIT_S):
    return [("If-None-Match", etag), ("Prefer", f"wait={seconds}")]


def tried(act):
    """The answer of the first try that gets one; a worker may have died, and
    its store with it."""
    deadline = time.monotonic() + 20
    while True:
        try:
            answer = act()
            if answer.status != 503:
                return answer
        except rig.UNANSWERED:
            pass
        that(time.monotonic() < deadline, "no answer for 20 s")
        time.sleep(0.005)


class Device:
    """One side: waits for the other's text, then writes its own."""

    def __init__(self, share, claim):
        self.share = share
        self.claim = claim
        self.etag = '"0"'

    def expect(self, text):
        """Wait until the mailbox holds this text."""
        while True:
            answer = tried(lambda: self.share.read(self.claim,
                                                   extra=waits(self.etag)))
            # A read whose worker drains is answered 412 early; none does here.
            status(answer, 200)
            self.etag = answer.header("etag")
            if answer.json()["payload"] == payload(text):
                return

    def say(self, text):
        request_id = new_id()
        answer = tried(lambda: self.share.update(self.claim, text,
                                                 request_id))
        self.etag = status(answer, 200, 201).header("etag")


def bound_mailbox(relay):
    """One that lets both sides write, with a connection of its own."""
    claim, speaker = new_id(), relay.speaker()
    body = valid_body(mailboxConfiguration=rights("RWD"))
    mailbox = Share(speaker, status(create(speaker, body, claim), 200), claim)
    mailbox.bind()
    return mailbox


def talk(mailbox, rounds, done):
    """Two devices in turn."""
    first = Device(mailbox, mailbox.initiator)
    second = Device(mailbox, mailbox.recipient)
    answering = threading.Thread(target=echo, args=(second, rounds))
    answering.start()
    for number in range(rounds):
        first.say(f"question {number}")
        first.expect(f"answer {number}")
        done.append(number)
    answering.join()


def echo(device, rounds):
    for number in range(rounds):
        device.expect(f"question {number}")
        device.say(f"answer {number}")


# R-WAIT-1, R-WAIT-2
@test
def no_wake_is_lost_and_nobody_is_stuck_while_workers_are_killed(relay):
    rounds = rig.scaled(240)
    done = []
    mailboxes = [bound_mailbox(relay) for _ in range(PAIRS)]
    with rig.threads(lambda mailbox, _: talk(mailbox, rounds, done),
                     mailboxes) as problems:
        kills = 0
        while len(done) < PAIRS * rounds and not problems:
            relay.kill_some_worker()
            kills += 1
            time.sleep(random.uniform(0.02, 0.15))
    equal(problems, [], "problems")
    equal(len(done), PAIRS * rounds, "rounds")
    note(f"{len(done)} rounds, {kills} workers killed")
    relay.is_well()


def requests_of(speaker, share):
    """(a read that waits, a plain one, one that needs no store), as bytes"""
    extra = waits('"1"', 60)
    return (speaker.render("POST", share.path,
                           headers(share.initiator, extra=extra)),
            speaker.render("POST", share.path, headers(share.initiator)),
            speaker.render("GET", "/nothing/is/here"))


# R-WAIT-3
@test
def a_change_that_is_heard_of_while_the_store_is_looked_at_counts(relay):
    with rig.Rig(workers=2) as pair:
        speaker = pair.speaker()
        share = make(speaker)
        wait, read, nothing = requests_of(speaker, share)
        with HeldStore(pair.worker_pids()[0]) as held:
            ours, theirs = held.sort(speaker.connect, read)
            ours[0].send(wait)
            held.wait_until_caught()    # it has seen the old version
            status(share.update(text="new", connection=theirs[0]), 200)
            ours[1].send(nothing)       # its first thread has heard of it
            status(ours[1].receive("GET"), 404)
        answer = status(ours[0].receive("POST"), 200)
        equal(answer.json()["payload"], payload("new"), "payload")


# R-WAIT-3
@test
def a_change_whose_worker_dies_before_it_tells_is_heard_of(relay):
    with rig.Rig(workers=2) as pair:
        speaker = pair.speaker()
        share = make(speaker)
        wait, read, _ = requests_of(speaker, share)
        with HeldStore(pair.worker_pids()[0]) as held:
            ours, theirs = held.sort(speaker.connect, read)
            theirs[0].send(wait)
            theirs[1].send(read)        # behind the other, which sleeps now
            status(theirs[1].receive("POST"), 200)
            body = to_bytes({"payload": payload("new")})
            ours[0].send(speaker.render(
                "PUT", share.path, headers(share.initiator, new_id(), body),
                body))
            held.wait_until_caught()    # it is durable
            held.kill()
        answer = status(theirs[0].receive("POST"), 200)
        equal(answer.json()["payload"], payload("new"), "payload")


class Waiting:
    """A read that waits, in a thread."""

    def __init__(self, share, claim=None):
        self.answer = None
        etag = share.etag()
        self.thread = threading.Thread(
            target=self.run, args=(share, claim or share.initiator, etag))
        self.thread.start()

    def run(self, share, claim, etag):
        self.answer = share.read(claim, extra=waits(etag, 60))

    def back(self):
        self.thread.join()
        that(self.answer is not None, "no answer")
        return self.answer


def asleep(relay, share, count=1):
    """Reads that are known to wait: each has ended an older one of its own
    claim, which was answered for that reason."""
    found = []
    for number in range(count):
        claim = share.initiator if number == 0 else share.recipient
        older = Waiting(share, claim)
        newer = Waiting(share, claim)
        for waiting in (older, newer):
            waiting.thread.join(timeout=0.5)
        rest = [w for w in (older, newer) if w.thread.is_alive()]
        equal(len(rest), 1, "reads that wait on")
        found += rest
    return found


# R-WAIT-1
@test
def who_waits_is_answered_at_once_when_its_worker_drains(relay):
    share = make(relay.speaker(), bound=True)
    waiting = asleep(relay, share, 2)
    relay.tell(signal.SIGHUP)
    for read in waiting:
        answer = status(read.back(), 412)
        that(answer.closes, "the answer does not say that it closes")
    relay.is_well()


# R-WAIT-1
@test
def who_waits_is_answered_when_the_relay_stops(relay):
    share = make(relay.speaker(), bound=True)
    waiting = asleep(relay, share, 2)
    relay.stop()
    for read in waiting:
        status(read.back(), 412)
    relay.start()
    relay.is_well()


# R-WAIT-2
@test
def as_many_wait_as_may_and_others_are_told_to_come_back(relay):
    with rig.Rig(workers=1, conf=["tigress_parked 2;"]) as small:
        share = make(small.speaker(), bound=True)
        waiting = asleep(small, share, 2)
        other = make(small.speaker())
        answer = status(other.read(extra=waits(other.etag())), 503)
        that(answer.header("retry-after"), "Retry-After is missing")
        status(other.read(), 200)
        status(share.update(), 200)
        for read in waiting:
            status(read.back(), 200)
        status(other.read(extra=waits(other.etag(), 1)), 412)


def replace(pair, keep, other):
    """Kill one of two workers; who stands in for it."""
    os.kill(other, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left = set(pair.worker_pids()) - {keep, other}
        if left:
            return left.pop()
    fail("nobody comes in its place")


def sort_out(connections):
    """(those that wait on, how many were told to come back); the worker of
    the others has died."""
    ended, _, _ = select.select([each.sock for each in connections.values()],
                                [], [], 0)
    told = 0
    for each in connections.values():
        if each.sock in ended:
            with contextlib.suppress(*rig.UNANSWERED):
                status(each.receive("POST"), 503)
                told += 1
    return {share: each for share, each in connections.items()
            if each.sock not in ended}, told


# R-WAIT-2
@test
def more_reads_than_the_store_takes_at_once_look_again_in_turn(relay):
    with rig.Rig(workers=2, conf=["tigress_queue 8;"]) as pair:
        speaker = pair.speaker()
        left = {}
        for share in [make(speaker) for _ in range(100)]:
            left[share] = speaker.connect()
            left[share].send(requests_of(speaker, share)[0])
            status(tried(share.read), 200)
        keep, other = pair.worker_pids()
        all_told = 0
        for _ in range(8):          # who comes in its place calls all
            other = replace(pair, keep, other)
            share.relay = pair.speaker()
            status(tried(share.read), 200)
            left, told = sort_out(left)
            all_told += told
        that(left, "all waited at one worker, or were told to come back")
        all_told += all_hear_of_a_change(pair.speaker(), left)
        # A worker that got no processor for a while has some turns at once.
        that(all_told < len(left), f"{all_told} were told to come back")


def all_hear_of_a_change(speaker, waiting):
    """How many did not, but were told to come back."""
    told = 0
    for share, connection in waiting.items():
        share.relay = speaker
        request_id = new_id()
        status(tried(lambda: share.update(text="new",
                                          request_id=request_id)), 200, 201)
        answer = status(connection.receive("POST"), 200, 503)
        told += answer.status == 503
        if answer.status == 200:
            equal(answer.json()["payload"], payload("new"), "payload")
    return told


# R-WAIT-1
@test
def with_waiting_off_a_read_is_answered_at_once(relay):
    with rig.Rig(workers=1, conf=["tigress_wait_max 0;"]) as quick:
        share = make(quick.speaker())
        answer = status(share.read(extra=waits(share.etag(), 60)), 412)
        equal(answer.header("preference-applied"), None, "applied")


if __name__ == "__main__":
    sys.exit(rig.main("__main__", lambda: rig.Rig(workers=4)))
