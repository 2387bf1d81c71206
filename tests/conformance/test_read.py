"""§5 ReadSecureContent: trust on first use."""
import concurrent.futures
import threading

from client import new_id
from share import headers, make, payload, rights, valid_body
from tap import equal, note, row, status, test, that


# R-READ-1, D8
@test
def a_read_answers_payload_display_expiration_support_and_etag(relay):
    share = make(relay)
    for claim in (share.initiator, share.recipient):
        answer = status(share.read(claim), 200)
        got = answer.json()
        equal(got["payload"], payload(), "payload")
        equal(got["displayInformation"], valid_body()["displayInformation"],
              "displayInformation")
        equal(got["expiration"], share.expiration, "expiration")
        equal(got["isPushNotificationSupported"], False, "support")
        etag = answer.header("etag") or ""
        that(len(etag) > 2 and etag[0] == etag[-1] == '"',
             f"ETag is not a strong entity tag: {etag}")


# R-READ-1
@test
def the_initiator_reads_and_never_becomes_the_recipient(relay):
    share = make(relay)
    for _ in range(3):
        status(share.read(share.initiator), 200)
    share.is_free()
    status(share.read(share.initiator), 200)
    status(share.relinquish(share.initiator), 401)


# R-READ-2
@test
def the_first_other_claim_becomes_the_recipient(relay):
    share = make(relay)
    status(share.read(share.recipient), 200)
    share.belongs_to(share.recipient)
    status(share.update(share.recipient), 200)


# R-READ-2, R-READ-3
@test
def a_third_claim_is_refused_and_changes_nothing(relay):
    share = make(relay, bound=True)
    with share.unchanged():
        for _ in range(3):
            status(share.read(share.stranger), 401)
        status(share.update(share.stranger), 401)
        status(share.relinquish(share.stranger), 401)
        status(share.delete(share.stranger), 401)
    share.belongs_to(share.recipient)


# R-READ-3
@test
def without_right_r_the_recipient_is_refused_and_not_bound(relay):
    for letters in ("W", "D", "WD"):
        share = make(relay, mailboxConfiguration=rights(letters))
        with row(letters), share.unchanged():
            status(share.read(share.recipient), 401)
            status(share.read(share.recipient), 401)
            status(share.update(share.recipient), 401)
            status(share.relinquish(share.recipient), 401)
            status(share.delete(share.recipient), 401)


# R-READ-2
@test
def only_a_read_binds(relay):
    share = make(relay)
    with share.unchanged():
        status(share.update(share.stranger), 401)
        status(share.delete(share.stranger), 401)
        status(share.relinquish(share.stranger), 401)
        status(share.preview(), 200)
    share.is_free()


# §5
@test
def reading_may_be_repeated_and_changes_nothing(relay):
    share = make(relay)
    answers = [share.read(share.recipient) for _ in range(5)]
    with share.unchanged():
        for answer in answers:
            status(answer, 200)
            equal(answer.json(), answers[0].json(), "answer")
            equal(answer.header("etag"), answers[0].header("etag"), "ETag")
        status(share.read(share.recipient), 200)


# R-IDEM
@test
def a_read_with_the_same_request_id_is_read_again(relay):
    share = make(relay)
    request_id = new_id()
    status(share.read(share.recipient, request_id=request_id), 200)
    status(share.update(text="newer"), 200)
    answer = share.read(share.recipient, request_id=request_id)
    equal(status(answer, 200).json()["payload"], payload("newer"), "payload")


# R-READ-2
@test
def the_binding_outlives_the_connection_of_the_first_read(relay):
    share = make(relay)
    with relay.connect() as connection:     # the answer is never read
        connection.send(relay.render("POST", share.path,
                                     headers(share.recipient)))
        connection.sock.settimeout(20)
        connection.sock.recv(1)
    status(share.read(share.stranger), 401)
    status(share.read(share.recipient), 200)


