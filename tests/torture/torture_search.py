"""Nothing that identifies a share, a device or its content is left behind:
not in a file of the relay, not in a log, not in /proc (THREATS 3, 5, 24)."""
import base64
import contextlib
import pathlib
import signal
import socket
import sys
import uuid

import rig
from client import Closed, chunked, new_id
from share import Share, create, headers, make, to_bytes
from tap import equal, note, status, test, that

SOURCE = "127.0.0.77"
TEXTS = {
    "title": "Zwetschgenkuchen title",
    "description": "Heuschober description",
    "image": "https://images.example/quittengelee.png",
    "token type": "example.push.murmeltier",
    "token": "holunderblueten-token-0123456789",
    "new token": "brombeerstrauch-token-9876543210",
    "payload": "plaintext of the payload: rhabarber",
    "new payload": "plaintext of the update: sauerampfer",
    "secret": "c2VjcmV0LW9mLXRoZS11cmw",
    "query": "pfefferminze-in-the-query",
    "attestation": "lindenbluete-attestation",
    "unknown member": "vergissmeinnicht-member",
}


class Markers:
    """Every value used, by name, and the forms in which it may appear."""

    def __init__(self):
        self.forms = {}
        for name, text in TEXTS.items():
            self.add_text(name, text)

    def add_text(self, name, text):
        data = text.encode("utf-8")
        coded = base64.b64encode(data).rstrip(b"=")[:-1]
        self.forms[name] = {data, data.upper(), data.hex().encode(), coded}

    def add_id(self, name, value):
        known = uuid.UUID(value)
        self.forms[name] = {
            str(known).encode(), str(known).upper().encode(),
            known.hex.encode(), known.hex.upper().encode(), known.bytes,
            base64.b64encode(known.bytes).rstrip(b"=")[:-1]}

    def id(self, name):
        value = new_id()
        self.add_id(name, value)
        return value

    def found_in(self, data):
        return [name for name, forms in self.forms.items()
                if any(form in data for form in forms)]


def _body():
    return {
        "payload": {"type": "AEAD_AES_128_GCM", "data": _b64("payload")},
        "displayInformation": {"title": TEXTS["title"],
                               "description": TEXTS["description"],
                               "imageURL": TEXTS["image"]},
        "notificationToken": {"type": TEXTS["token type"],
                              "tokenData": TEXTS["token"]},
        "mailboxConfiguration": {"accessRights": "RWD", "lifetime": 3600},
        "unknown": TEXTS["unknown member"],
    }


def _b64(name):
    return base64.b64encode(TEXTS[name].encode()).decode()


def _token(name):
    return {"notificationToken": {"type": TEXTS["token type"],
                                  "tokenData": TEXTS[name]}}


def _share(speaker, marks, name):
    """A mailbox all of whose values are markers."""
    claim = marks.id(f"{name}: initiator")
    request_id = marks.id(f"{name}: create")
    extra = [("Mailbox-Device-Attestation", TEXTS["attestation"])]
    answer = status(create(speaker, _body(), claim, request_id, extra), 200)
    share = Share(speaker, answer, claim)
    marks.add_id(f"{name}: mailbox", share.id)
    share.recipient = marks.id(f"{name}: recipient")
    share.stranger = marks.id(f"{name}: stranger")
    return share


def _whole_life(speaker, marks, name):
    """Every call once, refused ones between; the mailbox is left alive."""
    share = _share(speaker, marks, name)
    query = f"{share.path}?v={TEXTS['query']}"
    update = {"payload": {"type": "X", "data": _b64("new payload")},
              **_token("new token")}

    def fresh():
        return marks.id(f"{name}: request {len(marks.forms)}")

    status(share.preview(target=query), 200)
    status(share.read(share.recipient, _token("token"), fresh(),
                      target=query), 200)
    status(share.read(share.stranger, request_id=fresh()), 401)
    status(share.update(share.recipient, request_id=fresh(), body=update),
           200)
    status(share.update(share.stranger, request_id=fresh(), body=update), 401)
    status(share.relinquish(request_id=fresh()), 200)
    status(share.read(share.recipient, request_id=fresh()), 200)
    return share


