"""§2: TLS, HTTP/1.1, HTTP/2, connections."""
import json
import socket
import ssl
import time

import tls
from client import chunked, new_id
from share import (create, encode, headers, make, payload, rights, to_bytes,
                   valid_body)
from tap import equal, fail, row, status, test, that


def _create_over(relay, context=None, alpn=None):
    with relay.connect(context, alpn) as connection:
        status(create(relay, connection=connection), 200)
        return connection.sock.version(), connection.sock


# R-TLS-1
@test
def tls_1_3_works(relay):
    version, _ = _create_over(relay, relay.context(ssl.TLSVersion.TLSv1_3))
    equal(version, "TLSv1.3", "version")


# R-TLS-1
@test
def tls_1_2_works(relay):
    version, _ = _create_over(relay, relay.context(ssl.TLSVersion.TLSv1_2))
    equal(version, "TLSv1.2", "version")


# R-TLS-1
@test
def older_versions_of_tls_are_refused(relay):
    suites = tls.ECDHE_AEAD + tls.OTHERS
    that(tls.accepted(relay, 0x0303, suites), "TLS 1.2 should be accepted")
    for name, version in (("1.1", 0x0302), ("1.0", 0x0301), ("3.0", 0x0300)):
        with row(name):
            that(not tls.accepted(relay, version, suites), "was accepted")


# R-TLS-2
@test
def tls_1_2_offers_only_ecdhe_with_aead(relay):
    that(tls.accepted(relay, 0x0303, tls.ECDHE_AEAD), "none of ECDHE AEAD")
    for suite in tls.OTHERS:
        with row(f"{suite:04x}"):
            that(not tls.accepted(relay, 0x0303, [suite]), "was accepted")


def _resumes(relay, version):
    context = relay.context(version)
    with relay.connect(context) as first:
        status(create(relay, connection=first), 200)
        session = first.sock.session
    that(session is None or not session.has_ticket, "a ticket was given")
    raw = socket.create_connection((relay.host, relay.port), 10)
    with context.wrap_socket(raw, server_hostname=relay.host,
                             session=session) as second:
        return second.session_reused


# R-TLS-3
@test
def no_session_can_be_resumed_and_no_ticket_is_given(relay):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with row(version.name):
            that(not _resumes(relay, version), "the session was resumed")


# R-TLS-1
@test
def plain_http_does_nothing(relay):
    data = to_bytes(valid_body())
    sent = headers(new_id(), new_id(), data)
    with socket.create_connection((relay.host, relay.port), 10) as sock:
        sock.settimeout(10)
        sock.sendall(relay.render("POST", "/v1/m", sent, data))
        try:
            got = sock.recv(65536)
        except ConnectionError:
            got = b""
    that(b"urlLink" not in got and b" 200 " not in got[:20],
         "a mailbox was made in the clear")


# R-TLS-1
@test
def http_2_is_chosen_by_alpn_only(relay):
    for offered, want in ((["h2", "http/1.1"], "h2"),
                          (["http/1.1"], "http/1.1"), (None, None)):
        with row(str(offered)):
            with relay.connect(alpn=offered) as connection:
                got = connection.sock.selected_alpn_protocol()
                equal(got, want, "protocol")


def _h2(relay, method, path, claim, body=None, request_id=None):
    data = b"" if body is None else to_bytes(body)
    sent = headers(claim, request_id, data)
    answer = relay.curl(method, path, sent, data)
    equal(answer.version, "HTTP/2", "version")
    relay.observe(method, path, sent, data, answer)
    return answer


