"""§5 UpdateMailbox."""
import re

from client import new_id
from share import encode, make, payload, rights, valid_body
from tap import equal, row, status, test, that


# R-UPD-1
@test
def an_update_overwrites_the_payload_for_both_sides(relay):
    share = make(relay, bound=True)
    new = {"type": "AEAD_AES_256_GCM", "data": encode(b"another")}
    status(share.update(body={"payload": new}), 200)
    for claim in (share.initiator, share.recipient):
        equal(share.read(claim).json()["payload"], new, "payload")


# R-UPD-1
@test
def an_update_answers_support_and_the_new_etag(relay):
    share = make(relay, bound=True)
    before = share.etag()
    answer = status(share.update(), 200)
    equal(answer.json()["isPushNotificationSupported"], False, "support")
    etag = answer.header("etag")
    that(etag and re.fullmatch(r'"[^"]+"', etag), f"ETag is {etag}")
    that(etag != before, "the ETag did not change")
    equal(share.etag(), etag, "ETag of a read")
    equal(share.etag(share.recipient), etag, "ETag of the other side")


# R-UPD-1
@test
def either_side_may_update_also_twice_running(relay):
    share = make(relay, bound=True)
    seen = {share.etag()}
    turns = [share.initiator, share.initiator, share.recipient,
             share.recipient, share.initiator]
    for number, claim in enumerate(turns):
        answer = status(share.update(claim, f"turn {number}"), 200)
        seen.add(answer.header("etag"))
        equal(share.text(share.recipient), f"turn {number}", "payload")
    equal(len(seen), 6, "different ETags")


# R-UPD-1
@test
def the_initiator_may_update_before_anybody_has_read(relay):
    share = make(relay)
    status(share.update(text="early"), 200)
    equal(share.text(share.recipient), "early", "payload")


# R-UPD-1
@test
def an_update_changes_nothing_but_payload_and_own_token(relay):
    share = make(relay, bound=True)
    before, _ = share.state()
    body = valid_body(payload=payload("newer"),
                      mailboxConfiguration={"accessRights": "R",
                                            "lifetime": 5})
    body["displayInformation"]["title"] = "another title"
    status(share.update(body=body), 200)
    after, _ = share.state()
    equal(after, {**before, "payload": payload("newer")}, "the mailbox")
    status(share.update(share.recipient), 200)


# R-UPD-1, D5
@test
def without_right_w_nobody_updates(relay):
    for letters in ("R", "RD"):
        share = make(relay, bound=True, mailboxConfiguration=rights(letters))
        with row(letters), share.unchanged():
            status(share.update(share.initiator), 401)
            status(share.update(share.recipient), 401)


# R-UPD-1
@test
def an_update_needs_a_bound_claim_and_does_not_bind(relay):
    share = make(relay)
    with share.unchanged():
        status(share.update(share.recipient), 401)
    share.is_free()
    with share.unchanged():
        status(share.update(share.stranger), 401)


# R-CREATE-1
@test
def an_update_holds_64_kib_and_not_one_byte_more(relay):
    share = make(relay)
    full = {"type": "X", "data": encode(b"\xa5" * 65536)}
    status(share.update(body={"payload": full}), 200)
    equal(share.read().json()["payload"], full, "payload")
    over = {"type": "X", "data": encode(b"\xa5" * 65537)}
    with share.unchanged():
        status(share.update(body={"payload": over}), 413)
        status(share.update(body=b" " * (4 << 20)), 413)


# R-CREATE-1
@test
def a_payload_may_grow_and_shrink(relay):
    share = make(relay, bound=True)
    for size in (1, 5000, 3, 65536, 700, 20000, 1):
        with row(f"{size} bytes"):
            new = {"type": "X", "data": encode(b"g" * size)}
            status(share.update(body={"payload": new}), 200)
            equal(share.read(share.recipient).json()["payload"], new,
                  "payload")


