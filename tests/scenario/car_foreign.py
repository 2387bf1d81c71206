"""Devices of another make: a friend and an owner in Python, made of the pages.

They keep docs/formats.md and docs/protocol.md honest: what they have in common
with our programs is written there, or nowhere. See foreign_friend.py.
"""
import contextlib
import pathlib
import subprocess

import car
import foreign_der as der
import sentences
from foreign_friend import Friend, Owner, pem_of, revoke
from foreign_mailbox import Gone, Mailbox, Refused, Taken, base64_of, bytes_of
from relay import Relay
from sentences import check, equal


@contextlib.contextmanager
def world():
    """A relay, a maker with a vehicle, and our owner and friend."""
    with Relay() as relay, car.Cast(relay) as cast:
        cast.enrol()
        yield cast


def foreign_owner(cast, make=Owner, maker=None, **options):
    """An owner of another make, certified by our maker."""
    owner = make(cast.file('foreign-owner'), **options)
    certificate = cast.file('foreign-owner.pem')
    (maker or cast.maker).run(
        'certify', '--vin', car.VIN, '--request', owner.request,
        '--certificate', certificate)
    owner.enrol(pathlib.Path(certificate).read_text())
    return owner


def foreign_friend(cast, share_url, pin, make=Friend, name='foreign-friend'):
    """A friend of another make, with an invitation and what it was told."""
    return make(share_url, cast.relay.ca, cast.file(name),
                cast.maker.state / 'root.pem', pin)


def invited(cast, make, entitlements, *options):
    """A friend of another make, to whom our owner offers a key: he has the link
    and was told the PIN. Both sides call the share by friend.name."""
    number = len(list(cast.top.glob('foreign-url-*'))) + 1
    url, pin = (cast.file(f'foreign-{kind}-{number}')
                for kind in ('url', 'pin'))
    cast.owner.run('share', '--name', f'Share {number}', '--entitlements',
                   entitlements, '--url-file', url, '--pin-file', pin,
                   *options)
    told = pathlib.Path(pin).read_text().strip()
    friend = foreign_friend(cast, pathlib.Path(url).read_text(), told, make,
                            f'foreign-friend-{number}')
    friend.name, friend.told = f'Share {number}', told
    return friend


def pin_file(cast, pin):
    """A file that holds what a person was told."""
    path = pathlib.Path(cast.file('told-pin'))
    path.write_text(pin + '\n')
    return str(path)


def terms(owner, **more):
    """What is lent in these tests: from when the owner's own grant begins."""
    own = der.Certificate(owner.certificates[0]).grant()
    return {'vehicle': car.VIN, 'entitlements': ['unlock', 'start'],
            'notBefore': own['notBefore'], 'notAfter': car.moment(3600),
            **more}


def begin(cast, owner, **more):
    """A share of a foreign owner, up to the offer that a friend has read:
    (friend, the owner's CPace share)."""
    url = owner.offer_key(cast.relay.host, cast.relay.ca,
                          **terms(owner, **more))
    friend = foreign_friend(cast, url, owner.pin)
    return friend, friend.take_offer()


def refused(call, *arguments):
    """That a foreign device refuses; its reason."""
    try:
        call(*arguments)
    except Refused as reason:
        return str(reason)
    raise AssertionError('it was not refused')


def lent(cast, owner, **more):
    """A whole share between foreign devices: the friend."""
    friend, share = begin(cast, owner, **more)
    friend.ask(share)
    equal(owner.answer(), 'KeyImportRequest', 'the owner')
    equal(friend.take_answer(), 'KeyImportRequest', 'the friend')
    return friend


def actions(friend, vehicle, *wanted):
    """What a vehicle says to each action: True, or the check that refused."""
    return [verdict['done'] or verdict['check'] for verdict in
            (friend.action(vehicle.socket, action) for action in wanted)]


