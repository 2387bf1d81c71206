"""Proofs of the PIN and certificates that are not what they seem.

In car_hostile.py the members of a message are wrong; here they are well-formed,
and made by who does not know the PIN, repeats what was said before, or signs
what was not agreed. The devices are those of foreign_friend.py with hooks.
"""
import car
import foreign_der as der
import sentences
from car_foreign import foreign_owner, invited, pin_file, terms, world
from foreign_friend import Friend, Key, Owner
from foreign_mailbox import Gone, base64_of
from sentences import check, equal


def status(cast, friend):
    """What our owner's device says of a friend's share."""
    return cast.owner.run('status', '--name', friend.name).json


def go_on(cast, friend, expect=car.DONE):
    """Our owner's device answers a friend."""
    return cast.owner.run('continue', '--name', friend.name, expect=expect)


def wrong_try(cast, make):
    """A friend of this class uses up one try, and no more; then he does as he
    should, and gets the key."""
    friend = invited(cast, make, 'unlock')
    friend.ask(friend.take_offer())
    result = go_on(cast, friend, expect=car.REFUSED)
    equal((result.check, result.json['triesLeft']), ('pin', 2), 'the try')
    equal(status(cast, friend)['signed'], False, 'signed')
    go_on(cast, friend, expect=car.WAITING)
    equal(friend.take_answer(), 'PinRetryRequest', 'what the friend hears')
    friend.__class__ = Friend
    friend.try_again(friend.told)
    go_on(cast, friend)
    equal(friend.take_answer(), 'KeyImportRequest', 'the second answer')
    equal(status(cast, friend)['signed'], True, 'signed')


def test_what_is_no_proof_of_the_pin_costs_one_try():
    class WrongPin(Friend):
        def ask(self, owner_share):
            self.pin = f'{(int(self.told) + 1) % 10**6:06}'
            super().ask(owner_share)

    class Reflecting(Friend):
        """Sends the owner's own share back."""

        def share(self, owner_share):
            return owner_share

    class Identity(Friend):
        """The element that makes every product the same."""

        def share(self, owner_share):
            return bytes(32)

    class NoElement(Friend):
        def share(self, owner_share):
            return b'\xff' * 32

    class NoTag(Friend):
        def tag(self):
            return bytes(64)

    class OneBitOff(Friend):
        def tag(self):
            right = self.pake.tag()
            return bytes([right[0] ^ 1]) + right[1:]

    class OtherOrder(Friend):
        """The confirmation that the owner would send, if he could."""

        def tag(self):
            return self.pake.mac(self.pake.other)

    with world() as cast:
        for make in (WrongPin, Reflecting, Identity, NoElement, NoTag,
                     OneBitOff, OtherOrder):
            wrong_try(cast, make)


def test_a_request_that_is_repeated_costs_no_second_try():
    with world() as cast:
        friend = invited(cast, Friend, 'unlock')
        share = friend.take_offer()
        friend.pin = 'wrong!'
        friend.ask(share)
        for _ in range(3):
            result = go_on(cast, friend, expect=car.REFUSED)
            equal(result.json['triesLeft'], 2, 'tries')
            friend.take_answer()
            friend.attempt = 1
            friend.ask(share)
        equal(status(cast, friend)['signed'], False, 'signed')


def test_a_tag_of_an_earlier_attempt_is_a_wrong_try():
    class Replaying(Friend):
        """Share and tag of the first attempt, again and again."""

        first = None

        def change(self, message):
            self.first = self.first or {
                name: message[name] for name in ('pakeShare', 'pakeTag')}
            return dict(message, **self.first)

    with world() as cast:
        friend = invited(cast, Replaying, 'unlock')
        right, friend.pin = friend.pin, '######'
        friend.ask(friend.take_offer())
        for left in (2, 1):
            result = go_on(cast, friend, expect=car.REFUSED)
            equal((result.check, result.json['triesLeft']), ('pin', left),
                  'the try')
            equal(friend.take_answer(), 'PinRetryRequest', 'the answer')
            friend.try_again(right)
        go_on(cast, friend, expect=car.REFUSED)
        equal(friend.take_answer(), 'ShareCancelled', 'the end')
        equal((friend.reason, status(cast, friend)['signed']),
              ('pin', False), 'the end')


