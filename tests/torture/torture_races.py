"""Thirty trials of twenty simultaneous first reads (THREATS 4)."""
import concurrent.futures
import sys
import threading

import rig
from client import new_id
from share import make
from tap import equal, note, row, status, test

READERS = 20
TRIALS = rig.scaled(30)


def _race(mailbox, claims, speaker):
    """All read at one moment, each over a TLS connection of its own."""
    barrier = threading.Barrier(len(claims))

    def one(claim):
        with speaker.connect() as connection:
            barrier.wait(30)
            return mailbox.read(claim, connection=connection).status

    with concurrent.futures.ThreadPoolExecutor(len(claims)) as pool:
        return list(pool.map(one, claims))


# R-READ-2
@test
def of_twenty_simultaneous_first_reads_exactly_one_succeeds(relay):
    speaker = relay.speaker()
    winners = {}
    for trial in range(TRIALS):
        mailbox = make(speaker)
        claims = [new_id() for _ in range(READERS)]
        codes = _race(mailbox, claims, speaker)
        with row(f"trial {trial}"):
            equal(sorted(codes), [200] + [401] * (READERS - 1), "codes")
            place = codes.index(200)
            winners[place] = winners.get(place, 0) + 1
            mailbox.belongs_to(claims[place])
            status(mailbox.read(claims[place - 1]), 401)
    note(f"{TRIALS} trials of {READERS} connections; "
         f"won by {len(winners)} different places in the line")


# R-READ-2, R-REL-1
@test
def after_each_relinquish_exactly_one_of_the_waiting_succeeds(relay):
    speaker = relay.speaker()
    mailbox = make(speaker)
    for trial in range(rig.scaled(10)):
        claims = [new_id() for _ in range(READERS)]
        codes = _race(mailbox, claims, speaker)
        with row(f"trial {trial}"):
            equal(sorted(codes), [200] + [401] * (READERS - 1), "codes")
            status(mailbox.relinquish(claims[codes.index(200)]), 200)


# R-READ-2, R-DEL-1
@test
def first_reads_racing_a_delete_leave_nothing_behind(relay):
    speaker = relay.speaker()
    for trial in range(rig.scaled(10)):
        mailbox = make(speaker)
        claims = [new_id() for _ in range(8)]
        ending = threading.Thread(target=mailbox.delete)
        with row(f"trial {trial}"):
            ending.start()
            codes = _race(mailbox, claims, speaker)
            ending.join()
            equal(set(codes) <= {200, 401, 404}, True, f"codes {codes}")
            equal(codes.count(200) <= 1, True, "at most one recipient")
            mailbox.is_gone()


if __name__ == "__main__":
    sys.exit(rig.main("__main__", rig.Rig))
