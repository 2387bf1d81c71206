"""§3: the protocol's headers."""
from client import new_id
from share import create, headers, make, payload, to_bytes, valid_body
from tap import equal, row, status, test

NIL = "00000000-0000-0000-0000-000000000000"
SAMPLE = "3f0c7a52-1f0e-4c9e-9a35-7a1f4d0c9b11"
MALFORMED = [
    "", "x", "not-a-uuid-but-of-36-characters-long", SAMPLE[:-1],
    SAMPLE + "0", SAMPLE.replace("-", ""), "{" + SAMPLE + "}",
    "urn:uuid:" + SAMPLE, SAMPLE.replace("-", "_"), "g" + SAMPLE[1:],
    SAMPLE + ", " + SAMPLE, SAMPLE + " x", '"' + SAMPLE + '"',
    SAMPLE[:7] + "-" + SAMPLE[7] + SAMPLE[9:], " ".join(SAMPLE.split("-")),
    "\u0663" * 8 + SAMPLE[8:], NIL,
]
CHANGES = ("create", "update", "delete", "relinquish")
CLAIMED = CHANGES + ("read",)


def _send(share, name, claim, request_id, extra=()):
    """Any of the calls with just these headers; a good body."""
    methods = {"create": ("POST", "/v1/m"), "read": ("POST", share.path),
               "update": ("PUT", share.path), "delete": ("DELETE", share.path),
               "relinquish": ("PATCH", share.path)}
    bodies = {"create": to_bytes(valid_body()),
              "update": to_bytes({"payload": payload("must not arrive")})}
    method, path = methods[name]
    body = bodies.get(name, b"")
    sent = headers(claim, request_id, body, extra)
    return share.relay.call(method, path, sent, body)


def _claim_of(share, name):
    return share.recipient if name == "relinquish" else share.initiator


# R-HDR-1, D2
@test
def a_missing_request_id_is_400_where_it_is_required(relay):
    share = make(relay, bound=True)
    for name in CHANGES:
        with row(name), share.unchanged():
            status(_send(share, name, _claim_of(share, name), None), 400)
            share.belongs_to(share.recipient)


# R-HDR-1, D1, D2
@test
def a_malformed_request_id_is_400_and_changes_nothing(relay):
    share = make(relay, bound=True)
    with share.unchanged():
        for name in CHANGES:
            for bad in MALFORMED:
                with row(f"{name} {bad!r}"):
                    claim = _claim_of(share, name)
                    status(_send(share, name, claim, bad), 400)
        share.belongs_to(share.recipient)


# R-HDR-1
@test
def the_two_reads_need_no_request_id(relay):
    share = make(relay)
    status(share.read(share.recipient), 200)
    status(share.read(share.recipient, request_id=new_id()), 200)
    status(share.preview(), 200)
    status(share.preview(extra=[("Mailbox-Request-ID", new_id())]), 200)


# R-HDR-2, D2
@test
def a_missing_claim_is_401_on_everything_but_get(relay):
    share = make(relay, bound=True)
    for name in CLAIMED:
        with row(name), share.unchanged():
            status(_send(share, name, None, new_id()), 401)


# R-HDR-2, D1, D2
@test
def a_malformed_claim_is_401_and_changes_nothing(relay):
    share = make(relay)
    with share.unchanged():
        for name in CLAIMED:
            for bad in MALFORMED:
                with row(f"{name} {bad!r}"):
                    status(_send(share, name, bad, new_id()), 401)
    share.is_free()


# D1
@test
def uuids_of_any_version_are_accepted_from_clients(relay):
    for digit in "12345678":
        with row(f"version {digit}"):
            claim, friend, request_id = (
                new_id()[:14] + digit + new_id()[15:] for _ in range(3))
            share = make(relay)
            status(create(relay, claim=claim, request_id=request_id), 200)
            status(create(relay, claim=claim, request_id=request_id), 201)
            status(share.read(friend), 200)
            share.belongs_to(friend)


# R-HDR-2
@test
def claims_are_compared_without_regard_to_case(relay):
    share = make(relay)
    status(share.read(share.recipient.upper()), 200)
    share.belongs_to(share.recipient.lower())
    status(share.update(share.initiator.upper(), "upper"), 200)
    equal(share.text(share.initiator), "upper", "payload")


# R-HDR-1, R-IDEM
@test
def request_ids_are_compared_without_regard_to_case(relay):
    share = make(relay)
    request_id = new_id()
    status(share.update(text="once", request_id=request_id.upper()), 200)
    status(share.update(text="again", request_id=request_id), 201)
    equal(share.text(), "once", "payload")


