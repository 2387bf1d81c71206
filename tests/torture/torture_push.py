"""The relay's side of notifications (PROTOCOL §8): who is rung, when, with
what, and that nothing which happens to tigress-push is felt by a request."""
import contextlib
import re
import signal
import sys
import threading
import time

import rig
import clock
import h2
from bells import Bells
from client import new_id
from held_store import HeldStore
from share import (Share, create, headers, make, payload, rights, to_bytes,
                   valid_body)
from tap import equal, note, row, status, test, that

APNS, WEBPUSH, OTHER = "com.apple.apns", "org.w3.webpush", "com.google.fcm"
MINUTE_S = 60
PATIENCE_S = 20


def token(data, kind=APNS):
    return {"type": kind, "tokenData": data}


def works(answer):
    return status(answer, 200).json()["isPushNotificationSupported"]


def until(holds, what):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        that(time.monotonic() < deadline, what)
        time.sleep(0.01)


@contextlib.contextmanager
def ringing(workers=2, is_open=True, conf=()):
    """A relay, and whom it rings."""
    with Bells() as bells:
        if not is_open:
            bells.shut()
        with rig.Rig(workers=workers,
                     conf=[bells.conf(APNS, WEBPUSH), *conf]) as relay:
            try:
                yield relay, bells
            except BaseException:
                note("the relay's last words:\n" + relay.output()[-2000:])
                raise


def hers_and_his(relay, hers="hers", his="his"):
    """A mailbox to which both sides have given a token."""
    share = make(relay.speaker(), notificationToken=token(hers))
    status(share.read(share.recipient, {"notificationToken": token(his)}), 200)
    return share


def rung(bells):
    """Whom, by the data of their tokens."""
    return [ring.data for ring in bells.heard()]


def dropped(relay):
    """How many the log tells of."""
    found = re.findall(r"tigress: doorbells_dropped count=(\d+)",
                       relay.output())
    return sum(map(int, found))


# ---- who, when, with what --------------------------------------------------

# R-UPD-2 R-DEL-1 R-REL-1
@test
def the_other_side_is_rung_by_what_it_should_hear_of_and_nothing_else():
    with ringing() as (relay, bells):
        share = hers_and_his(relay)
        etag = share.etag()
        update_id, relinquish_id = new_id(), new_id()
        hers = [("If-Match", '"77"')], [("If-None-Match", etag)]
        calls = [
            ("a preview", share.preview, [], 200),
            ("her read", share.read, [], 200),
            ("his read", lambda: share.read(share.recipient), [], 200),
            ("a read unchanged", lambda: share.read(extra=hers[1]), [], 412),
            ("her update", lambda: share.update(request_id=update_id),
             ["his"], 200),
            ("its retry", lambda: share.update(request_id=update_id),
             ["his"], 201),
            ("her next", share.update, ["his"], 200),
            ("a late retry", lambda: share.update(request_id=update_id), [],
             201),
            ("one too late", lambda: share.update(extra=hers[0]), [], 412),
            ("his update", lambda: share.update(share.recipient), ["hers"],
             200),
            ("a stranger's", lambda: share.update(share.stranger), [], 401),
            ("his relinquish",
             lambda: share.relinquish(request_id=relinquish_id), ["hers"],
             200),
            ("its retry", lambda: share.relinquish(request_id=relinquish_id),
             ["hers"], 201),
            ("her update to nobody", share.update, [], 200),
            ("a first read", lambda: share.read(
                share.recipient, {"notificationToken": token("new")}), [],
             200),
            ("his delete", lambda: share.delete(share.recipient), ["hers"],
             200),
            ("its retry", lambda: share.delete(share.recipient), [], 404),
        ]
        equal(rung(bells), [], "rung by create and first read")
        for what, call, whom, code in calls:
            with row(what):
                status(call(), code)
                equal(rung(bells), whom, "rung")
        other = hers_and_his(relay)
        status(other.delete(), 200)
        equal(rung(bells), ["his"], "rung by her delete")


