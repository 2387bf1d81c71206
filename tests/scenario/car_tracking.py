"""The vehicle and its maker's server: registered, revoked, and counted keys."""
import contextlib
import json
import pathlib
import signal
import socket
import ssl
import threading

import car
import car_keys
import sentences
from car_keys import World
from sentences import check, equal

DAY = 24 * 60 * 60


def last(vehicle):
    """What the log says of the last request."""
    event = vehicle.events()[-1]
    return event['online'], event.get('trouble')


def test_online_a_lent_key_has_to_be_registered():
    with World() as world, world.serving() as vehicle:
        friend = world.owner.issue(sharing=1)
        third = friend.issue()
        equal(vehicle.ask(world.owner), 'done', "the owner's own key")
        for key in (friend, third):
            equal(vehicle.ask(key), 'unregistered', 'before')
            equal(last(vehicle), (True, None), 'the log')
            equal(world.maker.register(key)[0], 200, 'registration')
            equal(vehicle.ask(key), 'done', 'after')


def test_offline_a_key_that_is_not_registered_opens():
    with World() as world:
        friend = world.owner.issue()
        world.maker.stop()
        with world.serving() as vehicle:
            equal(vehicle.ask(friend), 'done', 'offline')
            equal(last(vehicle), (False, 'network'), 'the log')
            world.maker.start()
            equal(vehicle.ask(friend), 'unregistered', 'online again')


def test_a_vehicle_without_a_server_judges_by_itself():
    with World(with_server=False) as world, world.serving() as vehicle:
        equal(vehicle.ask(world.owner.issue()), 'done', 'a lent key')
        equal(last(vehicle), (False, None), 'the log')


def test_a_revoked_key_is_refused_at_once_when_online():
    with World() as world, world.serving() as vehicle:
        friend = world.owner.issue()
        world.maker.register(friend)
        equal(vehicle.ask(friend), 'done', 'before')
        equal(world.maker.revoke(friend, 1)[0], 200, 'revocation')
        equal(vehicle.ask(friend), 'revoked', 'after')
        equal(world.maker.register(friend)[1]['check'], 'revoked', 'again')
        equal(vehicle.ask(friend), 'revoked', 'after the replay')


def test_what_was_revoked_is_known_within_the_period_and_stays_known():
    with World() as world:
        friend = world.owner.issue()
        world.maker.register(friend)
        with world.serving('--sync-seconds', '1') as vehicle:
            vehicle.wait_for('online: the maker knows 1 registered and 0')
            world.maker.revoke(friend, 1)
            vehicle.wait_for('online: the maker knows 0 registered and 1')
            world.maker.stop(signal.SIGKILL)
            equal(vehicle.ask(friend), 'revoked', 'offline')
            equal(last(vehicle), (False, 'network'), 'the log')
            vehicle.kill9()
        with world.serving() as vehicle:
            equal(vehicle.ask(friend), 'revoked', 'offline, started again')


def test_a_server_that_has_forgotten_a_revocation_does_not_undo_it():
    with World() as world, world.serving() as vehicle:
        friend = world.owner.issue()
        saved = (world.maker.state / 'registry.db').read_bytes()
        world.maker.revoke(friend, 1)
        equal(vehicle.ask(friend), 'revoked', 'before')
        world.maker.stop()
        (world.maker.state / 'registry.db').write_bytes(saved)
        world.maker.start()
        equal(world.maker.register(friend)[0], 200, 'what the server says')
        equal(vehicle.ask(friend), 'revoked', 'what the vehicle says')


def test_who_was_let_share_loses_what_was_shared_on_with_the_own_key():
    with World() as world, world.serving() as vehicle:
        friend = world.owner.issue(sharing=1)
        third = friend.issue()
        world.maker.register(friend)
        world.maker.register(third)
        equal(vehicle.ask(third), 'done', 'before')
        world.maker.revoke(friend, 1)
        equal(vehicle.ask(third), 'revoked', 'after')
        equal(vehicle.ask(world.owner), 'done', "the owner's own key")


def test_a_server_killed_has_lost_nothing_that_the_vehicle_needs():
    with World() as world, world.serving() as vehicle:
        friend, other = world.owner.issue(), world.owner.issue()
        world.maker.register(friend)
        world.maker.register(other)
        world.maker.revoke(other, 1)
        world.maker.stop(signal.SIGKILL)
        world.maker.start()
        equal(vehicle.ask(friend), 'done', 'registered')
        equal(vehicle.ask(other), 'revoked', 'revoked')
        equal(last(vehicle), (True, None), 'the log')


def change_link(world, **members):
    """The same vehicle, but its maker has told it something else."""
    identity = json.loads(pathlib.Path(world.identity).read_text())
    identity['maker'].update(members)
    pathlib.Path(world.identity).write_text(json.dumps(identity))
    world.vehicle = world.make_party(world.identity, 'changed')


def test_a_server_with_another_certificate_is_none():
    with World() as world:
        stranger = car_keys.Maker(world.top / 'stranger')
        friend = world.owner.issue()
        world.maker.revoke(friend, 1)
        change_link(world, certificate=pathlib.Path(stranger.ca).read_text())
        with world.serving() as vehicle:
            vehicle.wait_for('offline: the maker cannot be asked (certificate)')
            equal(vehicle.ask(friend), 'done', 'what nobody has told it of')
            equal(last(vehicle), (False, 'certificate'), 'the log')


def test_a_vehicle_that_is_not_believed_is_offline():
    with World() as world:
        other = world.make_vehicle(car.OTHER_VIN)
        for token in ('AAAA', world.token(other)):
            change_link(world, token=token)
            with world.serving() as vehicle:
                equal(vehicle.ask(world.owner.issue()), 'done', 'offline')
                equal(last(vehicle), (False, 'token'), 'the log')