@contextlib.contextmanager
def maker_server(cast):
    """The maker's server: (its URL, who certifies it)."""
    process = subprocess.Popen(
        cast.maker.command('serve', '--listen', '127.0.0.1:0'),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        ready, url, ca = process.stdout.readline().split()
        equal(ready, 'ready', 'the server')
        yield url, ca.removeprefix('ca=')
    finally:
        process.terminate()
        process.wait(car.RUN_SECONDS)
        process.stdout.close()


def keys(cast):
    """What the maker knows of the vehicle: registered and revoked keys."""
    known = cast.maker.run('keys', '--vin', car.VIN).json
    return known['registered'], known['revoked']


def test_what_foreign_devices_agree_on_opens_our_vehicle():
    with world() as cast:
        owner = foreign_owner(cast)
        friend = lent(cast, owner, uses=3)
        with cast.serve() as vehicle:
            equal(actions(friend, vehicle, 'unlock', 'trunk'),
                  [True, 'entitlement'], 'the verdicts')
        try:
            owner.mailbox.next()
            raise AssertionError('the mailbox is still there')
        except Gone:
            pass


def test_a_friend_made_of_the_pages_gets_a_key_of_our_owner():
    with world() as cast:
        friend = invited(cast, Friend, 'start,unlock', '--uses', '2')
        friend.ask(friend.take_offer())
        cast.owner.run('continue')
        equal(friend.take_answer(), 'KeyImportRequest', 'the answer')
        cast.owner.run('continue')
        equal(cast.owner.run('status').json['state'], 'gone', 'the share')
        with cast.serve() as vehicle:
            equal(actions(friend, vehicle, 'unlock', 'trunk', 'start'),
                  [True, 'entitlement', True], 'the verdicts')


def test_an_owner_made_of_the_pages_gives_our_friend_a_key():
    with world() as cast:
        owner = foreign_owner(cast)
        url = owner.offer_key(cast.relay.host, cast.relay.ca,
                              **terms(owner, uses=2))
        pin = ['--pin-file', pin_file(cast, owner.pin)]
        cast.friend.run('accept', *pin, stdin=url)
        equal(owner.answer(), 'KeyImportRequest', 'the answer')
        cast.friend.run('continue')
        status = cast.friend.run('status').json
        equal((status['usable'], status['uses']), (True, 2), 'the key')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')
            cast.ask(vehicle, 'trunk', expect=car.REFUSED)


def test_a_friend_of_our_owner_lends_on_to_a_third():
    with world() as cast:
        friend = invited(cast, Friend, 'unlock,start', '--may-share')
        friend.ask(friend.take_offer())
        cast.owner.run('continue')
        friend.take_answer()
        between = Owner(friend.directory)  # the same device
        between.certificates = [bytes_of(one) for one in friend.chain]
        url = between.offer_key(cast.relay.host, cast.relay.ca, **dict(
            friend.offer, sharing=0, entitlements=['unlock']))
        pin = ['--pin-file', pin_file(cast, between.pin)]
        cast.friend.run('accept', *pin, stdin=url)
        between.answer()
        cast.friend.run('continue')
        with cast.serve() as vehicle:
            cast.ask(vehicle, 'unlock')
            result = cast.ask(vehicle, 'start', expect=car.REFUSED)
            equal(result.check, 'entitlement', 'the check')


def test_a_friend_of_ours_lends_on_to_a_third_of_another_make():
    with world() as cast:
        owner = foreign_owner(cast)
        url = owner.offer_key(cast.relay.host, cast.relay.ca,
                              **terms(owner, sharing=1))
        cast.friend.run('accept', '--pin-file', pin_file(cast, owner.pin),
                        stdin=url)
        owner.answer()
        cast.friend.run('continue')
        files = [cast.file('third-url'), cast.file('third-pin')]
        cast.friend.run('share', '--key', '1', '--name', 'On',
                        '--entitlements', 'unlock', '--until', car.moment(900),
                        '--url-file', files[0], '--pin-file', files[1])
        url, pin = (pathlib.Path(file).read_text().strip() for file in files)
        third = foreign_friend(cast, url, pin, name='foreign-third')
        third.ask(third.take_offer())
        cast.friend.run('continue')
        equal(third.take_answer(), 'KeyImportRequest', 'the answer')
        equal(len(third.chain), 3, 'certificates, which openssl believes')
        with cast.serve() as vehicle:
            equal(actions(third, vehicle, 'unlock', 'start'),
                  [True, 'entitlement'], 'the verdicts')


def test_a_third_with_a_friends_friend_key_opens_our_vehicle():
    with world() as cast:
        friend = lent(cast, foreign_owner(cast), sharing=1, uses=5)
        between = Owner(cast.file('foreign-friend'))  # the same device
        between.certificates = [bytes_of(one) for one in friend.chain]
        between.offer_key(cast.relay.host, cast.relay.ca,
                          **dict(friend.offer, uses=2, sharing=0,
                                 entitlements=['unlock']))
        third = foreign_friend(cast, between.mailbox.share_url, between.pin,
                               name='foreign-third')
        third.ask(third.take_offer())
        equal(between.answer(), 'KeyImportRequest', 'the friend')
        third.take_answer()
        equal(len(third.chain), 3, 'certificates')
        with cast.serve() as vehicle:
            equal(actions(third, vehicle, 'unlock', 'start'),
                  [True, 'entitlement'], 'the verdicts')


def test_openssl_and_our_vehicle_agree_on_who_may_lend_on():
    with world() as cast:
        friend = lent(cast, foreign_owner(cast))
        above = [bytes_of(one) for one in friend.chain]
        third = foreign_friend(cast, friend.mailbox.share_url, '000000',
                               name='foreign-third')
        made = der.make(third.key, friend.offer, der.Certificate(above[0]),
                        friend.key)
        reason = refused(third.verify, [made, *above])
        check('invalid CA certificate' in reason, reason)
        third.chain = [base64_of(one) for one in [made, *above]]
        with cast.serve() as vehicle:
            equal(actions(third, vehicle, 'unlock'), ['chain'], 'verdict')


def test_our_certificates_say_what_was_granted_to_a_foreign_reader():
    with world() as cast:
        owner = foreign_owner(cast)
        certificate = der.Certificate(owner.certificates[0])
        grant = certificate.grant()
        equal((grant['vehicle'], grant['sharing'], grant.get('uses')),
              (car.VIN, 2, None), 'the owner\'s grant')
        equal(certificate.key, owner.key.der, 'whose it is')
        path = pathlib.Path(cast.file('owner-alone.pem'))
        path.write_text(pem_of(certificate.der))
        status, text = car.openssl('verify', '-x509_strict', '-CAfile', str(
            cast.maker.state / 'root.pem'), str(path))
        equal(status, 0, text)


def test_each_wrong_pin_costs_an_attempt_and_the_right_one_still_works():
    with world() as cast:
        owner = foreign_owner(cast, pin='123456')
        friend, share = begin(cast, owner)
        friend.pin = '654321'
        friend.ask(share)
        for pin in ('111111', '123456'):
            equal(owner.answer(), 'PinRetryRequest', 'the owner')
            equal(friend.take_answer(), 'PinRetryRequest', 'the friend')
            friend.try_again(pin)
        equal(owner.answer(), 'KeyImportRequest', 'the owner')
        equal(friend.take_answer(), 'KeyImportRequest', 'the friend')
        equal(friend.attempt, 3, 'attempts')


def test_an_owner_who_does_not_know_the_pin_is_refused():
    class Pretender(Owner):
        """Takes any confirmation, and sends one that is none."""

        def tag(self):
            return bytes(64)

    with world() as cast:
        owner = foreign_owner(cast, Pretender)
        friend, share = begin(cast, owner)
        friend.ask(share)
        owner.answer()
        reason = refused(friend.take_answer)
        check('PIN' in reason, reason)
        equal(friend.chain, None, 'a key')


def test_a_foreign_key_is_registered_and_revoked_at_our_makers_server():
    with world() as cast:
        owner = foreign_owner(cast)
        friend = lent(cast, owner)
        with maker_server(cast) as server:
            for _ in range(2):  # again: the same
                equal(friend.register(*server),
                      (200, {'fingerprint': friend.key.fingerprint}),
                      'registering')
            equal(keys(cast), ([friend.key.fingerprint], []), 'registered')
            for signer, key, why in ((0, owner.key, 'signature'),
                                     (1, friend.key, 'signature'),
                                     (2, owner.key, 'format')):
                _, answer = revoke(*server, friend.chain, signer, key)
                equal(answer['check'], why, f'revoked by {signer}')
            equal(keys(cast)[1], [], 'revoked')
            equal(revoke(*server, friend.chain, 1, owner.key),
                  (200, {'fingerprint': friend.key.fingerprint}), 'revoking')
            status, answer = friend.register(*server)
            equal((status, answer['check']), (403, 'revoked'), 'once more')
        equal(keys(cast)[1], [friend.key.fingerprint], 'revoked')


def test_a_key_is_registered_by_itself_alone():
    with world() as cast:
        owner = foreign_owner(cast)
        friend = lent(cast, owner)
        own, friend.key = friend.key, owner.key
        with maker_server(cast) as server:
            status, answer = friend.register(*server)
            equal((status, answer['check']), (403, 'signature'), 'the owner')
            friend.key = own
            friend.chain = friend.chain[:1]
            status, answer = friend.register(*server)
            equal((status, answer['check']), (403, 'chain'), 'half a chain')
        equal(keys(cast), ([], []), 'the keys')


def test_a_stranger_comes_too_late_for_a_mailbox():
    with world() as cast:
        owner = foreign_owner(cast)
        begin(cast, owner)
        stranger = Mailbox.join(owner.mailbox.share_url, cast.relay.ca)
        try:
            stranger.next()
        except Taken:
            return
        raise AssertionError('a second device reads')


if __name__ == '__main__':
    sentences.main(globals())
