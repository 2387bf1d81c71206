"""§5, §13: every member of a body, in every wrong way."""
import copy

from client import new_id
from share import create, encode, make, payload, rights, to_bytes, valid_body
from tap import equal, row, status, test

MISSING = object()
OTHER_KINDS = {
    "text": (1, 1.5, True, [], {}, ["text"], {"a": "b"}),
    "object": ("text", 1, True, [], [{}]),
}
CONTROLS = ([chr(c) for c in (1, 7, 8, 9, 10, 11, 13, 27, 31, 127)]
            + [chr(c) for c in (0x80, 0x85, 0x9B, 0x9F, 0x2028, 0x2029)])
BIDI = [chr(c) for c in (0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C,
                         0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069)]


def _full():
    """A create body with every member there is."""
    return valid_body(
        notificationToken={"type": "example.push", "tokenData": "0123456789"},
        mailboxConfiguration=rights("RWD"))


def _set(body, path, value):
    """A copy of `body` in which the member at `path` has another value."""
    body = copy.deepcopy(body)
    *parents, last = path.split(".")
    place = body
    for name in parents:
        place = place[name]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return body


def _created(relay, path, value):
    return create(relay, _set(_full(), path, value))


REQUIRED = {
    "payload": "object",
    "payload.type": "text",
    "payload.data": "text",
    "displayInformation": "object",
    "displayInformation.title": "text",
    "displayInformation.description": "text",
    "displayInformation.imageURL": "text",
    "notificationToken.type": "text",
    "notificationToken.tokenData": "text",
}
OPTIONAL = {
    "notificationToken": "object",
    "mailboxConfiguration": "object",
    "mailboxConfiguration.accessRights": "text",
}


# §5, §13
@test
def a_required_member_that_is_missing_or_null_is_400(relay):
    status(create(relay, _full()), 200)
    for path in REQUIRED:
        for value in (MISSING, None):
            with row(f"{path} {'null' if value is None else 'missing'}"):
                status(_created(relay, path, value), 400)


# §4
@test
def a_member_of_another_kind_is_400(relay):
    for path, kind in {**REQUIRED, **OPTIONAL}.items():
        for value in OTHER_KINDS[kind]:
            with row(f"{path} {value!r}"):
                status(_created(relay, path, value), 400)


# §13
@test
def an_optional_member_that_is_missing_or_null_is_absent(relay):
    for path in OPTIONAL:
        for value in (MISSING, None):
            with row(path):
                status(_created(relay, path, value), 200)


# §13
@test
def an_empty_member_is_400(relay):
    for path, kind in REQUIRED.items():
        if kind == "text":
            with row(path):
                status(_created(relay, path, ""), 400)


# §4
@test
def the_detail_of_a_refusal_names_the_member_at_fault(relay):
    for path in REQUIRED:
        with row(path):
            answer = status(_created(relay, path, MISSING), 400)
            name = path.rsplit(".", 1)[-1]
            detail = answer.json().get("detail", "")
            equal(name in detail, True, f"{name} is named in {detail!r}")


# §2
@test
def unknown_members_are_ignored_at_every_depth(relay):
    body = _full()
    for place in (body, body["payload"], body["displayInformation"],
                  body["notificationToken"], body["mailboxConfiguration"]):
        place["unknown"] = {"a": [1, -2.5e3, None, True, {"b": "\u00e9"}]}
    share = make(relay, body=body)
    got = share.read().json()
    equal(got["payload"], payload(), "payload")
    equal("unknown" in got["displayInformation"], False, "it was kept")


# R-CREATE-1
@test
def a_payload_type_has_1_to_64_letters_digits_dashes_and_underscores(relay):
    for good in ("x", "-", "_", "0", "AEAD_AES_256_GCM", "a" * 64,
                 "AZaz09_-"):
        with row(good):
            share = make(relay, payload={"type": good, "data": "AAAA"})
            equal(share.read().json()["payload"]["type"], good, "type")
    for bad in ("a" * 65, "a b", " a", "a ", "a.b", "a/b", "a+b", "a=", "a,b",
                "\u00e9", "\uff21", "a\n", "a\u200d"):
        with row(repr(bad)):
            status(_created(relay, "payload.type", bad), 400)