# R-HDR-1
@test
def the_request_id_is_echoed_in_lower_case_on_every_kind_of_answer(relay):
    share = make(relay, bound=True)
    once = new_id().upper()
    for want, sent, act in (
            (200, once, share.update),
            (201, once, share.update),
            (400, new_id().upper(),
             lambda **kw: share.update(body=b"{", **kw)),
            (401, new_id().upper(), lambda **kw: share.update(new_id(), **kw)),
            (404, new_id().upper(),
             lambda **kw: share.update(target="/v1/m/x", **kw)),
            (404, new_id().upper(),
             lambda **kw: share.update(target="/nothing", **kw)),
            (405, new_id().upper(),
             lambda **kw: share.update(target="/v1/m", **kw)),
            (200, new_id().upper(), share.read),
            (200, new_id().upper(), share.relinquish),
            (200, new_id().upper(), share.delete)):
        with row(f"{want}"):
            answer = status(act(request_id=sent), want)
            equal(answer.header("mailbox-request-id"), sent.lower(), "echo")


# R-HDR-1
@test
def a_preview_echoes_a_request_id_too(relay):
    share = make(relay)
    request_id = new_id()
    answer = share.preview(extra=[("Mailbox-Request-ID", request_id.upper())])
    status(answer, 200)
    equal(answer.header("mailbox-request-id"), request_id, "echo")


# §13
@test
def a_request_id_given_twice_is_malformed(relay):
    share = make(relay, bound=True)
    with share.unchanged():
        for name in CHANGES:
            for second in (SAMPLE, new_id()):
                with row(name):
                    twice = [("Mailbox-Request-ID", second)]
                    claim = _claim_of(share, name)
                    status(_send(share, name, claim, SAMPLE, twice), 400)
        share.belongs_to(share.recipient)


# §13
@test
def a_claim_given_twice_is_malformed(relay):
    share = make(relay)
    with share.unchanged():
        for name in CLAIMED:
            claim = _claim_of(share, name)
            for second in (claim, new_id()):
                with row(name):
                    twice = [("Mailbox-Device-Claim", second)]
                    status(_send(share, name, claim, new_id(), twice), 401)
    share.is_free()


# §13
@test
def other_headers_given_twice_are_malformed(relay):
    share = make(relay)
    etag = share.etag()
    with share.unchanged():
        twice = [("Content-Type", "application/json")] * 2
        status(share.update(extra=twice), 400, 415)
        twice = [("If-Match", etag)] * 2
        status(share.update(extra=twice), 400)


# §13
@test
def a_bad_request_id_is_reported_before_a_bad_claim(relay):
    share = make(relay, bound=True)
    for name in CHANGES:
        for bad_id in (None, NIL, "x"):
            for bad_claim in (None, NIL, "x"):
                with row(f"{name} {bad_id} {bad_claim}"):
                    status(_send(share, name, bad_claim, bad_id), 400)


# R-HDR-2, R-PRE-1
@test
def a_preview_needs_no_claim_and_ignores_one(relay):
    share = make(relay)
    for claim in (None, NIL, "x", share.initiator, share.recipient):
        with row(str(claim)):
            sent = [("Mailbox-Device-Claim", claim)]
            status(share.preview(extra=sent), 200)
    share.is_free()


# R-HDR-3, §13
@test
def an_attestation_is_ignored_where_the_policy_is_none(relay):
    junk = [("Mailbox-Device-Attestation", "!! no base64 at all !!")]
    status(create(relay, extra=junk), 200)
    share = make(relay)
    status(share.update(extra=junk), 200)


# §3
@test
def header_names_are_matched_without_regard_to_case(relay):
    share = make(relay)
    sent = [("mailbox-request-id", new_id()),
            ("MAILBOX-DEVICE-CLAIM", share.initiator),
            ("content-TYPE", "application/json")]
    body = to_bytes({"payload": payload("any case")})
    status(relay.call("PUT", share.path, sent, body), 200)
    equal(share.text(), "any case", "payload")


# R-HDR-1, R-HDR-2 (RFC 9110 §5.6.3)
@test
def tabs_around_a_value_are_white_space(relay):
    share = make(relay, bound=True)
    request_id = new_id()
    answer = _send(share, "update", f"\t {share.initiator}\t",
                   f" \t{request_id} \t")
    status(answer, 200)
    equal(answer.header("mailbox-request-id"), request_id, "echo")
