"""kill -9 under load: what was acknowledged is there, what was refused is not.

Each device thread lives through mailboxes of its own and writes down what it
was told. A call without an answer leaves two possible states; it is settled by
looking, by a retry with the same request id, or both, and they must agree
(THREATS 25).
"""
import concurrent.futures
import random
import sys
import threading
import time

import rig
from client import new_id
from share import Share, create, make, payload, rights, valid_body
from tap import equal, fail, note, status, test, that

DEVICES = 6
PATIENCE_S = 30


class Teller:
    """Makes calls until they are answered; counts what happened."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def once(self, act):
        """The answer, or None when there was none. 503 is a refusal that
        promises nothing was done."""
        try:
            answer = act()
        except rig.UNANSWERED:
            self.count("unanswered")
            return None
        if answer.status == 503:
            self.count("503")
            time.sleep(0.05)
            return None
        self.count(str(answer.status))
        return answer

    def until_answered(self, act):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self.once(act)
            if answer is not None:
                return answer
            time.sleep(0.02)
        fail(f"no answer for {PATIENCE_S} s")


class Record:
    """One mailbox and what is known of it."""

    def __init__(self, speaker, teller):
        self.teller = teller
        self.text = "first"
        self.bound = None
        self.alive = True
        claim, request_id = new_id(), new_id()
        body = valid_body(payload=payload(self.text),
                          mailboxConfiguration=rights("RWD"))
        first = teller.once(lambda: create(speaker, body, claim, request_id))
        again = teller.until_answered(
            lambda: create(speaker, body, claim, request_id))
        if first is not None:
            status(first, 200)
            status(again, 201)
            equal(again.json(), first.json(), "answer of the retry")
        self.share = Share(speaker, status(again, 200, 201), claim)

    def update(self, number):
        """An update by either side; an unanswered one is looked for, then
        retried, and look and retry must agree."""
        claim = random.choice([self.share.initiator, self.bound]
                              if self.bound else [self.share.initiator])
        request_id, text = new_id(), f"update {number}"
        answer = self._call(
            lambda: self.share.update(claim, text, request_id),
            lambda: self._seen() == payload(text))
        status(answer, 200, 201)
        self.text = text

    def bind(self):
        """Two strangers try at once; who is told 200 stays."""
        claims = [new_id(), new_id()]

        def read(claim):
            return self.teller.until_answered(
                lambda: self.share.read(claim)).status

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(read, claims))
        equal(sorted(codes), [200, 401], "two first reads")
        self.bound = claims[codes.index(200)]

    def relinquish(self):
        request_id = new_id()
        claim = self.bound
        answer = self._call(
            lambda: self.share.relinquish(claim, request_id), None)
        status(answer, 200, 201)
        self.bound = None

    def refused(self):
        """Calls of a stranger: refused, and nothing of them stays."""
        stranger = new_id()
        for act in (lambda: self.share.update(stranger, "never"),
                    lambda: self.share.delete(stranger),
                    lambda: self.share.relinquish(stranger)):
            status(self.teller.until_answered(act), 401)

    def delete(self):
        answer = self.teller.once(self.share.delete)
        if answer is not None:
            status(answer, 200)
        else:
            answer = self.teller.until_answered(self.share.delete)
            status(answer, 200, 404)
        self.alive = False

    def _call(self, act, is_done):
        answer = self.teller.once(act)
        if answer is not None:
            return answer
        done = is_done() if is_done else None
        answer = self.teller.until_answered(act)
        if done is True:
            equal(answer.status, 201, "retry of a call seen done")
        # Seen undone, it may still be 201: an earlier retry was not answered.
        return answer

    def _seen(self):
        answer = self.teller.until_answered(self.share.read)
        return status(answer, 200).json()["payload"]

    def verify(self):
        """All that was acknowledged is there, and nothing else."""
        if not self.alive:
            self.share.is_gone()
            return
        equal(self.share.text(), self.text, "payload")
        if self.bound is not None:
            self.share.belongs_to(self.bound)
            status(self.share.update(new_id(), "never"), 401)
        else:
            self.share.is_free()


def _live(speaker, teller, records, stopped):
    """A device thread: mailbox after mailbox, step after step."""
    while not stopped.is_set():
        record = Record(speaker, teller)
        records.append(record)
        for number in range(random.randint(1, 12)):
            if stopped.is_set():
                return
            step = random.random()
            if step < 0.25:
                record.refused()
            elif record.bound is None and step < 0.6:
                record.bind()
            elif record.bound is not None and step < 0.4:
                record.relinquish()
            else:
                record.update(number)
        if random.random() < 0.3:
            record.delete()


def _under_load(relay, torment):
    """Run devices while torment() does its worst; then check everything."""
    teller = Teller()
    books = [[] for _ in range(DEVICES)]
    speakers = [relay.speaker() for _ in books]
    pairs = list(zip(speakers, books))
    with rig.threads(lambda pair, stopped: _live(pair[0], teller, pair[1],
                                                 stopped), pairs) as problems:
        torment(problems)
    records = [record for book in books for record in book]
    relay.restart()
    for record in records:
        record.share.relay = relay.speaker()
        record.verify()
    note(f"{len(records)} mailboxes; answers: "
         f"{dict(sorted(teller.counts.items()))}")
    that(teller.counts.get("200", 0) > 100, "there was hardly any load")
    that(teller.counts.get("unanswered", 0) > 0, "nothing was interrupted")


# R-CREATE-5, R-READ-2, R-UPD-2, R-DEL-1, R-IDEM
@test
def killing_workers_loses_nothing_acknowledged(relay):
    kills = 0

    def torment(problems):
        nonlocal kills
        end = time.monotonic() + rig.scaled(9.0)
        while time.monotonic() < end and not problems:
            time.sleep(random.uniform(0.02, 0.4))
            relay.kill_some_worker()
            kills += 1

    _under_load(relay, torment)
    note(f"{kills} workers killed")


# R-CREATE-5, R-READ-2, R-UPD-2, R-DEL-1, R-IDEM
@test
def killing_all_of_nginx_loses_nothing_acknowledged(relay):
    rounds = rig.scaled(6)

    def torment(problems):
        for _ in range(rounds):
            time.sleep(random.uniform(0.3, 1.2))
            if problems:
                return
            relay.kill_all()
            relay.start()

    _under_load(relay, torment)
    note(f"{rounds} times master and workers killed")


# D4, R-IDEM
@test
def what_is_remembered_outlives_a_kill(relay):
    speaker = relay.speaker()
    claim, made, updated, left = (new_id() for _ in range(4))
    first = status(create(speaker, valid_body(
        mailboxConfiguration=rights("RWD")), claim, made), 200)
    mailbox = Share(speaker, first, claim)
    mailbox.bind()
    status(mailbox.update(text="mine", request_id=updated), 200)
    status(mailbox.relinquish(request_id=left), 200)
    gone = make(speaker)
    status(gone.delete(), 200)
    relay.kill_all()
    relay.start()
    mailbox.relay = gone.relay = speaker = relay.speaker()
    again = status(create(speaker, None, claim, made), 201)
    equal(again.json(), first.json(), "answer")
    status(mailbox.update(text="late", request_id=updated), 201)
    status(mailbox.relinquish(request_id=left), 201)
    equal(mailbox.text(), "mine", "payload")
    mailbox.is_free()
    gone.is_gone()


if __name__ == "__main__":
    sys.exit(rig.main("__main__", rig.Rig))
