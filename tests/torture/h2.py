"""Just enough of HTTP/2 (RFC 9113) to be a bad client: frames by hand, header
fields as literals without Huffman coding (RFC 7541 §6.2.2). `Client` is a good
one, and reads of an answer's fields no more than the status."""

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
PING = 6
ACK = 1
END_STREAM, END_HEADERS = 1, 4
CANCEL = 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def opening():
    """Preface and empty settings."""
    return PREFACE + frame(SETTINGS, 0, 0)


def _field(name, value):
    name, value = name.lower().encode(), value.encode()
    if max(len(name), len(value)) > 126:
        raise ValueError("a field too long for one byte of length")
    return (b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value)


def request(stream, method, path, fields, body=b""):
    """The frames of one request on `stream` (odd, rising)."""
    pseudo = [(":method", method), (":scheme", "https"),
              (":authority", "relay.example"), (":path", path)]
    block = b"".join(_field(name, value) for name, value in pseudo + fields)
    flags = END_HEADERS | (0 if body else END_STREAM)
    data = frame(DATA, END_STREAM, stream, body) if body else b""
    return frame(HEADERS, flags, stream, block) + data


def reset(stream):
    return frame(RST_STREAM, 0, stream, CANCEL.to_bytes(4, "big"))


def ping():
    return frame(PING, 0, 0, bytes(8))


def more_window(stream, size=65535):
    return frame(WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))


# The static table's entries for :status (RFC 7541, Appendix A).
STATUS_FIRST, STATUS_LAST = 8, 14
STATUSES = [200, 204, 206, 304, 400, 404, 500]


def status_of(block):
    """The status that a block of fields begins with: out of the static table,
    or a literal that is named there and not Huffman coded."""
    while block[0] & 0xe0 == 0x20:      # a new size of the dynamic table
        block = block[1:]
    if block[0] & 0x80:
        return STATUSES[(block[0] & 0x7f) - STATUS_FIRST]
    name = block[0] & (0x3f if block[0] & 0x40 else 0x0f)
    if not STATUS_FIRST <= name <= STATUS_LAST or block[1] != 3:
        raise ValueError("a status that is written in another way")
    return int(block[2:5])


class Stream:
    """What came in on one stream."""

    def __init__(self):
        self.status = None
        self.body = b""
        self.ended = False


class Client:
    """One connection; requests go out on streams of their own, and answers
    come in as they like."""

    def __init__(self, relay):
        self.connection = relay.connect(alpn=["h2"])
        self.connection.send(opening())
        self.streams = {}
        self.goes_away = False

    def ask(self, method, path, fields, body=b""):
        """Send a request; its stream."""
        number = 2 * len(self.streams) + 1
        self.streams[number] = Stream()
        self.connection.send(request(number, method, path, fields, body))
        return number

    def reset(self, number):
        self.connection.send(reset(number))

    def answer(self, number):
        """(status, body), once all of it is there."""
        stream = self.streams[number]
        while not stream.ended:
            self.take_frame()
        return stream.status, stream.body

    def answered(self):
        """The streams whose answers are there by now."""
        return {number for number, stream in self.streams.items()
                if stream.ended}

    def read(self, size):
        found = self.connection.file.read(size)
        if len(found) < size:
            raise ConnectionError("closed in the middle")
        return found

    def take_frame(self):
        """Read one frame, and note what it says."""
        head = self.read(9)
        kind, flags = head[3], head[4]
        number = int.from_bytes(head[5:9], "big")
        body = self.read(int.from_bytes(head[:3], "big"))
        if kind in (SETTINGS, PING) and not flags & ACK:
            answer = body if kind == PING else b""
            self.connection.send(frame(kind, ACK, 0, answer))
        elif kind == GOAWAY:
            self.goes_away = True
        elif kind == RST_STREAM:
            raise ConnectionError("the relay has reset a stream")
        elif kind in (HEADERS, DATA):
            self.note(self.streams[number], kind, flags, body)

    @staticmethod
    def note(stream, kind, flags, body):
        if kind == DATA:
            stream.body += body
        elif stream.status is None:
            stream.status = status_of(body)
        stream.ended = bool(flags & END_STREAM)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