@contextlib.contextmanager
def silence(maker):
    """The maker's server takes calls, and never answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(maker.ca, maker.state / 'tls.key')
    taken = []

    def take_all(listening):
        with contextlib.suppress(OSError):
            while True:
                taken.append(listening.accept()[0])
    with socket.create_server(('127.0.0.1', maker.port)) as plain:
        with context.wrap_socket(plain, server_side=True) as listening:
            thread = threading.Thread(target=take_all, args=(listening,))
            thread.start()
            yield
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(car_keys.SECONDS)
    for connection in taken:
        connection.close()


def test_a_server_that_says_nothing_does_not_lock_the_driver_out():
    with World() as world:
        friend = world.owner.issue()
        world.maker.stop()
        with silence(world.maker), world.serving() as vehicle:
            # 3 seconds for the maker; a key waits for 5.
            equal(vehicle.ask(friend, patience=8), 'done', 'in time')
            equal(last(vehicle), (False, 'network'), 'the log')


def test_a_key_works_as_often_as_its_uses_say():
    with World(with_server=False) as world, world.serving() as vehicle:
        friend = world.owner.issue(uses=3, actions=['unlock', 'start'])
        equal([vehicle.ask(friend, action) for action in
               ('unlock', 'trunk', 'start', 'trunk', 'unlock', 'unlock')],
              ['done', 'entitlement', 'done', 'entitlement', 'done', 'uses'],
              'what was refused costs nothing')
        equal(vehicle.ask(world.owner.issue(uses=1)), 'done', 'another key')


def test_uses_are_not_forgotten_by_a_vehicle_that_is_killed():
    with World(with_server=False) as world:
        friend = world.owner.issue(uses=3)
        for expected in ('done', 'done', 'done', 'uses', 'uses'):
            with world.serving() as vehicle:
                equal(vehicle.ask(friend), expected, 'one use a life')
                vehicle.kill9()


def test_a_vehicle_killed_at_any_moment_gives_no_use_more():
    with World(with_server=False) as world:
        friend = world.owner.issue(uses=4)
        done = 0
        for _ in range(8):
            with world.serving() as vehicle:
                with car_keys.Talk(vehicle.socket) as talk, \
                        contextlib.suppress(ConnectionError):
                    talk.send({'action': 'unlock'})
                    nonce = talk.receive()['nonce']
                    talk.send({'chain': friend.chain,
                               'signature': friend.signed(
                                   'tigress-car-challenge-v1\n'
                                   f'{car.VIN}\nunlock\n{nonce}\n')})
                    vehicle.kill9()
                    verdict = talk.receive()
                    done += bool(verdict and verdict['done'])
        with world.serving() as vehicle:
            while vehicle.ask(friend) == 'done':
                done += 1
                check(done <= 4, 'a use too many')


def test_a_key_that_was_shared_on_uses_up_the_one_it_came_from():
    with World(with_server=False) as world, world.serving() as vehicle:
        friend = world.owner.issue(uses=3, sharing=1)
        third, fourth = friend.issue(uses=2), friend.issue(uses=3)
        equal([vehicle.ask(key) for key in
               (third, third, third, fourth, fourth, friend)],
              ['done', 'done', 'uses', 'done', 'uses', 'uses'],
              'three uses in all')
        equal(vehicle.ask(world.owner), 'done', "the owner's own key")


def test_a_key_shared_on_without_end_claims_more_than_its_issuer_has():
    with World(with_server=False) as world, world.serving() as vehicle:
        friend = world.owner.issue(uses=3, sharing=1)
        for key in (friend.issue(), friend.issue(uses=4)):
            equal(vehicle.ask(key), 'beyond', 'its uses')


def books(world):
    """What the vehicle has counted: {fingerprint: [number, until when]}."""
    return {path.name: path.read_text().split()
            for path in (world.vehicle.state / 'uses').iterdir()}


def make_old(world, key, days):
    """As if a key had been counted long ago, and was over for some days."""
    path = world.vehicle.state / 'uses' / key.fingerprint
    path.write_text('1 ' + car.moment(-days * DAY))


def test_uses_are_forgotten_when_their_key_is_over():
    with World(with_server=False) as world, world.serving() as vehicle:
        owner = world.owner
        keys = [owner.issue(uses=2) for _ in range(4)]
        living, over, late, torn = keys
        equal({vehicle.ask(key) for key in keys}, {'done'}, 'all of them')
        make_old(world, over, 2)
        make_old(world, late, 0.5)
        directory = world.vehicle.state / 'uses'
        (directory / torn.fingerprint).rename(
            directory / (torn.fingerprint + '.new'))
        before = set(books(world))
        equal(vehicle.ask(living), 'done', 'one that is counted already')
        equal(set(books(world)), before, 'meanwhile')
        new = owner.issue(uses=1)
        equal([vehicle.ask(new), vehicle.ask(new)], ['done', 'uses'], 'new')
        equal(set(books(world)), {key.fingerprint for key in
                                  (living, late, new)}, 'what is kept')
        equal(vehicle.ask(living), 'uses', 'and counts')


def test_uses_are_kept_for_the_longest_certificate_of_their_key():
    with World(with_server=False) as world, world.serving() as vehicle:
        short = world.owner.issue(end=1800, uses=4)
        long = world.owner.issue(end=3600, uses=4, key=short)
        seen = []
        for key in (short, long, short):
            equal(vehicle.ask(key), 'done', 'one of four')
            seen.append(books(world)[key.fingerprint])
        equal([int(number) for number, _ in seen], [1, 2, 3], 'the numbers')
        check(seen[0][1] < seen[1][1] == seen[2][1], f'until when: {seen}')


if __name__ == '__main__':
    sentences.main(globals())
