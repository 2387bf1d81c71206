"""How a share ends, on either side: cancelled, declined, given back, revoked;
and keys with limits, lent on, registered with the maker.
"""
import contextlib

import car
import sentences
from relay import Relay
from sentences import check, equal


@contextlib.contextmanager
def world(server=False):
    """A relay and the enrolled parties; perhaps a maker with a server."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol(server)
        yield cast


def ends(cast):
    """How the owner's last share has ended, as status tells."""
    return cast.owner.run('status').json.get('end')


def before_offer(_):
    """Nothing yet: the friend has not even seen it."""


def offer_read(cast):
    cast.accept(pin=False, expect=car.PIN)


def request_sent(cast):
    cast.accept()


def pin_asked_again(cast):
    cast.friend.run('accept', '--url-file', str(cast.url_file), '--pin-file',
                    cast.wrong_pin_file())
    cast.owner.run('continue', expect=car.REFUSED)


STEPS = (before_offer, offer_read, request_sent, pin_asked_again)


def test_the_owner_can_cancel_at_every_step():
    for step in STEPS:
        with world() as cast:
            cast.share('Weekend', 'unlock')
            step(cast)
            cast.owner.run('cancel', '--name', 'Weekend')
            equal(ends(cast), 'cancelled', step.__name__)
            cast.accept(expect=car.OVER)
            cast.friend.run('continue')
            cast.owner.run('pin', '--name', 'Weekend', expect=car.OVER)
            check(not list(cast.owner.state.glob('issued-*')), 'a signature')


def test_a_key_that_was_signed_and_not_fetched_can_be_cancelled():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.accept()
        cast.owner.run('continue')
        cast.owner.run('cancel', '--name', 'Weekend')
        cast.friend.run('continue', expect=car.OVER)
        check(not list(cast.friend.state.glob('certificate-*')), 'a key')


def test_a_cancellation_without_network_is_done_later():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        cast.relay.stop()
        cast.owner.run('cancel', '--name', 'Weekend', expect=car.NETWORK)
        cast.relay.start()
        cast.owner.run('continue')
        equal(ends(cast), 'cancelled', 'the end')
        cast.accept(expect=car.OVER)


def test_the_friend_can_decline_at_every_step_and_the_owner_learns_it():
    for step in STEPS[1:]:
        with world() as cast:
            cast.share('Weekend', 'unlock')
            step(cast)
            cast.friend.run('decline', '--share', '1')
            cast.friend.run('decline', '--share', '1', expect=car.OVER)
            cast.owner.run('continue')
            equal(ends(cast), 'declined', step.__name__)
            cast.accept(expect=car.OVER)
            check(not list(cast.owner.state.glob('issued-*')), 'a signature')


def test_the_owner_tells_a_signed_key_from_a_declined_invitation():
    with world() as cast:
        cast.lend('Weekend', 'unlock')
        cast.owner.run('continue')
        equal(ends(cast), 'closed', 'the end')
        cast.friend.run('decline', '--share', '1', expect=car.USAGE)
        cast.friend.run('decline', '--share', '7', expect=car.USAGE)


def test_an_invitation_that_is_given_back_can_be_taken_by_another_device():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        offer_read(cast)
        second = cast.make_friend(cast.party('friend', 'second'))
        cast.accept(second, expect=car.TAKEN)
        cast.friend.run('give-back', '--share', '1')
        cast.accept(second)
        cast.owner.run('continue')
        second.run('continue')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock', friend=second)
        cast.friend.run('continue')  # nothing is going on here


def test_after_it_has_asked_a_device_cannot_give_back():
    with world() as cast:
        cast.share('Weekend', 'unlock')
        request_sent(cast)
        result = cast.friend.run('give-back', '--share', '1',
                                 expect=car.USAGE)
        check('Decline' in result.text, result.text)


def test_limits_arrive_with_the_key():
    with world() as cast:
        cast.share('Weekend', 'unlock', '--uses', '2', '--may-share')
        cast.share('Weekend', 'unlock', '--uses', '3', '--may-share',
                   expect=car.USAGE)
        cast.accept()
        cast.owner.run('continue')
        cast.friend.run('continue')
        status = cast.friend.run('status').json
        equal((status['uses'], status['sharing']), (2, 1), 'limits')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')
            cast.ask(vehicle, 'unlock')
            result = cast.ask(vehicle, 'unlock', expect=car.REFUSED)
            equal(result.check, 'uses', 'the third time')
        cast.share('Nothing', 'unlock', '--uses', '0', expect=car.USAGE)


def lend_on(cast, third, *options, expect=car.DONE):
    """The friend lends its key on; link and PIN are then in the files."""
    return cast.friend.run(
        'share', '--key', '1', '--name', 'Brother', '--entitlements',
        'unlock', '--url-file', str(cast.url_file), '--pin-file',
        str(cast.pin_file), *options, expect=expect)


