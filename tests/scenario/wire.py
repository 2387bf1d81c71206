"""What crosses the wire between devices and a relay, recorded.

    with Wire() as wire, Relay(public_host=wire.host) as relay:
        wire.connect(relay)
        ... devices talk to wire.url, trusting wire.ca ...
        for call in wire.calls: print(call)

A TLS proxy on a free loopback port. It offers HTTP/1.1 alone, so that what it
carries can be read, and hands every byte on unchanged. It stands where a
curious relay operator stands: `wire.bytes` is all that one could ever see.
"""
import pathlib
import re
import shutil
import socket
import ssl
import tempfile
import threading

from relay import make_certificate

CHUNK = 65536
TIMEOUT_SECONDS = 30


class Call:
    """One request and its answer."""

    def __init__(self, method, path, status, sent, received):
        self.method = method
        self.path = path
        self.status = status
        self.sent = sent          # bytes of the request's body
        self.received = received  # bytes of the answer's body

    @property
    def shown(self):
        """The path with the mailbox identifier hidden: it is a capability."""
        return re.sub(r'[0-9a-fA-F-]{36}', '{id}', self.path)

    def __str__(self):
        return (f'{self.method:<6} {self.shown:<20} {self.sent:>5} B  ->  '
                f'{self.status} {self.received:>5} B')


class Reader:
    """Messages of HTTP/1.1 with Content-Length, from a socket."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b''

    def fill(self):
        more = self.connection.recv(CHUNK)
        if not more:
            raise ConnectionError('closed')
        self.buffer += more

    def message(self, has_body=True):
        """The next message: (head, body)."""
        while b'\r\n\r\n' not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        length = re.search(rb'(?im)^content-length:\s*(\d+)', head)
        size = int(length[1]) if length and has_body else 0
        while len(self.buffer) < size:
            self.fill()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return head + b'\r\n\r\n', body


class Wire:
    """A recording proxy; see the top of this file."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='tigress-wire-'))
        cert, key = make_certificate(self.directory)
        self.ca = str(cert)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(cert, key)
        self.tls.set_alpn_protocols(['http/1.1'])
        self.listening = socket.create_server(('127.0.0.1', 0))
        self.host = '127.0.0.1:%d' % self.listening.getsockname()[1]
        self.url = 'https://' + self.host
        self.accepting = None
        self.relay = None
        self.calls = []
        self.asked = []  # the head of each request, answered or not
        self.bytes = b''
        self.lock = threading.Lock()

    def connect(self, relay):
        """Carry what comes to this relay."""
        self.relay = relay
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return  # shut down: the end
            threading.Thread(target=self.carry, args=(connection,),
                             daemon=True).start()

    def carry(self, connection):
        """One connection of a device, until either side ends it."""
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            with self.tls.wrap_socket(connection, server_side=True) as device, \
                    self.dial() as relay:
                self.exchange(Reader(device), Reader(relay))
        except (OSError, ssl.SSLError):
            pass  # a device that goes away is no news

    def dial(self):
        tls = ssl.create_default_context(cafile=self.relay.ca)
        tls.set_alpn_protocols(['http/1.1'])
        address = ('127.0.0.1', self.relay.port)
        return tls.wrap_socket(
            socket.create_connection(address, TIMEOUT_SECONDS),
            server_hostname='127.0.0.1')

    def exchange(self, device, relay):
        while True:
            head, sent = device.message()
            with self.lock:
                self.asked.append(head.decode())
            relay.connection.sendall(head + sent)
            method, path, _ = head.split(b'\r\n')[0].decode().split(' ')
            answer, received = relay.message(method != 'HEAD')
            status = int(answer.split(b' ')[1])
            with self.lock:
                self.bytes += head + sent + answer + received
                self.calls.append(Call(method, path, status, len(sent),
                                       len(received)))
            device.connection.sendall(answer + received)

    def held(self):
        """Of what was asked: the reads that the relay may hold (§6)."""
        with self.lock:
            return [head for head in self.asked
                    if '\r\nprefer: wait=' in head.lower()]

    def take(self):
        """The calls since this was last asked."""
        with self.lock:
            calls, self.calls = self.calls, []
        return calls

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Closing alone leaves accept() waiting, with the port; or with the
        # socket of the next proxy, which gets the same descriptor.
        if self.accepting:
            self.listening.shutdown(socket.SHUT_RDWR)
            self.accepting.join()
        self.listening.close()
        shutil.rmtree(self.directory, ignore_errors=True)