def test_after_three_wrong_pins_the_right_one_comes_too_late():
    with world() as cast:
        friend = invited(cast, Friend, 'unlock')
        right, friend.pin = friend.pin, '######'
        friend.ask(friend.take_offer())
        for left in (2, 1):
            result = go_on(cast, friend, expect=car.REFUSED)
            equal(result.json['triesLeft'], left, 'tries')
            friend.take_answer()
            friend.try_again('######')
        result = go_on(cast, friend, expect=car.REFUSED)
        equal((result.check, result.json['end']), ('pin', 'pin'), 'the end')
        message = friend.receive('ShareCancelled')
        equal(message['reason'], 'pin', 'the reason')
        friend.try_again(right)
        go_on(cast, friend, expect=None)
        equal(status(cast, friend)['signed'], False, 'signed')
        now = status(cast, friend)
        equal(now['end'], 'pin', 'afterwards')
        check('PIN' in now['message'], f'the owner is told: {now}')


def begin(cast, owner, expect=car.DONE, **more):
    """Our friend's device accepts an owner's offer, and asks for the key."""
    url = owner.offer_key(cast.relay.host, cast.relay.ca,
                          **terms(owner, **more))
    return cast.friend.run('accept', '--pin-file', pin_file(cast, owner.pin),
                           stdin=url, expect=expect)


def refused(cast, make, **more):
    """The check that our friend's device names for the answer of an owner of
    this class; afterwards there is no key, and no mailbox."""
    owner = foreign_owner(cast, make)
    begin(cast, owner, **more)
    equal(owner.answer(), 'KeyImportRequest', 'the owner')
    result = cast.friend.run('continue', expect=None)
    ended(cast, owner)
    return [one['check'] for one in result.all if 'check' in one][-1]


def ended(cast, owner):
    """There is no key at our friend's device, and the mailbox is gone."""
    check(not list(cast.friend.state.glob('certificate-*')), 'a key')
    status = cast.friend.run('status').json
    equal(status['usable'], False, 'usable')
    check('end' in status, f'it goes on: {status}')
    try:
        owner.mailbox.read()
    except Gone:
        return
    raise AssertionError('the mailbox is still there')


def test_an_owner_who_does_not_know_the_pin_is_not_believed():
    class Nothing(Owner):
        def tag(self):
            return bytes(64)

    class Reflecting(Owner):
        """The friend's own confirmation."""

        def tag(self):
            return self.pake.mac(self.pake.other)

    with world() as cast:
        for make in (Nothing, Reflecting):
            equal(refused(cast, make), 'pin', make.__name__)


class Certifying(Owner):
    """Certifies something else than was agreed."""

    def granted(self):
        return self.offer

    def issue(self, public):
        return der.make(type('Public', (), {'der': public}), self.granted(),
                        der.Certificate(self.certificates[0]), self.key)

    def certify(self, public):
        return [self.issue(public), *self.certificates]


def granting(**grant):
    return type('Granting', (Certifying,), {
        'granted': lambda self: dict(self.offer, **grant)})


def test_a_certificate_that_grants_something_else_is_not_taken():
    with world() as cast:
        for why, grant in (('terms', {'entitlements': ['unlock']}),
                           ('terms', {'uses': 1}), ('terms', {'sharing': 1}),
                           ('beyond', {'sharing': 2}),
                           ('terms', {'notAfter': car.moment(1800)}),
                           ('beyond', {'vehicle': car.OTHER_VIN}),
                           ('beyond', {'notBefore': car.moment(-86400)})):
            equal(refused(cast, granting(**grant)), why, str(grant))


def test_a_chain_that_does_not_hold_is_not_taken():
    class ByAnotherKey(Certifying):
        def issue(self, public):
            own, self.key = self.key, Key(self.directory / 'other.key')
            made = super().issue(public)
            self.key = own
            return made

    class Twice(Certifying):
        def certify(self, public):
            return [self.issue(public), *self.certificates * 2]

    with world() as cast:
        for make in (ByAnotherKey, Twice):
            equal(refused(cast, make), 'chain', make.__name__)


def test_a_share_that_no_honest_owner_sends_ends_the_invitation():
    for share in (bytes(32), b'\xff' * 32):
        class Wrong(Owner):
            def begin_attempt(self, wrong=share):
                super().begin_attempt()
                return base64_of(wrong)

        with world() as cast:
            owner = foreign_owner(cast, Wrong)
            result = begin(cast, owner, expect=car.REFUSED)
            equal(result.check, 'pin', 'check')
            ended(cast, owner)


def test_the_end_is_told_with_its_reason():
    for reason, words in (('pin', 'PIN'), ('refused', ''), ('later', '')):
        with world() as cast:
            owner = foreign_owner(cast)
            begin(cast, owner)
            owner.receive('KeySigningRequest')
            owner.send('ShareCancelled', reason=reason)
            result = cast.friend.run('continue', expect=None)
            check(result.status in (car.REFUSED, car.OVER), result.text)
            check(words in result.text, result.text)
            ended(cast, owner)


if __name__ == '__main__':
    sentences.main(globals())