# R-TLS-1
@test
def all_six_calls_work_over_http_2(relay):
    owner, friend = new_id(), new_id()
    body = valid_body(mailboxConfiguration=rights("RWD"))
    first = status(_h2(relay, "POST", "/v1/m", owner, body, new_id()), 200)
    path = "/v1/m/" + first.json()["urlLink"].rsplit("/", 1)[1]
    status(_h2(relay, "GET", path, None), 200)
    status(_h2(relay, "HEAD", path, None), 200)
    status(_h2(relay, "POST", path, friend), 200)
    status(_h2(relay, "POST", path, new_id()), 401)
    update = {"payload": payload("over http 2")}
    status(_h2(relay, "PUT", path, owner, update, new_id()), 200)
    got = status(_h2(relay, "POST", path, friend), 200).json()
    equal(got["payload"], update["payload"], "payload")
    once = new_id()
    status(_h2(relay, "PATCH", path, friend, None, once), 200)
    status(_h2(relay, "PATCH", path, friend, None, once), 201)
    status(_h2(relay, "DELETE", path, owner, None, new_id()), 200)
    status(_h2(relay, "GET", path, None), 404)


# §2, §4
@test
def errors_over_http_2_are_problem_documents_too(relay):
    big = b"[" + b" " * (4 << 20) + b"]"
    status(_h2(relay, "POST", "/v1/m", new_id(), big, new_id()), 413)
    status(_h2(relay, "POST", "/v1/m", new_id(), b"{", new_id()), 400)
    status(_h2(relay, "POST", "/v1/m", new_id(), valid_body()), 400)
    status(_h2(relay, "POST", "/v1/m", None, valid_body(), new_id()), 401)
    status(_h2(relay, "PUT", "/v1/m", new_id(), valid_body(), new_id()), 405)
    status(_h2(relay, "POST", "/v2/m", new_id(), valid_body(), new_id()), 404)


# §2
@test
def a_connection_serves_many_requests(relay):
    with relay.connect() as connection:
        for _ in range(10):
            answer = status(create(relay, connection=connection), 200)
            that(not answer.closes, "the connection was closed")


# §2
@test
def pipelined_requests_are_answered_in_order(relay):
    shares = [make(relay) for _ in range(5)]
    with relay.connect() as connection:
        connection.send(b"".join(
            relay.render("POST", share.path,
                         headers(share.initiator, new_id()))
            + relay.render("PUT", share.path,
                           headers(share.initiator, new_id(), b"x"),
                           to_bytes({"payload": payload(share.id)}))
            for share in shares))
        for share in shares:
            status(connection.receive("POST"), 200)
            status(connection.receive("PUT"), 200)
    for share in shares:
        equal(share.text(), share.id, "payload")


def _block_once(relay, connection, share):
    """Let the relay's sending come to a stop, then take in all of it."""
    count = 40
    connection.send(relay.render("POST", share.path,
                                 headers(share.initiator)) * count)
    time.sleep(0.2)
    for _ in range(count):
        status(connection.receive("POST"), 200)


# R-CREATE-5
@test
def an_answer_never_comes_before_the_mailbox_on_a_busy_connection(relay):
    share = make(relay, payload={"type": "X", "data": encode(b"b" * 65536)})
    data = to_bytes(valid_body())
    for _ in range(4):
        claims = [new_id() for _ in range(20)]
        with relay.connect(window=4096) as connection:
            _block_once(relay, connection, share)
            for place, claim in enumerate(claims):
                connection.send(relay.render(
                    "POST", "/v1/m", headers(claim, new_id(), data), data))
                time.sleep(place * 0.0001)
            for claim in claims:
                answer = status(connection.receive("POST"), 200)
                path = "/v1/m/" + answer.json()["urlLink"].rsplit("/", 1)[1]
                status(relay.call("POST", path, headers(claim)), 200)


# §2
@test
def expect_100_continue_is_honoured(relay):
    data = to_bytes(valid_body())
    sent = headers(new_id(), new_id(), data, [("Expect", "100-continue")])
    head = relay.render("POST", "/v1/m", sent, data)[:-len(data)]
    with relay.connect() as connection:
        connection.send(head)
        status(connection.receive_any("POST"), 100)
        connection.send(data)
        status(connection.receive("POST"), 200)


# §2
@test
def a_body_in_chunks_is_a_body(relay):
    data = to_bytes(valid_body())
    for size in (1, 7, 4096):
        with row(f"chunks of {size}"):
            sent = headers(new_id(), new_id(), data,
                           [("Transfer-Encoding", "chunked")])
            status(relay.call("POST", "/v1/m", sent, chunked(data, size)),
                   200)


