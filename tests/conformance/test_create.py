"""§5 CreateMailbox: answers, links, lifetimes, retries."""
import concurrent.futures
import re

import clock
from client import new_id
from share import (Share, create, encode, headers, make, payload, rights,
                   to_bytes, valid_body)
from tap import equal, row, status, test, that


def _lives(answer, want_s):
    """The answer grants this lifetime, by the relay's clock."""
    granted = clock.seconds(answer.json()["expiration"]) - clock.of(answer)
    that(abs(granted - want_s) <= clock.SLACK_S,
         f"granted {granted} s, want {want_s} s")


# R-CREATE-4, R-CREATE-5, D6
@test
def a_create_answers_link_support_and_expiration(relay):
    answer = status(create(relay), 200)
    got = answer.json()
    that(got["urlLink"].startswith("https://"), "urlLink is not https")
    that(re.fullmatch(r"https://[^/?#@]+/v1/m/[0-9a-f-]{36}",
                      got["urlLink"]), "urlLink has another form")
    equal(got["isPushNotificationSupported"], False, "support")
    that(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got["expiration"]),
         "expiration has another form")


# R-CREATE-5
@test
def identifiers_are_random_version_4_uuids(relay):
    shares = [make(relay) for _ in range(20)]     # Share checks the form
    equal(len({share.id for share in shares}), 20, "identifiers")
    for position in range(36):
        if position in (8, 13, 14, 18, 19, 23):
            continue                # dashes, version, variant
        digits = {share.id[position] for share in shares}
        that(len(digits) > 3, f"digit {position} hardly changes: {digits}")


# R-CREATE-5
@test
def the_mailbox_is_there_as_soon_as_the_answer_is(relay):
    for number in range(20):
        share = make(relay, payload=payload(f"number {number}"))
        with relay.connect() as other:
            answer = status(share.read(connection=other), 200)
            equal(answer.json()["payload"], payload(f"number {number}"),
                  "payload")


# R-CREATE-5, R-READ-1
@test
def the_creators_claim_is_the_initiators(relay):
    share = make(relay)
    status(share.read(share.initiator), 200)
    status(share.relinquish(share.initiator), 401)
    share.is_free()


# R-PUSH-1
@test
def push_is_not_supported_for_an_unknown_kind_of_token(relay):
    token = {"type": "example.unknown.push", "tokenData": "abcdef0123456789"}
    answer = status(create(relay, valid_body(notificationToken=token)), 200)
    equal(answer.json()["isPushNotificationSupported"], False, "support")


# R-CREATE-4
@test
def a_mailbox_without_configuration_lives_48_hours(relay):
    _lives(status(create(relay), 200), clock.LONGEST_S)
    body = valid_body(mailboxConfiguration=None)
    _lives(status(create(relay, body), 200), clock.LONGEST_S)


def _configured(relay, **configuration):
    body = valid_body(mailboxConfiguration=configuration)
    return create(relay, body)


# R-CREATE-4
@test
def an_expiration_is_kept_to_the_second(relay):
    now = clock.of(create(relay))
    for ahead in (30, 3600, clock.LONGEST_S - 60):
        with row(f"{ahead} s ahead"):
            want = clock.text(now + ahead)
            answer = status(_configured(relay, expiration=want), 200)
            equal(answer.json()["expiration"], want, "expiration")


# R-CREATE-4
@test
def an_expiration_in_the_past_is_400(relay):
    now = clock.of(create(relay))
    for behind in (1, 60, clock.DAY_S, 50 * 365 * clock.DAY_S):
        with row(f"{behind} s ago"):
            past = clock.text(now - behind)
            status(_configured(relay, expiration=past), 400)


# R-CREATE-4
@test
def an_expiration_of_this_very_second_is_never_a_living_mailbox(relay):
    now = clock.of(create(relay))
    answer = _configured(relay, expiration=clock.text(now))
    if status(answer, 200, 400).status == 200:
        status(Share(relay, answer, new_id()).preview(), 404)


