"""The lying relay of hostile_relay.py, which can also hold a read (§6).

    with HoldingRelay(directory) as relay:
        ... a device waits ...
        relay.until_held(1)
        relay.let_go(HoldingRelay.CUT)      # all that are held: cut, or early
"""
import re
import threading
import time

from hostile_relay import HostileRelay

SECONDS = 30  # the longest time for anything that must happen


class HoldingRelay(HostileRelay):
    """
    holds   whether Prefer: wait is honoured
    deaf    whether reads that are held do not hear of changes
    held    (claim, ETag, seconds, client's port) of each read that was ever
            held
    """

    CUT, EARLY = 'cut', 'early'

    def __init__(self, directory, holds=True):
        super().__init__(directory)
        self.holds = holds
        self.deaf = False
        self.held = []
        self.orders = 0     # counts let_go()
        self.order = None
        self.changed = threading.Condition(self.lock)

    def until_held(self, count):
        """Wait until so many reads have been held, now or before."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.held) >= count,
                                         SECONDS):
                raise AssertionError(f'{len(self.held)} reads are held, not '
                                     f'{count}')

    def let_go(self, order):
        """Cut those that are held, or answer them early."""
        with self.changed:
            self.order = order
            self.orders += 1
            self.changed.notify_all()

    def reads(self, claim=None):
        """The headers of each read so far."""
        return [headers for call, _, headers, _ in self.seen
                if call == 'read' and
                claim in (None, headers['Mailbox-Device-Claim'])]

    def serve(self, http_handler, body):
        order = None
        if self.call_of(http_handler) == 'read':
            order = self.hold(http_handler)
        if order == self.CUT:
            with self.lock:
                self.seen.append(('read', http_handler.path,
                                  dict(http_handler.headers), body))
            http_handler.close_connection = True
            http_handler.connection.close()
            return
        super().serve(http_handler, body)
        with self.changed:
            self.changed.notify_all()

    def version(self, http_handler):
        """What the mailbox is at; None when it is gone."""
        mailbox = self.mailboxes.get(
            http_handler.path.removeprefix('/v1/m/'))
        return mailbox and f'"{mailbox["version"]}"'

    def hold(self, http_handler):
        """Hold a read that wants it. Returns an order that has ended it."""
        etag = http_handler.headers['If-None-Match']
        wait = re.fullmatch(r'wait=(\d+)', http_handler.headers['Prefer'] or '')
        if not (self.holds and wait):
            return None
        end = time.monotonic() + int(wait[1])
        with self.changed:
            orders = self.orders
            if self.version(http_handler) != etag:
                return None
            self.held.append((http_handler.headers['Mailbox-Device-Claim'],
                              etag, int(wait[1]),
                              http_handler.client_address[1]))
            self.changed.notify_all()
            while ((self.deaf or self.version(http_handler) == etag) and
                   self.orders == orders and end > time.monotonic()):
                self.changed.wait(end - time.monotonic())
            return self.order if self.orders != orders else None

    def read(self, identifier, mailbox, http_handler, body):
        etag = http_handler.headers['If-None-Match']
        applied = {}
        if self.holds and http_handler.headers['Prefer']:
            applied = {'Preference-Applied': http_handler.headers['Prefer']}
        if etag == f'"{mailbox["version"]}"':
            status, headers, text = self.problem(412, 'unchanged')
        else:
            status, headers, text = super().read(identifier, mailbox,
                                                 http_handler, body)
        return status, headers | applied, text
