"""tigress and a relay that wants devices that somebody vouches for (§9)."""
import contextlib
import json
import pathlib
import subprocess

import cli_kit
from cli_kit import Device, REFUSED, UNREACHABLE, USAGE
from cli_killed import TRIALS, run_and_kill
from relay import Relay
from saying_relay import SayingRelay
from wire import Wire

PATH = '/.well-known/tigress'
HEADER = '\r\nMailbox-Device-Attestation: '
CREATE = 'POST /v1/m '


class Vouched(Device):
    """A device with an authenticator, before its relay is there."""

    def __init__(self):
        super().__init__()
        self.home.chmod(0o755)  # a relay's master may be another user
        self.authenticator = str(self.home / 'authenticator')
        self.root = self.event('authenticator', self.authenticator)['root']

    def vouch(self, *more):
        return ['--attest', self.authenticator, *more]


@contextlib.contextmanager
def strict(*roots, rule='required'):
    """A relay with these roots, and the wire to it."""
    conf = [f'tigress_attestation {rule};',
            *(f'tigress_attestation_root {root};' for root in roots)]
    with Wire() as wire, Relay(conf=conf, public_host=wire.host) as relay:
        wire.connect(relay)
        yield wire, relay


def creates(wire):
    """Whether the creates since this was last asked had a statement."""
    heads, wire.asked = wire.asked, []
    return [HEADER in head for head in heads if head.startswith(CREATE)]


def a_relay_that_wants_it_makes_shares_for_a_device_that_is_vouched_for(_):
    """R-ATT-1 R-ATT-2 D9"""
    with Vouched() as owner, strict(owner.root) as (wire, _), \
            Device(wire) as friend:
        owner.relay = wire
        for more in ((), ('--attest-format', 'packed'),
                     ('--attest-format', 'apple')):
            url = owner.share(*owner.vouch(*more))['url']
            assert friend.receive(url)['content'] == {'text': 'one'}
        assert creates(wire) == [True] * 3


def without_it_nothing_is_sent_and_a_person_is_told_what_to_do(_):
    """R-ATT-2 §7"""
    with Vouched() as owner, strict(owner.root) as (wire, _):
        owner.relay = wire
        arguments = ('share', owner.information('x'), '--relay', wire.url)
        done = owner.run(*arguments, expect=REFUSED)
        assert 'nobody vouches for this one' in done.stderr, done.stderr
        assert '--attest' in done.stderr, done.stderr
        error = owner.event(*arguments, expect=REFUSED)
        assert error['error'] == 'not-attested', error
        assert {call.shown for call in wire.take()} == {PATH}
        assert owner.list() == {}


def a_format_that_the_relay_does_not_take_is_not_sent(_):
    """R-ATT-2 §7"""
    with Vouched() as owner, \
            strict(owner.root, rule='required apple') as (wire, _):
        owner.relay = wire
        error = owner.event(
            'share', owner.information('x'), '--relay', wire.url,
            *owner.vouch('--attest-format', 'packed'), expect=REFUSED)
        assert 'try another --attest-format' in error['message'], error
        assert creates(wire) == []
        # It was not made, and can be with another one.
        resumed = owner.event('resume', '1', *owner.vouch())
        assert resumed['event'] == 'resumed' and resumed['url'], resumed
        assert creates(wire) == [True]


def a_device_of_another_maker_is_refused_with_the_relays_words(_):
    """R-ATT-2"""
    with Vouched() as owner, Vouched() as other, \
            strict(other.root) as (wire, _):
        owner.relay = wire
        done = owner.run('share', owner.information('x'), '--relay', wire.url,
                         *owner.vouch(), '--verbose', expect=REFUSED)
        assert 'nobody whom this relay trusts' in done.stderr, done.stderr
        assert 'TG_E_ATTESTATION' in done.stderr, done.stderr
        assert creates(wire) == [True]
        assert owner.list() == {}


def an_optional_statement_is_sent_and_one_that_is_ignored_is_not(_):
    """R-ATT-2"""
    with Vouched() as owner:
        for rule, sent in (('optional', True), ('none', False)):
            with strict(owner.root, rule=rule) as (wire, _):
                owner.relay = wire
                owner.share(*owner.vouch())
                owner.share()
                assert creates(wire) == [sent, False], rule


