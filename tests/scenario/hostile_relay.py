"""A relay that can be made to lie, for testing libtigress.

It does what PROTOCOL §5 says, as far as one device pair needs it, over real
TLS; a test sets `lie` to a function that changes one answer or replaces it.
Standard library only.

    with HostileRelay(directory) as relay:
        relay.lie = lambda call, answer: (302, {'Location': 'https://x/'}, b'')
"""
import http.server
import json
import ssl
import subprocess
import threading
import time
import uuid


def make_certificate(directory, name='IP:127.0.0.1'):
    """A self-signed certificate: (certificate, key)."""
    cert, key = directory / 'hostile.crt', directory / 'hostile.key'
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
         '-subj', '/CN=hostile', '-addext', f'subjectAltName={name}',
         '-keyout', str(key), '-out', str(cert)],
        check=True, capture_output=True)
    return cert, key


class Endless:
    """A body that never ends."""

    def __init__(self, chunk=b' ' * 4096):
        self.chunk = chunk


class Cut:
    """A body that ends before its Content-Length."""

    def __init__(self, body):
        self.body = body


class HostileRelay:
    """port, authority ("127.0.0.1:port"), ca; `mailboxes` by identifier.

    lie      None, or a function (call, (status, headers, body)) -> the same;
             `call` is 'create', 'read', 'update', 'delete' or 'relinquish'
    history  per mailbox every payload it ever held
    seen     every request: (call, path, headers, body)
    """

    def __init__(self, directory, name='IP:127.0.0.1'):
        self.lie = None
        self.mailboxes = {}
        self.history = {}
        self.done = {}
        self.seen = []
        self.lock = threading.Lock()
        cert, key = make_certificate(directory, name)
        self.ca = str(cert)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), self.handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # broken on purpose
        self.server.block_on_close = False
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True,
            do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.authority = f'127.0.0.1:{self.port}'
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={'poll_interval': 0.05})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def handler(self):
        """The class that the HTTP server wants."""
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            timeout = 5

            def serve(self):
                length = int(self.headers.get('Content-Length') or 0)
                body = self.rfile.read(length)
                relay.serve(self, body)

            do_POST = do_PUT = do_DELETE = do_PATCH = serve

            def log_message(self, *_):
                pass

        return Handler

    def serve(self, http_handler, body):
        """Answer one request, honestly or not."""
        with self.lock:
            call = self.call_of(http_handler)
            self.seen.append((call, http_handler.path,
                              dict(http_handler.headers), body))
            answer = self.answer(call, http_handler, body)
            if self.lie is not None:
                answer = self.lie(call, answer)
        if answer is None:          # the connection breaks
            http_handler.close_connection = True
            http_handler.connection.close()
            return
        self.write(http_handler, *answer)

    def write(self, http_handler, status, headers, body):
        """Send what is to be sent, complete or not."""
        http_handler.send_response(status)
        for name, value in headers.items():
            http_handler.send_header(name, value)
        if isinstance(body, Endless):
            http_handler.end_headers()
            http_handler.close_connection = True
            deadline = time.monotonic() + 10
            try:
                while time.monotonic() < deadline:
                    http_handler.wfile.write(body.chunk)
            except OSError:
                return
            return
        whole = body.body * 2 if isinstance(body, Cut) else body
        sent = body.body if isinstance(body, Cut) else body
        http_handler.send_header('Content-Length', str(len(whole)))
        http_handler.end_headers()
        http_handler.wfile.write(sent)
        if isinstance(body, Cut):
            http_handler.close_connection = True

    @staticmethod
    def call_of(http_handler):
        if http_handler.command == 'POST':
            return 'create' if http_handler.path == '/v1/m' else 'read'
        return {'PUT': 'update', 'DELETE': 'delete',
                'PATCH': 'relinquish'}[http_handler.command]

    def answer(self, call, http_handler, body):
        """The honest answer: (status, headers, body)."""
        claim = http_handler.headers['Mailbox-Device-Claim']
        request = http_handler.headers['Mailbox-Request-ID']
        key = (call, claim, request)
        if call == 'create':
            if key in self.done:
                return (201,) + self.done[key][1:]
            self.done[key] = self.create(claim, json.loads(body))
            return self.done[key]
        identifier = http_handler.path.removeprefix('/v1/m/')
        if identifier not in self.mailboxes:
            return self.problem(404, 'no such mailbox')
        mailbox = self.mailboxes[identifier]
        if request is not None and key in self.done:
            _, headers, first = self.done[key]
            if call == 'update':    # the body of then, the ETag of now
                headers = dict(headers, ETag=f'"{mailbox["version"]}"')
            return 201, headers, first
        if call == 'read' and mailbox['recipient'] is None and \
                claim != mailbox['initiator']:
            mailbox['recipient'] = claim
        if claim not in (mailbox['initiator'], mailbox['recipient']):
            return self.problem(401, 'claim refused')
        answer = getattr(self, call)(identifier, mailbox, http_handler, body)
        if request is not None and answer[0] == 200:
            self.done[key] = answer
        return answer

    @staticmethod
    def problem(status, title):
        return (status, {'Content-Type': 'application/problem+json'},
                json.dumps({'title': title, 'status': status}).encode())

    @staticmethod
    def json(value, **headers):
        headers['Content-Type'] = 'application/json'
        return 200, headers, json.dumps(value).encode()

    def create(self, claim, body):
        identifier = str(uuid.uuid4())
        self.mailboxes[identifier] = {
            'initiator': claim, 'recipient': None, 'version': 1,
            'payload': body['payload'],
            'displayInformation': body['displayInformation']}
        self.history[identifier] = [body['payload']]
        return self.json({
            'urlLink': f'https://{self.authority}/v1/m/{identifier}',
            'isPushNotificationSupported': False,
            'expiration': '2099-01-01T00:00:00Z'})

    def read(self, _, mailbox, *__):
        return self.json({
            'payload': mailbox['payload'],
            'displayInformation': mailbox['displayInformation'],
            'expiration': '2099-01-01T00:00:00Z',
            'isPushNotificationSupported': False},
            ETag=f'"{mailbox["version"]}"')

    def update(self, identifier, mailbox, http_handler, body):
        condition = http_handler.headers['If-Match']
        if condition not in (None, f'"{mailbox["version"]}"'):
            return self.problem(412, 'changed')
        mailbox['payload'] = json.loads(body)['payload']
        mailbox['version'] += 1
        self.history[identifier].append(mailbox['payload'])
        return self.json({'isPushNotificationSupported': False},
                         ETag=f'"{mailbox["version"]}"')

    def delete(self, identifier, *_):
        del self.mailboxes[identifier]
        return 200, {}, b''

    def relinquish(self, _, mailbox, *__):
        mailbox['recipient'] = None
        return 200, {}, b''
