"""A mailbox, as a device of another make sees it.

    mailbox = Mailbox.join(share_url, ca)           # recipient
    mailbox = Mailbox.create(host, ca, content)     # initiator; .share_url
    content = mailbox.next()                        # None: nothing new
    mailbox.send(content)

Written from docs/protocol.md and docs/formats.md, on Python's own library and
on AES-GCM of libcrypto; nothing of our code is used.
"""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import secrets
import ssl
import urllib.error
import urllib.request
import uuid

CAR = 'digitalwallet.carkey.ccc'
IV, TAG, SECRET = 12, 16, 16
SECONDS = 20

# Of openssl/evp.h.
SET_TAG, GET_TAG = 0x11, 0x10


class Refused(Exception):
    """What came is not what it should be."""


class Gone(Exception):
    """The mailbox is no more."""


class Taken(Exception):
    """The mailbox is another device's."""


def base64_of(data):
    return base64.b64encode(data).decode()


def bytes_of(text):
    """Canonical base64 alone."""
    data = base64.b64decode(text, validate=True)
    if base64_of(data) != text:
        raise Refused('base64 in another form')
    return data


class Gcm:
    """AES-GCM without associated data, with a key of 16 or 32 bytes."""

    def __init__(self, key):
        self.lib = ctypes.CDLL(ctypes.util.find_library('crypto'))
        self.name = f'AEAD_AES_{len(key) * 8}_GCM'
        self.key = key
        cipher = getattr(self.lib, f'EVP_aes_{len(key) * 8}_gcm')
        cipher.restype = self.lib.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
        self.cipher = ctypes.c_void_p(cipher())

    def seal(self, plain):
        """IV, ciphertext and tag."""
        iv = secrets.token_bytes(IV)
        sealed, tag = self.run(iv, plain, None)
        return iv + sealed + tag

    def open(self, sealed):
        iv, tag = sealed[:IV], sealed[-TAG:]
        if len(sealed) < IV + TAG:
            raise Refused('too short')
        return self.run(iv, sealed[IV:-TAG], tag)[0]

    def run(self, iv, data, tag):
        """One pass; a tag is checked, without one it is made."""
        lib, size, none = self.lib, ctypes.c_int(), ctypes.c_int()
        out = ctypes.create_string_buffer(len(data) + TAG)
        made = ctypes.create_string_buffer(tag or bytes(TAG), TAG)
        context = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
        try:
            done = lib.EVP_CipherInit_ex(context, self.cipher, None, self.key,
                                         iv, int(tag is None))
            done &= lib.EVP_CipherUpdate(context, out, ctypes.byref(size),
                                         data, len(data))
            if tag is not None:
                done &= lib.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG, made)
            rest = ctypes.create_string_buffer(TAG)
            done &= lib.EVP_CipherFinal_ex(context, rest, ctypes.byref(none))
            if tag is None:
                done &= lib.EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG, made)
        finally:
            lib.EVP_CIPHER_CTX_free(context)
        if done != 1:
            raise Refused('the seal is broken')
        return out.raw[:size.value], made.raw


class Server:
    """HTTPS calls with JSON objects."""

    def __init__(self, ca):
        self.tls = ssl.create_default_context(cafile=ca)

    def call(self, method, url, body=None, **headers):
        """(status, headers, object or None)"""
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace('_', '-'): value
                 for name, value in headers.items()}
        if data is not None:
            named['Content-Type'] = 'application/json'
        request = urllib.request.Request(url, data, named, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls,
                                        timeout=SECONDS) as answer:
                return self.take(answer.status, answer)
        except urllib.error.HTTPError as error:
            with error:
                return self.take(error.code, error)

    def take(self, status, answer):
        text = answer.read()
        return status, answer.headers, json.loads(text) if text else None


