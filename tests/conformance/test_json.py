"""§2, §13: what is JSON and what is not. Tried on every call with a body."""
import json

from client import new_id
from share import Share, create, make, payload, to_bytes, valid_body
from tap import equal, row, status, test


def _with(raw, **members):
    """A good create body with one more member, its value as raw text."""
    text = json.dumps(valid_body(**members))
    return (text[:-1] + ', "extra": ').encode() + raw + b"}"


def _refused(relay, data, want=400):
    """No mailbox is made of it: the same request id is still free."""
    claim, request_id = new_id(), new_id()
    kind = [("Content-Type", "application/json")]
    status(create(relay, data, claim, request_id, kind), want)
    status(create(relay, None, claim, request_id), 200)


def _table(relay, cases):
    for data in cases:
        with row(repr(data[-60:])):
            _refused(relay, data)


# §2, §4
@test
def a_body_that_does_not_parse_is_400(relay):
    good = to_bytes(valid_body())
    _table(relay, [
        b"", b" ", b"{", good[:-1], good[1:], b"{]", b"nul", b"'a'",
        good.replace(b'"payload":', b"payload:"), good[:-1] + b",}",
        good[:-1] + b', "a": /* */ 1}', _with(b"NaN"), _with(b"Infinity"),
        _with(b"-Infinity"), _with(b"01"), _with(b"+1"), _with(b".5"),
        _with(b"1."), _with(b"0x10"), _with(b"[1,]"), _with(b"[,1]"),
        _with(b"[1 2]"), _with(b"tru"), _with(b"True"), _with(b'"a'),
        _with(b'"\\x41"'), _with(b'"\\u12"'), _with(b'"\\u00g0"'),
        _with(b'"a\tb"'), _with(b'"a\nb"'), _with(b'"\x01"'), _with(b"--1"),
        _with(b"1e"), _with(b"{1: 2}"), _with(b'{"a" 1}'), _with(b""),
    ])


# §4
@test
def a_body_that_is_not_an_object_is_400(relay):
    for data in (b"[]", b'"text"', b"1", b"null", b"true",
                 b"[" + to_bytes(valid_body()) + b"]"):
        with row(repr(data[:10])):
            _refused(relay, data)


# §2
@test
def space_around_the_body_is_no_fault(relay):
    status(create(relay, b" \t\r\n" + to_bytes(valid_body()) + b"\r\n\t "),
           200)


# §2
@test
def trailing_bytes_are_400(relay):
    good = to_bytes(valid_body())
    _table(relay, [good + tail for tail in
                   (b"x", b"{}", b"}", b" {}", b",", b"\0", b"\n\0", b"null",
                    b"\xef\xbb\xbf", b"\x1a")])


# §2
@test
def duplicate_members_at_any_depth_are_400(relay):
    text = json.dumps(valid_body(notificationToken={
        "type": "example.push", "tokenData": "0123456789"}))
    cases = []
    for name in ("title", "imageURL", "type", "data", "tokenData"):
        at = text.index(f'"{name}"')
        cases.append(f'{text[:at]}"{name}": "AAAA", {text[at:]}'.encode())
    cases += [
        text[:-1].encode() + b', "payload": {"type": "X", "data": "AAAA"}}',
        text[:-1].encode() + b', "displayInformation": null}',
        _with(b'{"a": 1, "a": 1}'), _with(b'[[{"a": 1, "b": 2, "a": 3}]]'),
        _with(b'{"x": {"y": {"z": 1, "z": 2}}}'),
        _with(b'{"": 1, "": 2}'), _with(b'1, "extra": 1'),
    ]
    _table(relay, cases)


# §2
@test
def a_duplicate_spelled_with_escapes_is_a_duplicate(relay):
    _table(relay, [_with(b'{"abc": 1, "\\u0061bc": 2}'),
                   _with(b'1, "\\u0070ayload": {"type":"X","data":"AAAA"}')])


# §2
@test
def the_same_name_in_different_objects_is_no_duplicate(relay):
    status(create(relay, _with(b'{"payload": 1, "extra": {"extra": 2}}')), 200)