# R-CREATE-1
@test
def payload_data_is_kept_to_the_byte(relay):
    for data in ("AA==", "AAA=", "AAAA", "+/+/", "/w==", encode(b"\0" * 999)):
        with row(data[:8]):
            share = make(relay, payload={"type": "X", "data": data})
            equal(share.read().json()["payload"]["data"], data, "data")


# R-CREATE-1
@test
def payload_data_that_is_not_canonical_base64_is_400(relay):
    for bad in ("A", "AA", "AAA", "AAAAA", "AA=", "A===", "====", "=", "AA==A",
                "AA==AAAA", "AAAA====", "AB==", "AAB=", "-_-_", "AAA-", "AA_A",
                "AA AA", " AAAA", "AAAA ", "AAAA\n", "AA\r\nAA", "AA.A",
                "AAA\u00e9", "\uff21AAA", "A=AA", "AA=A"):
        with row(repr(bad)):
            status(_created(relay, "payload.data", bad), 400)


# §13
@test
def lengths_count_code_points_up_to_their_bounds(relay):
    for path, most in (("displayInformation.title", 128),
                       ("displayInformation.description", 512)):
        for letter in ("x", "\u00e9", "\u20ac", "\U0001f697"):
            with row(f"{path} {most} x {letter!r}"):
                status(_created(relay, path, letter * most), 200)
                status(_created(relay, path, letter * (most + 1)), 400)


# §13
@test
def escapes_count_as_the_characters_they_stand_for(relay):
    for letter in ("\\u00e9", "\\ud83d\\ude97", "\\\"", "\\/"):
        for count, want in ((128, 200), (129, 400)):
            with row(f"{count} x {letter}"):
                data = to_bytes(_set(_full(), "displayInformation.title",
                                     "TITLE"))
                data = data.replace(b"TITLE", letter.encode() * count)
                status(create(relay, data), want)


# R-CREATE-2, §13
@test
def an_image_url_has_at_most_2048_characters(relay):
    start = "https://images.example/"
    path = "displayInformation.imageURL"
    status(_created(relay, path, start + "x" * (2048 - len(start))), 200)
    status(_created(relay, path, start + "x" * (2049 - len(start))), 400)


# §13
@test
def token_data_has_at_most_4096_bytes(relay):
    path = "notificationToken.tokenData"
    status(_created(relay, path, "t" * 4096), 200)
    status(_created(relay, path, "t" * 4097), 400)


# R-CREATE-2
@test
def an_image_url_that_is_not_absolute_https_is_400(relay):
    for bad in ("http://images.example/a.png", "//images.example/a.png",
                "/a.png", "a.png", "https:", "https:/", "https://",
                "https:///a.png", "https:images.example/a.png",
                "ftp://images.example/a.png", "javascript:alert(1)",
                "data:image/png;base64,AAAA", "https//images.example/a.png",
                " https://images.example/a.png", "https://?a", "https://#a",
                "https://:443/a.png", "httpss://images.example/a.png",
                "https://images.example:port/a.png"):
        with row(bad):
            status(_created(relay, "displayInformation.imageURL", bad), 400)


# §13
@test
def an_image_url_with_user_information_is_400(relay):
    for bad in ("https://user@images.example/a.png",
                "https://user:word@images.example/a.png",
                "https://@images.example/a.png",
                "https://images.example@phish.example/a.png"):
        with row(bad):
            status(_created(relay, "displayInformation.imageURL", bad), 400)


