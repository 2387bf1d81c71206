"""§5 DeleteMailbox."""
from client import new_id
from share import make, rights
from tap import row, status, test


# R-DEL-1, D5
@test
def the_initiator_always_may_delete(relay):
    for letters in ("R", "W", "D", "RW", "RWD"):
        with row(letters):
            share = make(relay, mailboxConfiguration=rights(letters))
            status(share.delete(share.initiator), 200)
            share.is_gone()


# R-DEL-1
@test
def the_bound_recipient_may_delete_with_right_d(relay):
    for letters in ("RD", "RWD"):
        with row(letters):
            share = make(relay, bound=True,
                         mailboxConfiguration=rights(letters))
            status(share.delete(share.recipient), 200)
            share.is_gone()


# R-DEL-1
@test
def the_recipient_without_right_d_may_not_delete(relay):
    for letters in ("R", "RW"):
        share = make(relay, bound=True, mailboxConfiguration=rights(letters))
        with row(letters), share.unchanged():
            status(share.delete(share.recipient), 401)
            share.belongs_to(share.recipient)


# R-DEL-1
@test
def a_claim_that_is_not_bound_may_not_delete(relay):
    share = make(relay)
    with share.unchanged():
        status(share.delete(share.recipient), 401)
        share.bind()
        status(share.delete(share.stranger), 401)
    status(share.relinquish(), 200)
    with share.unchanged():
        status(share.delete(share.recipient), 401)


# R-DEL-1, R-IDEM
@test
def a_retried_delete_is_404(relay):
    share = make(relay)
    request_id = new_id()
    status(share.delete(request_id=request_id), 200)
    status(share.delete(request_id=request_id), 404)


# R-DEL-1, R-IDEM
@test
def retries_of_earlier_calls_are_404_after_the_delete(relay):
    share = make(relay, bound=True)
    once = new_id()
    status(share.update(request_id=once), 200)
    status(share.relinquish(request_id=once), 200)
    status(share.delete(), 200)
    status(share.update(request_id=once), 404)
    status(share.relinquish(request_id=once), 404)


# §13
@test
def a_body_on_delete_or_relinquish_is_ignored(relay):
    for body in (b"{", b"\xff\0", b"[]", b" " * 50000):
        for kind in ("application/json", "text/plain"):
            with row(f"{body[:4]!r} {kind}"):
                extra = [("Content-Type", kind)]
                share = make(relay, bound=True)
                status(share.relinquish(body=body, extra=extra), 200)
                status(share.delete(body=body, extra=extra), 200)
                share.is_gone()


# §13
@test
def a_body_on_delete_or_relinquish_that_is_too_large_is_413(relay):
    share = make(relay, bound=True)
    with share.unchanged():
        status(share.delete(body=b" " * (4 << 20)), 413)
        status(share.relinquish(body=b" " * (4 << 20)), 413)
    share.belongs_to(share.recipient)
