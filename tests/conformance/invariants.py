"""Rules about every response, judged on each exchange of the whole suite.

An Observer sees them all; test_every_response.py, which runs last, turns each
rule into one line of TAP and shows the first exchanges that broke it.
"""
import json
import re
import uuid

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
SHORTEST = 6        # a value shorter than this may stand in any sentence


def is_uuid(text):
    return bool(UUID.fullmatch(text)) and uuid.UUID(text).int != 0


class Observer:
    def __init__(self):
        self.count = 0
        self.statuses = {}
        self.broken = {rule: [] for rule in RULES}

    def saw(self, method, target, headers, body, answer):
        self.count += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        sent = Sent(method, target, headers, body)
        for rule, judge in RULES.items():
            try:
                problem = judge(sent, answer)
            except ValueError as error:
                problem = str(error)
            if problem:
                self.broken[rule].append(
                    f"{answer.request} -> {answer.status}: {problem}")


class Sent:
    """What a request carried."""

    def __init__(self, method, target, headers, body):
        self.method = method
        self.target = target
        self.body = body
        self.headers = [(n.lower(), v) for n, v in headers if v is not None]

    def all(self, name):
        return [v.strip(" \t") for n, v in self.headers if n == name]

    def request_id(self):
        """The request id that is to be echoed, or None."""
        values = self.all("mailbox-request-id")
        if len(values) == 1 and is_uuid(values[0]):
            return values[0].lower()
        return None

    def secrets(self):
        """The values that no error may repeat."""
        found = self.all("mailbox-device-claim")
        found += self.all("mailbox-device-attestation")
        if self.request_id() is None:
            found += self.all("mailbox-request-id")
        path = self.target.split("?")[0].split("/")
        if len(path) > 3:
            found.append(path[3])
        found += _strings(self.body)
        return [value for value in found if len(value) >= SHORTEST]


def _strings(body):
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found, rest = [], [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest += value.values()
        elif isinstance(value, list):
            rest += value
        elif isinstance(value, str):
            found.append(value)
    return found


def _hsts(_sent, answer):
    value = answer.header("strict-transport-security")
    if not value or not re.search(r"max-age=[1-9]", value):
        return f"Strict-Transport-Security is {value}"
    return None


def _not_cached(sent, answer):
    value = answer.header("cache-control")
    if (sent.target.startswith(("/v1/picture/", "/.well-known/")) and
            answer.status in (200, 304)):
        return None                 # no mailbox's, and the same for all
    return None if value == "no-store, no-transform" else f"it is {value}"


def _length(sent, answer):
    value = answer.header("content-length")
    if value is None and answer.status == 304:
        return None                 # it would tell that of a 200
    if value is None:
        return "no Content-Length"
    if sent.method != "HEAD" and int(value) != len(answer.body):
        return f"Content-Length {value}, body of {len(answer.body)}"
    return None


def _echo(sent, answer):
    got, want = answer.header("mailbox-request-id"), sent.request_id()
    return None if got == want else f"echoed {got}, sent {want}"


def _no_cookie(_sent, answer):
    return "a cookie" if answer.all("set-cookie") else None


def _challenge(_sent, answer):
    if answer.status != 401:
        return None
    value = answer.header("www-authenticate") or ""
    good = re.match(r"Mailbox-Device-Claim($|[ ,])", value)
    return None if good else f"WWW-Authenticate is {value!r}"


def _allow(_sent, answer):
    if answer.status != 405:
        return None
    return None if answer.header("allow") else "405 without Allow"


def _retry_after(_sent, answer):
    if answer.status not in (429, 503):
        return None
    value = answer.header("retry-after") or ""
    return None if value.isdigit() else f"Retry-After is {value!r}"


def is_page(sent, answer):
    """A person is answered with a page (R-PRE-4), a program is not."""
    kind = (answer.header("content-type") or "").lower()
    return (sent.method in ("GET", "HEAD") and sent.target.startswith("/v1/m/")
            and kind.startswith("text/html"))


def _problem(sent, answer):
    if answer.status < 400 or is_page(sent, answer):
        return None
    kind = (answer.header("content-type") or "").split(";")[0]
    if kind != "application/problem+json":
        return f"Content-Type {kind}"
    if sent.method == "HEAD":
        return None
    return _problem_members(answer)


def _problem_members(answer):
    document = answer.json()
    if not isinstance(document, dict):
        return "not an object"
    if document.get("status") != answer.status:
        return f"member status is {document.get('status')}"
    kind = document.get("type")
    if not isinstance(kind, str) or not kind.startswith("urn:"):
        return f"type is {kind}"
    for name in ("title", "detail"):
        if not isinstance(document.get(name), str) or not document[name]:
            return f"{name} is {document.get(name)}"
    return None


def _says_nothing(sent, answer):
    if answer.status < 400:
        return None
    page = is_page(sent, answer)
    shown = answer.body.decode("utf-8", "replace")
    shown += "".join(v for n, v in answer.headers if n != "mailbox-request-id")
    for value in sent.secrets():
        known = page and value in sent.target     # a page may hold its address
        if value.lower() in shown.lower() and not known:
            return "a value sent is in the answer"
    return None


def _json(sent, answer):
    """Answers of the calls: JSON, or empty for DELETE and PATCH."""
    if answer.status not in (200, 201):
        return None
    if sent.method in ("DELETE", "PATCH"):
        return "a body" if answer.body else None
    if sent.method not in ("POST", "PUT"):
        return None
    kind = (answer.header("content-type") or "").split(";")[0]
    if kind != "application/json":
        return f"Content-Type {kind}"
    return None if isinstance(answer.json(), dict) else "not an object"


RULES = {
    "hsts": _hsts,
    "not_cached": _not_cached,
    "length": _length,
    "echo": _echo,
    "no_cookie": _no_cookie,
    "challenge": _challenge,
    "allow": _allow,
    "retry_after": _retry_after,
    "problem": _problem,
    "says_nothing": _says_nothing,
    "json": _json,
}
