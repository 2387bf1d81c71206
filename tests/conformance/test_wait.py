"""§6 Waiting: a read that is held until the other side has written.

Nothing here measures how long an answer took. Where a wait must be over early
the wait asked for is far longer than the call's own time limit, so that an
answer which comes at all came early.
"""
import threading

from client import new_id
from share import headers, make, payload, rights
from tap import equal, fail, row, status, test, that

LONG_S = 60
SHORT_S = 1


def waits(etag, seconds=LONG_S, prefer=None):
    """The headers of a read that waits."""
    return [("If-None-Match", etag),
            ("Prefer", prefer or f"wait={seconds}")]


class Waiting:
    """A read under way in a thread; `.answer` once it is back."""

    def __init__(self, share, claim, etag, **kw):
        self.problem = None
        self.answer = None
        self.thread = threading.Thread(
            target=self.run, args=(share, claim, waits(etag, **kw)))
        self.thread.start()

    def run(self, share, claim, extra):
        try:
            self.answer = share.read(claim, extra=extra)
        except OSError as problem:
            self.problem = problem

    def back(self):
        self.thread.join()
        that(self.problem is None, f"no answer: {self.problem}")
        return self.answer


def asleep(share, claim, etag):
    """A read that is known to wait: it has ended an older one of its claim."""
    pair = [Waiting(share, claim, etag), Waiting(share, claim, etag)]
    for _ in range(100):
        for ended, rest in (pair, pair[::-1]):
            ended.thread.join(timeout=0.05)
            if not ended.thread.is_alive():
                status(ended.back(), 412)
                return rest
    fail("neither of two reads of one claim is ended")


def bound(relay):
    """A share, bound, and its version's tag."""
    share = make(relay, bound=True)
    return share, share.etag()


# R-WAIT-1
@test
def an_update_wakes_the_read_that_waits(relay):
    share, etag = bound(relay)
    waiting = Waiting(share, share.initiator, etag)
    status(share.update(share.recipient, text="here it is"), 200)
    answer = status(waiting.back(), 200)
    equal(answer.json()["payload"], payload("here it is"), "payload")
    that(answer.header("etag") != etag, "the tag is the old one")
    equal(answer.header("preference-applied"), f"wait={LONG_S}", "applied")


# R-WAIT-1
@test
def both_sides_wait_and_both_are_woken(relay):
    share, etag = bound(relay)
    first = Waiting(share, share.initiator, etag)
    second = Waiting(share, share.recipient, etag)
    status(share.update(share.initiator), 200)
    for waiting in (first, second):
        status(waiting.back(), 200)


# R-WAIT-1
@test
def rounds_of_questions_and_answers_lose_no_wake(relay):
    share, etag = bound(relay)
    sides = [share.initiator, share.recipient]
    for number in range(60):
        waiting = Waiting(share, sides[number % 2], etag)
        status(share.update(sides[1 - number % 2], text=f"round {number}"),
               200)
        answer = status(waiting.back(), 200)
        equal(answer.json()["payload"], payload(f"round {number}"), "payload")
        etag = answer.header("etag")


# R-WAIT-1
@test
def a_version_that_has_gone_by_is_answered_at_once(relay):
    share, etag = bound(relay)
    status(share.update(share.recipient), 200)
    answer = status(share.read(extra=waits(etag)), 200)
    equal(answer.header("preference-applied"), f"wait={LONG_S}", "applied")


# R-WAIT-1
@test
def when_time_runs_out_the_answer_is_412_unchanged(relay):
    share, etag = bound(relay)
    with share.unchanged():
        answer = status(share.read(extra=waits(etag, SHORT_S)), 412)
        that(answer.json()["type"].endswith(":unchanged"), "another problem")
        equal(answer.header("preference-applied"), f"wait={SHORT_S}",
              "applied")


# R-WAIT-1
@test
def a_delete_wakes_with_404(relay):
    for deleting in ("initiator", "recipient"):
        with row(deleting):
            share, etag = bound(relay)
            first = Waiting(share, share.initiator, etag)
            second = Waiting(share, share.recipient, etag)
            status(share.delete(getattr(share, deleting)), 200)
            for waiting in (first, second):
                status(waiting.back(), 404)


# R-WAIT-1
@test
def at_its_expiration_the_mailbox_is_gone_for_who_waits(relay):
    configuration = {**rights("RWD"), "lifetime": 3}
    share = make(relay, mailboxConfiguration=configuration, bound=True)
    waiting = Waiting(share, share.initiator, share.etag())
    status(waiting.back(), 404)


