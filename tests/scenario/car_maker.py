"""The maker's server: who may say what of a key, and that it stands."""
import concurrent.futures
import contextlib
import json
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time

import car
import car_keys
import sentences
from car_keys import World
from sentences import check, equal

KEYS = '/v1/keys'


def refused(answer, status, why):
    """A refusal says which check failed, and something for a person."""
    equal((answer[0], answer[1].get('check')), (status, why), 'refusal')
    check(answer[1]['message'].endswith('.'), 'a sentence')


def test_a_key_registers_itself_and_again_changes_nothing():
    with World() as world:
        friend = world.owner.issue()
        for _ in range(2):
            equal(world.maker.register(friend),
                  (200, {'fingerprint': friend.fingerprint}), 'answer')
            equal(world.maker.keys(), ([friend.fingerprint], []), 'registry')


def test_nobody_else_registers_a_key():
    with World() as world:
        friend = world.owner.issue()
        words = f'{car.VIN}\n{friend.fingerprint}\n'
        other = world.owner.issue()
        for signature in (
                world.owner.signed('tigress-car-register-v1\n' + words),
                other.signed('tigress-car-register-v1\n' + words),
                friend.signed('tigress-car-revoke-v1\n' + words),
                friend.signed('tigress-car-register-v1\n' + words + '\n'),
                friend.signed(f'tigress-car-register-v1\n{car.OTHER_VIN}\n'
                              f'{friend.fingerprint}\n'), 'AAAA'):
            refused(world.maker.call('POST', KEYS, {
                'chain': friend.chain, 'signature': signature}), 403,
                    'signature')
        equal(world.maker.keys(), ([], []), 'registry')


def test_a_chain_has_to_lead_to_this_maker_and_one_of_its_vehicles():
    with World() as world:
        stranger = car_keys.Maker(world.top / 'stranger')
        stranger.run('vehicle', '--vin', car.VIN, '--identity',
                     str(world.top / 'x'))
        theirs = stranger.make_owner().issue()
        unmade = world.maker.root_key().issue(vehicle=car.OTHER_VIN, sharing=2)
        alone = world.owner.issue()
        alone.chain = alone.chain[:1]
        beyond = world.owner.issue(uses=2, sharing=1).issue(uses=3)
        for key, why in ((theirs, 'chain'), (unmade, 'vehicle'),
                         (unmade.issue(), 'vehicle'), (alone, 'chain'),
                         (beyond, 'beyond')):
            refused(world.maker.register(key), 403, why)
            refused(world.maker.revoke(key), 403, why)
        for vehicle in (car.VIN, car.OTHER_VIN):
            found = world.maker.run('keys', '--vin', vehicle, expect=None)
            equal(found.json.get('registered', []), [], 'registry')


def test_a_key_that_is_over_is_revoked_but_not_registered():
    with World() as world:
        over = world.owner.issue(end=2)
        later = world.owner.issue(start=3600, end=5400)
        equal(world.maker.register(later)[0], 200, 'one that begins later')
        end = time.monotonic() + 20
        while world.maker.register(over)[0] == 200:
            check(time.monotonic() < end, 'it does not come to its end')
            time.sleep(0.1)
        refused(world.maker.register(over), 403, 'too-late')
        for key in (over, later):
            equal(world.maker.revoke(key, 1)[0], 200, 'revocation')
        equal(world.maker.keys(),
              ([], sorted([over.fingerprint, later.fingerprint])), 'registry')


def test_each_key_of_the_chain_may_revoke_and_that_is_for_good():
    for signer in range(3):
        with World() as world:
            third = world.owner.issue(sharing=1).issue()
            if signer != 2:
                world.maker.register(third)
            for _ in range(2):
                equal(world.maker.revoke(third, signer),
                      (200, {'fingerprint': third.fingerprint}), 'answer')
            refused(world.maker.register(third), 403, 'revoked')
            equal(world.maker.keys(), ([], [third.fingerprint]), 'registry')