def _malformed(speaker, share):
    """Refused in every way that might make somebody write a line of log."""
    wide = "w" * 40000
    json_body = to_bytes(_body())
    ids = headers(share.initiator, new_id(), b"x")
    calls = [
        ("POST", share.path, ids, b"{" + json_body),
        ("PUT", share.path, ids, json_body[:-4]),
        ("POST", "/v1/m", ids, json_body + b" " * (4 << 20)),
        ("PUT", share.path + "/" + TEXTS["secret"], ids, json_body),
        ("GET", f"/v2/m/{share.id}?{TEXTS['query']}", ids, b""),
        ("BREW", share.path, ids, b""),
        ("OPTIONS", share.path, ids, b""),
        ("POST", share.path, ids + [("X-Wide", share.id + wide)], b""),
        ("GET", share.path + "?" + TEXTS["query"] + wide, ids, b""),
        ("POST", share.path, ids + [("Bad Name", share.initiator)], b""),
        ("POST", share.path, ids + [("Content-Length", share.id)], b""),
        ("POST", share.path, ids + [("Host", f"{share.id} x")], b""),
        ("get", share.path, ids, b""),
        ("GET", f"/%zz/{share.id}", ids, b""),
        ("GET", f"/../../v1/m/{share.id}", ids, b""),
        ("POST", share.path, ids + [("Transfer-Encoding", "chunked")],
         b"zz" + json_body),
        ("PUT", share.path, ids + [("Transfer-Encoding", "chunked")],
         chunked(json_body[:-9]) + share.id.encode()),
    ]
    for method, target, sent, body in calls:
        with contextlib.suppress(OSError, ValueError), \
                speaker.connect() as connection:
            connection.sock.settimeout(5)
            with contextlib.suppress(OSError):
                connection.send(speaker.render(method, target, sent, body))
            answer = connection.receive(method)
            that(answer.status >= 400, f"{method}: got {answer.status}")
    return len(calls)


def _aborted(speaker, share):
    """Connections that end in the middle of a request or before its answer."""
    body = to_bytes(_body())
    data = speaker.render("PUT", f"{share.path}?{TEXTS['query']}",
                          headers(share.initiator, new_id(), body), body)
    for end in (20, 60, 120, len(data) - len(body), len(data) - 3, len(data)):
        with speaker.connect() as connection:
            connection.send(data[:end])


def _http_2(speaker, marks, share):
    sent = headers(share.initiator, marks.id("over http 2"))
    query = f"{share.path}?v={TEXTS['query']}"
    status(speaker.curl("POST", query, sent), 200)
    status(speaker.curl("GET", query, sent), 200)
    status(speaker.curl("BREW", query, sent), 405, 501)
    with contextlib.suppress(OSError):
        speaker.curl("GET", query, sent + [("X-Wide", "w" * 40000)])


def _plain(relay, share):
    """The same over plain HTTP to the port of TLS."""
    speaker = relay.speaker()
    data = speaker.render("GET", share.path, headers(share.initiator))
    with socket.create_connection(("127.0.0.1", relay.port), 5) as sock:
        sock.settimeout(5)
        sock.sendall(data)
        with contextlib.suppress(OSError):
            sock.recv(4096)


def _run_everything(relay, marks):
    """The run whose traces are looked for. Returns the mailbox still alive."""
    speaker = relay.speaker()
    speaker.source = (SOURCE, 0)
    alive = _whole_life(speaker, marks, "alive")
    deleted = _whole_life(speaker, marks, "deleted")
    status(deleted.delete(request_id=marks.id("the delete")), 200)
    status(deleted.read(), 404)
    refused = _malformed(speaker, alive)
    _aborted(speaker, alive)
    _http_2(speaker, marks, alive)
    _plain(relay, alive)
    with contextlib.suppress(Closed, OSError):
        relay.kill_some_worker()
        alive.read(alive.recipient)
    relay.is_well()
    note(f"{refused} malformed calls among the rest")
    return alive