# D6
@test
def an_expiration_beyond_the_maximum_is_lowered_and_the_answer_says_so(relay):
    now = clock.of(create(relay))
    for far in (clock.text(now + clock.LONGEST_S + 3600),
                "2096-02-29T00:00:00Z", "9999-12-31T23:59:59Z"):
        with row(far):
            answer = status(_configured(relay, expiration=far), 200)
            _lives(answer, clock.LONGEST_S)


# R-CREATE-4, D6
@test
def the_read_tells_the_same_expiration_as_the_create(relay):
    share = make(relay)
    equal(share.read().json()["expiration"], share.expiration, "expiration")


# R-CREATE-4
@test
def an_expiration_that_is_no_real_utc_date_is_400(relay):
    for bad in ("2096-02-30T00:00:00Z", "2095-02-29T00:00:00Z",
                "2100-02-29T00:00:00Z", "2096-00-10T00:00:00Z",
                "2096-13-10T00:00:00Z", "2096-01-00T00:00:00Z",
                "2096-01-32T00:00:00Z", "2096-04-31T00:00:00Z",
                "2096-01-10T24:00:00Z", "2096-01-10T00:60:00Z",
                "2096-01-10T00:00:61Z", "2096-01-10T12:00:60Z",
                "2096-01-10T00:00:00", "2096-01-10T00:00:00z",
                "2096-01-10t00:00:00Z", "2096-01-10 00:00:00Z",
                "2096-01-10T00:00:00.0Z", "2096-01-10T00:00:00+00:00",
                "2096-01-10T00:00Z", "2096-01-10", "20960110T000000Z",
                "+2096-01-10T00:00:00Z", "12096-01-10T00:00:00Z",
                "2096-1-10T00:00:00Z", " 2096-01-10T00:00:00Z",
                "2096-01-10T00:00:00Z ", "2096-01-10T00:00:00ZZ",
                "2096-W02-1T00:00:00Z", "-096-01-10T00:00:00Z",
                "2096-01-10T-1:00:00Z", "3976214400", "tomorrow"):
        with row(bad):
            status(_configured(relay, expiration=bad), 400)


# D7
@test
def a_lifetime_may_stand_in_place_of_the_expiration(relay):
    for lifetime in (30, 3600, clock.LONGEST_S):
        with row(f"{lifetime} s"):
            answer = status(_configured(relay, lifetime=lifetime), 200)
            _lives(answer, lifetime)


# D6, D7
@test
def a_lifetime_beyond_the_maximum_is_lowered(relay):
    for lifetime in (clock.LONGEST_S + 1, 10 ** 9, 2 ** 31, 2 ** 32 + 60,
                     2 ** 62, 2 ** 63 - 1):
        with row(f"{lifetime}"):
            answer = status(_configured(relay, lifetime=lifetime), 200)
            _lives(answer, clock.LONGEST_S)


# D7
@test
def a_lifetime_beyond_all_numbers_is_lowered_or_refused(relay):
    for lifetime in (2 ** 63, 2 ** 64 + 60, 10 ** 40):
        with row(f"{lifetime}"):
            answer = status(_configured(relay, lifetime=lifetime), 200, 400)
            if answer.status == 200:
                _lives(answer, clock.LONGEST_S)


# D7
@test
def a_lifetime_that_is_no_whole_number_of_seconds_ahead_is_400(relay):
    for bad in (0, -1, -2 ** 63, 1.5, "60", True, [], {}, [60], "PT60S"):
        with row(repr(bad)):
            status(_configured(relay, lifetime=bad), 400)


# D7, §13
@test
def expiration_and_lifetime_together_are_400(relay):
    soon = clock.text(clock.of(create(relay)) + 600)
    status(_configured(relay, expiration=soon, lifetime=600), 400)


# §13
@test
def null_for_the_one_of_the_two_that_is_not_used_means_absent(relay):
    soon = clock.text(clock.of(create(relay)) + 600)
    status(_configured(relay, expiration=soon, lifetime=None), 200)
    status(_configured(relay, expiration=None, lifetime=600), 200)


# R-CREATE-4
@test
def a_configuration_without_expiration_is_400(relay):
    for configuration in ({}, {"accessRights": "R"}, {"expiration": None},
                          {"lifetime": None}, {"other": 1}):
        with row(str(configuration)):
            status(_configured(relay, **configuration), 400)


