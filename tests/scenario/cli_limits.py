"""tigress: what a relay says of itself (§7), and shares beyond its limits."""
import contextlib
import datetime

import cli_kit
from cli_kit import (Device, NOT_GENUINE, NOTHING_NEW, NOT_TRUSTED,
                     UNREACHABLE, USAGE)
from relay import Relay, free_port
from wire import Wire

PATH = '/.well-known/tigress'
PAYLOAD, LIFETIME, DEFAULT, WAIT = 2048, 3600, 1800, 2
CONF = (f'tigress_payload_max {PAYLOAD};',
        f'tigress_lifetime default={DEFAULT}s max={LIFETIME}s;',
        f'tigress_wait_max {WAIT}s;')


@contextlib.contextmanager
def narrow():
    """(wire, relay): a relay with small limits, whose calls are recorded."""
    with Wire() as wire, Relay(conf=CONF, public_host=wire.host) as relay:
        wire.connect(relay)
        yield wire, relay


def calls(wire):
    """Methods and paths since this was last asked."""
    return [f'{call.method} {call.shown}' for call in wire.take()]


def what_is_too_large_for_a_relay_is_not_sent_to_it(_):
    """§7 R-CREATE-1"""
    with narrow() as (wire, _), Device(wire) as owner:
        large = owner.information('x' * PAYLOAD)
        done = owner.run('share', large, '--relay', wire.url, expect=USAGE)
        assert f'at most {PAYLOAD} bytes' in done.stderr, done.stderr
        assert calls(wire) == [f'GET {PATH}']
        error = owner.event('share', large, '--relay', wire.url, expect=USAGE)
        assert error['error'] == 'too-large', error
        assert f'{PAYLOAD} bytes' in error['message'], error
        assert owner.list() == {}
        assert set(calls(wire)) == {f'GET {PATH}'}
        owner.share()
        assert calls(wire) == ['POST /v1/m']


def a_time_beyond_the_relays_is_refused_with_words(_):
    """§7 D6"""
    with narrow() as (wire, _), Device(wire) as owner:
        for option, value in (('--lifetime', str(LIFETIME + 1)),
                              ('--expires', '2099-01-01T00:00:00Z')):
            error = owner.event('share', owner.information('x'), '--relay',
                                wire.url, option, value, expect=USAGE)
            assert error['error'] == 'lifetime-too-long', error
            assert 'at most 1 hour,' in error['message'], error
            advice = {'--lifetime': f'--lifetime {LIFETIME} or less',
                      '--expires': 'an earlier --expires'}[option]
            assert advice in error['message'], error
            assert error['message'].count('--') == 1, error
        assert owner.list() == {}
        assert set(calls(wire)) == {f'GET {PATH}'}
        owner.share('--lifetime', str(LIFETIME))


def who_asks_for_no_time_gets_the_relays(_):
    """§7 D7"""
    with narrow() as (wire, _), Device(wire) as owner:
        before = datetime.datetime.now(datetime.timezone.utc)
        ends = datetime.datetime.fromisoformat(
            owner.share()['expires'].replace('Z', '+00:00'))
        left = (ends - before).total_seconds()
        # A clock of whole seconds, and however long the machine takes: but
        # less than an hour, which would be the most.
        assert DEFAULT - 1 <= left < LIFETIME - 1, left


def a_recipient_waits_no_longer_than_the_relay_holds(_):
    """§7 R-WAIT-1"""
    with narrow() as (wire, _), Device(wire) as owner, \
            Device(wire) as friend:
        friend.receive(owner.share()['url'])
        wire.asked.clear()
        friend.run('watch', '1', '--timeout', '3', expect=NOTHING_NEW)
        assert '\r\nPrefer: wait=2\r\n' in wire.asked[0], wire.asked
        assert not [head for head in wire.asked if 'GET' in head], wire.asked


def a_relay_that_has_another_name_is_told_with_that_name(_):
    """R-URL-1: a link is made for the name by which the relay goes."""
    port = free_port()
    name = f'localhost:{port}'
    with Relay(port=port, public_host=name) as relay, \
            Device(relay) as owner:
        error = owner.event('share', owner.information('x'), '--relay',
                            relay.url, expect=NOT_GENUINE)
        assert f'calls itself {name},' in error['message'], error
        assert f'--relay {name}.' in error['message'], error
        assert 'again' not in error['message'], error
        assert owner.list() == {}
        done = owner.run('share', owner.information('x'), '--relay',
                         relay.url, expect=NOT_GENUINE)
        assert 'resume' not in done.stderr, done.stderr
        owner.run('share', owner.information('x'), '--relay', name)


def relay_info_shows_what_the_relay_says(relay):
    """§7"""
    with Device(relay) as device:
        said = relay.discovery()
        told = device.event('relay-info', relay.url)
        assert told == {
            'event': 'relay-info', 'relay': device.host,
            'versions': said['versions'],
            'algorithms': said['payload']['types'],
            'payloadMax': said['payload']['maxBytes'],
            'lifetimeDefault': said['lifetime']['default'],
            'lifetimeMax': said['lifetime']['max'],
            'waitMax': said['wait']['max'],
            'notifications': said['notifications'],
            'attestation': said['attestation']['policy'],
            'attestationFormats': said['attestation']['formats']}, told
        text = device.run('relay-info', device.host).stdout
        assert f'{said["payload"]["maxBytes"]} bytes at most' in text, text
        assert not device.wallet.exists()


def relay_info_tells_what_went_wrong(relay):
    """§7"""
    with Device(relay) as device:
        nobody = f'127.0.0.1:{free_port()}'
        device.event('relay-info', nobody, expect=UNREACHABLE)
        device.event('relay-info', device.host, ca=False, expect=NOT_TRUSTED)
        for name in ('', 'a/b', 'a b', 'user@host'):
            device.event('relay-info', name, expect=USAGE)


if __name__ == '__main__':
    cli_kit.main(what_is_too_large_for_a_relay_is_not_sent_to_it,
                 a_time_beyond_the_relays_is_refused_with_words,
                 who_asks_for_no_time_gets_the_relays,
                 a_recipient_waits_no_longer_than_the_relay_holds,
                 a_relay_that_has_another_name_is_told_with_that_name,
                 relay_info_shows_what_the_relay_says,
                 relay_info_tells_what_went_wrong)
