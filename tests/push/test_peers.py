"""The peers themselves: they let pass what is right, and nothing else.

What is right is made here with openssl and curl, or by the npm package
web-push, never by our own code.
"""
import base64
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import peers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]
                       / 'scenario'))
import sentences  # noqa: E402
from sentences import Skip, check, equal  # noqa: E402

DEVICE = 'ab' * 32
TOPIC = 'org.example.wallet'
SEND = '/v1/projects/example-project/messages:send'
SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
MISSING = []


@contextlib.contextmanager
def peer(kind, **options):
    """A peer in a directory of its own, or the test is skipped."""
    if not MISSING:
        MISSING.append(peers.missing())
    if MISSING[0]:
        raise Skip(MISSING[0])
    with tempfile.TemporaryDirectory(prefix='tigress-peer-') as top, \
            kind(top, **options) as running:
        yield running


def now():
    """Seconds since 1970."""
    return int(time.time())


def base64url(data):
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def raw_signature(der):
    """r and s of an ECDSA signature in DER, 32 bytes each."""
    first = 4 + der[3]
    numbers = der[4:first], der[first + 2:first + 2 + der[first + 1]]
    return b''.join(number.lstrip(b'\0').rjust(32, b'\0')
                    for number in numbers)


def jwt(key, header, claims):
    """Signed by openssl."""
    text = '.'.join(base64url(json.dumps(part).encode())
                    for part in (header, claims))
    made = peers.run('openssl', 'dgst', '-sha256', '-sign', key,
                     input=text.encode())
    if header['alg'] == 'ES256':
        made = raw_signature(made)
    return f'{text}.{base64url(made)}'


