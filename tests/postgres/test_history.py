"""The checker of histories finds what it is there to find, and nothing else.

By hand: python3 -B test_history.py
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       'scenario'))

import history                                              # noqa: E402
import sentences                                            # noqa: E402
from sentences import check, equal                          # noqa: E402


class Story:
    """A history in the making: each call takes a second, one after another,
    unless it is said when."""

    def __init__(self):
        self.calls = []
        self.now = 0.0
        self.call('create', 'ann', text='a', status=200, url='u')

    def call(self, kind, claim, *, request=None, text=None, status=200,
             at=None, lasts=1.0, **more):
        begun = self.now if at is None else at
        self.calls.append(history.Call(
            kind, 1, claim, request or f'r{len(self.calls)}', text,
            begun, begun + lasts, status, **more))
        self.now = max(self.now, begun + lasts)
        return self

    def read(self, claim, version, seen, **more):
        return self.call('read', claim, version=version, seen=seen, **more)

    def update(self, claim, version, text, **more):
        return self.call('update', claim, version=version, text=text, **more)

    def is_well(self):
        equal(history.problems(self.calls), [], 'problems')

    def is_wrong(self, words):
        found = history.problems(self.calls)
        check(any(words in text for text in found),
              f'wanted “{words}” in {found}')


def bound():
    return Story().read('bob', 1, 'a')


def test_a_life_without_trouble_is_well():
    (bound().call('read', 'eve', status=401).update('bob', 2, 'b')
     .read('ann', 2, 'b').call('relinquish', 'bob').read('eve', 2, 'b')
     .call('delete', 'eve').call('read', 'ann', status=404)).is_well()


def test_what_is_not_known_may_have_been_or_not():
    story = bound().call('update', 'bob', text='b', status=503, request='x')
    story.read('ann', 1, 'a').is_well()
    story.update('bob', 2, 'b', status=201, request='x').is_well()
    story.call('delete', 'ann', status=None).read('bob', 2, 'b').is_well()
    story.call('read', 'bob', status=404).is_well()


def test_two_recipients_are_found():
    bound().read('eve', 1, 'a').is_wrong('two recipients')
    Story().read('bob', 1, 'a', at=2).read('eve', 1, 'a', at=2).is_wrong(
        'two recipients')


def test_a_relinquish_long_ago_explains_no_second_recipient():
    story = bound().call('relinquish', 'bob').read('bob', 1, 'a')
    story.is_well()
    story.read('eve', 1, 'a').is_wrong('two recipients')


def test_a_binding_that_is_lost_is_found():
    bound().call('read', 'bob', status=401).is_wrong('forgotten')
    bound().call('read', 'ann', status=401).is_wrong('initiator')


def test_a_race_without_a_winner_is_found():
    (Story().call('read', 'bob', status=401, at=2)
     .call('read', 'eve', status=401, at=2)).is_wrong('nobody was first')
    (Story().call('read', 'bob', status=503).call('read', 'bob', status=401)
     .call('read', 'eve', status=401)).is_wrong('nobody was first')


def test_a_create_that_is_lost_is_found():
    Story().call('read', 'ann', status=404).is_wrong('nobody deleted')


def test_a_read_after_an_acknowledged_delete_is_found():
    story = bound().call('delete', 'ann')
    story.call('create', 'ann', request='r0', text='a', status=201,
               url='u').is_well()
    story.read('bob', 1, 'a').is_wrong('lives after its end')
    bound().call('delete', 'ann').call('delete', 'bob').is_wrong(
        'deleted twice')


def test_a_stale_read_is_found():
    bound().update('bob', 2, 'b').read('ann', 1, 'a').is_wrong('an old')
    bound().update('bob', 2, 'b').update('ann', 2, 'c').is_wrong('an old')


def test_a_read_beside_an_update_may_see_either():
    bound().update('bob', 2, 'b', at=3).read('ann', 1, 'a', at=3.5).is_well()
    bound().update('bob', 2, 'b', at=3).read('ann', 2, 'b', at=3.5).is_well()


def test_an_update_that_is_lost_is_found():
    (bound().update('bob', 2, 'b').update('ann', 2, 'c')
     .read('bob', 2, 'c')).is_wrong('two texts')
    (bound().update('bob', 2, 'b').update('bob', 3, 'c')
     .read('ann', 2, 'b')).is_wrong('must be version')


def test_an_update_done_twice_is_found():
    (bound().update('bob', 2, 'b', request='x')
     .update('bob', 3, 'b', request='x')).is_wrong('done twice')
    (bound().call('update', 'bob', text='b', status=503, request='x')
     .update('ann', 3, 'c')).is_well()
    bound().update('bob', 2, 'b').read('ann', 3, 'b').is_wrong('done twice')


def test_an_answer_of_what_was_refused_is_found():
    (bound().call('update', 'eve', text='e', status=401)
     .read('ann', 2, 'e')).is_wrong('nobody wrote')


def test_a_retry_that_is_no_retry_is_found():
    bound().update('bob', 2, 'b', status=201).is_wrong('retry of nothing')
    (Story().call('create', 'ann', request='r0', text='a', status=201,
                  url='other')).is_wrong('2 mailboxes')


if __name__ == '__main__':
    sentences.main(globals())