# R-CREATE-2
@test
def an_image_url_with_spaces_or_controls_is_400(relay):
    for odd in [" ", "\t", "\n", "\r\n", "\x01", "\x7f", "\u2028", "\u202e"]:
        with row(repr(odd)):
            bad = f"https://images.example/a{odd}b.png"
            status(_created(relay, "displayInformation.imageURL", bad), 400)


# R-CREATE-2
@test
def usual_image_urls_are_accepted_and_returned_as_sent(relay):
    for good in ("https://images.example/a.png", "https://images.example",
                 "https://images.example:8443/a.png?size=2&x=%20",
                 "https://images.example/a;b,c.png",
                 "https://xn--bcher-kva.example/~a/b_c-d.webp"):
        with row(good):
            body = _set(_full(), "displayInformation.imageURL", good)
            got = make(relay, body=body).read().json()["displayInformation"]
            equal(got["imageURL"], good, "imageURL")


# R-CREATE-2, §13
@test
def control_characters_in_title_and_description_are_400(relay):
    for name in ("title", "description"):
        for control in CONTROLS + BIDI:
            with row(f"{name} U+{ord(control):04X}"):
                path = f"displayInformation.{name}"
                status(_created(relay, path, f"a{control}b"), 400)


# §13
@test
def a_title_with_nothing_to_see_is_400(relay):
    for title in (" ", "\u00a0\u3000", "\u200b\u2060\ufeff", "\u00ad",
                  "\u3164", "\u2800", "\U000e0041\U000e007f"):
        with row(ascii(title)):
            status(_created(relay, "displayInformation.title", title), 400)


# R-CREATE-2
@test
def any_other_character_in_title_and_description_comes_back(relay):
    for text in ("\u00e9\u00df\u0416\u4e2d\u0639\u05d0", "e\u0301",
                 "\U0001f469\u200d\U0001f680", "a\u00a0b", "\u2026\u201c",
                 "<b>&amp;\"'`\\/", "\uffff\U0010ffff", " a ", "\u00ada"):
        with row(repr(text)):
            body = _full()
            body["displayInformation"].update(title=text, description=text)
            got = make(relay, body=body).read().json()["displayInformation"]
            equal(got, body["displayInformation"], "displayInformation")


# §5, §13
@test
def an_update_judges_payload_and_token_as_a_create_does(relay):
    share = make(relay, bound=True)
    token = {"type": "example.push", "tokenData": "0123456789"}
    good = {"payload": payload("new"), "notificationToken": token}
    bad = []
    for path in ("payload", "payload.type", "payload.data",
                 "notificationToken.type", "notificationToken.tokenData"):
        values = [MISSING, None, 1, True, []]
        bad += [_set(good, path, value) for value in values]
        if "." in path:
            bad.append(_set(good, path, ""))
    bad += [_set(good, "notificationToken", value) for value in ("x", 1, [])]
    bad += [_set(good, "payload.type", value) for value in ("a b", "a" * 65)]
    bad += [_set(good, "payload.data", value) for value in ("AB==", "-_-_")]
    bad += [_set(good, "notificationToken.tokenData", "t" * 4097)]
    with share.unchanged():
        for body in bad:
            for claim in (share.initiator, share.recipient):
                with row(str(body)):
                    status(share.update(claim, body=body), 400)


# §5, §13
@test
def a_read_judges_its_token_as_a_create_does_and_binds_nobody(relay):
    share = make(relay)
    token = {"type": "example.push", "tokenData": "0123456789"}
    good = {"notificationToken": token}
    bad = [_set(good, "notificationToken", v) for v in ("x", 1, [], True, {})]
    for name in ("type", "tokenData"):
        path = f"notificationToken.{name}"
        bad += [_set(good, path, v) for v in (MISSING, None, 1, [], "")]
    bad += [_set(good, "notificationToken.tokenData", "t" * 4097)]
    for body in bad:
        with row(str(body)[:60]):
            status(share.read(share.recipient, body), 400)
    winner = new_id()
    status(share.read(winner, good), 200)
    share.belongs_to(winner)