# D4
@test
def a_retried_create_returns_the_same_answer_as_201(relay):
    claim, request_id = new_id(), new_id()
    body = valid_body(mailboxConfiguration={"lifetime": 600})
    first = status(create(relay, body, claim, request_id), 200)
    for _ in range(3):
        again = status(create(relay, body, claim, request_id), 201)
        equal(again.json(), first.json(), "answer")


# D4, R-IDEM
@test
def a_retried_create_is_201_whatever_its_body(relay):
    claim, request_id = new_id(), new_id()
    first = status(create(relay, None, claim, request_id), 200)
    share = Share(relay, first, claim)
    other = valid_body(payload=payload("other"),
                       mailboxConfiguration={"lifetime": 10})
    late = valid_body(mailboxConfiguration={"expiration":
                                            "2001-01-01T00:00:00Z"})
    with share.unchanged():
        for body in (other, late, {}, b"", b"{", b"\xff", b"[]"):
            with row(str(body)[:40]):
                again = create(relay, body, claim, request_id)
                equal(status(again, 201).json(), first.json(), "answer")
        wrong = [("Content-Type", "text/plain")]
        status(create(relay, None, claim, request_id, wrong), 201)


# D4
@test
def the_same_request_id_of_another_claim_is_another_create(relay):
    request_id = new_id()
    first = status(create(relay, request_id=request_id), 200)
    second = status(create(relay, request_id=request_id), 200)
    that(first.json()["urlLink"] != second.json()["urlLink"], "one mailbox")


# D4
@test
def another_request_id_of_the_same_claim_is_another_create(relay):
    claim = new_id()
    first = status(create(relay, claim=claim), 200)
    second = status(create(relay, claim=claim), 200)
    that(first.json()["urlLink"] != second.json()["urlLink"], "one mailbox")


# D4
@test
def a_create_is_remembered_through_the_life_of_its_mailbox(relay):
    claim, request_id = new_id(), new_id()
    first = status(create(relay, valid_body(
        mailboxConfiguration=rights("RWD")), claim, request_id), 200)
    share = Share(relay, first, claim)
    share.bind()
    for number in range(10):
        status(share.update(text=f"number {number}"), 200)
    again = status(create(relay, None, claim, request_id), 201)
    equal(again.json(), first.json(), "answer")
    equal(share.text(), "number 9", "payload")
    share.belongs_to(share.recipient)


# D4
@test
def a_retry_after_the_delete_brings_nothing_back(relay):
    claim, request_id = new_id(), new_id()
    first = status(create(relay, None, claim, request_id), 200)
    share = Share(relay, first, claim)
    status(share.delete(), 200)
    for _ in range(2):
        again = status(create(relay, None, claim, request_id), 201)
        equal(again.json(), first.json(), "answer")
        share.is_gone()


# D4, R-IDEM
@test
def a_refused_create_is_not_remembered(relay):
    claim, request_id = new_id(), new_id()
    status(create(relay, {}, claim, request_id), 400)
    status(create(relay, b"{", claim, request_id), 400)
    status(create(relay, None, claim, request_id), 200)
    status(create(relay, None, claim, request_id), 201)


# D4
@test
def a_create_is_remembered_for_its_own_method_alone(relay):
    claim, request_id = new_id(), new_id()
    share = Share(relay, create(relay, None, claim, request_id), claim)
    status(share.delete(request_id=request_id), 200)
    share.is_gone()


# D4
@test
def simultaneous_creates_with_one_request_id_make_one_mailbox(relay):
    for _ in range(3):
        claim, request_id = new_id(), new_id()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda _: create(relay, None, claim, request_id), range(16)))
        codes = sorted(answer.status for answer in answers)
        equal(codes, [200] + [201] * 15, "status codes")
        equal(len({answer.json()["urlLink"] for answer in answers}), 1,
              "different links")


# R-CREATE-3
@test
def access_rights_come_in_any_order(relay):
    for letters in ("R", "W", "D", "RW", "WR", "RD", "DR", "WD", "DW", "RWD",
                    "DWR", "WRD"):
        with row(letters):
            body = valid_body(mailboxConfiguration=rights(letters))
            status(create(relay, body), 200)