def test_nobody_else_revokes_a_key():
    with World() as world:
        friend = world.owner.issue(sharing=1)
        third, other = friend.issue(), world.owner.issue(sharing=1)
        for key in (friend, third, other):
            world.maker.register(key)
        for by in (other, third, other.issue()):
            refused(world.maker.revoke(friend, 0, by), 403, 'signature')
            refused(world.maker.revoke(friend, 1, by), 403, 'signature')
        refused(world.maker.revoke(friend, 0, world.owner), 403, 'signature')
        refused(world.maker.revoke(friend, what='register'), 403, 'signature')
        for signer in (-1, 2, 3, 10 ** 18, 1.0, '0', None, True):
            refused(world.maker.call('POST', KEYS + '/revoke', {
                'chain': friend.chain, 'signer': signer,
                'signature': 'AAAA'}), 400, 'format')
        equal(len(world.maker.keys()[0]), 3, 'registered')
        equal(world.maker.keys()[1], [], 'revoked')


def test_below_a_revoked_key_nothing_is_registered_any_more():
    with World() as world:
        friend = world.owner.issue(sharing=1)
        world.maker.revoke(friend, 1)
        refused(world.maker.register(friend.issue()), 403, 'revoked')
        equal(world.maker.register(world.owner.issue())[0], 200, 'another')


def test_a_vehicle_gets_its_own_list_alone():
    with World() as world:
        other = world.make_vehicle(car.OTHER_VIN)
        friend, gone = world.owner.issue(), world.owner.issue()
        world.maker.register(friend)
        world.maker.revoke(gone)
        path = f'/v1/vehicles/{car.VIN}/keys'
        equal(world.maker.call('GET', path, token=world.token()),
              (200, {'vehicle': car.VIN, 'registered': [friend.fingerprint],
                     'revoked': [gone.fingerprint]}), 'its own')
        equal(world.maker.call('GET', f'/v1/vehicles/{car.OTHER_VIN}/keys',
                               token=world.token(other))[1]['registered'], [],
              "another's")
        nobody = '/v1/vehicles/WVWZZZ1JZXW000003/keys'
        for where, token in ((path, None), (path, world.token(other)),
                             (path, world.token()[:-1]), (path, 'A' * 44),
                             (path, ' '), (nobody, world.token())):
            refused(world.maker.call('GET', where, token=token), 401, 'token')
        first = world.token()
        world.make_vehicle(car.VIN)
        refused(world.maker.call('GET', path, token=first), 401, 'token')


def test_what_is_secret_is_readable_for_the_maker_alone():
    with World() as world:
        state = world.maker.state
        for path in (*state.rglob('*'), pathlib.Path(world.identity)):
            equal(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path.name)
        for path in filter(pathlib.Path.is_file, state.rglob('*')):
            check(not car.holds(path.read_bytes(), world.token().encode()),
                  f'the token is in {path.name}')


def test_nonsense_is_refused_and_the_server_goes_on():
    with World() as world:
        friend = world.owner.issue()
        for body in (b'{', b'[]', b'x' * 1000, b'{"a":1,"a":2}', b'{} {}',
                     b'', b'{}', {'chain': friend.chain}, {'signature': ''},
                     {'chain': [], 'signature': ''},
                     {'chain': friend.chain * 3, 'signature': 'AAAA'},
                     {'chain': [friend.chain[0][:-4]], 'signature': 'AAAA'},
                     {'chain': friend.chain, 'signature': 'A'}):
            refused(world.maker.call('POST', KEYS, body), 400, 'format')
        refused(world.maker.call('POST', KEYS, b'x' * 65537), 413, 'size')
        for method, path, status in (
                ('GET', '/', 404), ('POST', '/v1', 404), ('GET', KEYS, 405),
                ('DELETE', KEYS, 405), ('PUT', '/', 405),
                ('POST', f'/v1/vehicles/{car.VIN}/keys', 405),
                ('GET', '/v1/vehicles/x/keys', 404), ('GET', '/%00', 404),
                ('POST', '/v1/keys%00', 404), ('POST', '/v1//keys', 404)):
            equal(world.maker.call(method, path)[0], status, method + path)
        equal(world.maker.register(friend)[0], 200, 'afterwards')
        equal(world.maker.stop(), (0, ''), 'nothing is logged')


def test_without_tls_or_with_an_old_one_nothing_is_said():
    with World() as world:
        address = ('127.0.0.1', world.maker.port)
        with socket.create_connection(address, 20) as plain:
            plain.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            with contextlib.suppress(ConnectionError):
                check(b'HTTP' not in plain.recv(1000), 'an answer in clear')
        for version, status in (('-tls1_1', 1), ('-tls1_2', 0),
                                ('-tls1_3', 0)):
            done = subprocess.run(
                ['openssl', 's_client', version, '-cipher', 'ALL:@SECLEVEL=0',
                 '-CAfile', world.maker.ca, '-verify_return_error',
                 '-connect', f'127.0.0.1:{world.maker.port}'],
                stdin=subprocess.DEVNULL, capture_output=True, check=False)
            equal(done.returncode, status, version)
        equal(world.maker.call('GET', '/')[0], 404, 'afterwards')


