"""A hotel guest's device of another make, out of docs/formats.md and openssl.

It keeps the formats page honest, and can write what our programs never would.
"""
import base64
import concurrent.futures
import hashlib
import json
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

LINE_SECONDS = 10
ORDER = ('version', 'serial', 'room', 'doors', 'notBefore', 'notAfter',
         'publicKey')


class Key:
    """A private key in a file."""

    def __init__(self, path):
        self.path = str(path)

    @classmethod
    def make(cls, path):
        subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1',
                        '-genkey', '-noout', '-out', str(path)], check=True)
        return cls(path)

    @property
    def public(self):
        """SubjectPublicKeyInfo in base64."""
        der = subprocess.run(['openssl', 'pkey', '-in', self.path, '-pubout',
                              '-outform', 'DER'], capture_output=True,
                             check=True).stdout
        return base64.b64encode(der).decode()

    def sign(self, *lines):
        """ECDSA with SHA-256 over lines, in base64."""
        words = ''.join(line + '\n' for line in lines).encode()
        signature = subprocess.run(
            ['openssl', 'dgst', '-sha256', '-sign', self.path], input=words,
            capture_output=True, check=True).stdout
        return base64.b64encode(signature).decode()


class Answer:
    """What a desk says."""

    def __init__(self, status, body):
        self.status = status
        self.json = json.loads(body) if body else {}

    @property
    def check(self):
        return self.json.get('check')


def call(cast, method, path, body=None, bearer=None):
    """A call of the desk's service."""
    headers = {'Content-Type': 'application/json'}
    if bearer is not None:
        headers['Authorization'] = 'Bearer ' + bearer
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(cast.url + path, data, headers,
                                     method=method)
    context = ssl.create_default_context(cafile=cast.ca)
    try:
        with urllib.request.urlopen(request, context=context,
                                    timeout=LINE_SECONDS) as answer:
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read())


def stay(booking, **changes):
    """The four members of a booking, or of anything that has them."""
    return {name: changes.get(name, booking[name]) for name in
            ('room', 'doors', 'notBefore', 'notAfter')}


def ask_token(cast, booking, number=1, bearer=None, **changes):
    """POST /v1/tokens, as who has the booking's file."""
    request = hashlib.md5(str(number).encode()).hexdigest()
    return call(cast, 'POST', '/v1/tokens',
                {'booking': booking['booking'], 'request': request,
                 **stay(booking, **changes)}, bearer or booking['secret'])


def cancel(cast, booking, number=1, bearer=None):
    """POST /v1/cancel."""
    request = hashlib.md5(str(number).encode()).hexdigest()
    return call(cast, 'POST', '/v1/cancel', {
        'booking': booking['booking'], 'request': request},
        bearer or booking['secret'])


def redemption(token, key, **changes):
    """The body of POST /v1/redeem."""
    body = {'token': token, 'publicKey': key.public}
    body['proof'] = key.sign('tigress-hotel-redeem-v1', token,
                             body['publicKey'])
    body.update(changes)
    return body


def redeem(cast, token, key, **changes):
    return call(cast, 'POST', '/v1/redeem', redemption(token, key, **changes))


def redeem_at_once(cast, token, count):
    """So many devices with keys of their own redeem it: their answers."""
    keys = [Key.make(cast.file(f'{i}.key')) for i in range(count)]
    bodies = [redemption(token, key) for key in keys]
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda body: call(cast, 'POST', '/v1/redeem',
                                               body), bodies))


def statement(desk, members, text=None):
    """A key that `desk`, a Key, signs: of members, or of any text."""
    if text is None:
        text = json.dumps({name: members[name] for name in ORDER},
                          separators=(',', ':'))
    return {'statement': text,
            'signature': desk.sign('tigress-hotel-key-v1', text)}


class Talk:
    """A conversation with a door, one JSON object a line."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LINE_SECONDS)
        self.socket.connect(path)
        self.file = self.socket.makefile('r')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, value):
        text = value if isinstance(value, str) else json.dumps(value)
        self.socket.sendall(text.encode() + b'\n')

    def receive(self):
        return json.loads(self.file.readline())


def proof(challenge, key):
    """What a door wants to see signed."""
    return key.sign('tigress-hotel-door-v1', challenge['id'],
                    challenge['nonce'])


def knock(door, shown, key):
    """Ask a door, with what is shown and a key: 'open', or the check."""
    with Talk(door.socket) as talk:
        talk.send({'action': 'open'})
        challenge = talk.receive()
        talk.send({**{name: shown[name] for name in ('statement', 'signature')
                      if name in shown}, 'proof': proof(challenge, key)})
        verdict = talk.receive()
    return 'open' if verdict['done'] else verdict['check']
