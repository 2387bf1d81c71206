"""HTTP as the suite speaks it: every byte of a request in our own hands.

http.client would repair or refuse much of what is to be tried here (headers
given twice, bodies cut short, pipelining), so requests are written by hand and
answers read by the few lines below. Each exchange made through Relay.call is
shown to the observers: rules about every response are judged in one place,
invariants.py.
"""
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

TIMEOUT_S = 20
IDLE_S = 5          # a kept connection older than this may rightly be gone


class Closed(OSError):
    """The relay closed the connection before an answer began."""


class Answer:
    """A response: status, headers in order, body."""

    def __init__(self, status, headers, body, request="", version=""):
        self.status = status
        self.headers = headers      # [(name, value)], names in lower case
        self.body = body
        self.request = request      # "POST /v1/m", for messages
        self.version = version

    def all(self, name):
        return [v for n, v in self.headers if n == name.lower()]

    def header(self, name):
        """The value of a header that may be there once; None: it is not."""
        values = self.all(name)
        if len(values) > 1:
            raise ValueError(f"{self.request}: {name} given twice: {values}")
        return values[0] if values else None

    def json(self):
        return json.loads(self.body.decode("utf-8"),
                          object_pairs_hook=_no_duplicates)

    def text(self):
        return self.body.decode("utf-8")

    @property
    def closes(self):
        tokens = (self.header("connection") or "").lower().split(",")
        return "close" in [token.strip() for token in tokens]


def _no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"an answer with duplicate members: {names}")
    return dict(pairs)


def _dial(relay, window):
    """A connection; `window`: how few bytes it takes in before it is read."""
    if window is None:
        return socket.create_connection((relay.host, relay.port), TIMEOUT_S,
                                        relay.source)
    family, kind, _, _, address = socket.getaddrinfo(
        relay.host, relay.port, type=socket.SOCK_STREAM)[0]
    raw = socket.socket(family, kind)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    raw.settimeout(TIMEOUT_S)
    raw.connect(address)
    return raw


class Connection:
    """One connection over TLS."""

    def __init__(self, relay, context=None, alpn=None, window=None):
        raw = _dial(relay, window)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = context or relay.context(alpn=alpn)
        try:
            self.sock = context.wrap_socket(raw, server_hostname=relay.host)
        except Exception:
            raw.close()
            raise
        self.file = self.sock.makefile("rb")
        self.used = time.monotonic()

    def send(self, data):
        self.sock.sendall(data)

    def receive(self, method="GET", request=""):
        """Read one final answer; interim ones (100) are skipped."""
        answer = self.receive_any(method, request)
        while answer.status < 200:
            answer = self.receive_any(method, request)
        self.used = time.monotonic()
        return answer

    def receive_any(self, method="GET", request=""):
        line = self.file.readline(65537)
        if not line:
            raise Closed("closed before an answer")
        version, status, *_ = line.decode("latin-1").split(" ", 2)
        fields = http.client.parse_headers(self.file).items()
        headers = [(name.lower(), value) for name, value in fields]
        answer = Answer(int(status), headers, b"", request, version)
        answer.body = self._body(answer, method)
        return answer

    def _body(self, answer, method):
        if method == "HEAD" or answer.status < 200 or \
                answer.status in (204, 304):
            return b""
        if answer.header("transfer-encoding"):
            return self._chunks()
        length = answer.header("content-length")
        if length is None:
            return self.file.read()
        body = self.file.read(int(length))
        if len(body) != int(length):
            raise Closed("closed in the middle of an answer")
        return body

    def _chunks(self):
        body = b""
        while True:
            size = int(self.file.readline().split(b";")[0], 16)
            body += self.file.read(size)
            self.file.readline()
            if size == 0:
                return body

    def close(self):
        for part in (self.file, self.sock):
            try:
                part.close()
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def render(method, target, headers, body, host):
    """The bytes of a request. `headers`: pairs, in order, repeats allowed;
    Host and Content-Length are added unless given (value None: left out)."""
    given = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers
              if value is not None]
    wants_length = body or method in ("POST", "PUT", "PATCH")
    if wants_length and not given & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + body


def chunked(body, size=8192):
    """`body` in the chunked transfer coding."""
    parts = []
    for start in range(0, len(body), size):
        part = body[start:start + size]
        parts.append(b"%x\r\n%s\r\n" % (len(part), part))
    return b"".join(parts) + b"0\r\n\r\n"