def half_a_call(maker, body):
    """A call whose body is yet to come, and that the server knows of."""
    connection = maker.connect()
    connection.putrequest('POST', KEYS)
    connection.putheader('Content-Length', str(len(body)))
    connection.putheader('Expect', '100-continue')
    connection.endheaders()
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        head += connection.sock.recv(1)
    check(b' 100 ' in head, 'it wants the body')
    return connection


def body_for(key):
    words = f'tigress-car-register-v1\n{key.vehicle}\n{key.fingerprint}\n'
    return json.dumps({'chain': key.chain,
                       'signature': key.signed(words)}).encode()


def test_half_a_call_keeps_nobody_waiting():
    with World() as world:
        friend = world.owner.issue()
        body = body_for(friend)
        half = half_a_call(world.maker, body)
        half.send(body[:100])
        equal(world.maker.register(world.owner.issue())[0], 200, 'another')
        half.send(body[100:])
        equal(half.getresponse().status, 200, 'the half one')
        half.close()
        lost = half_a_call(world.maker, body)
        lost.send(body[:100])
        lost.close()
        equal(len(world.maker.keys()[0]), 2, 'registered')


def test_what_is_under_way_is_answered_before_the_end():
    with World() as world:
        friend = world.owner.issue()
        body = body_for(friend)
        half = half_a_call(world.maker, body)
        world.maker.process.send_signal(signal.SIGTERM)
        half.send(body)
        equal(half.getresponse().status, 200, 'answer')
        half.close()
        equal(world.maker.stop(), (0, ''), 'the end')
        equal(world.maker.keys()[0], [friend.fingerprint], 'registry')


def test_twenty_clients_at_once_are_all_answered():
    with World() as world:
        keys = [world.owner.issue() for _ in range(5)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(world.maker.register, keys * 4))
        equal({status for status, _ in answers}, {200}, 'answers')
        equal(world.maker.keys()[0], sorted(k.fingerprint for k in keys),
              'registry')
        friend = world.owner.issue()
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(
                lambda i: (world.maker.revoke if i % 2 else
                           world.maker.register)(friend), range(10)))
        check({status for status, _ in answers} <= {200, 403}, 'answers')
        check(friend.fingerprint in world.maker.keys()[1], 'revoked')


def test_what_was_acknowledged_outlives_a_kill():
    with World() as world:
        keys = [world.owner.issue() for _ in range(12)]
        bodies = {key: body_for(key) for key in keys}
        registered, revoked = set(), set()
        for round_number in range(4):
            mine = keys[round_number * 3:round_number * 3 + 3]
            first = threading.Event()

            def work():
                for key in mine:
                    with contextlib.suppress(OSError, ValueError, ssl.SSLError,
                                             car_keys.http.client.
                                             HTTPException):
                        if world.maker.call('POST', KEYS,
                                            bodies[key])[0] == 200:
                            registered.add(key.fingerprint)
                            first.set()
                        if world.maker.revoke(key)[0] == 200:
                            revoked.add(key.fingerprint)
            thread = threading.Thread(target=work)
            thread.start()
            check(first.wait(20), 'one was acknowledged')
            time.sleep(round_number * 0.01)
            world.maker.stop(signal.SIGKILL)
            thread.join(60)
            world.maker.start()
        now = [set(found) for found in world.maker.keys()]
        check(revoked <= now[1], 'a revocation was lost')
        check(registered <= now[0] | now[1], 'a registration was lost')


def test_another_host_name_goes_into_the_certificate():
    with World() as world:
        for host, expected in (('keys.example', 'DNS:keys.example'),
                               ('192.0.2.7', 'IP Address:192.0.2.7')):
            maker = car.Party('maker', world.top / host)
            maker.run('init', '--host', host)
            text = car.openssl('x509', '-noout', '-text', '-in',
                               str(maker.state / 'tls.pem'))[1]
            check(expected in text and 'DNS:localhost' in text, text)
        for host in ('a,DNS:b', 'a b', '', 'x' * 300):
            car.Party('maker', world.top / 'bad').run('init', '--host', host,
                                                      expect=car.REFUSED)


if __name__ == '__main__':
    sentences.main(globals())