# R-CREATE-3, §13
@test
def access_rights_of_another_form_are_400(relay):
    for bad in ("", "RR", "RWDR", "X", "RX", "r", "rwd", "R W", "R,W", " R",
                "R ", 1, True, [], ["R"], {}):
        with row(repr(bad)):
            status(create(relay, valid_body(
                mailboxConfiguration=rights(bad))), 400)


# R-CREATE-3
@test
def access_rights_default_to_read_and_delete(relay):
    for configuration in (None, {"lifetime": 600},
                          {"lifetime": 600, "accessRights": None}):
        with row(str(configuration)):
            share = make(relay, mailboxConfiguration=configuration)
            share.bind()
            with share.unchanged():
                status(share.update(share.initiator), 401)
                status(share.update(share.recipient), 401)
            status(share.delete(share.recipient), 200)


# §13
@test
def content_type_decides_at_the_body_step(relay):
    data = to_bytes(valid_body())
    for good in ("application/json", "application/json; charset=utf-8",
                 "application/json;charset=UTF-8", "Application/JSON"):
        with row(good):
            extra = [("Content-Type", good)]
            status(create(relay, data, extra=extra), 200)
    for bad in ("text/plain", "application/jsonx", "application/json-seq",
                "application/problem+json", "application", "json", "",
                "application/x-www-form-urlencoded", "text/json"):
        with row(bad):
            extra = [("Content-Type", bad)]
            status(create(relay, data, extra=extra), 415)


# §4
@test
def a_create_without_content_type_is_415(relay):
    sent = headers(new_id(), new_id())
    status(relay.call("POST", "/v1/m", sent, to_bytes(valid_body())), 415)


# R-CREATE-1
@test
def a_payload_of_just_64_kib_is_kept_and_one_byte_more_is_413(relay):
    full = {"type": "X", "data": encode(bytes(range(256)) * 256)}
    share = make(relay, payload=full)
    equal(share.read().json()["payload"], full, "payload")
    over = {"type": "X", "data": encode(b"x" * 65537)}
    status(create(relay, valid_body(payload=over)), 413)


def _escaped(text):
    """JSON of a text, each character of it as an escape."""
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"'


# R-CREATE-1, R-CREATE-2, §13
@test
def the_largest_texts_all_in_escapes_are_not_too_large(relay):
    texts = {"TITLE": "t" * 128, "DESCRIPTION": "d" * 512,
             "IMAGE": "https://images.example/".ljust(2048, "i"),
             "TOKEN": "n" * 4096}
    data = to_bytes(valid_body(
        payload={"type": "X", "data": encode(b"p" * 65536)},
        displayInformation={"title": "TITLE", "description": "DESCRIPTION",
                            "imageURL": "IMAGE"},
        notificationToken={"type": "x", "tokenData": "TOKEN"}))
    for mark, text in texts.items():
        data = data.replace(f'"{mark}"'.encode(), _escaped(text).encode())
    status(create(relay, data), 200)


# §4, §13
@test
def a_body_that_is_too_large_is_413(relay):
    padding = "p" * (4 << 20)
    data = to_bytes(valid_body(padding=padding))
    status(create(relay, data), 413)


# §4, §13
@test
def a_body_in_chunks_that_is_too_large_is_413(relay):
    ids = headers(new_id(), new_id(), b"x",
                  [("Transfer-Encoding", "chunked")])
    piece = b"%x\r\n%s\r\n" % (65536, b" " * 65536)
    with relay.connect() as connection:
        try:
            connection.send(relay.render("POST", "/v1/m", ids))
            for _ in range(64):
                connection.send(piece)
        except OSError:
            pass                # the relay may stop reading
        status(connection.receive("POST"), 413)


# §4
@test
def a_declared_length_that_is_too_large_is_refused_before_it_is_sent(relay):
    ids = headers(new_id(), new_id(), b"x",
                  [("Content-Length", str(1 << 40))])
    with relay.connect() as connection:
        connection.send(relay.render("POST", "/v1/m", ids))
        status(connection.receive("POST"), 413)
