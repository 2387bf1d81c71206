"""§4 R-IDEM and D10: a request id is done once."""
import concurrent.futures

from client import new_id
from share import make, payload
from tap import equal, row, status, test


# R-IDEM
@test
def a_retried_update_is_201_with_the_first_answer(relay):
    share = make(relay, bound=True)
    for claim in (share.initiator, share.recipient):
        request_id = new_id()
        first = status(share.update(claim, "once", request_id), 200)
        with share.unchanged():
            for _ in range(3):
                again = status(share.update(claim, "once", request_id), 201)
                equal(again.json(), first.json(), "answer")


# R-IDEM
@test
def a_retried_update_is_201_whatever_its_body_and_changes_nothing(relay):
    share = make(relay)
    request_id = new_id()
    status(share.update(text="once", request_id=request_id), 200)
    stale = [("If-Match", '"stale"')]
    text = [("Content-Type", "text/plain")]
    with share.unchanged():
        for body in ({"payload": payload("other")}, {}, b"", b"{", b"\xff",
                     {"payload": {"type": "X", "data": "A" * 90000}}):
            with row(str(body)[:30]):
                status(share.update(request_id=request_id, body=body), 201)
        status(share.update(request_id=request_id, extra=stale), 201)
        status(share.update(request_id=request_id, extra=text), 201)


# D10
@test
def a_straggler_does_not_overwrite_a_later_update(relay):
    share = make(relay, bound=True)
    early = new_id()
    status(share.update(text="early", request_id=early), 200)
    status(share.update(text="late"), 200)
    status(share.update(text="early", request_id=early), 201)
    equal(share.text(), "late", "payload")


def _updates(share, claim, count):
    """That many updates, one after the other; their request ids."""
    ids = [new_id() for _ in range(count)]
    for number, request_id in enumerate(ids):
        status(share.update(claim, f"update {number}", request_id), 200)
    return ids


# D10
@test
def the_last_8_request_ids_of_a_side_are_remembered(relay):
    share = make(relay, bound=True)
    for claim in (share.initiator, share.recipient):
        ids = _updates(share, claim, 8)
        with share.unchanged():
            for request_id in ids + ids[::-1]:
                status(share.update(claim, "retry", request_id), 201)


# D10
@test
def the_ninth_request_id_makes_the_first_forgotten(relay):
    share = make(relay)
    ids = _updates(share, share.initiator, 9)
    with share.unchanged():
        for request_id in ids[1:]:
            status(share.update(text="retry", request_id=request_id), 201)
    status(share.update(text="new again", request_id=ids[0]), 200)
    equal(share.text(), "new again", "payload")


# D10, R-IDEM
@test
def a_retry_does_not_make_a_request_id_younger(relay):
    share = make(relay)
    ids = _updates(share, share.initiator, 8)
    status(share.update(text="retry", request_id=ids[0]), 201)
    _updates(share, share.initiator, 1)
    status(share.update(text="new again", request_id=ids[0]), 200)


# D10
@test
def each_side_has_a_memory_of_its_own(relay):
    share = make(relay, bound=True)
    mine = _updates(share, share.initiator, 8)
    _updates(share, share.recipient, 9)
    with share.unchanged():
        for request_id in mine:
            status(share.update(text="retry", request_id=request_id), 201)


# R-IDEM
@test
def the_same_request_id_of_the_other_side_is_another_call(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.update(share.initiator, "mine", request_id), 200)
    status(share.update(share.recipient, "yours", request_id), 200)
    equal(share.text(), "yours", "payload")


# R-IDEM
@test
def the_same_request_id_with_another_method_is_another_call(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.update(share.recipient, "update", request_id), 200)
    status(share.relinquish(share.recipient, request_id), 200)
    share.bind()
    status(share.delete(share.recipient, request_id), 200)
    share.is_gone()


# R-IDEM
@test
def the_same_request_id_in_another_mailbox_is_another_call(relay):
    one, other = make(relay), make(relay)
    request_id = new_id()
    status(one.update(text="one", request_id=request_id), 200)
    status(other.update(text="other", request_id=request_id), 200)
    equal(other.text(), "other", "payload")


# R-IDEM
@test
def a_refused_call_is_not_remembered(relay):
    share = make(relay)
    request_id = new_id()
    status(share.update(body=b"{", request_id=request_id), 400)
    status(share.update(share.recipient, request_id=request_id), 401)
    share.bind()
    status(share.update(share.recipient, "mine", request_id), 200)
    status(share.update(text="yours", request_id=request_id), 200)
    equal(share.text(), "yours", "payload")


# R-IDEM
@test
def a_refused_relinquish_is_not_remembered(relay):
    share = make(relay)
    request_id = new_id()
    status(share.relinquish(request_id=request_id), 401)
    share.bind()
    status(share.relinquish(request_id=request_id), 200)
    status(share.read(share.stranger), 200)


# R-IDEM
@test
def simultaneous_updates_with_one_request_id_are_done_once(relay):
    share = make(relay)
    for trial in range(3):
        request_id = new_id()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda n: share.update(text=f"{n}", request_id=request_id),
                range(16)))
        with row(f"trial {trial}"):
            codes = sorted(answer.status for answer in answers)
            equal(codes, [200] + [201] * 15, "status codes")
            done = [n for n, a in enumerate(answers) if a.status == 200]
            equal(share.text(), str(done[0]), "payload")


# R-UPD-3
@test
def of_simultaneous_updates_with_one_etag_exactly_one_is_done(relay):
    share = make(relay, bound=True)
    for trial in range(3):
        extra = [("If-Match", share.etag())]
        sides = [share.initiator, share.recipient] * 8
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(
                lambda claim: share.update(claim, extra=extra).status, sides))
        with row(f"trial {trial}"):
            equal(sorted(codes), [200] + [412] * 15, "status codes")


# R-REL-1, R-DEL-1
@test
def of_simultaneous_deletes_exactly_one_is_done(relay):
    for trial in range(3):
        share = make(relay, bound=True)
        sides = [share.initiator, share.recipient] * 6
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            codes = list(pool.map(
                lambda claim: share.delete(claim).status, sides))
        with row(f"trial {trial}"):
            equal(sorted(codes), [200] + [404] * 11, "status codes")
            share.is_gone()
