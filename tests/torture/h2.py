"""Just enough of HTTP/2 (RFC 9113) to be a bad client: frames by hand, header
fields as literals without Huffman coding (RFC 7541 §6.2.2)."""

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
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


def more_window(stream, size=65535):
    return frame(WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))
