"""A friend and an owner who do not keep to the rules.

They are those of foreign_friend.py, with hooks that change what is sent: so
they can write what our own programs never would.
"""
import contextlib
import pathlib

import car
import sentences
from car_foreign import foreign_owner, terms
from cli_kit import CAR, TOKEN, Device
from foreign_friend import Friend, Key, Owner, request_lines
from relay import Relay
from sentences import check, equal

ORDER = ['unlock', 'lock', 'start', 'drive', 'trunk']


@contextlib.contextmanager
def world():
    """A relay and the parties."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        yield cast


def stranger_of(cast, make=Friend):
    """A device of another make with link and PIN of the last share."""
    return make(cast.url_file.read_text().strip(), cast.relay.ca,
                cast.file('stranger'), cast.maker.state / 'root.pem', cast.pin)


def refused_request(change=None, wanted=None):
    """What the owner says to a request that `change` has made of an honest
    one, or to one for the terms that `wanted` makes; afterwards nothing is
    signed, the share has ended, and both sides know."""
    with world() as cast:
        cast.share('Weekend', 'unlock', '--uses', '5')
        friend = stranger_of(cast)
        friend.terms = wanted or friend.terms
        share = friend.take_offer()
        friend.change = lambda m: change(friend, m) if change else m
        friend.ask(share)
        result = cast.owner.run('continue', expect=car.REFUSED)
        check(not list(cast.owner.state.glob('issued-*')), 'a signature')
        equal(cast.owner.run('status').json['end'], 'refused', 'the end')
        equal(friend.take_answer(), 'ShareCancelled', 'what the friend hears')
        equal(friend.reason, 'refused', 'the reason')
        cast.accept(expect=car.OVER)
        cast.owner.run('pin', '--name', 'Weekend', expect=car.OVER)
        return result.check


def test_a_request_for_other_terms_than_were_offered_is_refused():
    for changes in ({'entitlements': ['unlock', 'start']},
                    {'entitlements': ['start']},
                    {'notAfter': car.moment(9 * 86400)},
                    {'notBefore': car.moment(-86400)},
                    {'vehicle': car.OTHER_VIN}, {'uses': 6}, {'sharing': 1}):
        equal(refused_request(wanted=lambda offer, c=changes: dict(
            offer, **c)), 'terms', str(changes))
    equal(refused_request(wanted=lambda offer: {
        name: offer[name] for name in offer if name != 'uses'}), 'terms',
          'any number of uses')


def test_a_request_of_another_share_is_refused():
    equal(refused_request(lambda _, m: dict(m, share='0' * 32)), 'share',
          'check')


def test_a_request_without_proof_of_the_key_is_refused():
    def of_another_key(friend, message):
        other = Key(friend.directory / 'other.key')
        return dict(message, publicKey=other.public)

    def for_other_terms(friend, message):
        other = dict(friend.offer, share='0' * 32)
        return dict(message, proof=friend.key.sign(
            *request_lines(other, friend.key.public)))

    def empty(_, message):
        return dict(message, proof='')

    for change in (of_another_key, for_other_terms, empty):
        equal(refused_request(change), 'signature', change.__name__)


def test_a_request_that_cannot_be_read_is_refused():
    for changes in ({'publicKey': 'AAAA'}, {'publicKey': None},
                    {'proof': '!'}, {'version': 2}, {'entitlements': []},
                    {'type': 'KeyImportRequest'}, {'attempt': 0},
                    {'pakeShare': 'AAAA'}, {'pakeTag': None}, {'uses': 0}):
        equal(refused_request(lambda _, m, c=changes: dict(m, **c)), 'format',
              str(changes))


def test_an_attempt_that_was_not_begun_is_refused():
    equal(refused_request(lambda _, m: dict(m, attempt=2)), 'pin', 'check')


def test_a_second_key_for_one_share_is_refused():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        friend = stranger_of(cast)
        share = friend.take_offer()
        friend.ask(share)
        cast.owner.run('continue')
        friend.receive('KeyImportRequest')
        friend.key = Key(friend.directory / 'second.key')
        friend.ask(share)
        result = cast.owner.run('continue', expect=car.REFUSED)
        equal(result.check, 'key', 'check')
        equal(len(list(cast.owner.state.glob('issued-*'))), 1, 'signatures')


def test_the_same_request_gets_the_same_certificate():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        friend = stranger_of(cast)
        kept = []
        friend.change = lambda m: kept.append(m) or m
        friend.ask(friend.take_offer())
        cast.owner.run('continue')
        chain = friend.receive('KeyImportRequest')['chain']
        friend.mailbox.send(kept[0])
        cast.owner.run('continue')
        equal(friend.take_answer(), 'KeyImportRequest', 'the second answer')
        equal(friend.chain, chain, 'the chain')


class Invented(Friend):
    """Sends shares that make the product the identity, or that are none."""
    shares = [bytes(32), b'\xff' * 32]

    def share(self, owner_share):
        return self.shares[self.attempt % 2]


def test_shares_that_no_honest_device_sends_are_wrong_tries():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        friend = stranger_of(cast, Invented)
        friend.ask(friend.take_offer())
        for attempt in (2, 3):
            result = cast.owner.run('continue', expect=car.REFUSED)
            equal((result.check, result.json['triesLeft']),
                  ('pin', 4 - attempt), 'the owner')
            equal(friend.take_answer(), 'PinRetryRequest', 'the friend')
            friend.try_again(cast.pin)
        result = cast.owner.run('continue', expect=car.REFUSED)
        equal(result.json['end'], 'pin', 'the end')
        equal(friend.take_answer(), 'ShareCancelled', 'the friend')
        equal(friend.reason, 'pin', 'why')


def invited_by(cast, make=Owner, maker=None, **more):
    """Our friend has accepted what a foreign owner offers, and asked."""
    owner = foreign_owner(cast, make, maker)
    url = owner.offer_key(cast.relay.host, cast.relay.ca,
                          **terms(owner, **more))
    cast.url_file.write_text(url + '\n')
    cast.pin_file.write_text(owner.pin + '\n')
    cast.accept()
    return owner


def refused_import(make=Owner, other_maker=False):
    """What our friend says to a KeyImportRequest of a foreign owner."""
    with world() as cast:
        cast.lend('Before', 'unlock')
        maker = cast.party('maker', 'other-maker') if other_maker else None
        if maker:
            maker.run('init')
            maker.run('vehicle', '--vin', car.VIN, '--identity',
                      cast.file('other-identity'))
        invited_by(cast, make, maker).answer()
        result = cast.friend.run('continue', expect=car.REFUSED)
        state = cast.friend.state
        check(not (state / 'certificate-2.pem').exists(), 'a second key')
        check((state / 'certificate-1.pem').exists(), 'the first key is gone')
        last = cast.friend.run('status').json
        equal((last['usable'], last['end']), (False, 'broken'), 'the end')
        return [r['check'] for r in result.all if 'check' in r][-1]


class WithoutPin(Owner):
    def tag(self):
        return bytes(64)


class OfAnotherKey(Owner):
    def certify(self, public):
        return super().certify(Key(self.directory / 'other.key').der)


def changing(**changes):
    """An owner whose KeyImportRequest is changed."""
    class Changing(Owner):
        def change(self, message):
            if message['type'] != 'KeyImportRequest':
                return message
            made = {name: value(message[name]) if callable(value) else value
                    for name, value in changes.items()}
            return dict(message, **made)
    return Changing


def test_a_key_that_is_not_as_agreed_is_not_taken():
    for why, make in (
            ('pin', WithoutPin), ('key', OfAnotherKey),
            ('share', changing(share='0' * 32)),
            ('terms', changing(entitlements=ORDER)),
            ('terms', changing(uses=3)),
            ('format', changing(chain=lambda chain: chain[:1])),
            ('format', changing(chain=lambda chain: chain * 2)),
            ('format', changing(pakeTag='AAAA'))):
        equal(refused_import(make), why, f'check of {make.__name__}')
    equal(refused_import(other_maker=True), 'chain', 'check')


def test_who_pretends_to_be_the_owner_gets_three_guesses_and_no_more():
    class Guessing(Owner):
        """Says that the PIN was wrong, whatever it was."""

        def guess(self):
            self.receive('KeySigningRequest')
            self.attempt = min(self.attempt + 1, 3)
            self.send('PinRetryRequest', attempt=self.attempt,
                      pakeShare=self.begin_attempt())

    with world() as cast:
        owner = invited_by(cast, Guessing)
        pin = ['--pin-file', str(cast.pin_file)]
        for _ in range(2):
            owner.guess()
            cast.friend.run('continue', *pin)
        owner.guess()
        result = cast.friend.run('continue', *pin, expect=car.REFUSED)
        equal(result.check, 'pin', 'the fourth question')
        equal(cast.friend.run('status').json['end'], 'broken', 'the end')


# §11
def test_a_kind_of_key_that_is_not_known_is_left_for_another_device():
    with world() as cast, Device(cast.relay) as device:
        for content, kind in (({'token': 'x'}, TOKEN),
                              ({'type': 'KeyCreationRequest', 'version': 2},
                               CAR)):
            event = device.event(
                'share', device.file({'format': kind, 'content': content}),
                '--relay', cast.relay.url, '--rights', 'RWD')
            pathlib.Path(cast.url_file).write_text(event['url'] + '\n')
            result = cast.accept(pin=False, expect=car.REFUSED)
            equal(result.json['error'], 'TG_E_UNKNOWN', f'error of {kind}')
        check(not list(cast.friend.state.glob('certificate-*')), 'a key')
        other = cast.make_friend(cast.party('friend', 'other'))
        cast.accept(other, pin=False, expect=car.REFUSED)  # free, not taken


if __name__ == '__main__':
    sentences.main(globals())
