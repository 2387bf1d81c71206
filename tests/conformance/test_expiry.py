"""§1, R-CREATE-4: a mailbox is gone at its second, swept or not."""
import time

import clock
from client import new_id
from share import Share, create, make, valid_body
from tap import equal, fail, row, status, test, that

POLL_S = 0.03
PATIENCE_S = 15


def _now(relay):
    """The relay's clock, never later than it is when this returns."""
    return clock.of(relay.call("GET", "/v1/nothing"))


def _wait(relay, end):
    """Until the relay's clock has passed `end`."""
    started = time.monotonic()
    while _now(relay) <= end:
        if time.monotonic() - started > PATIENCE_S:
            fail("the relay's clock stands still")
        time.sleep(POLL_S)


# R-CREATE-4
@test
def a_mailbox_lives_until_its_second_and_not_a_moment_longer(relay):
    share = make(relay, mailboxConfiguration={"lifetime": 2})
    end = clock.seconds(share.expiration)
    reads = 0
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        before = _now(relay)
        answer = share.read()
        after = _now(relay)
        if status(answer, 200, 404).status == 404:
            that(after >= end, "gone before its second")
            break
        reads += 1
        that(before < end, "read after its second")
        time.sleep(POLL_S)
    that(reads > 0, "it was never there")
    share.is_gone()


# R-CREATE-4
@test
def after_its_end_every_call_finds_nothing(relay):
    soon = clock.text(_now(relay) + 3)
    by_date = make(relay, mailboxConfiguration={
        "expiration": soon, "accessRights": "RWD"}, bound=True)
    by_lifetime = make(relay, mailboxConfiguration={
        "lifetime": 2, "accessRights": "RWD"})
    once = new_id()
    status(by_date.update(request_id=once), 200)
    _wait(relay, max(clock.seconds(by_date.expiration),
                     clock.seconds(by_lifetime.expiration)))
    by_date.is_gone()
    by_lifetime.is_gone()
    status(by_date.update(request_id=once), 404)


# R-CREATE-4, R-UPD-1
@test
def reads_and_updates_do_not_prolong_a_life(relay):
    share = make(relay, bound=True, mailboxConfiguration={
        "lifetime": 2, "accessRights": "RWD"})
    end = clock.seconds(share.expiration)
    status(share.update(), 200)
    equal(share.read().json()["expiration"], share.expiration, "expiration")
    _wait(relay, end)
    share.is_gone()


# D4, R-CREATE-4
@test
def a_create_after_the_end_of_its_mailbox_is_not_revived(relay):
    claim, request_id = new_id(), new_id()
    body = valid_body(mailboxConfiguration={"lifetime": 1})
    first = status(create(relay, body, claim, request_id), 200)
    share = Share(relay, first, claim)
    _wait(relay, clock.seconds(share.expiration))
    with row("a retry"):
        again = status(create(relay, body, claim, request_id), 200, 201)
        if again.status == 200:     # the memory may have ended with it
            link = again.json()["urlLink"]
            that(link != share.url, "the link was revived")
    share.is_gone()