# §5
@test
def a_read_takes_an_empty_body_with_and_without_content_type(relay):
    share = make(relay)
    json_kind = [("Content-Type", "application/json")]
    text_kind = [("Content-Type", "text/plain")]
    no_length = [("Content-Length", None)]
    for label, extra in (("neither", ()), ("json", json_kind),
                         ("text", text_kind), ("no length", no_length)):
        with row(label):
            status(share.read(share.recipient, extra=extra), 200)


# §5, §13
@test
def a_read_takes_a_token_or_none(relay):
    token = {"type": "example.push", "tokenData": "0123456789"}
    for body in ({}, {"notificationToken": None},
                 {"notificationToken": token},
                 {"notificationToken": {**token, "more": 1}, "other": []}):
        with row(str(body)):
            share = make(relay)
            answer = status(share.read(share.recipient, body), 200)
            equal(answer.json()["isPushNotificationSupported"], False,
                  "support")
            share.belongs_to(share.recipient)


# §4, R-READ-2
@test
def a_first_read_of_another_content_type_is_415_and_binds_nobody(relay):
    share = make(relay)
    for kind in ("text/plain", "", None):
        with row(str(kind)):
            extra = [("Content-Type", kind)]
            status(share.read(share.recipient, {}, extra=extra), 415)
    status(share.read(share.stranger), 200)
    share.belongs_to(share.stranger)


# R-READ-2
@test
def a_first_read_that_is_too_large_is_413_and_binds_nobody(relay):
    share = make(relay)
    status(share.read(share.recipient, b" " * (4 << 20)), 413)
    status(share.read(share.stranger), 200)
    share.belongs_to(share.stranger)


def _race(share, claims):
    """All claims read at one moment, each over a connection of its own."""
    barrier = threading.Barrier(len(claims))

    def one(claim):
        with share.relay.connect() as connection:
            barrier.wait(20)
            return share.read(claim, connection=connection).status

    with concurrent.futures.ThreadPoolExecutor(len(claims)) as pool:
        return list(pool.map(one, claims))


# R-READ-2
@test
def of_twenty_simultaneous_first_reads_exactly_one_succeeds(relay):
    for trial in range(6):
        share = make(relay)
        claims = [new_id() for _ in range(20)]
        codes = _race(share, claims)
        with row(f"trial {trial}"):
            equal(sorted(codes), [200] + [401] * 19, "status codes")
            winner = claims[codes.index(200)]
            share.belongs_to(winner)
            for claim in claims:
                if claim != winner:
                    status(share.read(claim), 401)
    note("6 trials of 20 connections")


# R-READ-2
@test
def of_first_reads_in_streams_of_one_connection_exactly_one_succeeds(relay):
    for trial in range(3):
        share = make(relay)
        claims = [headers(new_id()) for _ in range(20)]
        codes = relay.curl_at_once("POST", share.path, claims)
        with row(f"trial {trial}"):
            equal(sorted(codes), [200] + [401] * 19, "status codes")
            status(share.read(share.recipient), 401)


# R-READ-2
@test
def simultaneous_first_reads_of_one_device_all_succeed(relay):
    share = make(relay)
    equal(_race(share, [share.recipient] * 12), [200] * 12, "status codes")
    share.belongs_to(share.recipient)


# R-READ-1, R-READ-2
@test
def the_initiator_is_never_in_the_way_of_a_first_read(relay):
    for _ in range(3):
        share = make(relay)
        claims = [share.initiator] * 6 + [share.recipient] * 6
        equal(_race(share, claims), [200] * 12, "status codes")
        share.belongs_to(share.recipient)


# R-READ-3, §1
@test
def claims_of_one_mailbox_open_no_other(relay):
    one, other = make(relay, bound=True), make(relay, bound=True)
    for claim in (one.initiator, one.recipient):
        with other.unchanged():
            status(other.read(claim), 401)
            status(other.update(claim), 401)
            status(other.delete(claim), 401)
            status(other.relinquish(claim), 401)
    other.belongs_to(other.recipient)
