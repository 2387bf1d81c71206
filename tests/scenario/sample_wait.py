"""The samples wait: `continue --wait` asks the relay once, and goes on when the
other side has acted (§6)."""
import contextlib
import subprocess
import time

import car
import hotel
import sentences
from relay import Relay
from sentences import check, equal
from wire import Wire

SECONDS = 25  # far above what anything here takes


class Waiting:
    """A party's `continue --wait`, which the relay is known to hold."""

    def __init__(self, wire, party, *options):
        self.wire = wire
        asked = len(wire.held())
        self.process = subprocess.Popen(
            party.command('continue', '--json', '--wait', str(SECONDS),
                          *options),
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        deadline = time.monotonic() + SECONDS
        while len(wire.held()) == asked:
            check(self.process.poll() is None, 'it does not wait')
            check(time.monotonic() < deadline, 'it does not ask')
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def back(self, *statuses):
        """Its result, when it has ended by itself."""
        out, complaints = self.process.communicate(timeout=2 * SECONDS)
        result = car.Result(subprocess.CompletedProcess(
            [], self.process.returncode, out, complaints))
        check(result.status in statuses, result.text)
        return result


@contextlib.contextmanager
def watched(kind):
    """(cast, wire): parties whose calls to the relay are seen."""
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            kind(wire) as cast:
        wire.connect(relay)
        yield cast, wire


# R-WAIT-1
def test_owner_and_friend_wait_with_one_question_each():
    with watched(car.Cast) as (cast, wire):
        cast.enrol()
        cast.share('Weekend', 'unlock')
        with Waiting(wire, cast.owner, '--name', 'Weekend') as owner:
            cast.accept(pin=True)
            equal(len(wire.held()), 1, 'held')
            owner.back(car.DONE)
        with Waiting(wire, cast.owner, '--name', 'Weekend') as owner:
            cast.friend.run('continue')
            owner.back(car.DONE)
        equal(len(wire.held()), 2, 'questions while waiting')
        wire.asked.clear()
        cast.share('Again', 'unlock')
        cast.accept()
        with Waiting(wire, cast.friend) as friend:
            cast.owner.run('continue', '--name', 'Again')
            friend.back(car.DONE)
        equal(len(wire.held()), 1, 'questions while waiting')
        equal(len(list(cast.friend.state.glob('certificate-*'))), 2, 'keys')


# R-WAIT-1, R-DEL-1
def test_who_waits_hears_that_a_share_is_called_off():
    with watched(car.Cast) as (cast, wire):
        cast.enrol()
        cast.share('Weekend', 'unlock')
        cast.accept()
        with Waiting(wire, cast.friend) as friend:
            cast.owner.run('cancel', '--name', 'Weekend')
            friend.back(car.OVER)


def test_when_the_time_is_up_there_is_nothing_new():
    with watched(car.Cast) as (cast, wire):
        cast.enrol()
        cast.share('Weekend', 'unlock')
        # A busy machine may need all of a short time until it comes to ask.
        for seconds in ('1', '2', '4', '8', '16'):
            cast.owner.run('continue', '--wait', seconds, expect=car.WAITING)
            if wire.held():
                break
        equal(len(wire.held()), 1, 'questions')
        for wrong in ('0', '-1', 'x', '1.5'):
            cast.owner.run('continue', '--wait', wrong, expect=car.USAGE)


# R-WAIT-1
def test_a_guest_waits_until_the_invitation_is_taken():
    with watched(hotel.Cast) as (cast, wire):
        cast.check_in()
        cast.share('Weekend')
        with Waiting(wire, cast.first) as first:
            cast.accept()
            # The mailbox goes first, and then the key is fetched.
            result = first.back(hotel.DONE, hotel.WAITING)
            check('desk' in result.json, 'it has not heard of it')
        equal(len(wire.held()), 1, 'questions')
        equal(cast.first.run('continue').json['desk'], 'redeemed',
              'what the desk says')


if __name__ == '__main__':
    sentences.main(globals())
