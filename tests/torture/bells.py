"""What the relay rings, heard in place of tigress-push.

Written from src/doorbell/doorbell.h. A ring is sent before the call that caused
it is answered, so whoever has the answer finds the ring here at once.
"""
import contextlib
import hashlib
import os
import pathlib
import select
import shutil
import socket
import tempfile

PACKET_MOST = 8192


def mark(kind, data):
    """By which a dead token is named."""
    digest = hashlib.sha256(kind.encode() + b"\0" + data.encode())
    return digest.digest()[:16]


class Ring:
    """One packet, taken apart to its last byte."""

    def __init__(self, packet):
        self.packet = packet
        if packet[:1] != b"R":
            raise ValueError(f"no ring: {packet[:20]}")
        self.until = int.from_bytes(packet[1:9], "big")
        end = 10 + packet[9]
        self.kind = packet[10:end].decode()
        length = int.from_bytes(packet[end:end + 2], "big")
        self.data = packet[end + 2:].decode()
        if len(packet) != end + 2 + length:
            raise ValueError(f"a ring of {len(packet)} bytes")


class Bells:
    """A socket that the relay rings; open() and shut() as often as needed."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="tigress-bells-"))
        self.place.chmod(0o755)     # workers may run as another user
        self.path = self.place / "push.sock"
        self.listener = None
        self.lines = []

    def conf(self, *kinds):
        """The directive that makes a relay ring here."""
        return f"tigress_push unix:{self.path} {' '.join(kinds)};"

    def open(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.path))
        self.path.chmod(0o666)
        self.listener.listen(64)
        self.listener.setblocking(False)

    def shut(self):
        for sock in [*self.lines, *filter(None, [self.listener])]:
            sock.close()
        self.lines, self.listener = [], None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def accept(self):
        with contextlib.suppress(BlockingIOError):
            while self.listener is not None:
                line, _ = self.listener.accept()
                line.setblocking(False)
                self.lines.append(line)

    def heard(self):
        """All rings that are here by now."""
        self.accept()
        found = []
        for line in list(self.lines):
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                while packet := line.recv(PACKET_MOST):
                    found.append(Ring(packet))
                self.lines.remove(line)     # its worker has ended
                line.close()
        return found

    def wait(self, seconds):
        """Until something is here, at most so long."""
        self.accept()
        select.select([self.listener, *self.lines], [], [], seconds)

    def tell_dead(self, kind, data):
        """Some worker is told that a token is dead."""
        self.accept()
        self.lines[0].send(b"D" + mark(kind, data))

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.shut()
        shutil.rmtree(self.place)
