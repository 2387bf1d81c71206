"""Clients that race, and write down what they were answered.

    crowd = Crowd([speaker of a relay, ...])
    with crowd.at_work():           stories run, each call at any relay
        ...
    crowd.audit()                   a last look at every mailbox that is known
    crowd.calls                     for history.problems()

A client asks again with the same request until it knows, as a real one does;
now and then also when it knows, as if the answer had been lost on the way.
"""
import base64
import concurrent.futures
import contextlib
import itertools
import random
import threading
import time

import client
import history
import share

STORIES = 4         # at a time
FIRST_READERS = 20  # claims a mailbox
PATIENCE_S = 45     # for an answer that says something
client.TIMEOUT_S = 10


class Box:
    """A mailbox as its two devices know it."""

    numbers = itertools.count(1)

    def __init__(self):
        self.number = next(self.numbers)
        self.texts = itertools.count(1)
        self.initiator = client.new_id()
        self.recipient = None
        self.path = None
        self.is_deleted = False

    def text(self):
        """One that nobody ever wrote."""
        return f'{self.number}.{next(self.texts)}'


class Crowd:
    """All clients of some relays."""

    def __init__(self, relays):
        self.relays = relays
        self.calls = []
        self.boxes = []
        self.stopped = threading.Event()
        self.kept = threading.local()
        self.threads = concurrent.futures.ThreadPoolExecutor(
            FIRST_READERS + 2 * STORIES)

    def acknowledged(self):
        return sum(call.is_done for call in list(self.calls))

    # ---- one call --------------------------------------------------------

    def _send(self, call, box, place):
        """What the wire says of a call."""
        relay = self.relays[place]
        body = b''
        if call.kind == 'create':
            body = share.to_bytes(share.valid_body(
                payload=share.payload(call.text),
                mailboxConfiguration=share.rights('RWD') |
                {'lifetime': 7200}))
        elif call.kind == 'update':
            body = share.to_bytes({'payload': share.payload(call.text)})
        method = {'create': 'POST', 'read': 'POST', 'update': 'PUT',
                  'delete': 'DELETE', 'relinquish': 'PATCH'}[call.kind]
        connection = self._connection(place)
        answer = relay.call(method, box.path or '/v1/m', share.headers(
            call.claim, call.request, body), body, connection=connection)
        if not answer.closes:
            self.kept.connections[place] = connection
        return answer

    def _connection(self, place):
        """This thread's to that relay. One that fails is not used again, and
        nothing is sent twice without being written down."""
        if not hasattr(self.kept, 'connections'):
            self.kept.connections = {}
        return (self.kept.connections.pop(place, None) or
                self.relays[place].connect())

    def _once(self, kind, box, claim, request, text):
        place = random.randrange(len(self.relays))
        call = history.Call(kind, box.number, claim, request, text,
                            time.monotonic(), place=f'relay {place}')
        self.calls.append(call)
        try:
            answer = self._send(call, box, place)
            ended, status = time.monotonic(), answer.status
            if status in history.DONE and kind in ('update', 'read'):
                call.version = int(answer.header('etag').strip('W/"'))
            if status == 200 and kind == 'read':
                call.seen = base64.b64decode(
                    answer.json()['payload']['data']).decode()
            if status in history.DONE and kind == 'create':
                call.url = answer.json()['urlLink'].rpartition('/v1/')[2]
            call.ended, call.status = ended, status
        except OSError:
            call.ended = time.monotonic()
        return call

    def ask(self, kind, box, claim, text=None):
        """Until it is known; the last answer."""
        request = client.new_id()
        end = time.monotonic() + PATIENCE_S
        pause = 0.05
        while True:
            call = self._once(kind, box, claim, request, text)
            if not call.is_unknown or time.monotonic() > end:
                break
            time.sleep(pause * (0.5 + random.random()))
            pause = min(2 * pause, 1)
        if call.is_done and random.random() < 0.1:
            self._once(kind, box, claim, request, text)
        return call

    # ---- stories ---------------------------------------------------------

    def together(self, *asked):
        """Several ask()s at once; their last answers."""
        return [future.result() for future in
                [self.threads.submit(self.ask, *one) for one in asked]]

    def create(self):
        box = Box()
        call = self.ask('create', box, box.initiator, box.text())
        if not call.is_done:
            return None
        box.path = '/v1/' + call.url
        self.boxes.append(box)
        return box

    def race(self, box, count):
        """So many new claims read at once."""
        answers = self.together(*[('read', box, client.new_id())
                                  for _ in range(count)])
        for answer in answers:
            if answer.status == 200:
                box.recipient = answer.claim

    def sides(self, box):
        return [claim for claim in (box.initiator, box.recipient) if claim]

    def talk(self, box):
        """Both write and read, at the same time."""
        sides = self.sides(box)
        asked = [('update', box, random.choice(sides), box.text()),
                 ('read', box, random.choice(sides)),
                 ('update', box, random.choice(sides), box.text())]
        self.together(*asked[:random.randint(1, 3)])
        self.ask('read', box, random.choice(sides))

    def pass_on(self, box):
        """The recipient lets go, and others race."""
        if box.recipient is None:
            return
        if self.ask('relinquish', box, box.recipient).is_done:
            box.recipient = None
            self.race(box, 5)

    def end(self, box):
        """Both sides delete, and both look."""
        box.is_deleted = True
        self.together(*[('delete', box, claim) for claim in self.sides(box)])
        self.together(*[('read', box, claim) for claim in self.sides(box)])

    def story(self):
        box = self.create()
        if box is None:
            return
        self.race(box, FIRST_READERS)
        for _ in range(random.randint(1, 5)):
            if self.stopped.is_set():
                return
            old = random.choice(self.boxes[-50:])
            self.talk(box if old.is_deleted or random.random() < 0.7 else old)
        if random.random() < 0.3:
            self.pass_on(box)
        if random.random() < 0.5:
            self.end(box)

    @contextlib.contextmanager
    def at_work(self):
        """Stories, one after another, in several threads."""
        problems = []

        def run():
            try:
                while not self.stopped.is_set():
                    self.story()
            except Exception as problem:
                problems.append(problem)

        self.stopped.clear()
        running = [threading.Thread(target=run, daemon=True)
                   for _ in range(STORIES)]
        for thread in running:
            thread.start()
        try:
            yield
        finally:
            self.stopped.set()
            for thread in running:
                thread.join()
        if problems:
            raise problems[0]

    def audit(self):
        """Whoever made or got one of these reads once more."""
        self.together(*[('read', box, claim) for box in self.boxes
                        for claim in self.sides(box)])