class Relay:
    """The relay under test, from RELAY_URL and RELAY_CA."""

    def __init__(self, url, ca):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("RELAY_URL must be https://host[:port]")
        self.ca = ca
        self.host = parts.hostname
        self.port = parts.port or 443
        self.authority = parts.netloc
        self.origin = f"https://{parts.netloc}"
        self.source = None      # (address, 0): where connections come from
        self.observers = []
        self._kept = threading.local()
        self._lock = threading.Lock()

    @classmethod
    def from_environment(cls):
        url = os.environ.get("RELAY_URL")
        if not url:
            raise SystemExit("RELAY_URL= is not set (and RELAY_CA= if the "
                             "relay's certificate has a private issuer)")
        return cls(url, os.environ.get("RELAY_CA") or None)

    def context(self, version=None, alpn=None):
        context = ssl.create_default_context(cafile=self.ca)
        if version is not None:
            context.minimum_version = version
            context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def connect(self, context=None, alpn=None, window=None):
        return Connection(self, context, alpn, window)

    def render(self, method, target, headers=(), body=b""):
        return render(method, target, list(headers), body, self.authority)

    def call(self, method, target, headers=(), body=b"", connection=None):
        """One exchange, on the thread's kept connection unless one is given;
        shown to the observers."""
        headers = list(headers)
        data = self.render(method, target, headers, body)
        label = f"{method} {target.split('?')[0][:12]}"
        if connection is not None:
            connection.send(data)
            answer = connection.receive(method, label)
        else:
            answer = self._call_kept(method, data, label)
        self.observe(method, target, headers, body, answer)
        return answer

    def observe(self, method, target, headers, body, answer):
        with self._lock:
            for observer in self.observers:
                observer.saw(method, target, headers, body, answer)

    def _call_kept(self, method, data, label):
        kept = getattr(self._kept, "connection", None)
        if kept is not None:
            self._kept.connection = None
            try:
                return self._finish(kept, method, data, label)
            except (OSError, ValueError) as problem:
                kept.close()
                if time.monotonic() - kept.used < IDLE_S:
                    raise Closed("a connection kept open was closed "
                                 f"unannounced before {label}") from problem
        return self._finish(self.connect(), method, data, label)

    def _finish(self, connection, method, data, label):
        try:
            connection.send(data)
        except OSError:
            pass        # refused while sending: the answer may be there
        answer = connection.receive(method, label)
        if answer.closes:
            connection.close()
        else:
            self._kept.connection = connection
        return answer

    def curl(self, method, target, headers=(), body=b""):
        """One exchange by the curl program over HTTP/2."""
        options = ["-i"] + (["-I"] if method == "HEAD" else ["-X", method])
        if body:
            options += ["--data-binary", "@-", "-H", "Expect:"]
        shown = self._run_curl(self._section(target, headers), options, body)
        head, _, rest = shown.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        version, status = first.split(" ")[:2]
        pairs = [field.split(": ", 1) for field in fields]
        headers = [(name.lower(), value) for name, value in pairs]
        return Answer(int(status), headers, rest,
                      f"{method} {target[:12]}", version)

    def curl_at_once(self, method, target, headers_of_each):
        """The same call with each of these headers, as streams of one
        connection over HTTP/2: the status codes, in the order of answers."""
        sections = [self._section(target, headers)
                    + [f'request = "{method}"', 'output = "/dev/null"',
                       'write-out = "%{http_code} "', "http2", "silent"]
                    for headers in headers_of_each]
        lines = sections[0]
        for section in sections[1:]:
            lines = lines + ["next"] + section
        shown = self._run_curl(lines, ["--parallel"])
        return [int(code) for code in shown.split()]

    def _section(self, target, headers):
        lines = [f'url = "{self.origin}{target}"']
        if self.ca:
            lines.append(f'cacert = "{self.ca}"')
        return lines + [f'header = {_quoted(f"{name}: {value}")}'
                        for name, value in headers]

    def _run_curl(self, lines, options, body=b""):
        config = os.memfd_create("curl")
        try:
            os.write(config, "\n".join(lines).encode())
            command = ["curl", "-sS", "--http2", "--max-time", "20",
                       *options, "-K", f"/proc/self/fd/{config}"]
            done = subprocess.run(command, input=body, capture_output=True,
                                  pass_fds=[config], timeout=30, check=False)
        finally:
            os.close(config)
        if done.returncode:
            raise OSError(f"curl: {done.stderr.decode(errors='replace')}")
        return done.stdout


def _quoted(text):
    """A value in curl's configuration file."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def new_id():
    return str(uuid.uuid4())
