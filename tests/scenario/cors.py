"""Pages of other origins: what a relay tells the browsers that show them.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 cors.py
"""
import http.client
import json
import ssl
import uuid

import sentences
from relay import Relay, RelayError
from sentences import check, equal

WALLET = 'https://wallet.example'
LOCAL = 'http://127.0.0.1:8080'
CONF = [f'tigress_cors_origin {WALLET};', f'tigress_cors_origin {LOCAL};']
EXPOSED = 'ETag, Mailbox-Request-ID, Preference-Applied, Retry-After'
HEADERS = ('Content-Type, If-Match, If-None-Match, '
           'Mailbox-Device-Attestation, Mailbox-Device-Claim, '
           'Mailbox-Request-ID, Prefer')
MAILBOX = '/v1/m/5f1a3ba3-1fd9-4f2f-9a4b-4ad1f0f3a2d7'
DISCOVERY = '/.well-known/tigress'
NEAR_MISSES = (
    'https://wallet.example:8443', 'http://wallet.example',
    'https://a.wallet.example', 'https://wallet.example.evil.example',
    'https://evilwallet.example', 'https://wallet.exampl',
    'https://WALLET.example', 'https://wallet.example/', 'null', '*', '',
    'http://127.0.0.1', 'http://127.0.0.1:8081', 'https://127.0.0.1:8080')