def a_relay_that_wants_it_since_a_moment_gets_it_at_once(_):
    """§7 R-ATT-1"""
    with Vouched() as owner, \
            strict(owner.root, rule='none') as (wire, relay):
        owner.relay = wire
        owner.share(*owner.vouch())
        relay.conf[0] = 'tigress_attestation required;'
        relay.restart()
        owner.share(*owner.vouch())
        assert creates(wire) == [False, False, True]


@contextlib.contextmanager
def lying(owner):
    """A relay that says what a test wants, and its device."""
    with SayingRelay(owner.home) as relay:
        relay.url = 'https://' + relay.authority
        relay.says(attestation={'policy': 'required',
                                'formats': ['packed', 'apple']})
        owner.relay = relay
        yield relay


def what_a_relay_says_against_a_device_cannot_harm_a_terminal(_):
    """R-ATT-2"""
    def refuse(call, answer):
        if call != 'create':
            return answer
        detail = relay.detail.replace(
            'CLAIM', relay.seen[-1][2]['Mailbox-Device-Claim'])
        return 401, {'Content-Type': 'application/problem+json'}, json.dumps({
            'type': 'urn:tigress:problem:attestation-refused',
            'title': 'Attestation refused', 'detail': detail}).encode()

    with Vouched() as owner, lying(owner) as relay:
        relay.lie = refuse
        arguments = ('share', owner.information('x'), '--relay', relay.url,
                     *owner.vouch())
        relay.detail = '\x1b[31mred\r\n' + 'long ' * 100
        told = owner.run(*arguments, expect=REFUSED).stderr
        assert '\x1b' not in told and '\r' not in told, told
        assert 'It says: [31mredlong long' in told, told
        assert 20 < told.count('long') <= 32, told
        relay.detail = 'it is CLAIM'
        told = owner.run(*arguments, '--verbose', expect=REFUSED).stderr
        assert 'it is' not in told, told


def a_create_that_is_repeated_is_vouched_for_each_time(_):
    """R-IDEM R-ATT-1"""
    with Vouched() as owner, lying(owner) as relay:
        breaks = [True, True, False]
        relay.lie = lambda call, answer: (
            None if call == 'create' and breaks.pop(0) else answer)
        owner.share(*owner.vouch())
        sent = [headers for call, _, headers, _ in relay.seen
                if call == 'create']
        assert len(sent) == 3, sent
        assert len({headers['Mailbox-Request-ID'] for headers in sent}) == 1
        assert all('Mailbox-Device-Attestation' in headers
                   for headers in sent), sent


def a_share_that_was_begun_before_it_was_wanted_waits_for_a_device(_):
    """R-ATT-1 R-IDEM"""
    with Vouched() as owner, \
            strict(owner.root, rule='none') as (wire, relay):
        owner.relay = wire
        owner.share()  # what the relay says is known from now on
        relay.stop()
        owner.run('share', owner.information('x'), '--relay', wire.url,
                  expect=UNREACHABLE)
        relay.conf[0] = 'tigress_attestation required;'
        relay.start()
        error = owner.event('resume', '2', expect=REFUSED)
        assert error['error'] == 'not-attested', error
        assert owner.list()[2]['interrupted'], owner.list()
        assert owner.event('resume', '2', *owner.vouch())['url']


def a_share_killed_while_it_is_made_is_made_by_a_device_in_the_end(_):
    """R-IDEM D9"""
    with Vouched() as owner, strict(owner.root) as (wire, _), \
            Device(wire) as friend:
        owner.relay = wire
        for trial in range(0, TRIALS, 2):
            run_and_kill(owner, trial, 'share', owner.information('whole'),
                         '--relay', wire.url, *owner.vouch())
        # Without the authenticator what was begun stays as it is.
        owner.run('resume', expect=None)
        owner.run('resume', *owner.vouch())
        shares = owner.list()
        for number, share in shares.items():
            assert share['state'] == 'open' and not share['interrupted']
            url = owner.event('qr', str(number))['url']
            assert friend.receive(url)['content'] == {'text': 'whole'}
        owner.share(*owner.vouch())


