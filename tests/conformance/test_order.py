"""§4: the order of checks, for every pair of faults that can meet.

A request carries two faults; the answer must be that of the earlier check, in
status and in problem type.
"""
import itertools

from client import new_id
from share import (create, encode, headers, make, payload, rights, to_bytes,
                   valid_body)
from tap import equal, row, status, test

HUGE = b" " * (4 << 20)
OVER = {"payload": {"type": "X", "data": encode(b"x" * 65537)}}


class Request:
    """A good request, to be spoilt step by step."""

    def __init__(self, relay, method, path, claim, body):
        self.relay = relay
        self.method = method
        self.path = path
        self.claim = claim
        self.request_id = new_id()
        self.body = to_bytes(body)
        self.kind = "application/json"
        self.extra = []

    def send(self):
        sent = headers(self.claim, self.request_id, b"",
                       [("Content-Type", self.kind)] + self.extra)
        return self.relay.call(self.method, self.path, sent, self.body)


def _set(name, value):
    def spoil(request):
        setattr(request, name, value)
    return spoil


def _condition(request):
    request.extra = [("If-Match", '"stale"')]


def _bad_condition(request):
    request.extra = [("If-Match", "no quotes")]


# (name, step, status, how); faults of one step are not paired.
PATH = [("other path", 0, 404, _set("path", "/v2/m/x")),
        ("other method", 0, 405, _set("method", "PROPFIND"))]
SIZE = [("too large", 1, 413, _set("body", HUGE))]
IDS = [("no request id", 2, 400, _set("request_id", None)),
       ("bad request id", 2, 400, _set("request_id", "x")),
       ("no claim", 3, 401, _set("claim", None)),
       ("bad claim", 3, 401, _set("claim", "x"))]
CONDITION_SYNTAX = [("malformed If-Match", 4, 400, _bad_condition)]
GONE = [("no such mailbox", 5, 404,
         lambda request: setattr(request, "path", f"/v1/m/{new_id()}"))]
BODY = [("not json", 9, 400, _set("body", b"{")),
        ("other content type", 9, 415, _set("kind", "text/plain")),
        ("payload too large", 9, 413, _set("body", to_bytes(OVER)))]
CONDITION = [("stale If-Match", 10, 412, _condition)]


def _stranger(request):
    request.claim = new_id()


def _check(relay, fresh, faults):
    """`fresh` makes a good request; each pair of faults answers as the
    earlier one alone does."""
    alone = {}
    for name, _, code, spoil in faults:
        request = fresh()
        spoil(request)
        with row(f"{name} alone"):
            alone[name] = _kind(status(request.send(), code))
    for first, second in itertools.combinations(faults, 2):
        if first[1] == second[1] or first[0] not in alone:
            continue
        with row(f"{first[0]}, {second[0]}"):
            request = fresh()
            second[3](request)
            first[3](request)
            equal(_kind(request.send()), alone[first[0]], "answer")


def _kind(answer):
    if answer.status < 400:
        return answer.status, None
    return answer.status, answer.json()["type"]


# §4, §13
@test
def checks_of_a_create_come_in_order(relay):
    body = [("not json", 9, 400, _set("body", b"{")),
            ("other content type", 9, 415, _set("kind", "text/plain")),
            ("payload too large", 9, 413,
             _set("body", to_bytes(valid_body(**OVER))))]
    _check(relay, lambda: Request(relay, "POST", "/v1/m", new_id(),
                                  valid_body()),
           PATH + SIZE + IDS + body)


# §4, §13
@test
def checks_of_an_update_come_in_order(relay):
    share = make(relay, bound=True)
    stranger = [("stranger", 7, 401, _stranger)]
    with share.unchanged():
        def fresh():
            return Request(relay, "PUT", share.path, share.recipient,
                           {"payload": payload("must not arrive")})
        _check(relay, fresh, PATH + SIZE + IDS + GONE + stranger + BODY
               + CONDITION)
        _check(relay, fresh, PATH + SIZE + CONDITION_SYNTAX + GONE + stranger
               + BODY)