# §2
@test
def a_body_that_comes_in_pieces_is_a_body(relay):
    data = to_bytes(valid_body())
    request = relay.render("POST", "/v1/m",
                           headers(new_id(), new_id(), data), data)
    with relay.connect() as connection:
        for start in range(0, len(request), 37):
            connection.send(request[start:start + 37])
        status(connection.receive("POST"), 200)


# §2
@test
def a_request_that_ends_early_makes_nothing(relay):
    data = to_bytes(valid_body())
    claim, request_id = new_id(), new_id()
    request = relay.render("POST", "/v1/m", headers(claim, request_id, data),
                           data)
    with relay.connect() as connection:
        connection.send(request[:-1])
    status(create(relay, claim=claim, request_id=request_id), 200)


# §13
@test
def an_answer_that_closes_the_connection_says_so(relay):
    with relay.connect() as connection:
        answer = status(create(relay, extra=[("Connection", "close")],
                               connection=connection), 200)
        that(answer.closes, "Connection: close is missing")
        equal(connection.file.read(), b"", "what follows")


def _announces(relay, request, method="POST"):
    """After the answer either the connection goes on, or it said so."""
    with relay.connect() as connection:
        try:
            connection.send(request)
        except OSError:
            pass                    # the relay may stop reading
        answer = connection.receive(method)
        that(answer.status >= 400, f"got {answer.status}")
        if answer.closes:
            return answer
        connection.send(relay.render("GET", "/v1/nothing"))
        status(connection.receive("GET"), 404)
        return answer


# §13
@test
def a_refusal_keeps_the_connection_or_announces_its_end(relay):
    ids = headers(new_id(), new_id(), b"x")
    long = ids + [("Content-Length", str(8 << 20))]
    cases = {
        "bad body": relay.render("POST", "/v1/m", ids, b"{"),
        "no claim": relay.render("POST", "/v1/m", ids[:1], b"{}"),
        "unknown path": relay.render("POST", "/v3/m", ids, b"{}"),
        "unknown method": relay.render("PUT", "/v1/m", ids, b"{}"),
        "no such mailbox": relay.render("POST", f"/v1/m/{new_id()}", ids),
        "too large, declared": relay.render("POST", "/v1/m", long),
    }
    for label, request in cases.items():
        with row(label):
            _announces(relay, request)


# §4
@test
def headers_that_are_too_large_are_431(relay):
    for label, extra in (
            ("one header", [("X-Filler", "f" * 40000)]),
            ("many headers", [(f"X-{n}", "f" * 4000) for n in range(12)])):
        with row(label):
            request = relay.render("POST", "/v1/m",
                                   headers(new_id(), None, b"x", extra), b"")
            answer = _announces(relay, request)
            status(answer, 431)
            kind = (answer.header("content-type") or "").split(";")[0]
            equal(kind, "application/problem+json", "Content-Type")
            equal(answer.header("cache-control"), "no-store, no-transform",
                  "Cache-Control")
            that(answer.header("strict-transport-security"), "no HSTS")
            equal(json.loads(answer.body)["status"], 431, "member status")


