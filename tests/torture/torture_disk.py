"""A full disk, and a store that cannot be written."""
import subprocess
import sys

import rig
from client import new_id
from share import create, encode, make, payload, rights, valid_body
from tap import equal, fail, note, status, test, that

DISK_KIB = 4096
FILLER_KIB = 1024
MOST = 400


def _big(letter):
    return {"type": "X", "data": encode(letter * 65536)}


def _fill(speaker):
    """Creates until there is no room; the refused one's ids and answer."""
    made = []
    body = valid_body(payload=_big(b"f"), mailboxConfiguration=rights("RWD"))
    for _ in range(MOST):
        claim, request_id = new_id(), new_id()
        answer = create(speaker, body, claim, request_id)
        if answer.status != 200:
            return made, claim, request_id, answer
        made.append(answer)
    return fail("the disk is never full")


def _is_refusal(answer):
    status(answer, 503)
    that((answer.header("retry-after") or "").isdigit(), "no Retry-After")
    equal(answer.header("content-type").split(";")[0],
          "application/problem+json", "Content-Type")
    equal(answer.json()["status"], 503, "member status")


def _filled_disk(work):
    """work(relay, speaker, shares, filler) on a disk that has just become
    full; `filler` is a file that can be removed to make room."""
    with rig.small_disk(DISK_KIB) as disk:
        store = disk / "store"
        filler = disk / "filler"
        filler.write_bytes(b"\0" * FILLER_KIB * 1024)
        with rig.Rig(store=store) as relay:
            speaker = relay.speaker()
            bound = make(speaker, payload=payload("early"), bound=True)
            free = make(speaker, payload=payload("free"))
            workers = sorted(relay.worker_pids())
            work(relay, speaker, bound, free, filler)
            equal(sorted(relay.worker_pids()), workers, "the same workers")


# §4
@test
def a_full_disk_is_503_and_all_that_was_there_stays_readable():
    def work(relay, speaker, bound, free, _):
        made, claim, request_id, answer = _fill(speaker)
        _is_refusal(answer)
        note(f"full after {len(made)} mailboxes of 64 KiB")
        for _ in range(20):         # also when asked again and again
            equal(bound.text(), "early", "payload")
            equal(bound.text(bound.recipient), "early", "payload")
            status(bound.read(new_id()), 401)
            status(bound.preview(), 200)
            _is_refusal(create(speaker, valid_body(payload=_big(b"g")),
                               claim, request_id))
        equal(free.text(), "free", "payload")

    _filled_disk(work)


def _choke(disk):
    """Take what room is left, to the last page; the file that has it."""
    choke = disk / "choke"
    with open(choke, "wb", buffering=0) as rest:
        try:
            while True:
                rest.write(b"\0" * 4096)
        except OSError:
            return choke


# §4, R-UPD-1, R-READ-2, R-IDEM
@test
def a_call_on_a_full_disk_is_done_or_refused_and_nothing_between():
    def work(relay, speaker, bound, free, filler):
        _, claim, request_id, _ = _fill(speaker)
        _choke(filler.parent)
        tries = [(new_id(), f"{number}" * 60000) for number in range(6)]
        answers = [bound.update(text=text, request_id=once)
                   for once, text in tries]
        last = "early"
        for (_, text), answer in zip(tries, answers):
            last = text if status(answer, 200, 503).status == 200 else last
        equal(bound.text(bound.recipient) == last, True, "the last one done")
        first = new_id()
        bind = status(free.read(first), 200, 503)
        filler.unlink()
        if bind.status == 503:
            _is_refusal(bind)
            first = new_id()
            status(free.read(first), 200)
        free.belongs_to(first)
        for (once, text), answer in zip(tries, answers):
            want = 201 if answer.status == 200 else 200
            status(bound.update(text=text, request_id=once), want)
        status(create(speaker, None, claim, request_id), 200)
        codes = [answer.status for answer in answers + [bind]]
        note(f"updates and a first read on the full disk: {codes}")

    _filled_disk(work)


# §4, R-READ-2
@test
def a_disk_filled_by_somebody_else_is_503_until_there_is_room():
    def work(relay, speaker, bound, free, filler):
        choke = _choke(filler.parent)
        made, *_, answer = _fill(speaker)
        _is_refusal(answer)
        note(f"full after {len(made)} mailboxes of 64 KiB")
        equal(bound.text(bound.recipient), "early", "payload")
        status(bound.read(new_id()), 401)
        status(free.preview(), 200)
        choke.unlink()
        relay.is_well()
        free.is_free()

    _filled_disk(work)


# §4
@test
def when_room_returns_it_works_again_without_a_restart():
    def work(relay, speaker, bound, free, filler):
        _fill(speaker)
        filler.unlink()
        relay.is_well()
        made, *_ = _fill(speaker)
        that(made, "no room in spite of a file less")
        equal(bound.text(), "early", "payload")

    _filled_disk(work)


# §4, R-DEL-1
@test
def deleted_mailboxes_make_room():
    def work(relay, speaker, bound, free, filler):
        shares = [make(speaker, payload=_big(b"d")) for _ in range(8)]
        _fill(speaker)
        filler.unlink()             # a delete, too, may need some room
        for mailbox in shares:
            status(mailbox.delete(), 200)
        made, *_ = _fill(speaker)
        that(len(made) >= len(shares), f"room for {len(made)} only")

    _filled_disk(work)


# §4, R-CREATE-5
@test
def a_restart_on_a_full_disk_serves_what_is_there():
    with rig.small_disk(DISK_KIB) as disk:
        with rig.Rig(store=disk / "store") as relay:
            bound = make(relay.speaker(), payload=payload("early"), bound=True)
            _fill(relay.speaker())
            relay.kill_all()
            relay.start()
            bound.relay = relay.speaker()
            equal(bound.text(), "early", "payload")
            bound.belongs_to(bound.recipient)


def _remount(disk, how):
    return subprocess.run(["mount", "-o", f"remount,{how}", str(disk)],
                          capture_output=True, check=False).returncode == 0


# §4
@test
def a_store_that_is_read_only_is_refused_at_start_or_answered_with_503():
    with rig.small_disk(DISK_KIB) as disk:
        relay = rig.Rig(store=disk / "store")
        try:
            relay.start()
            bound = make(relay.speaker(), payload=payload("early"), bound=True)
            relay.stop()
            that(_remount(disk, "ro"), "cannot be made read-only")
            _start_read_only(relay, bound)
            _remount(disk, "rw")
            relay.restart()
            bound.relay = relay.speaker()
            equal(bound.text(), "early", "payload")
            relay.is_well()
        finally:
            relay.close()


def _start_read_only(relay, bound):
    try:
        relay.start()
    except rig.RelayError as refusal:
        note(f"refused to start: {str(refusal).splitlines()[-1]}")
        return
    speaker = bound.relay = relay.speaker()
    status(bound.read(bound.initiator), 200, 503)
    _is_refusal(create(speaker))
    note("started, and answers 503")


if __name__ == "__main__":
    sys.exit(rig.main("__main__", None))