class Mailbox:
    """One of a mailbox's two devices."""

    def __init__(self, direction, ca, secret):
        self.direction = direction
        self.server = Server(ca)
        self.claim = str(uuid.uuid4())
        self.secret = secret
        self.seal = Gcm(secret)
        self.url = self.share_url = self.etag = None
        self.sequence = 0  # the highest written or accepted
        self.accepted = ''  # hash of the last message accepted
        self.written = []  # hashes of the messages written

    @classmethod
    def join(cls, share_url, ca):
        """The mailbox of a share URL; nothing is read yet."""
        url, _, secret = share_url.strip().partition('#')
        mailbox = cls('recipient', ca, bytes_of(secret))
        mailbox.url = url.partition('?')[0]
        mailbox.share_url = share_url.strip()
        return mailbox

    @classmethod
    def create(cls, host, ca, content, kind=CAR):
        """A new mailbox with a first message, for an hour."""
        mailbox = cls('initiator', ca, secrets.token_bytes(SECRET))
        status, _, answer = mailbox.server.call(
            'POST', f'https://{host}/v1/m', {
                'payload': mailbox.payload(content, kind),
                'displayInformation': {
                    'title': 'Key', 'description': 'A key of another make',
                    'imageURL': f'https://{host}/v1/picture/car.png'},
                'mailboxConfiguration': {'accessRights': 'RWD',
                                         'lifetime': 3600}},
            **mailbox.headers())
        if status != 200:
            raise Refused(f'creating: {status}')
        mailbox.url = answer['urlLink']
        mailbox.share_url = f'{mailbox.url}?v=c#{base64_of(mailbox.secret)}'
        return mailbox

    def headers(self):
        return {'Mailbox_Device_Claim': self.claim,
                'Mailbox_Request_ID': str(uuid.uuid4())}

    def call(self, method, body=None, **headers):
        status, named, answer = self.server.call(
            method, self.url, body, **self.headers(), **headers)
        if status == 404:
            raise Gone(method)
        if status == 401:
            raise Taken(method)
        return status, named, answer

    def plaintext(self, content, kind):
        """The envelope of a message."""
        return json.dumps({
            'format': kind, 'content': content,
            'tigress': {'direction': self.direction,
                        'sequence': self.sequence + 1,
                        'previous': self.accepted}}).encode()

    def payload(self, content, kind):
        """A payload, which counts as written."""
        plain = self.plaintext(content, kind)
        self.written.append(base64_of(hashlib.sha256(plain).digest()))
        self.sequence += 1
        return {'type': self.seal.name,
                'data': base64_of(self.seal.seal(plain))}

    def send(self, content, kind=CAR):
        """Replace the payload."""
        status, named, _ = self.call('PUT', {
            'payload': self.payload(content, kind)})
        if status != 200:
            raise Refused(f'writing: {status}')
        self.etag = named['ETag']

    def read(self):
        """The plaintext that is there, whoever wrote it."""
        status, named, answer = self.call('POST')
        if status != 200:
            raise Refused(f'reading: {status}')
        self.etag = named['ETag']
        payload = answer['payload']
        if payload['type'] != self.seal.name:
            raise Refused('another algorithm')
        return self.seal.open(bytes_of(payload['data']))

    def next(self):
        """The content of the other side's next message, or None."""
        plain = self.read()
        digest = base64_of(hashlib.sha256(plain).digest())
        if digest == self.accepted or digest in self.written[-1:]:
            return None
        envelope = json.loads(plain)
        place = envelope['tigress']
        if place['direction'] == self.direction:
            raise Refused('a message of our own came back')
        if place['sequence'] <= self.sequence:
            raise Refused('an older message')
        if place['previous'] not in (self.written or ['']):
            raise Refused('an answer to something else')
        if envelope['format'] != CAR:
            raise Refused('another format')
        self.sequence, self.accepted = place['sequence'], digest
        del self.written[:-8]
        return envelope['content']

    def delete(self):
        self.call('DELETE')

    def give_back(self):
        self.call('PATCH')
