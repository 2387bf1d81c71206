"""A mailbox as the tests hold it: its address, three claims, the six calls."""
import base64
import contextlib
import json
import re
import urllib.parse

import tap
from client import new_id

NEW = object()      # "draw a fresh request id"

UUID4 = (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}"
         r"-[0-9a-f]{12}")


def encode(data):
    return base64.b64encode(data).decode("ascii")


def payload(text="first payload"):
    return {"type": "AEAD_AES_128_GCM", "data": encode(text.encode())}


def valid_body(**members):
    """A create body that is good; `members` are added or replaced."""
    body = {
        "payload": payload(),
        "displayInformation": {
            "title": "Key of the blue car",
            "description": "You may open and drive it this weekend",
            "imageURL": "https://images.example/car.png",
        },
    }
    body.update(members)
    return body


def rights(letters):
    """A mailboxConfiguration with these access rights."""
    return {"accessRights": letters, "lifetime": 600}


def to_bytes(body):
    """A body as sent: bytes stay, anything else becomes JSON."""
    if isinstance(body, bytes):
        return body
    return json.dumps(body, ensure_ascii=False).encode("utf-8")


def headers(claim=None, request_id=None, body=b"", extra=()):
    """The usual headers; what is None is left out."""
    found = []
    if request_id is not None:
        found.append(("Mailbox-Request-ID", request_id))
    if claim is not None:
        found.append(("Mailbox-Device-Claim", claim))
    given = {name.lower() for name, _ in extra}
    if body and "content-type" not in given:
        found.append(("Content-Type", "application/json"))
    return found + list(extra)


def _id(request_id):
    return new_id() if request_id is NEW else request_id


def create(relay, body=None, claim=NEW, request_id=NEW, extra=(), **kw):
    """CreateMailbox, whatever comes of it."""
    data = to_bytes(valid_body() if body is None else body)
    sent = headers(_id(claim), _id(request_id), data, extra)
    return relay.call("POST", "/v1/m", sent, data, **kw)


class Share:
    """A mailbox that exists, with the claims of its story."""

    def __init__(self, relay, answer, initiator):
        self.relay = relay
        self.answer = answer
        self.url = answer.json()["urlLink"]
        parts = urllib.parse.urlsplit(self.url)
        self.path = parts.path
        found = re.fullmatch(f"/v1/m/({UUID4})", parts.path)
        tap.that(found, "urlLink is not /v1/m/{version 4 UUID}")
        self.id = found.group(1)
        self.initiator = initiator
        self.recipient = new_id()
        self.stranger = new_id()

    @property
    def expiration(self):
        return self.answer.json()["expiration"]

    def _call(self, method, claim, request_id, body, extra, target, kw):
        data = b"" if body is None else to_bytes(body)
        sent = headers(claim, _id(request_id), data, extra)
        return self.relay.call(method, target or self.path, sent, data, **kw)

    def read(self, claim=None, body=None, request_id=None, extra=(),
             target=None, **kw):
        return self._call("POST", claim or self.initiator, request_id, body,
                          extra, target, kw)

    def update(self, claim=None, text="second payload", request_id=NEW,
               body=None, extra=(), target=None, **kw):
        if body is None:
            body = {"payload": payload(text)}
        return self._call("PUT", claim or self.initiator, request_id, body,
                          extra, target, kw)

    def delete(self, claim=None, request_id=NEW, body=None, extra=(),
               target=None, **kw):
        return self._call("DELETE", claim or self.initiator, request_id, body,
                          extra, target, kw)

    def relinquish(self, claim=None, request_id=NEW, body=None, extra=(),
                   target=None, **kw):
        return self._call("PATCH", claim or self.recipient, request_id, body,
                          extra, target, kw)

    def preview(self, method="GET", extra=(), target=None, **kw):
        return self.relay.call(method, target or self.path, list(extra), **kw)

    def bind(self, claim=None):
        """A first read by the recipient (or by `claim`)."""
        return tap.status(self.read(claim or self.recipient), 200)

    def text(self, claim=None):
        """The payload's text, as `claim` or else the initiator reads it."""
        answer = tap.status(self.read(claim), 200)
        return base64.b64decode(answer.json()["payload"]["data"]).decode()

    def etag(self, claim=None):
        return tap.status(self.read(claim), 200).header("etag")

    def state(self):
        """All that the initiator can see."""
        answer = tap.status(self.read(), 200)
        return answer.json(), answer.header("etag")

    def is_gone(self):
        """Every call finds nothing any more."""
        for claim in (self.initiator, self.recipient, self.stranger):
            tap.status(self.read(claim), 404)
            tap.status(self.update(claim), 404)
            tap.status(self.relinquish(claim), 404)
            tap.status(self.delete(claim), 404)
        tap.status(self.preview(), 404)

    def belongs_to(self, claim):
        """`claim` is the bound recipient, a third is refused."""
        tap.status(self.read(claim), 200)
        tap.status(self.read(new_id()), 401)

    def is_free(self):
        """Nobody is bound: asks by binding the recipient."""
        tap.status(self.read(self.recipient), 200)
        self.belongs_to(self.recipient)

    @contextlib.contextmanager
    def unchanged(self):
        """What is done inside changes nothing that can be seen."""
        before = self.state()
        yield
        tap.equal(self.state(), before, "the mailbox afterwards")


def make(relay, body=None, bound=False, **members):
    """A new mailbox; by default with all three rights, not yet bound."""
    if body is None:
        members.setdefault("mailboxConfiguration", rights("RWD"))
        body = valid_body(**members)
    initiator = new_id()
    answer = tap.status(create(relay, body, initiator), 200)
    share = Share(relay, answer, initiator)
    if bound:
        share.bind()
    return share