# R-PUSH-1
@test
def a_ring_names_the_token_its_type_and_the_end_to_the_minute():
    with ringing() as (relay, bells):
        share = make(relay.speaker())
        his = "x" * 4096
        status(share.read(share.recipient,
                          {"notificationToken": token(his, WEBPUSH)}), 200)
        status(share.update(), 200)
        (ring,) = bells.heard()
        equal((ring.kind, ring.data), (WEBPUSH, his), "token")
        expires = clock.seconds(share.expiration)
        equal(ring.until, -(-expires // MINUTE_S) * MINUTE_S, "until")


# R-PUSH-1
@test
def only_tokens_of_configured_types_are_supported_and_rung():
    with ringing() as (relay, bells):
        for kind, supported in ((APNS, True), (WEBPUSH, True), (OTHER, False),
                                (APNS + "x", False), (APNS[:-1], False)):
            with row(kind):
                given = {"notificationToken": token("t", kind)}
                claim = new_id()
                body = valid_body(mailboxConfiguration=rights("RWD"), **given)
                answer = create(relay.speaker(), body, claim)
                equal(works(answer), supported, "create")
                share = Share(relay.speaker(), answer, claim)
                equal(works(share.read(share.recipient)), False, "no token")
                equal(works(share.read(share.recipient, given)), supported,
                      "read")
                body = {"payload": payload(), **given}
                equal(works(share.update(share.recipient, body=body)),
                      supported, "update")
                equal(rung(bells), ["t"] if supported else [], "rung")


# R-UPD-2
@test
def nothing_of_the_mailbox_is_in_a_ring_and_nothing_of_the_token_is_logged():
    with ringing() as (relay, bells):
        share = hers_and_his(relay, "token-of-hers", "token-of-his")
        text = "a payload to be searched for"
        status(share.update(text=text), 200)
        status(share.update(share.recipient, text=text), 200)
        status(share.delete(), 200)
        rings = bells.heard()
        equal(len(rings), 3, "rings")
        ids = [share.id, share.initiator, share.recipient]
        names = [payload(text)["data"], text, *ids,
                 *(name.replace("-", "") for name in ids), "blue car",
                 "images.example", relay.host]
        for ring in rings:
            told = [name for name in names if name.encode() in ring.packet]
            equal(told, [], "of the mailbox in a ring")
            raw = [one for one in ids
                   if bytes.fromhex(one.replace("-", "")) in ring.packet]
            equal(raw, [], "of the mailbox in a ring, as bytes")
        bells.shut()
        other = hers_and_his(relay, "token-of-hers", "token-of-his")
        status(other.update(), 200)     # dropped, and said to be
        until(lambda: dropped(relay) > 0, "nothing was logged")
        that("token-of-h" not in relay.output(), "a token is in the log")


# R-UPD-2
@test
def who_is_rung_finds_the_update_whatever_happens_then():
    with ringing() as (relay, bells):
        share = hers_and_his(relay)
        for number in range(rig.scaled(8)):
            text = f"round {number}"
            calling = threading.Thread(target=_unanswered,
                                       args=(share, text))
            pids = relay.pids()
            calling.start()
            until(lambda: _is_rung(bells), "nobody was rung")
            for pid in pids:
                rig._kill(pid, signal.SIGKILL)
            relay.kill_all()
            calling.join()
            relay.start()
            share.relay = relay.speaker()
            equal(share.text(), text, "found")


def _unanswered(share, text, **how):
    with contextlib.suppress(*rig.UNANSWERED):
        share.update(text=text, **how)


def _is_rung(bells):
    bells.wait(1)
    return rung(bells) != []


# ---- nobody there, or too slow ----------------------------------------------

# R-PUSH-4
@test
def nobody_to_ring_is_felt_by_nobody_and_what_was_dropped_is_counted():
    with ringing(workers=1, is_open=False) as (relay, bells):
        share = hers_and_his(relay)
        for _ in range(5):
            status(share.update(), 200)
        bells.open()
        sent = 5 + _update_until_rung(share, bells)
        bells.shut()
        status(share.update(), 200)
        bells.open()
        sent += 1 + _update_until_rung(share, bells)
        relay.stop()
        equal(dropped(relay), sent - 2, "dropped")
        lines = relay.output().count("doorbells_dropped")
        that(lines <= 2, f"{lines} lines in less than a minute")


def _update_until_rung(share, bells):
    """How many updates it took."""
    sent = []

    def is_heard():
        status(share.update(), 200)
        sent.append(1)
        return rung(bells) != []

    until(is_heard, "it is not rung again")
    return len(sent)


# R-PUSH-4
@test
def a_listener_that_does_not_read_slows_nobody_and_gets_the_rest():
    with ringing(workers=1) as (relay, bells):
        share = hers_and_his(relay, his="h" * 4096)
        calls = rig.scaled(300)
        for _ in range(calls):
            status(share.update(), 200)
        bells.accept()
        equal(len(bells.lines), 1, "lines")
        kept = len(rung(bells))
        that(0 < kept < calls, f"{kept} of {calls} fitted in")
        status(share.update(), 200)
        equal(len(rung(bells)), 1, "rung once there is room")
        relay.stop()
        equal(dropped(relay), calls - kept, "dropped")


# R-PUSH-4
@test
def who_speaks_nonsense_is_left_and_rung_again_on_a_new_line():
    with ringing(workers=1) as (relay, bells):
        share = hers_and_his(relay)
        for nonsense in (b"D", b"D" + bytes(15), b"D" + bytes(17),
                         b"R" + bytes(16), b"D" * 5000):
            with row(nonsense[:8]):
                _update_until_rung(share, bells)
                bells.lines[0].send(nonsense)
                until(lambda: rung(bells) == [] and not bells.lines,
                      "the line is kept")
        relay.is_well()


# ---- dead tokens ------------------------------------------------------------

def bury(bells, share, data):
    """His token is dead, and workers know."""
    bells.tell_dead(APNS, data)
    until(lambda: not works(share.read(share.recipient)),
          "a dead token is still said to be supported")


# R-PUSH-3 R-PUSH-1
@test
def a_dead_token_is_not_rung_in_any_worker_and_forgotten_by_the_next_update():
    with ringing(workers=4) as (relay, bells):
        share, read_only = hers_and_his(relay), hers_and_his(relay)
        status(share.update(), 200)
        equal(rung(bells), ["his"], "rung while it lives")
        bury(bells, share, "his")
        for _ in range(12):     # each over a connection of its own
            share.relay = relay.speaker()
            equal(works(share.read(share.recipient)), False, "read")
        equal(works(share.update()), True, "her update, whose token lives")
        equal(works(read_only.read(read_only.recipient)), False, "read")
        status(share.update(share.recipient), 200)
        equal(rung(bells), ["hers"], "rung")

        relay.restart()         # and so nobody remembers what is dead
        share.relay = read_only.relay = relay.speaker()
        equal(works(share.read(share.recipient)), False, "forgotten")
        status(share.update(), 200)
        equal(rung(bells), [], "rung")
        equal(works(read_only.read(read_only.recipient)), True,
              "a read forgets nothing")


# R-PUSH-3
@test
def a_token_that_dies_while_its_owner_is_about_to_be_rung_is_not_rung():
    with ringing(workers=2) as (relay, bells):
        share = hers_and_his(relay)
        status(share.update(), 200)
        equal(rung(bells), ["his"], "rung while it lives")
        speaker = relay.speaker()
        read = speaker.render("POST", share.path, headers(share.recipient))
        body = to_bytes({"payload": payload("news")})
        update = speaker.render(
            "PUT", share.path, headers(share.initiator, new_id(), body), body)
        with HeldStore(relay.worker_pids()[0]) as held:
            ours, theirs = held.sort(speaker.connect, read)
            ours[0].send(update)
            held.wait_until_caught()    # it is durable, and to be rung for
            bells.tell_dead(APNS, "his")
            until(lambda: not works(share.read(share.recipient,
                                               connection=theirs[0])),
                  "a dead token is still said to be supported")
        status(ours[0].receive("PUT"), 200)
        equal(rung(bells), [], "rung")


# R-PUSH-3
@test
def a_dead_token_that_is_given_anew_is_believed():
    with ringing(workers=4) as (relay, bells):
        share, other = hers_and_his(relay), hers_and_his(relay)
        status(share.update(), 200)
        bury(bells, share, "his")
        status(share.update(), 200)
        equal(rung(bells), ["his"], "rung")
        given = {"notificationToken": token("his")}
        equal(works(share.read(share.recipient, given)), True, "given anew")
        equal(works(share.read(share.recipient)), True, "afterwards")
        equal(works(other.read(other.recipient)), True, "elsewhere")
        status(share.update(), 200)
        equal(rung(bells), ["his"], "rung again")
        bury(bells, share, "his")
        refused = valid_body(notificationToken=token("his"),
                             mailboxConfiguration=rights("X"))
        status(create(relay.speaker(), refused), 400)
        equal(works(share.read(share.recipient)), False,
              "after a call that was refused")


# R-PUSH-3
@test
def what_is_dead_stays_so_over_a_reload_and_while_workers_are_killed():
    with ringing(workers=2) as (relay, bells):
        share = hers_and_his(relay)
        status(share.update(), 200)
        bury(bells, share, "his")
        before = set(relay.worker_pids())
        relay.tell(signal.SIGHUP)
        until(lambda: before.isdisjoint(relay.worker_pids()),
              "the old workers do not end")
        share.relay = relay.speaker()
        equal(works(share.read(share.recipient)), False, "after a reload")
        for _ in range(3):
            pid = relay.kill9_worker()
            until(lambda: pid not in relay.worker_pids()
                  and len(relay.worker_pids()) == 2, "no new worker")
            share.relay = relay.speaker()
            equal(works(share.read(share.recipient)), False, "after a kill")


# ---- workers ----------------------------------------------------------------

# R-UPD-2
@test
def every_answered_update_has_rung_though_workers_are_killed():
    with ringing(workers=4) as (relay, bells):
        share = hers_and_his(relay)
        rounds = rig.scaled(60)
        heard, at_once, retried = [], [], []
        for number in range(rounds):
            given = {"notificationToken": token(f"his {number}")}
            _tried(relay, share, lambda: share.read(share.recipient, given))
            if number % 4 == 0:
                relay.kill_some_worker()
            request_id = new_id()
            code = _tried(relay, share,
                          lambda: share.update(request_id=request_id))
            (at_once if code == 200 else retried).append(f"his {number}")
            heard += rung(bells)
        twice = {name for name in at_once if heard.count(name) > 1}
        equal(twice, set(), "rung twice")
        equal(sorted({*at_once, *retried} - set(heard)), [], "not rung")
        note(f"{len(at_once)} of {rounds} answered at the first try that "
             "was done")


# R-UPD-2 R-IDEM
@test
def a_ring_that_died_with_its_worker_is_made_up_for_by_the_retry():
    with ringing(workers=1) as (relay, bells):
        share = hers_and_his(relay)
        share.relay = relay.speaker()
        request_id = new_id()
        with HeldStore(relay.worker_pids()[0]) as held:
            calling = threading.Thread(target=_unanswered,
                                       args=(share, "lost"),
                                       kwargs={"request_id": request_id})
            calling.start()
            held.wait_until_caught()    # it is durable
            held.kill()
        calling.join()
        equal(rung(bells), [], "rung by who was killed")
        equal(_tried(relay, share,
                     lambda: share.update(text="lost",
                                          request_id=request_id)),
              201, "the retry")
        equal(rung(bells), ["his"], "rung by the retry")


def _burst(share, connection):
    """Twenty updates at once, over HTTP/2; the streams."""
    body = to_bytes({"payload": payload("one of many")})
    streams = range(1, 41, 2)
    connection.send(h2.opening() + b"".join(
        h2.request(stream, "PUT", share.path,
                   headers(share.initiator, new_id(), body), body)
        for stream in streams))
    return streams


def _all_done_have_rung(share, heard, rounds):
    """As many rings as versions that came after the first."""
    done = int(share.etag().strip('"')) - 1
    that(done > rounds, "hardly any update was done")
    note(f"{done} updates in {rounds} rounds")
    equal(len(heard), done, "rung")


# R-UPD-2
@test
def what_is_durable_has_rung_also_when_the_client_has_gone_away():
    with ringing(workers=1) as (relay, bells):
        share = hers_and_his(relay)
        rounds = rig.scaled(10)
        heard = []
        for number in range(rounds):
            with relay.speaker().connect(alpn=["h2"]) as connection:
                streams = _burst(share, connection)
                time.sleep(number / rounds / 100)   # into the middle of it
                for stream in streams:
                    connection.send(h2.reset(stream))
            status(share.update(), 200)     # what came before has come back
            heard += rung(bells)
        _all_done_have_rung(share, heard, rounds)


# R-UPD-2
@test
def what_is_durable_has_rung_also_when_the_relay_is_told_to_end():
    with ringing() as (relay, bells):
        share = hers_and_his(relay)
        rounds = rig.scaled(8)
        heard = []
        for number in range(rounds):
            with relay.speaker().connect(alpn=["h2"]) as connection:
                _burst(share, connection)
                time.sleep(number / rounds / 50)    # into the middle of it
                relay.stop()
            heard += rung(bells)
            relay.start()
            share.relay = relay.speaker()
        _all_done_have_rung(share, heard, rounds)


def _tried(relay, share, call):
    """The status of the first try that is answered, on new connections."""
    found = []

    def is_answered():
        share.relay = relay.speaker()
        with contextlib.suppress(*rig.UNANSWERED):
            found.append(call().status)
        return found and found[-1] != 503

    until(is_answered, "no answer")
    that(found[-1] in (200, 201), f"answered {found[-1]}")
    return found[-1]


# R-PUSH-4
@test
def a_worker_with_something_left_to_report_ends_without_delay():
    with ringing(workers=1, is_open=False) as (relay, _):
        share = hers_and_his(relay)
        for _ in range(3):
            status(share.update(), 200)
        relay.tell(signal.SIGQUIT)
        equal(relay.wait_end(PATIENCE_S), 0, "exit status")
        equal(dropped(relay), 3, "dropped")


# ---- configuration ----------------------------------------------------------

@test
def a_configuration_that_cannot_work_is_refused_and_says_why():
    there = "tigress_push unix:/run/p.sock "
    for line, why in (
            ("tigress_push /run/p.sock com.apple.apns;", "names no socket"),
            ("tigress_push unix: com.apple.apns;", "names no socket"),
            ("tigress_push unix:/run/p.sock;", "names no type of token"),
            (f"tigress_push unix:/{'p' * 107} com.apple.apns;", "too long"),
            (there + "a" * 65 + ";", "no type of token"),
            (there + "'';", "no type of token"),
            (there + f"{APNS} com.aple.apns;",
             f"it knows {APNS}, {OTHER} and {WEBPUSH}"),
            (there + "com.apple.apnss;", '"com.apple.apnss" in'),
            (there + "COM.APPLE.APNS;", "no type of token"),
            (there + f"{APNS} {OTHER} {APNS};", f'the type "{APNS}" twice'),
            (there + f"{APNS}; " + there + f"{OTHER};", "is duplicate")):
        with row(line):
            relay = rig.Rig(conf=[line])
            try:
                relay.start()
                that(False, "it started")
            except rig.RelayError as problem:
                that(why in str(problem), str(problem))
                that("tigress_push" in str(problem), str(problem))
            finally:
                relay.close()


if __name__ == "__main__":
    sys.exit(rig.main("__main__", None))
