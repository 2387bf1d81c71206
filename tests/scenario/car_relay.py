"""A relay that does not keep to the rules, against the programs of the car.

It serves older payloads and those of another mailbox, gives back what one has
written oneself, changes and cuts bytes, breaks off, and lies about mailboxes
that are gone. Each time the device says so, keeps its state, and goes on when
the relay is honest again; nothing is signed or kept that should not be.
"""
import contextlib
import json
import pathlib
import tempfile

import car
import sentences
from hostile_relay import Cut, HostileRelay
from sentences import check, equal


@contextlib.contextmanager
def lying_world():
    """The enrolled parties and a relay that does what a test wants. There are
    two shares; the link and the PIN of the second are in the files."""
    with tempfile.TemporaryDirectory() as directory, \
            HostileRelay(pathlib.Path(directory)) as relay:
        relay.host = relay.authority
        with car.Cast(relay) as cast:
            cast.enrol()
            cast.share('One', 'unlock')
            cast.share('Two', 'unlock')
            yield cast, relay


def owner(cast, expect=None):
    return cast.owner.run('continue', '--name', 'Two', '--verbose',
                          expect=expect)


def friend(cast, expect=None):
    return cast.friend.run('continue', '--verbose', '--pin-file',
                           str(cast.pin_file), expect=expect)


def accepting(cast, expect=None):
    """With a PIN that is wrong, so that there is more to repeat."""
    return cast.friend.run('accept', '--verbose', '--url-file',
                           str(cast.url_file), '--pin-file',
                           cast.wrong_pin_file(), expect=expect)


# Every step of a share with one wrong PIN, and how it ends.
STEPS = ((accepting, car.DONE), (owner, car.REFUSED), (friend, car.DONE),
         (owner, car.DONE), (friend, car.DONE))


def wrong_payloads(relay):
    """What the relay could serve in place of what the second mailbox holds."""
    other, own = list(relay.history.values())
    held = own[-1]
    data = held['data']
    for place in (0, 17, len(data) // 2, len(data) - 9):
        flipped = 'B' if data[place] == 'A' else 'A'
        yield dict(held, data=data[:place] + flipped + data[place + 1:])
    yield dict(held, data=data[:40])
    yield dict(held, type='AEAD_AES_256_GCM')
    yield from other + own[:-1]


def serve(relay, payload):
    """Serve it to whoever reads."""
    def lie(call, answer):
        if call != 'read' or answer[0] != 200:
            return answer
        body = json.loads(answer[2])
        return (200, answer[1],
                json.dumps(dict(body, payload=payload)).encode())
    relay.lie = lie


def kept(cast):
    """What must not appear because of a lie."""
    return [sorted(path.name for path in party.state.glob(pattern))
            for party, pattern in ((cast.owner, 'issued-*'),
                                   (cast.friend, 'certificate-*'))]


def check_lie(cast, relay, step):
    """One run while the relay lies: refused or nothing new, and in words."""
    before = kept(cast)
    result = step(cast)
    relay.lie = None
    check(result.status in (car.REFUSED, car.WAITING),
          f'{step.__name__}: {result.status}: {result.text}')
    equal(kept(cast), before, 'what is kept')
    words = result.json['message']
    check(step is accepting or 'link is' not in words, words)
    if result.status == car.REFUSED:
        check(result.json['error'] in ('TG_E_AUTH', 'TG_E_UNKNOWN',
                                       'TG_E_REPLAY', 'TG_E_FORMAT'), words)
        check(result.json['reason'] in words, 'the reason is not told')
        check('nothing is lost' in words or 'given back' in words, words)


def check_key(cast):
    """All has come to its end: one key, which works."""
    equal([len(names) for names in kept(cast)], [1, 1], 'keys')
    with cast.serve() as vehicle:
        cast.ask(vehicle, 'unlock')


# THREATS 21
def test_a_relay_that_repeats_swaps_and_changes_payloads_gets_nothing_signed():
    with lying_world() as (cast, relay):
        for step, status in STEPS:
            for payload in list(wrong_payloads(relay)):
                serve(relay, payload)
                check_lie(cast, relay, step)
            step(cast, expect=status)
        check_key(cast)


def test_a_relay_that_breaks_off_or_talks_nonsense_loses_nothing():
    with lying_world() as (cast, relay):
        for step, status in STEPS:
            for lie in (lambda a: None,
                        lambda a: (a[0], a[1], Cut(a[2])),
                        lambda a: (a[0], a[1], a[2][:-9]),
                        lambda a: (200, a[1], b'{}'),
                        lambda a: (302, {'Location': 'https://x/'}, b''),
                        lambda a: (500, {}, b'x')):
                relay.lie = lambda call, answer, lie=lie: (
                    lie(answer) if call == 'read' else answer)
                before = kept(cast)
                result = step(cast)
                relay.lie = None
                check(result.status in (car.REFUSED, car.NETWORK),
                      f'{step.__name__}: {result.text}')
                words = result.json['message']
                check('failed' not in words, words)
                equal(kept(cast), before, 'what is kept')
            step(cast, expect=status)
        check_key(cast)


def test_a_relay_that_loses_answers_makes_no_second_signature():
    """Each call is done, and its answer lost the first time."""
    with lying_world() as (cast, relay):
        for step, status in STEPS:
            lost = []

            def lose(call, answer, lost=lost):
                if call == 'read' or len(lost) >= 2:
                    return answer
                lost.append(call)
                return None
            relay.lie = lose
            for _ in range(3):
                step(cast)
                relay.lie = None
            step(cast)
        check_key(cast)


def test_a_relay_that_says_a_mailbox_is_gone_is_not_believed_too_much():
    with lying_world() as (cast, relay):
        cast.accept()
        owner(cast, expect=car.DONE)
        relay.lie = lambda call, answer: relay.problem(404, 'no such mailbox')
        text = owner(cast, expect=car.DONE).text
        check('not known here' in text and 'taken' not in text, text)
        friend(cast, expect=car.OVER)
        equal([len(names) for names in kept(cast)], [1, 0], 'keys')


if __name__ == '__main__':
    sentences.main(globals())