def post(to, path, headers, body, *options):
    """By curl: (status, headers and body as text). Status 0: no answer."""
    command = ['curl', '-sS', '-i', '--http2', '--cacert', str(to.ca),
               '--max-time', '20', '-d', body, *options, to.url + path,
               '-H', '@-']
    lines = ''.join(f'{name}: {value}\n' for name, value in headers.items())
    done = subprocess.run(command, input=lines, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        return 0, done.stderr
    return int(done.stdout.split()[1]), done.stdout


class Provider:
    """Someone who pushes to the APNs peer as Apple wants it."""

    def __init__(self, apns):
        self.apns = apns
        self.header = {'alg': 'ES256', 'kid': apns.key_id}
        self.claims = {'iss': apns.team_id, 'iat': now()}
        self.key = apns.key
        self.headers = {'apns-topic': TOPIC, 'apns-push-type': 'background',
                        'apns-priority': '5',
                        'apns-expiration': str(now() // 60 * 60 + 600)}
        self.body = '{"aps":{"content-available":1}}'

    def push(self, *options, device=DEVICE, **headers):
        """Headers given replace; None leaves one out."""
        changed = {name.replace('_', '-'): value
                   for name, value in headers.items()}
        token = jwt(self.key, self.header, self.claims)
        every = {'authorization': f'bearer {token}',
                 'content-type': 'application/json', **self.headers,
                 **changed}
        return post(self.apns, f'/3/device/{device}',
                    {name: value for name, value in every.items()
                     if value is not None}, self.body, *options)


def refused(answer, status, word):
    """The answer has this status and says so."""
    equal(answer[0], status, answer[1])
    check(word in answer[1], f'{word} is not in {answer[1]}')


def test_apns_lets_a_right_push_pass_and_writes_it_down():
    with peer(peers.Apns) as apns:
        equal(Provider(apns).push()[0], 200, 'a right push')
        [line] = apns.log(DEVICE)
        equal((line['status'], line['problems']), (200, []), 'the log')
        equal(line['http'], '2.0', 'the protocol')
        equal(line['headers']['apns-topic'], TOPIC, 'the topic')
        check('authorization' not in line['headers'], 'a credential')


def test_apns_refuses_provider_tokens_that_are_wrong():
    with peer(peers.Apns) as apns:
        other = peers.make_key(apns.directory / 'other.p8')
        wrong = [
            ('InvalidProviderToken', 'key', other),
            ('InvalidProviderToken', 'header',
             {'alg': 'ES256', 'kid': 'XXXXXXXXXX'}),
            ('InvalidProviderToken', 'header', {'alg': 'ES256'}),
            ('InvalidProviderToken', 'claims', {'iss': 'X', 'iat': now()}),
            ('InvalidProviderToken', 'claims',
             {'iss': apns.team_id, 'iat': now() + 3600}),
            ('InvalidProviderToken', 'claims',
             {'iss': apns.team_id, 'iat': now(), 'exp': now() + 60}),
            ('ExpiredProviderToken', 'claims',
             {'iss': apns.team_id, 'iat': now() - 3601}),
        ]
        for reason, name, value in wrong:
            provider = Provider(apns)
            setattr(provider, name, value)
            refused(provider.push(), 403, reason)
        refused(Provider(apns).push(authorization=None), 403, 'Missing')
        equal(len([line for line in apns.log() if line['problems']]), 8,
              'refused requests in the log')


def test_apns_refuses_requests_that_are_wrong():
    with peer(peers.Apns) as apns:
        provider = Provider(apns)
        refused(provider.push(device='xyz'), 400, 'BadDeviceToken')
        refused(provider.push(apns_topic=None), 400, 'MissingTopic')
        refused(provider.push(apns_topic='org.other'), 400, 'BadTopic')
        refused(provider.push(apns_push_type='alert'), 400, 'InvalidPushType')
        refused(provider.push(apns_priority='10'), 400, 'BadPriority')
        refused(provider.push(apns_expiration='soon'), 400, 'BadExpiration')
        refused(provider.push(apns_expiration='1800000001'), 400,
                'BadExpiration')
        refused(provider.push(apns_collapse_id='x'), 400, 'BadRequest')
        refused(provider.push('--http1.1'), 400, 'BadRequest')
        provider.body = '{"aps":{"content-available":1},"mailbox":"x"}'
        equal(provider.push()[0], 400, 'another body')


def test_a_peer_does_as_it_is_told():
    with peer(peers.Apns) as apns:
        push = Provider(apns).push
        apns.behave({DEVICE: {'status': 410, 'reason': 'Unregistered'}})
        refused(push(), 410, 'Unregistered')
        equal(push(device='cd' * 32)[0], 200, 'another token')
        apns.behave({'*': {'status': 429, 'reason': 'TooManyRequests',
                           'retry_after': 7, 'times': 1}})
        refused(push(), 429, 'retry-after: 7')
        equal(push()[0], 200, 'once is over')
        apns.behave({DEVICE: {'topic': 'org.example.other'}})
        refused(push(), 400, 'DeviceTokenNotForTopic')
        apns.behave({'*': {'redirect': 'https://localhost:1/'}})
        refused(push(), 307, 'location: https://localhost:1/')
        apns.behave({'*': {'close': True}})
        equal(push()[0], 0, 'a closed connection')
        equal(apns.log()[-1]['status'], None, 'no answer in the log')


def test_a_peer_that_hangs_answers_others():
    with peer(peers.Apns) as apns:
        push = Provider(apns).push
        apns.behave({DEVICE: {'hang': True}})
        equal(push('--max-time', '1')[0], 0, 'no answer')
        equal(push(device='cd' * 32)[0], 200, 'another token')
        apns.behave({'connection': 'hang'})
        equal(push('--max-time', '1')[0], 0, 'no TLS')
        apns.behave({'connection': 'close'})
        equal(push()[0], 0, 'no connection')
        apns.behave({})
        equal(push()[0], 200, 'all is well again')


def test_a_certificate_of_another_is_not_believed():
    with peer(peers.Apns) as apns:
        apns.ca = apns.directory / 'other.pem'
        peers.run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                  'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                  '-subj', '/CN=other', '-keyout', '/dev/null',
                  '-out', apns.ca)
        refused(Provider(apns).push(), 0, 'certificate')
        equal(apns.log(), [], 'the log')


def assertion(fcm, **changed):
    """As Google wants it."""
    key = changed.pop('key', fcm.key)
    algorithm = changed.pop('alg', 'RS256')
    claims = {'iss': fcm.email, 'scope': SCOPE, 'aud': f'{fcm.url}/token',
              'iat': now(), 'exp': now() + 3600, **changed}
    return jwt(key, {'alg': algorithm, 'typ': 'JWT'}, claims)


def ask(fcm, text):
    """Ask for an access token."""
    return post(fcm, '/token', {}, '', '--data-urlencode',
                f'grant_type={GRANT}', '--data-urlencode',
                f'assertion={text}')


def send(fcm, access, token='device', **changed):
    """A message; android's members may be changed."""
    message = {'token': token, 'data': {},
               'android': {'priority': 'high', 'ttl': '60s', **changed}}
    return post(fcm, SEND, {'authorization': f'Bearer {access}',
                            'content-type': 'application/json'},
                json.dumps({'message': message}))


def granted(fcm):
    """An access token."""
    status, text = ask(fcm, assertion(fcm))
    equal(status, 200, text)
    return json.loads(text[text.index('{'):])['access_token']


def test_fcm_grants_access_and_takes_a_message():
    with peer(peers.Fcm) as fcm:
        access = granted(fcm)
        equal(send(fcm, access)[0], 200, 'a right message')
        equal(send(fcm, 'guessed')[0], 401, 'another access token')
        check(access not in (fcm.directory / 'log').read_text(),
              'a credential is in the log')
        fcm.behave({'gone': {'status': 404, 'reason': 'UNREGISTERED'},
                    'late': {'status': 401}})
        refused(send(fcm, access, 'gone'), 404, '"errorCode":"UNREGISTERED"')
        equal(send(fcm, access, 'late')[0], 401, 'told to')
        equal(send(fcm, access)[0], 401, 'the access token is forgotten')


def test_fcm_refuses_assertions_that_are_wrong():
    with peer(peers.Fcm) as fcm:
        other = peers.make_key(fcm.directory / 'other.pem', rsa=True)
        for wrong in ({'key': other}, {'iss': 'x@example.org'},
                      {'aud': 'https://localhost/token'}, {'scope': 'x'},
                      {'exp': now() - 1}, {'exp': now() + 3700},
                      {'iat': now() + 600, 'exp': now() + 900},
                      {'alg': 'RS384'}):
            refused(ask(fcm, assertion(fcm, **wrong)), 400, 'invalid_grant')
        equal(ask(fcm, 'x')[0], 400, 'no JWS')
        equal(granted(fcm) != '', True, 'a right one')


def test_fcm_refuses_messages_that_are_wrong():
    with peer(peers.Fcm) as fcm:
        access = granted(fcm)
        for wrong in ({'ttl': '60'}, {'ttl': '-1s'}, {'priority': 'normal'},
                      {'collapse_key': 'mailbox'}):
            refused(send(fcm, access, **wrong), 400, 'INVALID_ARGUMENT')


def web_push(to, **changed):
    """By the npm package web-push; its status as text."""
    der = peers.run('openssl', 'pkey', '-in', to.key, '-outform', 'DER')
    at = der.index(b'\x02\x01\x01\x04\x20') + 5
    request = {'endpoint': f'https://{to.host}/push/browser',
               'ca': str(to.ca), 'publicKey': peers.public_point(to.key),
               'privateKey': base64url(der[at:at + 32]),
               'subject': to.subject, 'TTL': 60, 'urgency': 'high',
               'topic': 'tigress', **changed}
    return peers.run(
        'node', peers.HERE / 'webpush_send.mjs',
        input=json.dumps(request).encode(),
        env={**os.environ, 'TIGRESS_BUILD': str(peers.BUILD)}).decode().strip()


def test_webpush_takes_what_web_push_sends_without_a_body():
    with peer(peers.WebPush) as service:
        equal(web_push(service), '201', 'a right push')
        equal(web_push(service, topic=None, TTL=0), '201', 'without a topic')
        first, second = service.log('browser')
        equal(first['headers']['topic'], 'tigress', 'the topic')
        equal(second['headers']['ttl'], '0', 'the life')
        service.behave({'browser': {'status': 410}})
        equal(web_push(service), '410', 'told to')


def test_webpush_refuses_what_is_wrong():
    with peer(peers.WebPush) as service:
        equal(web_push(service, subject='mailto:other@example.org'), '403',
              'another subject')
        keys = {'p256dh': peers.public_point(service.key),
                'auth': base64url(b'0123456789abcdef')}
        equal(web_push(service, payload='text', keys=keys), '400', 'a body')
        other = peers.make_key(service.directory / 'other.pem')
        equal(web_push(service, publicKey=peers.public_point(other)), '403',
              'a key that is not in the subscription')
        right = service.key
        service.key = other
        equal(web_push(service, publicKey=peers.public_point(right)), '403',
              'the signature of another')


STARTER = """
import subprocess, sys
process = subprocess.Popen(['node', *sys.argv[1:]])
process.wait()
"""


def test_a_peer_ends_with_who_started_it():
    with peer(peers.Apns) as apns:
        apns.stop()
        port = apns.directory / 'port'
        port.unlink()
        starter = subprocess.Popen([
            sys.executable, '-c', STARTER, str(peers.HERE / apns.program),
            str(apns.directory)])
        wait(port.exists)
        starter.kill()
        starter.wait()
        number = int(port.read_text())
        wait(lambda: not listens(number))


def listens(port):
    """Whether somebody listens there."""
    hexadecimal = f':{port:04X} '
    text = pathlib.Path('/proc/net/tcp').read_text()
    return any(hexadecimal in line and ' 0A ' in line
               for line in text.splitlines())


def wait(condition):
    """Until it holds."""
    end = time.monotonic() + peers.SECONDS
    while not condition():
        check(time.monotonic() < end, 'it did not happen')
        time.sleep(0.05)


if __name__ == '__main__':
    sentences.main(globals())