# §4
@test
def want_of_a_right_comes_before_body_and_condition(relay):
    share = make(relay, bound=True, mailboxConfiguration=rights("RD"))
    right = [("no right", 8, 401, lambda request: None)]
    with share.unchanged():
        for claim in (share.initiator, share.recipient):
            def fresh(claim=claim):
                return Request(relay, "PUT", share.path, claim,
                               {"payload": payload("must not arrive")})
            alone = _kind(status(fresh().send(), 401))
            for name, _, _, spoil in BODY + CONDITION:
                with row(name):
                    request = fresh()
                    spoil(request)
                    equal(_kind(request.send()), alone, "answer")
            _check(relay, fresh, PATH + SIZE + IDS + GONE + right)


# §4, R-IDEM
@test
def what_was_done_comes_before_body_and_condition_and_after_the_rest(relay):
    share = make(relay, bound=True)
    done = new_id()
    status(share.update(share.recipient, "done", done), 200)

    def fresh():
        request = Request(relay, "PUT", share.path, share.recipient,
                          {"payload": payload("must not arrive")})
        request.request_id = done
        return request

    with share.unchanged():
        for name, _, _, spoil in BODY + CONDITION:
            with row(f"done, {name}"):
                request = fresh()
                spoil(request)
                status(request.send(), 201)
        for name, _, code, spoil in PATH + SIZE + IDS + GONE:
            with row(f"{name}, done"):
                request = fresh()
                spoil(request)
                status(request.send(), code)


# §4, R-READ-3
@test
def checks_of_a_read_come_in_order(relay):
    share = make(relay, bound=True)
    stranger = [("stranger", 7, 401, _stranger)]
    bodies = [("not json", 9, 400, _set("body", b"{")),
              ("other content type", 9, 415, _set("kind", "text/plain"))]
    claims = [fault for fault in IDS if "claim" in fault[0]]
    _check(relay, lambda: Request(relay, "POST", share.path, share.recipient,
                                  {}),
           PATH + SIZE + claims + GONE + stranger + bodies)
    share.belongs_to(share.recipient)


# §4, R-CREATE-3
@test
def a_read_without_right_is_refused_before_its_body(relay):
    share = make(relay, mailboxConfiguration=rights("WD"))
    for body in (b"{", b"[]", {"notificationToken": 1}):
        with row(str(body)):
            status(share.read(share.recipient, body), 401)
    extra = [("Content-Type", "text/plain")]
    status(share.read(share.recipient, {}, extra=extra), 401)


# §4, §13
@test
def checks_of_delete_and_relinquish_come_in_order(relay):
    share = make(relay, bound=True)
    stranger = [("stranger", 7, 401, _stranger)]
    with share.unchanged():
        for method in ("DELETE", "PATCH"):
            def fresh(method=method):
                return Request(relay, method, share.path, share.recipient,
                               b"")
            _check(relay, fresh, PATH + SIZE + IDS + GONE + stranger)
    share.belongs_to(share.recipient)


# D3
@test
def a_stranger_learns_404_of_what_never_existed_and_401_of_what_is(relay):
    share = make(relay, bound=True)
    status(share.read(share.stranger), 401)
    status(share.delete(), 200)
    status(share.read(share.stranger), 404)
    path = f"/v1/m/{new_id()}"
    status(share.read(share.stranger, target=path), 404)


# §4
@test
def a_create_that_was_done_is_201_before_its_body_is_judged(relay):
    claim, request_id = new_id(), new_id()
    status(create(relay, None, claim, request_id), 200)
    for body in (b"{", {}, valid_body(**OVER)):
        with row(str(body)[:30]):
            status(create(relay, body, claim, request_id), 201)
    status(create(relay, HUGE, claim, request_id), 413)