class Answer:
    """What came: status, headers, body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def cors(self):
        """{name: value} of the headers that are about origins."""
        return {name: value for name, value in self.headers.items()
                if name.lower().startswith('access-control-')}

    def vary(self):
        return self.headers.get_all('Vary', [])


def call(relay, method, path, origin=None, headers=None, body=None):
    """One exchange; `origin` may be a list, for several headers."""
    context = ssl.create_default_context(cafile=relay.ca)
    connection = http.client.HTTPSConnection(relay.host, context=context,
                                             timeout=20)
    origins = origin if isinstance(origin, list) else [origin]
    try:
        connection.putrequest(method, path)
        for value in origins:
            if value is not None:
                connection.putheader('Origin', value)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader('Content-Length', str(len(body)))
        connection.endheaders(body)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def preflight(relay, path, origin, method='POST'):
    return call(relay, 'OPTIONS', path, origin, {
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers':
            'content-type,mailbox-device-claim,mailbox-request-id'})


def ids(**more):
    return {'Mailbox-Request-ID': str(uuid.uuid4()),
            'Mailbox-Device-Claim': str(uuid.uuid4()),
            'Content-Type': 'application/json', **more}


CREATE = json.dumps({
    'payload': {'type': 'AEAD_AES_128_GCM', 'data': 'AAAA'},
    'displayInformation': {'title': 't', 'description': 'd',
                           'imageURL': 'https://img.example/'},
    'mailboxConfiguration': {'accessRights': 'RWD', 'lifetime': 600}}).encode()


def readable(answer, origin, what):
    """A page of `origin` may read this answer, and nobody else may."""
    equal(answer.cors(), {'Access-Control-Allow-Origin': origin,
                          'Access-Control-Expose-Headers': EXPOSED}, what)
    equal(answer.vary(), ['Origin'], what)


def unreadable(answer, what, vary=True):
    """No page may read it; vary: a page of another origin might."""
    equal(answer.cors(), {}, what)
    equal('Origin' in answer.vary(), vary, what)


# §13
def test_a_configured_origin_gets_its_preflight_answered():
    with Relay(workers=1, conf=CONF) as relay:
        for path, methods in (('/v1/m', 'POST'),
                              (MAILBOX, 'POST, PUT, DELETE, PATCH'),
                              (MAILBOX + '?v=h', 'POST, PUT, DELETE, PATCH'),
                              (DISCOVERY, 'GET, HEAD')):
            for origin in (WALLET, LOCAL):
                answer = preflight(relay, path, origin)
                equal((answer.status, answer.body), (204, b''), path)
                equal(answer.cors(),
                      {'Access-Control-Allow-Origin': origin,
                       'Access-Control-Allow-Methods': methods,
                       'Access-Control-Allow-Headers': HEADERS,
                       'Access-Control-Max-Age': '7200'}, path)
                equal(answer.vary(), ['Origin'], path)
                equal(answer.headers['Content-Length'], None, path)
                equal(answer.headers['Cache-Control'],
                      'no-store, no-transform', path)
                check('POST' in answer.headers['Allow'] or path == DISCOVERY,
                      'no Allow')


# §13
def test_near_misses_of_an_origin_are_told_nothing():
    with Relay(workers=1, conf=CONF) as relay:
        for origin in (*NEAR_MISSES, [WALLET, LOCAL], [WALLET, WALLET],
                       f'{WALLET} {LOCAL}', f'{WALLET}, {LOCAL}', None):
            answer = preflight(relay, MAILBOX, origin)
            equal(answer.status, 204, f'{origin}')
            unreadable(answer, f'{origin}')
            answer = call(relay, 'POST', MAILBOX, origin, ids())
            equal(answer.status, 404, f'{origin}')
            unreadable(answer, f'{origin}')


# §13
def test_every_answer_of_a_call_can_be_read_by_a_configured_origin():
    with Relay(workers=1, conf=CONF) as relay:
        initiator, stranger = ids(), ids()
        answer = call(relay, 'POST', '/v1/m', WALLET, initiator, CREATE)
        equal(answer.status, 200, 'create')
        readable(answer, WALLET, 'create')
        path = '/v1/m/' + json.loads(answer.body)['urlLink'].rsplit('/')[-1]
        recipient = ids()
        update = json.dumps({'payload': {'type': 'x', 'data': 'AAAA'}}
                            ).encode()
        for method, sent, body, code in (
                ('POST', recipient, None, 200), ('POST', stranger, None, 401),
                ('POST', {}, None, 401), ('PUT', recipient, update, 200),
                ('PUT', ids(), b'{', 401), ('PUT', initiator, b'{', 400),
                ('PUT', {**initiator, 'Content-Type': 'text/plain'},
                 update, 415),
                ('POST', {**recipient, 'If-None-Match': '"2"'}, None, 412),
                ('PUT', {}, update, 400), ('PATCH', recipient, None, 200),
                ('PUT', initiator, b'x' * 200000, 413),
                ('BREW', initiator, None, 405),
                ('DELETE', ids(**{'Mailbox-Device-Claim':
                                  initiator['Mailbox-Device-Claim']}),
                 None, 200),
                ('POST', initiator, None, 404)):
            answer = call(relay, method, path, LOCAL, sent, body)
            equal(answer.status, code, method)
            readable(answer, LOCAL, f'{method} {code}')
        answer = call(relay, 'GET', DISCOVERY, WALLET)
        equal(answer.status, 200, 'discovery')
        readable(answer, WALLET, 'discovery')


def test_other_origins_are_served_as_ever_and_only_not_told():
    with Relay(workers=1, conf=CONF) as relay:
        answer = call(relay, 'POST', '/v1/m', 'https://evil.example', ids(),
                      CREATE)
        equal(answer.status, 200, 'create')
        unreadable(answer, 'create')
        answer = call(relay, 'GET', DISCOVERY)
        equal(answer.status, 200, 'discovery')
        unreadable(answer, 'discovery')


# §13
def test_the_page_and_what_else_is_no_call_stays_without():
    with Relay(workers=1, conf=CONF) as relay:
        answer = call(relay, 'POST', '/v1/m', WALLET, ids(), CREATE)
        page = '/v1/m/' + json.loads(answer.body)['urlLink'].rsplit('/')[-1]
        for path, code in ((page, 200), (MAILBOX, 404),
                           ('/v1/picture/car.png', 200),
                           ('/.well-known/assetlinks.json', 404),
                           ('/v2/m', 404)):
            for method in ('GET', 'HEAD'):
                answer = call(relay, method, path, WALLET)
                equal(answer.status, code, path)
                unreadable(answer, path, vary=False)
        for path, code in (('/v1/picture/car.png', 405), ('/v2/m', 404)):
            answer = preflight(relay, path, WALLET)
            equal(answer.status, code, path)
            unreadable(answer, path, vary=False)


def test_what_nginx_refuses_by_itself_can_be_read_too():
    with Relay(workers=1, conf=[f'tigress_cors_origin {WALLET};']) as relay:
        for origin in (WALLET, LOCAL):
            answer = call(relay, 'TRACE', MAILBOX, origin)
            equal(answer.status, 405, 'TRACE')
            if origin == WALLET:
                readable(answer, WALLET, 'TRACE')
            else:
                unreadable(answer, 'TRACE')
        answer = call(relay, 'POST', MAILBOX, WALLET,
                      {'X-Long': 'x' * 60000})
        equal(answer.status, 431, 'a header that is too long')
        readable(answer, WALLET, '431')


def test_a_limit_of_nginx_can_be_read_too():
    conf = ['limit_req_zone $server_port zone=all:1m rate=1r/m;',
            'limit_req zone=all;', 'limit_req_status 429;', *CONF]
    with Relay(workers=1, conf=conf) as relay:
        for _ in range(2):
            answer = call(relay, 'POST', MAILBOX, WALLET, ids())
        equal(answer.status, 429, 'status')
        check(answer.headers['Retry-After'], 'when to come back')
        readable(answer, WALLET, '429')


# §13
def test_without_the_directive_there_is_no_word_about_origins():
    with Relay(workers=1) as relay:
        for path in ('/v1/m', MAILBOX, DISCOVERY):
            answer = preflight(relay, path, WALLET)
            equal(answer.status, 405, path)
            check(answer.headers['Allow'], 'no Allow')
            unreadable(answer, path, vary=False)
        answer = call(relay, 'POST', '/v1/m', WALLET, ids(), CREATE)
        equal(answer.status, 200, 'create')
        unreadable(answer, 'create', vary=False)
        answer = call(relay, 'GET', DISCOVERY, WALLET)
        unreadable(answer, 'discovery', vary=False)


def test_several_origins_may_stand_in_one_directive():
    with Relay(workers=1, conf=[f'tigress_cors_origin {LOCAL} {WALLET};'
                                ]) as relay:
        for origin in (WALLET, LOCAL):
            answer = call(relay, 'POST', MAILBOX, origin, ids())
            readable(answer, origin, origin)


def test_what_cannot_be_meant_is_refused_with_the_reason():
    for value, words in (
            ('*', 'a star'), ('null', 'null'), ('', 'begin with https'),
            ('wallet.example', 'begin with https'),
            ('http://wallet.example', 'for development'),
            ('https://Wallet.example', 'small letters'),
            (f'{WALLET}/', 'not even a slash'),
            (f'{WALLET}:443', 'leave it out'),
            (f'{LOCAL} {LOCAL}', 'twice')):
        line = f'tigress_cors_origin {value or chr(34) * 2};'
        try:
            with Relay(workers=1, conf=[line]):
                pass
        except RelayError as error:
            check(words in str(error), f'{line}: it says {error}')
        else:
            check(False, f'{line} was accepted')


if __name__ == '__main__':
    sentences.main(globals())
