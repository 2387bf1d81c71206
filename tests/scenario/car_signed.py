"""A key was signed, and then the share ends otherwise than with thanks.

Who was sent a key may have fetched it, whatever its device does to the mailbox
afterwards. So it is taken back when the owner calls the share off or the other
device asks for something else; and nobody is told what nobody knows. The
friend is the one of foreign_friend.py, who keeps what he has fetched.
"""
import contextlib

import car
import sentences
from foreign_friend import Friend, Key
from foreign_mailbox import Gone
from relay import Relay
from sentences import check, equal


@contextlib.contextmanager
def world(server=True):
    """A relay and the enrolled parties; perhaps a maker with a server."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol(server)
        yield cast


def fetched(cast):
    """A friend who has fetched his key, and left the mailbox as it was."""
    cast.share('Weekend', 'unlock')
    friend = Friend(cast.url_file.read_text().strip(), cast.relay.ca,
                    cast.file('keeps'), cast.maker.state / 'root.pem',
                    cast.pin)
    friend.first_share = friend.take_offer()
    friend.ask(friend.first_share)
    cast.owner.run('continue')
    friend.take_key(friend.receive('KeyImportRequest'))
    return friend


def register(cast, friend):
    """What the maker's server says to the key: a status and a check."""
    url, ca = cast.server_options()[1::2]
    status, answer = friend.register(url, ca)
    return status, answer.get('check')


def unlock(friend, vehicle):
    """What the vehicle says: 'done', or the check that refused."""
    verdict = friend.action(vehicle.socket, 'unlock')
    return 'done' if verdict['done'] else verdict['check']


def said(cast):
    """What the owner's status says of the share."""
    result = cast.owner.run('status', '--name', 'Weekend')
    return result.json['end'], result.json['revoked'], result.json['message']


def cancel(cast, expect=car.DONE):
    return cast.owner.run('cancel', '--name', 'Weekend', expect=expect)


def check_worthless(cast, friend, end):
    """The key opens nothing, is not registered, and the owner knows."""
    equal(said(cast)[:2], (end, 'done'), 'what the owner hears')
    check('is revoked' in said(cast)[2], said(cast)[2])
    equal(register(cast, friend), (403, 'revoked'), 'registering')
    with cast.serve() as vehicle:
        equal(unlock(friend, vehicle), 'revoked', 'the vehicle')
        cast.owner.run('unlock', '--vehicle', vehicle.socket)


def test_a_key_that_was_fetched_is_revoked_by_a_cancellation():
    for registered in (False, True):
        with world() as cast, cast.maker_serving():
            friend = fetched(cast)
            if registered:
                equal(register(cast, friend), (200, None), 'before')
            check('is revoked' in cancel(cast).text, 'what cancel says')
            check_worthless(cast, friend, 'cancelled')


def test_a_cancellation_that_the_maker_does_not_hear_of_is_repeated():
    for again in ('continue', 'cancel'):
        with world() as cast:
            friend = fetched(cast)
            result = cancel(cast, expect=car.NETWORK)
            check('is to be revoked' in result.text, result.text)
            equal(said(cast)[:2], ('cancelled', 'wanted'), 'meanwhile')
            cast.owner.run(again, '--name', 'Weekend', expect=car.NETWORK)
            with cast.maker_serving():
                cast.owner.run(again, '--name', 'Weekend', expect=(
                    car.DONE if again == 'continue' else car.OVER))
                check_worthless(cast, friend, 'cancelled')


def test_a_relay_that_is_away_does_not_keep_a_key_from_being_revoked():
    with world() as cast, cast.maker_serving():
        friend = fetched(cast)
        cast.relay.stop()
        cancel(cast, expect=car.NETWORK)
        check_worthless(cast, friend, 'cancelled')
        cast.relay.start()
        cast.owner.run('continue')
        try:
            friend.mailbox.next()
        except Gone:
            return
        raise AssertionError('the mailbox is still there')


def test_without_a_makers_server_the_owner_hears_that_the_key_may_exist():
    with world(server=False) as cast:
        friend = fetched(cast)
        for text in (cancel(cast).text, said(cast)[2],
                     cast.owner.run('continue').text):
            for words in ('may have the key', 'until its time is over',
                          '--maker-url'):
                check(words in text, text)
        equal(said(cast)[:2], ('cancelled', 'wanted'), 'status')
        with cast.serve() as vehicle:
            equal(unlock(friend, vehicle), 'done', 'and so it is')


def test_a_cancellation_before_the_signature_revokes_nothing():
    with world() as cast:  # the maker is away, and is not asked
        cast.share('Weekend', 'unlock')
        cast.accept()
        cancel(cast)
        status = cast.owner.run('status').json
        equal((status['end'], status['signed']), ('cancelled', False),
              'status')
        check('revoke' not in status['message'], status['message'])


def ask_once_more(friend, how):
    """Another request after the key was fetched, with one thing changed."""
    if how == 'key':
        friend.key = Key(friend.directory / 'second.key')
    elif how == 'terms':
        friend.offer = dict(friend.offer, entitlements=['unlock', 'start'])
    else:
        friend.change = lambda message: dict(message, pakeShare='AAAA')
    friend.ask(friend.first_share)


def test_who_asks_for_something_else_after_the_signature_loses_the_key():
    for how in ('key', 'terms', 'format'):
        with world() as cast, cast.maker_serving():
            friend = fetched(cast)
            kept = friend.key, friend.offer
            ask_once_more(friend, how)
            result = cast.owner.run('continue', expect=car.REFUSED)
            equal((result.check, result.json['revoked']), (how, 'done'), how)
            friend.key, friend.offer = kept
            check_worthless(cast, friend, 'refused')


def test_what_became_of_a_key_is_not_claimed_when_it_is_not_known():
    def declines(cast):
        cast.friend.run('decline', '--share', '1')

    def takes(cast):
        cast.friend.run('continue')

    for ends in (declines, takes):
        with world(server=False) as cast:
            cast.share('Weekend', 'unlock')
            cast.accept()
            cast.owner.run('continue')
            ends(cast)
            for text in (cast.owner.run('continue').text,
                         cast.owner.run('status').text,
                         cancel(cast, expect=car.OVER).text):
                check('not known here' in text and 'taken' not in text, text)


if __name__ == '__main__':
    sentences.main(globals())