# §13
@test
def a_reader_who_is_relinquished_while_waiting_gets_401(relay):
    share, etag = bound(relay)
    waiting = asleep(share, share.recipient, etag)
    status(share.relinquish(share.recipient), 200)
    status(waiting.back(), 401)
    share.belongs_to(new_id())


# R-REL-1 §13
@test
def a_relinquish_ends_the_wait_of_the_initiator_and_she_may_wait_again(relay):
    share, etag = bound(relay)
    waiting = asleep(share, share.initiator, etag)
    status(share.relinquish(share.recipient), 200)
    answer = status(waiting.back(), 412)
    that(answer.json()["type"].endswith(":unchanged"), "another problem")
    equal(answer.header("preference-applied"), f"wait={LONG_S}", "applied")
    waiting = asleep(share, share.initiator, etag)
    status(share.read(share.stranger), 200)
    status(share.update(share.stranger, text="another"), 200)
    answer = status(waiting.back(), 200)
    equal(answer.json()["payload"], payload("another"), "payload")


# §13
@test
def a_first_read_binds_before_it_waits(relay):
    share = make(relay)
    etag = share.etag()
    status(share.read(share.recipient, extra=waits(etag, SHORT_S)), 412)
    status(share.read(share.stranger), 401)
    waiting = Waiting(share, share.recipient, etag)
    status(share.update(share.initiator), 200)
    status(waiting.back(), 200)


# R-WAIT-1
@test
def a_stranger_is_refused_and_does_not_wait(relay):
    share, etag = bound(relay)
    answer = status(share.read(share.stranger, extra=waits(etag)), 401)
    equal(answer.header("preference-applied"), None, "applied")


# R-WAIT-2
@test
def of_two_reads_of_one_claim_the_newer_waits_on(relay):
    share, etag = bound(relay)
    waiting = asleep(share, share.recipient, etag)
    status(share.update(share.initiator), 200)
    status(waiting.back(), 200)


# R-WAIT-1, §13
@test
def what_is_not_asked_for_properly_is_not_waited_for(relay):
    share, etag = bound(relay)
    for prefer in ("wait", "wait=", "wait=-1", "wait=1x", "wait=1 2",
                   "wait==3", "=3", "respond-async", 'wait="5', "wait=0",
                   "wait=9;;=", "waits=9", "wait=9 respond-async"):
        with row(prefer):
            answer = share.read(extra=waits(etag, prefer=prefer))
            status(answer, 412)
            equal(answer.header("preference-applied"), None, "applied")
    answer = share.read(extra=[("Prefer", f"wait={LONG_S}")])
    status(answer, 200)
    equal(answer.header("preference-applied"), None, "applied")


# R-WAIT-1, §13
@test
def preferences_may_be_written_in_every_way_that_is_allowed(relay):
    share, etag = bound(relay)
    for prefer, granted in (
            ("wait=1", 1), ("Wait = 1", 1), ('wait="1"', 1),
            ("respond-async, wait=1", 1), ("wait=1; a=b", 1),
            ("wait=1, wait=7", 1), (" ,, wait=1 ,", 1),
            ('x="a,wait=9", wait=1', 1), ("wait=01", 1)):
        with row(prefer):
            answer = share.read(extra=waits(etag, prefer=prefer))
            status(answer, 412)
            equal(answer.header("preference-applied"), f"wait={granted}",
                  "applied")
    with row("in two headers"):
        extra = [("Prefer", "respond-async"), *waits(etag, 1)]
        equal(status(share.read(extra=extra), 412)
              .header("preference-applied"), "wait=1", "applied")


# R-WAIT-1
@test
def more_than_the_cap_is_lowered_to_it(relay):
    share, etag = bound(relay)
    waiting = Waiting(share, share.initiator, etag, seconds=86400)
    status(share.update(share.recipient), 200)
    equal(status(waiting.back(), 200).header("preference-applied"),
          f"wait={LONG_S}", "applied")


# R-WAIT-1
@test
def other_calls_do_not_wait(relay):
    share, etag = bound(relay)
    extra = waits(etag)
    status(share.update(share.initiator, extra=extra), 200)
    status(share.preview(extra=extra), 200)
    status(share.delete(share.initiator, extra=extra), 200)


# R-WAIT-2
@test
def a_client_that_goes_away_while_it_waits_harms_nobody(relay):
    share, etag = bound(relay)
    for _ in range(20):
        connection = relay.connect()
        sent = headers(share.initiator, extra=waits(etag))
        connection.send(relay.render("POST", share.path, sent))
        connection.close()
    waiting = Waiting(share, share.initiator, etag)
    status(share.update(share.recipient), 200)
    status(waiting.back(), 200)
