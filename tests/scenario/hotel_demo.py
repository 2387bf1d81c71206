"""The story of the hotel key: it is told, and leaves nothing behind."""
import re
import subprocess

import sentences
from demo_place import DEMO, told_without_leftovers
from sentences import check, equal

LINES_MAX = 45
ATTEST_LINES = 8  # what --attest adds


def test_the_demo_tells_the_hotels_story_and_leaves_nothing_behind():
    told = told_without_leftovers('hotel', LINES_MAX)
    for words in ('The door is open.', '(check: door)', '1 key; 19 times',
                  'check: cancelled', 'DELETE', '-> 404'):
        check(words in ' '.join(told.split()),
              f'{words!r} is missing in:\n{told}')
    check(not re.search(r'[0-9a-f]{8}-[0-9a-f]{4}-', told),
          'it shows a mailbox identifier')
    check('?v=h#… ' in told, 'it shows a part of the secret')


def test_there_are_two_stories_and_no_third():
    for words in (['train'], ['hotel', '--keep'], ['car', 'hotel', '--quiet']):
        done = subprocess.run([DEMO, *words], capture_output=True, text=True,
                              check=False, timeout=60)
        equal((done.returncode, done.stdout), (2, ''), str(words))


# R-ATT-1
def test_the_story_is_the_same_at_a_relay_that_wants_vouched_for_devices():
    told = told_without_leftovers('hotel', LINES_MAX + ATTEST_LINES,
                                  '--attest')
    for words in ('nobody vouches for this one',
                  'The device vouched for itself'):
        check(words in ' '.join(told.split()),
              f'{words!r} is missing in:\n{told}')


if __name__ == '__main__':
    sentences.main(globals())
