"""§5 R-CREATE-3, D5: every subset of rights, each side, each call."""
import itertools

from share import make, rights
from tap import row, status, test

SUBSETS = ["".join(letters) for count in (1, 2, 3)
           for letters in itertools.combinations("RWD", count)]


def _code(allowed):
    return 200 if allowed else 401


# R-CREATE-3, D5
@test
def the_initiator_reads_and_deletes_always_and_updates_with_w(relay):
    for letters in SUBSETS:
        with row(letters):
            share = make(relay, mailboxConfiguration=rights(letters))
            status(share.read(share.initiator), 200)
            status(share.update(share.initiator), _code("W" in letters))
            status(share.relinquish(share.initiator), 401)
            status(share.delete(share.initiator), 200)
            share.is_gone()


# R-CREATE-3, D5
@test
def the_recipient_does_what_the_rights_allow(relay):
    for letters in SUBSETS:
        bound = "R" in letters
        with row(letters):
            share = make(relay, mailboxConfiguration=rights(letters))
            claim = share.recipient
            status(share.read(claim), _code(bound))
            status(share.update(claim), _code(bound and "W" in letters))
            may_delete = bound and "D" in letters
            status(share.delete(claim), _code(may_delete))
            want = 404 if may_delete else _code(bound)
            status(share.relinquish(claim), want)


# R-CREATE-3, R-PRE-1
@test
def the_preview_needs_no_right(relay):
    for letters in SUBSETS:
        with row(letters):
            share = make(relay, mailboxConfiguration=rights(letters))
            status(share.preview(), 200)


# R-CREATE-3, R-READ-3
@test
def a_refused_call_for_want_of_a_right_changes_nothing(relay):
    for letters in SUBSETS:
        share = make(relay, mailboxConfiguration=rights(letters))
        with row(letters), share.unchanged():
            if "R" not in letters:
                status(share.read(share.recipient), 401)
                status(share.read(share.stranger), 401)
                continue
            share.bind()
            if "W" not in letters:
                status(share.update(share.initiator), 401)
                status(share.update(share.recipient), 401)
            if "D" not in letters:
                status(share.delete(share.recipient), 401)
            share.belongs_to(share.recipient)
