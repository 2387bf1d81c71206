"""A hotel key travels from one guest to another: the whole way.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 hotel_flow.py [WORD…]
"""
import base64
import contextlib
import ssl
import urllib.error
import urllib.request

import car
import hotel
import sentences
from cli_kit import CAR, Device
from relay import Relay, free_port
from sentences import check, equal
from wire import Wire

PASSPHRASE = 9  # exit status: not given, or not that of this device


@contextlib.contextmanager
def world():
    """A relay, a hotel, and two guests."""
    with Relay() as relay, hotel.Cast(relay) as cast:
        cast.check_in()
        yield cast


@contextlib.contextmanager
def watched_world():
    """The same, and what crosses the wire between guests and relay."""
    with Wire() as wire, Relay(public_host=wire.host) as relay, \
            hotel.Cast(wire) as cast:
        wire.connect(relay)
        cast.check_in()
        yield cast, wire, relay


def preview_status(cast):
    """What the preview page answers."""
    url = cast.url_file.read_text().split('#')[0]
    context = ssl.create_default_context(cafile=cast.relay.ca)
    try:
        with urllib.request.urlopen(url, context=context,
                                    timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_key_that_was_given_opens_its_doors_and_no_other():
    with world() as cast:
        cast.give('Weekend', '--doors', 'room')
        with cast.door('room') as room, cast.door('pool', room=None) as pool:
            cast.open(room)
            equal(cast.open(pool, expect=hotel.REFUSED).check, 'door', 'why')
            equal([one['done'] for one in hotel.events(room)], [True],
                  'the log of the room')
            equal([one['check'] for one in hotel.events(pool)], ['door'],
                  'the log of the pool')
        with cast.door('room', room=hotel.OTHER_ROOM) as other:
            cast.open(other, expect=hotel.REFUSED)
            equal(hotel.events(other), [], 'it was shown something')


def test_a_common_door_opens_for_the_keys_of_every_room():
    with world() as cast:
        cast.give('One')
        cast.book(room=hotel.OTHER_ROOM)
        third = cast.make_guest(cast.guest('third'))
        cast.share('Other')
        cast.accept(third)
        with cast.door('pool', room=None) as pool:
            cast.open(pool)
            cast.open(pool, third)


# §12: create, read, delete, redeem
def test_the_mailbox_is_gone_before_the_token_is_redeemed():
    with watched_world() as (cast, wire, _):
        cast.share('Weekend')
        cast.serving.stop()
        wire.take()
        cast.accept(expect=hotel.NETWORK)
        equal([(c.method, c.status) for c in wire.take()],
              [('GET', 200), ('POST', 200), ('DELETE', 200)], 'calls')
        equal((preview_status(cast), cast.keys()), (404, 0), 'mailbox, keys')
        wire.take()
        cast.serving.start()
        cast.accept()
        equal((wire.take(), cast.keys()), ([], 1), 'calls, keys')


def test_a_second_device_comes_too_late():
    with world() as cast:
        cast.give('Weekend')
        second = cast.make_guest(cast.guest('second'))
        cast.accept(second, expect=hotel.OVER)
        check(not second.run('status').json['usable'], 'it has a key')


def test_each_command_given_twice_has_no_second_effect():
    with watched_world() as (cast, wire, _):
        cast.share('Weekend')
        first = cast.url_file.read_text()
        cast.share('Weekend')
        equal(cast.url_file.read_text(), first, 'the URL of the second time')
        cast.first.run('continue', expect=hotel.WAITING)
        for _ in range(2):
            cast.accept()
            cast.other.run('continue')
            cast.first.run('continue')
        creates = [c for c in wire.calls
                   if c.method == 'POST' and c.path == '/v1/m']
        equal(len(creates), 1, 'mailboxes made')
        equal([one['state'] for one in cast.tokens()], ['redeemed'], 'tokens')
        cast.share('Weekend', expect=hotel.OVER)


def test_one_name_is_one_share():
    with world() as cast:
        cast.share('Weekend', '--doors', 'room')
        cast.share('Weekend', '--doors', 'pool', expect=hotel.USAGE)
        cast.share('Another', '--doors', 'pool')
        equal(len(cast.tokens()), 2, 'tokens')


def test_nobody_gives_more_than_was_booked():
    with world() as cast:
        for options in (['--doors', 'room,sauna'],
                        ['--until', hotel.moment(4 * hotel.DAY)],
                        ['--from', hotel.moment(-2 * hotel.DAY)]):
            result = cast.share('Weekend', *options, expect=hotel.REFUSED)
            equal(result.check, 'beyond', str(options))
        equal(cast.tokens(), [], 'tokens')


def test_the_first_guest_learns_what_became_of_it():
    with world() as cast:
        cast.share('Weekend')
        cast.first.run('continue', expect=hotel.WAITING)
        cast.accept()
        cast.serving.stop()
        cast.first.run('continue', expect=hotel.NETWORK)
        told = cast.first.run('status').text
        cast.serving.start()
        check('taken, declined or expired' in told, told)
        equal(cast.first.run('continue').json['desk'], 'redeemed', 'desk')
        told = cast.first.run('status').json
        check('the key was fetched' in told['message'], told['message'])
        cast.share('Other')
        cast.other.run('decline', '--url-file', str(cast.url_file))
        equal(cast.first.run('continue', expect=hotel.OVER).all[-1]['desk'],
              'cancelled', 'desk')
        told = cast.first.run('status').all[-1]
        equal(told['desk'], 'cancelled', 'status')
        check('declined or cancelled' in told['message'], told['message'])


# R-DEL-1
def test_a_share_cancelled_before_it_is_accepted_is_worth_nothing():
    with world() as cast:
        cast.share('Weekend')
        cast.first.run('cancel', '--name', 'Weekend')
        equal(preview_status(cast), 404, 'the preview')
        cast.accept(expect=hotel.OVER)
        equal([one['state'] for one in cast.tokens()], ['cancelled'], 'token')
        cast.first.run('cancel', '--name', 'Weekend', expect=hotel.OVER)
        cast.first.run('cancel', '--name', 'Nothing', expect=hotel.USAGE)


def test_a_share_cancelled_between_reading_and_redeeming_gives_no_key():
    with world() as cast:
        cast.share('Weekend')
        cast.serving.stop()
        cast.accept(expect=hotel.NETWORK)
        cast.serving.start()
        cast.first.run('cancel', '--name', 'Weekend')
        equal(cast.accept(expect=hotel.REFUSED).check, 'cancelled', 'why')
        cast.other.run('continue', expect=hotel.OVER)
        equal(cast.keys(), 0, 'keys')


def test_a_key_cancelled_afterwards_opens_nothing_once_the_door_heard_of_it():
    with world() as cast:
        cast.give('Weekend')
        with cast.door('room') as alone:
            cast.first.run('cancel', '--name', 'Weekend')
            cast.open(alone)  # it has not heard of it
        with cast.door('pool', online=True) as door:
            equal(cast.open(door, expect=hotel.REFUSED).check, 'cancelled',
                  'why')
            cast.serving.stop()
            equal(cast.open(door, expect=hotel.REFUSED).check, 'cancelled',
                  'without the desk')
            told = cast.other.run('status').json
            equal(told['usable'], False, 'usable')
            check('has said that it was cancelled' in told['message'],
                  told['message'])
        with hotel.Running(door.party) as again:  # it has it on disk
            equal(cast.open(again, expect=hotel.REFUSED).check, 'cancelled',
                  'after a restart')


def test_a_door_needs_no_desk():
    with world() as cast:
        cast.give('Weekend')
        with cast.door('room', online=True) as door:
            cast.serving.stop()
            cast.open(door)


def test_a_declined_invitation_is_worth_nothing():
    with world() as cast:
        cast.share('Weekend')
        for status in (hotel.DONE, hotel.OVER):
            cast.other.run('decline', '--url-file', str(cast.url_file),
                           expect=status)
        cast.accept(expect=hotel.OVER)
        equal([one['state'] for one in cast.tokens()], ['cancelled'], 'token')
        cast.share('Other')
        cast.accept()
        cast.other.run('decline', '--url-file', str(cast.url_file),
                       expect=hotel.OVER)
        equal(cast.keys(), 1, 'keys')


# R-REL-1
def test_a_key_of_an_unknown_kind_is_given_back_for_another_device():
    with world() as cast, Device(cast.relay) as sender:
        for kind in (CAR, 'digitalwallet.future'):
            shared = sender.share(kind=kind)
            for guest in (cast.other, cast.first):
                result = guest.run('accept', stdin=shared['url'],
                                   expect=hotel.REFUSED)
                equal(result.json['error'], 'TG_E_UNKNOWN', kind)
                check('given back' in result.json['message'], result.text)


def test_a_key_of_another_hotel_is_given_back():
    with world() as cast:
        elsewhere = cast.guest('elsewhere')
        elsewhere.run('init', '--relay', cast.relay.host, '--relay-ca',
                      cast.relay.ca, '--desk',
                      f'https://127.0.0.1:{free_port()}', '--desk-ca', cast.ca)
        cast.share('Weekend')
        result = cast.accept(elsewhere, expect=hotel.REFUSED)
        equal(result.json['error'], 'TG_E_UNTRUSTED', 'why')
        cast.accept()  # so the other guest still can


def test_who_is_away_costs_a_repetition_and_nothing_else():
    with world() as cast:
        cast.serving.stop()
        cast.share('Weekend', expect=hotel.NETWORK)
        cast.share('Other', expect=hotel.USAGE)  # one at a time
        cast.serving.start()
        cast.relay.stop()
        cast.share('Weekend', expect=hotel.NETWORK)
        cast.first.run('continue', expect=hotel.NETWORK)
        cast.relay.start()
        cast.share('Weekend')
        cast.relay.stop()
        cast.accept(expect=hotel.NETWORK)
        cast.relay.start()
        cast.accept()
        equal([one['state'] for one in cast.tokens()], ['redeemed'], 'tokens')


def test_what_was_begun_can_be_cancelled_while_the_desk_was_away():
    with world() as cast:
        cast.serving.stop()
        cast.share('Weekend', expect=hotel.NETWORK)
        cast.first.run('cancel', '--name', 'Weekend', expect=hotel.NETWORK)
        cast.serving.start()
        cast.first.run('cancel', '--name', 'Weekend')
        equal([one['state'] for one in cast.tokens()], ['cancelled'],
              'the request that never came')
        cast.share('Weekend')  # nobody ever heard of the first one


def test_a_passphrase_is_asked_for_where_there_is_one():
    with world() as cast:
        sealed = cast.guest('sealed')
        right, wrong = cast.file('right'), cast.file('wrong')
        for path in (right, wrong):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(f'{path} staple\n')
        sealed.run('init', *cast.init_options(), '--passphrase-file', right)
        cast.share('Weekend')
        for options in ([], ['--passphrase-file', wrong]):
            sealed.run('accept', '--url-file', str(cast.url_file), *options,
                       expect=PASSPHRASE)
        sealed.run('accept', '--url-file', str(cast.url_file),
                   '--passphrase-file', right)
        equal(cast.keys(), 1, 'keys')


def test_secrets_stay_where_they_belong():
    with watched_world() as (cast, wire, relay):
        booking = cast.book()
        cast.give('Weekend')
        url_secret = cast.url_file.read_text().strip().split('#')[1]
        hidden = [base64.b64decode(text) for text in
                  (booking['secret'], url_secret)]
        equal(cast.booking.stat().st_mode & 0o777, 0o600, 'booking\'s mode')
        equal(cast.url_file.stat().st_mode & 0o777, 0o600, 'the URL\'s mode')
        check(car.holds(cast.booking.read_bytes(), hidden[0]),
              'the search is blind')
        strangers = cast.files_of(cast.desk) + cast.files_of(cast.other)
        for path in strangers + relay.files():
            for secret in hidden[:1] if path in strangers else hidden:
                check(not car.holds(path.read_bytes(), secret),
                      f'a secret is in {path}')
        for path in cast.files_of(cast.desk):
            equal(path.stat().st_mode & 0o077, 0, f'mode of {path}')
        for secret in hidden:
            check(not car.holds(wire.bytes, secret), 'a secret on the wire')


if __name__ == '__main__':
    sentences.main(globals())
