"""The relay of holding_relay.py, which can also say something of itself (§7).

    with SayingRelay(directory) as relay:
        relay.says(wait={'max': 7})
"""
import json
import threading

from holding_relay import SECONDS, HoldingRelay

PATH = '/.well-known/tigress'


class SayingRelay(HoldingRelay):
    """
    saying  (status, headers, body) of the discovery document; None: the
            connection breaks
    asked   the path and the headers of each GET
    silent  while this is set nothing is answered to a GET
    """

    def __init__(self, directory):
        super().__init__(directory)
        self.saying = self.problem(404, 'nothing here')
        self.asked = []
        self.silent = threading.Event()
        self.heard = threading.Event()

    def __exit__(self, *exception):
        self.speak()
        super().__exit__(*exception)

    def says(self, headers=None, **members):
        """A document with these members."""
        status, own, body = self.json(members)
        self.saying = status, own | (headers or {}), body

    def hush(self):
        self.heard.clear()
        self.silent.set()

    def until_asked(self, count):
        """Wait until it was asked so many times."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.asked) >= count,
                                         SECONDS):
                raise AssertionError(f'asked {len(self.asked)} times, not '
                                     f'{count}')

    def speak(self):
        """End the silence."""
        self.silent.clear()
        self.heard.set()

    def handler(self):
        relay = self

        class Handler(super().handler()):
            def do_GET(self):
                relay.serve_document(self)

        return Handler

    def serve_document(self, http_handler):
        with self.lock:
            self.asked.append((http_handler.path,
                               dict(http_handler.headers)))
            saying = self.saying
            self.changed.notify_all()
        if self.silent.is_set():
            self.heard.wait(SECONDS)
            saying = None
        if saying is None:
            http_handler.close_connection = True
            http_handler.connection.close()
            return
        self.write(http_handler, *saying)

    def told(self, call):
        """(headers, body) of each of these calls so far."""
        return [(headers, json.loads(body or b'{}'))
                for seen, _, headers, body in self.seen if seen == call]