# §4
@test
def an_update_of_another_content_type_is_415(relay):
    share = make(relay)
    with share.unchanged():
        for kind in ("text/plain", "", None, "application/octet-stream"):
            with row(str(kind)):
                status(share.update(extra=[("Content-Type", kind)]), 415)


# R-UPD-3
@test
def if_match_with_the_current_etag_is_done(relay):
    share = make(relay)
    for form in ("{}", "{}, \"other\"", "\"other\",{}", "\"a\" , {} ,\"b\"",
                 "*"):
        with row(form):
            condition = form.replace("{}", share.etag())
            status(share.update(text=form, extra=[("If-Match", condition)]),
                   200)
            equal(share.text(), form, "payload")


# R-UPD-3
@test
def if_match_with_a_stale_etag_is_412_and_changes_nothing(relay):
    share = make(relay, bound=True)
    stale = share.etag()
    status(share.update(), 200)
    with share.unchanged():
        for condition in (stale, f'{stale}, "x"', '"x"', '""', '"*"',
                          f'"{new_id()}"'):
            for claim in (share.initiator, share.recipient):
                with row(condition):
                    extra = [("If-Match", condition)]
                    status(share.update(claim, extra=extra), 412)


# §13
@test
def if_match_compares_strongly(relay):
    share = make(relay)
    with share.unchanged():
        extra = [("If-Match", "W/" + share.etag())]
        status(share.update(extra=extra), 412)


# R-UPD-3, §4
@test
def an_if_match_that_cannot_be_parsed_is_400(relay):
    share = make(relay)
    etag = share.etag()
    with share.unchanged():
        for bad in (etag.strip('"'), etag[:-1], etag[1:], f"{etag} {etag}",
                    f"*, {etag}", f"{etag}, *", f"w/{etag}", "**",
                    f"'{etag.strip(chr(34))}'", f"{etag}x"):
            with row(bad):
                status(share.update(extra=[("If-Match", bad)]), 400)


# R-UPD-3
@test
def without_if_match_the_last_writer_wins(relay):
    share = make(relay, bound=True)
    status(share.update(share.initiator, "first"), 200)
    status(share.update(share.recipient, "last"), 200)
    equal(share.text(), "last", "payload")


# R-UPD-3, R-IDEM
@test
def an_update_that_failed_its_condition_is_not_remembered(relay):
    share = make(relay)
    request_id = new_id()
    extra = [("If-Match", '"stale"')]
    status(share.update(request_id=request_id, extra=extra), 412)
    status(share.update(text="done", request_id=request_id), 200)
    equal(share.text(), "done", "payload")


# §13
@test
def if_match_exists_for_update_only(relay):
    share = make(relay)
    extra = [("If-Match", '"stale"')]
    status(share.read(share.recipient, extra=extra), 200)
    status(share.relinquish(extra=extra), 200)
    status(share.delete(extra=extra), 200)
    share.is_gone()


# §4, §13
@test
def a_read_with_if_none_match_is_412_while_nothing_changed(relay):
    share = make(relay, bound=True)
    etag = share.etag()
    for same in (etag, "W/" + etag, f'"x", {etag}', f'{etag},"y"', "*"):
        with row(same):
            extra = [("If-None-Match", same)]
            status(share.read(share.recipient, extra=extra), 412)
    for other in ('"x"', 'W/"x"', '"x", "y"'):
        with row(other):
            extra = [("If-None-Match", other)]
            status(share.read(share.recipient, extra=extra), 200)
    status(share.update(text="changed"), 200)
    extra = [("If-None-Match", etag)]
    answer = status(share.read(share.recipient, extra=extra), 200)
    equal(answer.json()["payload"], payload("changed"), "payload")


# §13
@test
def a_preference_that_cannot_be_parsed_is_ignored(relay):
    share = make(relay)
    for preference in ("wait=x", "wait", ";;;", "wait=-1", "=", "wait=1.5"):
        with row(preference):
            extra = [("Prefer", preference)]
            status(share.read(share.recipient, extra=extra), 200)