def _search(relay, marks, *more):
    """What is found where, in files, command lines and environments."""
    found = []
    places = relay.files()
    for path in more:
        places += [p for p in pathlib.Path(path).rglob("*") if p.is_file()]
    for pid in relay.pids():
        places += [pathlib.Path(f"/proc/{pid}/cmdline"),
                   pathlib.Path(f"/proc/{pid}/environ")]
    size = 0
    for place in places:
        try:
            data = place.read_bytes()
        except FileNotFoundError:
            continue                # a process or a file that has just ended
        except PermissionError:
            if place.name != "environ":
                raise
            continue                # closed even to the user who runs it
        size += len(data)
        found += [f"{name} in {place.name}" for name in marks.found_in(data)]
    note(f"searched {len(places)} files, {size >> 10} KiB, for "
         f"{len(marks.forms)} values")
    return found


def _conf(relay):
    """Logs as loud as an operator may make them."""
    logs = relay.state / "loud"
    logs.mkdir()
    logs.chmod(0o777)
    relay.conf = [f"access_log {logs}/access.log combined;",
                  f"error_log {logs}/error.log info;"]
    return logs


# §1, R-URL-1
@test
def no_value_used_is_found_in_files_logs_or_proc():
    relay = rig.Rig()
    logs = _conf(relay)
    marks = Markers()
    with relay:
        alive = _run_everything(relay, marks)
        relay.tell(signal.SIGHUP)   # a reload writes files, too
        equal(_search(relay, marks), [], "found while it runs")
        that((logs / "error.log").stat().st_size > 0, "nothing was logged")
        that((logs / "access.log").stat().st_size > 0, "nothing was logged")
        alive.relay = relay.speaker()
        # The aborted update may have come in whole.
        that(alive.text() in (TEXTS["payload"], TEXTS["new payload"]),
             "the mailbox is still there")
        relay.stop()
        equal(_search(relay, marks), [], "found after its end")
        _planted_is_found(relay, marks)


def _planted_is_found(relay, marks):
    """The search would have found something."""
    place = relay.state / "planted"
    for name, forms in marks.forms.items():
        for form in forms:
            place.write_bytes(b"before " + form + b" after")
            that(name in marks.found_in(place.read_bytes()),
                 f"a planted {name} is not found")
    that(_search(relay, marks), "a planted file is not looked at")


# §1
@test
def the_address_of_a_client_is_not_logged():
    with rig.Rig() as relay:
        marks = Markers()
        _run_everything(relay, marks)
        for place in relay.files():
            that(SOURCE.encode() not in place.read_bytes(),
                 f"the address is in {place.name}")


# R-CREATE-1, R-CREATE-2
@test
def a_large_body_is_not_left_in_a_temporary_file():
    with rig.Rig() as relay:
        marks = Markers()
        speaker = relay.speaker()
        big = base64.b64encode(TEXTS["payload"].encode() * 1800).decode()
        share = make(speaker, payload={"type": "X", "data": big})
        marks.forms = {"payload": {big[:200].encode(),
                                   TEXTS["payload"].encode()}}
        body = to_bytes({"payload": {"type": "X", "data": big}})
        data = speaker.render(
            "PUT", share.path, headers(share.initiator, new_id(), body), body)
        with speaker.connect() as connection:
            connection.send(data[:-10])     # it waits for the rest
            equal(_search(relay, marks), [], "found while it waits")
        equal(_search(relay, marks), [], "found afterwards")


if __name__ == "__main__":
    sys.exit(rig.main("__main__", None))
