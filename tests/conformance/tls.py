"""A ClientHello by hand: what the relay accepts, whatever this machine's own
TLS library is willing to offer."""
import os
import socket

ECDHE_AEAD = [0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9]
OTHERS = [
    0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x009D,     # RSA key exchange
    0x0033, 0x0039, 0x0067, 0x006B, 0x009E, 0x009F,     # DHE
    0xC009, 0xC00A, 0xC013, 0xC014,                     # ECDHE, CBC, SHA-1
    0xC023, 0xC024, 0xC027, 0xC028,                     # ECDHE, CBC, SHA-2
    0x000A, 0xC008, 0xC012, 0x0005, 0xCCAA,
]


def _u16(number):
    return number.to_bytes(2, "big")


def _vector(data, width=2):
    return len(data).to_bytes(width, "big") + data


def _extension(kind, data):
    return _u16(kind) + _vector(data)


def client_hello(version, suites):
    """A record holding a ClientHello that offers `version` at most."""
    groups = b"".join(map(_u16, [29, 23, 24]))
    schemes = b"".join(map(_u16, [0x0403, 0x0503, 0x0804, 0x0401, 0x0203,
                                  0x0201]))
    extensions = (_extension(10, _vector(groups)) + _extension(11, b"\1\0")
                  + _extension(13, _vector(schemes))
                  + _extension(0xFF01, b"\0"))
    hello = (_u16(version) + os.urandom(32) + b"\0"
             + _vector(b"".join(map(_u16, suites))) + b"\1\0"
             + _vector(extensions))
    message = b"\1" + _vector(hello, 3)
    return b"\x16" + _u16(min(version, 0x0301)) + _vector(message)


def accepted(relay, version, suites):
    """True when the relay goes on with such a handshake."""
    with socket.create_connection((relay.host, relay.port), 10) as sock:
        sock.sendall(client_hello(version, suites))
        try:
            first = sock.recv(1)
        except ConnectionError:
            return False
        return first == b"\x16"     # a handshake record; an alert is 0x15