# §2
@test
def invalid_utf_8_is_400_anywhere(relay):
    for bad in (b"\xff", b"\xc3", b"\xc3(", b"\x80", b"\xc0\x80", b"\xc1\xbf",
                b"\xe0\x80\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xed\xbf\xbf",
                b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
                b"\xf8\x88\x80\x80\x80"):
        title = valid_body()
        title["displayInformation"]["title"] = "TITLE"
        with row(repr(bad)):
            _refused(relay, _with(b'"' + bad + b'"'))
            _refused(relay, _with(b'{"' + bad + b'": 1}'))
            _refused(relay, to_bytes(title).replace(b"TITLE", b"a" + bad))


# §2
@test
def another_encoding_or_a_byte_order_mark_is_400(relay):
    text = json.dumps(valid_body())
    _table(relay, [b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"),
                   text.encode("utf-16-le"), text.encode("utf-16-be"),
                   text.encode("utf-32")])


# §13
@test
def nesting_may_be_32_deep_and_no_deeper(relay):
    def arrays(levels):
        return b"[" * levels + b"]" * levels

    def objects(levels):
        return b'{"a":' * levels + b"1" + b"}" * levels

    for nest in (arrays, objects):
        with row(f"{nest.__name__}, 32"):
            status(create(relay, _with(nest(31))), 200)
        for deeper in (32, 33, 100, 5000):
            with row(f"{nest.__name__}, {deeper + 1}"):
                _refused(relay, _with(nest(deeper)))


# §13
@test
def lone_surrogates_are_400_anywhere(relay):
    lone = (b"\\ud800", b"\\udbff", b"\\udc00", b"\\udfff", b"\\udc00\\ud800",
            b"\\ud83dx", b"\\ud83d\\u0041", b"\\ud83d\\ud83d\\ude97")
    for escape in lone:
        with row(repr(escape)):
            _refused(relay, _with(b'"' + escape + b'"'))
            _refused(relay, _with(b'{"' + escape + b'": 1}'))
            title = valid_body()
            title["displayInformation"]["title"] = "TITLE"
            _refused(relay, to_bytes(title).replace(b"TITLE", escape))


# §13
@test
def nul_is_400_anywhere(relay):
    _table(relay, [
        _with(b'"\\u0000"'), _with(b'"a\\u0000b"'), _with(b'{"\\u0000": 1}'),
        _with(b'["a", {"b": "\\u0000"}]'), _with(b'"\0"'),
        _with(b'1, "payload\\u0000": 2'),
        to_bytes(valid_body()).replace(b"Key", b"K\\u0000y"),
        to_bytes(valid_body()).replace(b"AEAD", b"A\\u0000AD"),
        to_bytes(valid_body()).replace(b"images.example", b"i\\u0000.example"),
    ])


BAD = (b"{", b"[]", b"null", b"1", b'{"a":1,"a":1}', b"{}x", b"\xff",
       b'\xef\xbb\xbf{"a": 1}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}',
       b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}")


# §2, §13
@test
def an_update_takes_the_same_care(relay):
    share = make(relay, bound=True)
    with share.unchanged():
        for bad in BAD:
            with row(repr(bad[:20])):
                status(share.update(share.recipient, body=bad), 400)
        good = to_bytes({"payload": payload("new")})
        for bad in (good + b"x", good[:-1] + b', "payload": null}',
                    b"\xef\xbb\xbf" + good, good[:-1]):
            with row(repr(bad[-20:])):
                status(share.update(share.recipient, body=bad), 400)


# §2, §13
@test
def a_first_read_takes_the_same_care_and_binds_nobody(relay):
    share = make(relay)
    for bad in BAD:
        with row(repr(bad[:20])):
            status(share.read(share.recipient, bad), 400)
    winner = new_id()
    status(share.read(winner, {}), 200)
    share.belongs_to(winner)


# §13
@test
def escapes_in_names_and_values_mean_what_they_stand_for(relay):
    data = to_bytes(valid_body(payload=payload("escaped")))
    data = data.replace(b'"payload"', b'"\\u0070ayl\\u006Fad"')
    data = data.replace(b"Key of", b"\\u004bey \\ud83d\\ude97 of")
    claim = new_id()
    share = Share(relay, status(create(relay, data, claim), 200), claim)
    got = share.read().json()
    equal(got["payload"], payload("escaped"), "payload")
    equal(got["displayInformation"]["title"],
          "Key \U0001f697 of the blue car", "title")
