"""A wire between a relay and its database that can be cut.

    with Wire(servers) as wire:
        wire.directory      to be named as host= instead of the servers'
        wire.stall()        takes connections and bytes, passes nothing on
        wire.go_on()        what it took is passed on, however late
        wire.reset()        every connection ends; what it took is lost
        wire.cut(server)    this one is not reached any more, the others are
        wire.refused        how often that was tried
        wire.mend()         all are

Unix sockets on both sides, under the same numbers.
"""
import contextlib
import pathlib
import shutil
import socket
import tempfile
import threading

AT_ONCE = 65536


class Wire:
    """One for each server, all stalled together."""

    def __init__(self, servers):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='tigress-w-'))
        self.directory.chmod(0o755)
        self.flows = threading.Event()
        self.flows.set()
        self.open = {}      # ends of connections, and whose server's
        self.unreached = set()
        self.refused = 0
        self.lock = threading.Lock()
        self.listeners = [self._listen(server) for server in servers]

    def _listen(self, server):
        name = f'.s.PGSQL.{server.port}'
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.directory / name))
        (self.directory / name).chmod(0o777)
        listener.listen(64)
        self._in_thread(self._accept, listener, server)
        return listener

    def _in_thread(self, work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _accept(self, listener, server):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self._in_thread(self._join, near, server)

    def _join(self, near, server):
        """Connect them; nothing passes while it stalls."""
        far = socket.socket(socket.AF_UNIX)
        with self.lock:
            self.open |= {near: server, far: server}
        self.flows.wait()
        try:
            if server in self.unreached:
                self.refused += 1
                raise OSError('cut')
            far.connect(f'{server.directory}/.s.PGSQL.{server.port}')
        except OSError:
            self._end(near, far)
            return
        self._in_thread(self._pass, far, near)
        self._pass(near, far)

    def _pass(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(AT_ONCE):
                self.flows.wait()
                target.sendall(data)
        self.flows.wait()
        self._end(source, target)

    def _end(self, *ends):
        with self.lock:
            for end in ends:
                self.open.pop(end, None)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def stall(self):
        self.flows.clear()

    def go_on(self):
        self.flows.set()

    def reset(self):
        with self.lock:
            ends = list(self.open)
        self._end(*ends)
        self.flows.set()

    def cut(self, server):
        self.unreached.add(server)
        with self.lock:
            ends = [end for end, its in self.open.items() if its is server]
        self._end(*ends)

    def mend(self):
        self.unreached.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.reset()
        shutil.rmtree(self.directory, ignore_errors=True)
