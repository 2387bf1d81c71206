"""Reload (HUP) and drain (QUIT) under load: nothing that was taken in is
dropped. The only failure allowed is a connection closed before its request was
looked at, and the retry with the same request id shows that it was not."""
import signal
import sys
import threading
import time

import rig
from client import new_id
from share import Share, create, make, payload, rights, valid_body
from tap import equal, note, status, test, that

DEVICES = 6


class Load:
    """Creates and updates without end, half of them over new connections."""

    def __init__(self, relay):
        self.relay = relay
        self.counts = {"answered": 0, "closed before": 0}
        self.lock = threading.Lock()

    def run(self, number, stopped):
        speaker = self.relay.speaker()
        claim = new_id()
        body = valid_body(mailboxConfiguration=rights("RWD"))
        mailbox = Share(speaker, status(create(speaker, body, claim), 200),
                        claim)
        step = 0
        while not stopped.is_set():
            step += 1
            if number % 2:
                speaker = self.relay.speaker()  # no connection is kept
                mailbox.relay = speaker
            self._update(mailbox, f"{number}/{step}", stopped)

    def _update(self, mailbox, text, stopped):
        """One update, tried until it is answered: 201 would tell that an
        earlier try was taken in and its answer dropped."""
        request_id = new_id()
        while not stopped.is_set():
            try:
                answer = mailbox.update(text=text, request_id=request_id)
                status(answer, 200)
                self._count("answered")
                return
            except ConnectionRefusedError:
                stopped.wait(0.01)          # nobody listens just now
            except rig.UNANSWERED:
                self._count("closed before")

    def _count(self, what):
        with self.lock:
            self.counts[what] += 1


# R-HTTP-1, R-IDEM
@test
def a_reload_under_load_drops_no_request(relay):
    load = Load(relay)
    rounds = rig.scaled(5)
    with rig.threads(load.run, range(DEVICES)) as problems:
        time.sleep(0.5)
        for _ in range(rounds):
            before = set(relay.worker_pids())
            relay.tell(signal.SIGHUP)
            _until(lambda: before.isdisjoint(relay.worker_pids()))
            that(not problems, f"{problems}")
            time.sleep(0.3)
    note(f"{rounds} reloads; {load.counts}")
    that(load.counts["answered"] > 100, "there was hardly any load")
    relay.is_well()


def _until(holds):
    deadline = time.monotonic() + 20
    while not holds():
        that(time.monotonic() < deadline, "the old workers do not end")
        time.sleep(0.02)


# R-HTTP-1, R-IDEM
@test
def a_quit_under_load_answers_what_was_taken_in(relay):
    load = Load(relay)
    mailbox = make(relay.speaker(), bound=True)
    with rig.threads(load.run, range(DEVICES)) as problems:
        for _ in range(rig.scaled(3)):
            time.sleep(0.7)
            relay.tell(signal.SIGQUIT)
            equal(relay.wait_end(), 0, "exit status")
            that(not problems, f"{problems}")
            relay.start()
    mailbox.relay = relay.speaker()
    equal(mailbox.text(), "first payload", "payload")
    mailbox.belongs_to(mailbox.recipient)
    note(f"{load.counts}")
    that(load.counts["answered"] > 100, "there was hardly any load")


# §13
@test
def an_idle_connection_does_not_hold_up_the_end(relay):
    with relay.speaker().connect() as connection:
        status(create(relay.speaker(), connection=connection), 200)
        relay.tell(signal.SIGQUIT)
        equal(relay.wait_end(), 0, "exit status")
        equal(connection.file.read(), b"", "what follows")
    relay.start()
    relay.is_well()


# R-CREATE-5
@test
def an_end_by_sigterm_loses_nothing(relay):
    mailbox = make(relay.speaker(), payload=payload("kept"), bound=True)
    relay.tell(signal.SIGTERM)
    equal(relay.wait_end(), 0, "exit status")
    equal(relay.pids(), [], "processes left behind")
    relay.start()
    mailbox.relay = relay.speaker()
    equal(mailbox.text(), "kept", "payload")
    mailbox.belongs_to(mailbox.recipient)


if __name__ == "__main__":
    sys.exit(rig.main("__main__", rig.Rig))
