"""The demo itself: it tells its story, and leaves nothing behind."""
import os
import re
import signal
import time

import car
import sentences
from demo_place import Place, told_without_leftovers
from relay import Relay, is_alive
from sentences import check, equal

LINES_MAX = 67  # each of five wallets asks the relay for its limits once
ATTEST_LINES = 8  # what --attest adds


def test_the_demo_tells_its_story_and_leaves_nothing_behind():
    told = told_without_leftovers('car', LINES_MAX)
    for words in ('not the passphrase', 'does not know the PIN',
                  'Two tries are left', 'The doors are unlocked.',
                  'The engine is running.', 'certificate-1.pem: OK',
                  'maker knows it', 'was revoked', '->  401', '->  404'):
        check(words in told, f'{words!r} is missing in:\n{told}')
    check(not re.search(r'[0-9a-f]{8}-[0-9a-f]{4}-', told),
          'it shows a mailbox identifier')
    check('?v=c#… ' in told, 'it shows a part of the secret')


def test_the_demo_interrupted_at_any_moment_leaves_nothing_behind():
    for number in (signal.SIGINT, signal.SIGTERM):
        for tenths in range(1, 8, 2):
            with Place() as place:
                demo = place.start('car')
                time.sleep(tenths / 10)
                os.killpg(demo.pid, number)  # as a terminal does
                demo.communicate(timeout=60)
                place.check_empty()


def test_a_relay_that_was_kept_still_serves():
    with Place() as place:
        demo = place.start('car', '--keep')
        told, complaints = demo.communicate(timeout=60)
        equal(demo.returncode, 0, complaints)
        try:
            url, ca = re.search(r'running: (\S+), trusted with (\S+)',
                                told).groups()
            top = re.search(r'ready in (\S+)\. Type', told)[1]
            relay = Relay.__new__(Relay)
            relay.url, relay.ca, relay.database = url, ca, None
            check(relay.serves(), 'it does not serve')
            owner = car.Party('owner', top + '/owner')
            owner.run('share', '--name', 'lake', '--entitlements', 'unlock',
                      '--url-file', top + '/url')
        finally:
            pid = int(re.search(r'To end it: kill (\d+)', told)[1])
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 20
            while is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
        check(not is_alive(pid), 'it cannot be ended')


# R-ATT-1
def test_the_story_is_the_same_at_a_relay_that_wants_vouched_for_devices():
    told = told_without_leftovers('car', LINES_MAX + ATTEST_LINES,
                                  '--attest')
    for words in ('nobody vouches for this one',
                  'The device vouched for itself'):
        check(words in ' '.join(told.split()),
              f'{words!r} is missing in:\n{told}')


if __name__ == '__main__':
    sentences.main(globals())
