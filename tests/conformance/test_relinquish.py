"""§5 RelinquishMailbox."""
from client import new_id
from share import make, payload, rights
from tap import equal, row, status, test


# R-REL-1
@test
def the_bound_recipient_relinquishes_whatever_the_rights(relay):
    for letters in ("R", "RW", "RD", "RWD"):
        with row(letters):
            share = make(relay, bound=True,
                         mailboxConfiguration=rights(letters))
            with share.unchanged():
                status(share.relinquish(), 200)
            status(share.read(share.stranger), 200)
            share.belongs_to(share.stranger)


# R-REL-1
@test
def the_initiator_may_not_relinquish(relay):
    share = make(relay)
    status(share.relinquish(share.initiator), 401)
    share.bind()
    status(share.relinquish(share.initiator), 401)
    share.belongs_to(share.recipient)


# R-REL-1
@test
def relinquish_by_a_claim_that_is_not_bound_is_refused(relay):
    share = make(relay)
    status(share.relinquish(share.recipient), 401)
    share.bind()
    status(share.relinquish(share.stranger), 401)
    share.belongs_to(share.recipient)


# R-REL-1
@test
def who_relinquished_is_a_stranger(relay):
    share = make(relay, bound=True)
    status(share.relinquish(), 200)
    with share.unchanged():
        status(share.update(share.recipient), 401)
        status(share.delete(share.recipient), 401)
        status(share.relinquish(share.recipient), 401)
    status(share.read(share.stranger), 200)
    status(share.read(share.recipient), 401)


# R-REL-1
@test
def the_same_device_may_bind_again(relay):
    share = make(relay, bound=True)
    status(share.relinquish(), 200)
    share.bind()
    share.belongs_to(share.recipient)
    status(share.update(share.recipient, "again"), 200)
    equal(share.text(), "again", "payload")


# R-REL-1
@test
def the_content_stays_for_the_next_recipient(relay):
    share = make(relay, bound=True)
    status(share.update(share.recipient, "left behind"), 200)
    etag = share.etag()
    status(share.relinquish(), 200)
    answer = status(share.read(share.stranger), 200)
    equal(answer.json()["payload"], payload("left behind"), "payload")
    equal(answer.header("etag"), etag, "ETag")


# R-REL-1, R-IDEM
@test
def a_retried_relinquish_is_201_though_no_longer_bound(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.relinquish(request_id=request_id), 200)
    for _ in range(2):
        status(share.relinquish(request_id=request_id), 201)
    status(share.relinquish(request_id=new_id()), 401)
    share.is_free()


# R-REL-1, R-IDEM
@test
def a_retried_relinquish_does_not_unbind_the_next_recipient(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.relinquish(request_id=request_id), 200)
    status(share.read(share.stranger), 200)
    status(share.relinquish(request_id=request_id), 201)
    share.belongs_to(share.stranger)


# R-REL-1, R-IDEM
@test
def a_retried_relinquish_does_not_unbind_the_same_device_bound_again(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.relinquish(request_id=request_id), 200)
    share.bind()
    status(share.relinquish(request_id=request_id), 201)
    share.belongs_to(share.recipient)
    status(share.relinquish(), 200)


# R-REL-1, §13
@test
def the_request_ids_of_who_relinquished_are_forgotten(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.update(share.recipient, "one", request_id), 200)
    status(share.relinquish(), 200)
    with share.unchanged():
        status(share.update(share.recipient, "two", request_id), 401)
    share.bind()
    status(share.update(share.recipient, "three", request_id), 200)
    equal(share.text(), "three", "payload")


# R-REL-1
@test
def the_relinquish_id_of_one_claim_means_nothing_for_another(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.relinquish(request_id=request_id), 200)
    status(share.relinquish(share.stranger, request_id), 401)
    status(share.read(share.stranger), 200)
    status(share.relinquish(share.stranger, request_id), 200)
    share.is_free()


# R-REL-1
@test
def the_initiators_memory_outlives_a_relinquish(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    status(share.update(text="mine", request_id=request_id), 200)
    status(share.relinquish(), 200)
    with share.unchanged():
        status(share.update(text="late", request_id=request_id), 201)
