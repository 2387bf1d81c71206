"""Owner's and friend's devices whose clocks are a day off.

What counts is the vehicle's clock: a device with a wrong one neither stretches
a key's time nor loses it, and what it refuses it refuses with a reason. The
programs have no clock for tests: faketime(1) gives them another one.
"""
import contextlib
import shutil

import car
import sentences
from relay import Relay
from sentences import Skip, check, equal

DAY = 24 * 60 * 60


class Off(car.Party):
    """A party whose clock is that many seconds ahead."""

    def __init__(self, party, seconds):
        super().__init__(party.name, party.state)
        self.seconds = seconds

    def command(self, command, *options):
        return ['faketime', '-f', f'{self.seconds:+}s',
                *super().command(command, *options)]


@contextlib.contextmanager
def world():
    """A relay, a maker with a server, and the enrolled parties, whose clocks
    are right until then."""
    if shutil.which('faketime') is None:
        raise Skip('faketime (Debian package faketime) is not installed')
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol(server=True)
        with cast.maker_serving():
            yield cast


def put_wrong(cast, name, seconds):
    """The clock of 'owner' or 'friend'."""
    setattr(cast, name, Off(getattr(cast, name), seconds))


CASES = [(name, seconds) for name in ('owner', 'friend')
         for seconds in (-DAY, DAY)]


def test_a_key_travels_between_devices_whose_clocks_are_a_day_off():
    for name, seconds in CASES:
        with world() as cast:
            put_wrong(cast, name, seconds)
            cast.lend('Weekend', 'unlock', '--from', car.moment(0), '--until',
                      car.moment(3 * DAY))
            equal(cast.friend.run('status').json['registered'], True,
                  f'{name} {seconds}')
            with cast.serve() as vehicle:
                cast.ask(vehicle, 'unlock')
            with cast.serve('--now', car.moment(3 * DAY)) as vehicle:
                equal(cast.ask(vehicle, 'unlock', expect=car.REFUSED).check,
                      'too-late', f'{name} {seconds}')


def test_a_key_for_tomorrow_opens_nothing_today_whatever_the_devices_think():
    for name, seconds in CASES:
        with world() as cast:
            put_wrong(cast, name, seconds)
            cast.lend('Weekend', 'unlock', '--from', car.moment(DAY),
                      '--until', car.moment(3 * DAY))
            with cast.serve() as vehicle:
                equal(cast.ask(vehicle, 'unlock', expect=car.REFUSED).check,
                      'too-early', f'{name} {seconds}')


def test_what_is_over_for_one_device_is_refused_and_nothing_is_lost():
    for name in ('owner', 'friend'):
        with world() as cast:
            cast.share('Tonight', 'unlock', '--until', car.moment(7200))
            cast.accept()
            if name == 'owner':
                put_wrong(cast, name, DAY)
            result = cast.owner.run('continue', expect=None)
            if name == 'friend':
                put_wrong(cast, name, DAY)
                result = cast.friend.run('continue', expect=None)
            equal((result.status, result.check), (car.REFUSED, 'too-late'),
                  result.text)
            check(not list(cast.friend.state.glob('certificate-*')), 'a key')
            put_wrong(cast, name, 0)
            cast.friend.run('continue', expect=None)  # hears of it
            cast.lend('Once more', 'unlock', '--until', car.moment(7200))
            with cast.serve() as vehicle:
                cast.ask(vehicle, 'unlock')


if __name__ == '__main__':
    sentences.main(globals())