def a_share_that_was_begun_without_a_device_can_be_called_off(_):
    """R-DEL-1"""
    with Vouched() as owner, \
            strict(owner.root, rule='required apple') as (wire, _):
        owner.relay = wire
        owner.run('share', owner.information('x'), '--relay', wire.url,
                  *owner.vouch('--attest-format', 'packed'), expect=REFUSED)
        owner.run('cancel', '1')
        assert owner.list()[1]['state'] == 'failed', owner.list()
        owner.run('forget', '1')


def an_authenticator_is_made_once_and_for_its_owner_alone(_):
    """§9"""
    with Vouched() as owner:
        place = pathlib.Path(owner.authenticator)
        root = pathlib.Path(owner.root).read_text(encoding='ascii')
        assert place.stat().st_mode & 0o777 == 0o700
        assert (place / 'key.pem').stat().st_mode & 0o777 == 0o600
        assert owner.event('authenticator', str(place))['root'] == owner.root
        assert pathlib.Path(owner.root).read_text(encoding='ascii') == root
        owner.run('authenticator', str(owner.home / 'no' / 'such'),
                  expect=USAGE)
        (place / 'key.pem').write_text('no key', encoding='ascii')
        done = owner.run('authenticator', str(place), expect=USAGE)
        assert 'damaged' in done.stderr, done.stderr
        owner.run('share', owner.information('x'), '--relay', 'localhost:1',
                  '--attest-format', 'apple', expect=USAGE)


def many_at_once_make_one_authenticator(_):
    """§9"""
    with Device() as owner:
        place = str(owner.home / 'one')
        started = [owner.start('authenticator', place, '--quiet')
                   for _ in range(8)]
        for process in started:
            told, complaints = process.communicate(timeout=cli_kit.SECONDS)
            assert (process.returncode, told.strip()) == \
                (0, f'{place}/root.pem'), complaints
        key = subprocess.run(['openssl', 'pkey', '-in', f'{place}/key.pem',
                              '-pubout'], capture_output=True, check=True)
        of_root = subprocess.run(['openssl', 'x509', '-in',
                                  f'{place}/root.pem', '-noout', '-pubkey'],
                                 capture_output=True, check=True)
        assert key.stdout == of_root.stdout


def nothing_of_the_key_leaves_its_directory(_):
    """R-ATT-3"""
    with Vouched() as owner, strict(owner.root) as (wire, relay):
        owner.relay = wire
        done = owner.run('share', owner.information('x'), '--relay', wire.url,
                         '--verbose', *owner.vouch())
        key = (pathlib.Path(owner.authenticator) / 'key.pem').read_text(
            encoding='ascii').splitlines()[1]
        places = [done.stdout, done.stderr, relay.output(),
                  *(path.read_text(errors='replace')
                    for path in [*relay.files(), *owner.home.rglob('*')]
                    if path.is_file() and path.name != 'key.pem')]
        assert len(places) > 5
        assert not [text for text in places if key in text]


if __name__ == '__main__':
    cli_kit.main(
        a_relay_that_wants_it_makes_shares_for_a_device_that_is_vouched_for,
        without_it_nothing_is_sent_and_a_person_is_told_what_to_do,
        a_format_that_the_relay_does_not_take_is_not_sent,
        a_device_of_another_maker_is_refused_with_the_relays_words,
        an_optional_statement_is_sent_and_one_that_is_ignored_is_not,
        a_relay_that_wants_it_since_a_moment_gets_it_at_once,
        what_a_relay_says_against_a_device_cannot_harm_a_terminal,
        a_create_that_is_repeated_is_vouched_for_each_time,
        a_share_that_was_begun_before_it_was_wanted_waits_for_a_device,
        a_share_killed_while_it_is_made_is_made_by_a_device_in_the_end,
        a_share_that_was_begun_without_a_device_can_be_called_off,
        an_authenticator_is_made_once_and_for_its_owner_alone,
        many_at_once_make_one_authenticator,
        nothing_of_the_key_leaves_its_directory)