# R-HTTP-1
@test
def other_paths_and_versions_are_404(relay):
    share = make(relay)
    for path in ("/", "/v1", "/v1/", "/v1/m/", "/v2/m", "/v1/n", "/V1/M",
                 "//v1/m", "/v1//m", "/v1/m//", f"/v1/m//{share.id}",
                 "/v1%2fm", "/%76%31/m", "/x/../v1/m", "/v1/./m",
                 f"/v1/m%2f{share.id}", f"/v1/x/../m/{share.id}",
                 "/v1/mm", "/m", f"/v2/m/{share.id}", f"/v1/{share.id}",
                 share.path + "/", share.path + "/x", "/.well-known/other"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            with row(f"{method} {path[:12]}"):
                sent = headers(share.initiator, new_id(), b"x")
                body = to_bytes({"payload": payload("elsewhere")})
                status(relay.call(method, path, sent, body), 404)
    equal(share.text(), "first payload", "payload")


# R-PRE-3: an answer of HTTP/0.9 could not carry the page's policy
@test
def a_request_of_http_0_9_gets_no_page(relay):
    share = make(relay)
    with relay.connect() as connection:
        connection.send(f"GET {share.path}\r\n".encode())
        equal(connection.file.read(), b"", "answer")
    equal(share.text(), "first payload", "payload")


# R-HTTP-1
@test
def other_methods_on_the_collection_are_405_and_post_is_allowed(relay):
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS",
                   "TRACE", "PROPFIND"):
        with row(method):
            sent = headers(new_id(), new_id(), b"x")
            answer = status(relay.call(method, "/v1/m", sent), 405)
            allowed = _allowed(answer)
            that("POST" in allowed, f"Allow is {allowed}")
            that(method not in allowed, f"Allow is {allowed}")


def _allowed(answer):
    value = answer.header("allow") or ""
    return {method.strip() for method in value.split(",")}


# R-HTTP-1, §13
@test
def other_methods_on_a_mailbox_are_405_with_the_six_allowed(relay):
    share = make(relay)
    for method in ("OPTIONS", "TRACE", "PROPFIND", "MKCOL", "LOCK"):
        with row(method), share.unchanged():
            sent = headers(share.initiator, new_id())
            allowed = _allowed(status(relay.call(method, share.path, sent),
                                      405))
            for known in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
                that(known in allowed, f"{known} is not in Allow: {allowed}")
            that(method not in allowed, f"Allow is {allowed}")


# R-HTTP-1
@test
def an_unknown_method_is_refused_and_changes_nothing(relay):
    share = make(relay)
    with share.unchanged():
        sent = headers(share.initiator, new_id())
        answer = relay.call("BREW", share.path, sent)
        status(answer, 405, 501)


# R-HTTP-1
@test
def a_query_is_ignored_on_every_call_to_a_mailbox(relay):
    share = make(relay)
    target = share.path + "?v=c&x=%00%ff&claim=1"
    status(share.preview(target=target), 200)
    status(share.preview("HEAD", target=target), 200)
    status(share.read(share.recipient, target=target), 200)
    status(share.update(text="with query", target=target), 200)
    equal(share.text(), "with query", "payload")
    status(share.relinquish(target=target), 200)
    status(share.delete(target=target), 200)
    status(share.preview(target=target), 404)


# R-HTTP-1
@test
def an_identifier_that_is_no_uuid_is_404(relay):
    share = make(relay)
    for bad in ("x", share.id[:-1], share.id + "0", share.id.replace("-", ""),
                "{" + share.id + "}", "g" + share.id[1:],
                "00000000-0000-0000-0000-000000000000", "%20", "..%2f"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "GET"):
            with row(f"{method} {bad[:12]}"):
                sent = headers(share.initiator, new_id(), b"x")
                body = to_bytes({"payload": payload("elsewhere")})
                answer = relay.call(method, f"/v1/m/{bad}", sent, body)
                status(answer, 404)
    equal(share.text(), "first payload", "payload")


# R-HDR-1
@test
def a_mailbox_identifier_is_accepted_in_upper_case(relay):
    share = make(relay)
    upper = "/v1/m/" + share.id.upper()
    status(share.read(share.recipient, target=upper), 200)
    share.belongs_to(share.recipient)
    status(share.delete(target=upper), 200)
    share.is_gone()


# R-CREATE-5
@test
def the_link_does_not_depend_on_the_host_header(relay):
    usual = make(relay).url.rsplit("/", 1)[0]
    answer = create(relay, extra=[("Host", "phish.example")])
    if answer.status == 200:
        got = answer.json()["urlLink"].rsplit("/", 1)[0]
        equal(got, usual, "urlLink without its identifier")
    elif answer.status < 400:
        fail(f"got {answer.status}")