def test_a_friend_who_may_lends_on_and_the_third_opens_the_vehicle():
    with world() as cast:
        cast.lend('Weekend', 'unlock,lock', '--may-share')
        third = cast.make_friend(cast.party('friend', 'third'))
        lend_on(cast, third)
        cast.accept(third)
        cast.friend.run('continue')
        third.run('continue')
        cast.friend.run('continue')
        equal(cast.friend.run('status').all[-1]['end'], 'closed', 'the end')
        state = third.state
        status, text = car.openssl(
            'verify', '-x509_strict', '-CAfile', str(state / 'root.pem'),
            '-untrusted', str(state / 'issuer-1.pem'),
            str(state / 'certificate-1.pem'))
        equal(status, 0, text)
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock', friend=third)
            cast.ask(vehicle, 'lock', friend=third, expect=car.REFUSED)
            cast.ask(vehicle, 'lock')
        result = third.run('share', '--key', '1', '--name', 'Fourth',
                           '--entitlements', 'unlock', expect=car.REFUSED)
        equal(result.check, 'beyond', 'the third lends on')


def test_a_key_that_may_not_be_lent_on_is_not():
    with world() as cast:
        cast.lend('Weekend', 'unlock')
        result = lend_on(cast, None, expect=car.REFUSED)
        equal(result.check, 'beyond', 'check')
        check('may not be lent on' in result.text, result.text)
        equal(len(cast.friend.run('status').all), 1, 'shares')


def test_nothing_is_lent_on_that_the_key_itself_cannot_do():
    with world() as cast:
        cast.lend('Weekend', 'unlock', '--may-share', '--uses', '5',
                  '--until', car.moment(3600))
        for words in (['--entitlements', 'start'], ['--uses', '6'],
                      ['--until', car.moment(7200)], ['--may-share']):
            result = cast.friend.run(
                'share', '--key', '1', '--name', 'More', *(
                    [] if '--entitlements' in words
                    else ['--entitlements', 'unlock']), *words,
                expect=car.REFUSED)
            equal(result.check, 'beyond', str(words))


def test_the_owners_own_key_opens_the_vehicle():
    with world() as cast, cast.serve() as vehicle:
        cast.owner.run('open', '--vehicle', vehicle.socket)
        cast.owner.run('trunk', '--vehicle', vehicle.socket)
        equal(len(cast.events()), 2, 'events')


def test_a_key_is_registered_also_when_the_maker_was_away():
    with world(server=True) as cast:
        cast.share('Weekend', 'unlock')
        cast.accept()
        cast.owner.run('continue')
        cast.friend.run('continue', expect=car.WAITING)
        status = cast.friend.run('status').json
        equal((status['usable'], status['registered']), (True, False),
              'without a server')
        with cast.maker_serving(), cast.serve() as vehicle:
            result = cast.ask(vehicle, 'unlock', expect=car.REFUSED)
            equal(result.check, 'unregistered', 'the vehicle')
            cast.friend.run('continue')
            equal(cast.friend.run('status').json['registered'], True, 'told')
            cast.ask(vehicle, 'unlock')


def test_the_owner_revokes_a_key_also_when_the_maker_was_away():
    with world(server=True) as cast:
        with cast.maker_serving():
            cast.lend('Weekend', 'unlock')
        cast.owner.run('revoke', '--name', 'Weekend', expect=car.NETWORK)
        check('is to be revoked' in cast.owner.run('status').text, 'status')
        cast.owner.run('continue', expect=car.NETWORK)
        with cast.maker_serving(), cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')
            cast.owner.run('continue')
            check('is revoked' in cast.owner.run('status').text, 'status')
            result = cast.ask(vehicle, 'unlock', expect=car.REFUSED)
            equal(result.check, 'revoked', 'check')
            cast.owner.run('revoke', '--name', 'Weekend')
            cast.owner.run('unlock', '--vehicle', vehicle.socket)


def test_a_key_that_waits_in_its_mailbox_is_revoked_and_cancelled():
    with world(server=True) as cast, cast.maker_serving():
        cast.share('Weekend', 'unlock')
        cast.owner.run('revoke', '--name', 'Weekend', expect=car.OVER)
        cast.accept()
        cast.owner.run('continue')
        cast.owner.run('revoke', '--name', 'Weekend')
        cast.friend.run('continue', expect=car.OVER)


def test_a_friend_gives_a_key_up_and_with_it_what_was_lent_on():
    with world(server=True) as cast, cast.maker_serving():
        cast.lend('Weekend', 'unlock', '--may-share')
        third = cast.make_friend(cast.party('friend', 'third'))
        lend_on(cast, third)
        cast.accept(third)
        cast.friend.run('continue')
        third.run('continue')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock', friend=third)
            cast.friend.run('revoke', '--share', '1')
            cast.friend.run('revoke', '--share', '1')
            equal(cast.friend.run('status').all[0]['usable'], False, 'usable')
            cast.ask(vehicle, 'unlock', expect=car.REFUSED)
            result = cast.ask(vehicle, 'unlock', friend=third,
                              expect=car.REFUSED)
            equal(result.check, 'revoked', 'the third')


def test_revoking_needs_a_server():
    with world() as cast:
        cast.lend('Weekend', 'unlock')
        result = cast.owner.run('revoke', '--name', 'Weekend',
                                expect=car.USAGE)
        check('--maker-url' in result.text, result.text)


if __name__ == '__main__':
    sentences.main(globals())
