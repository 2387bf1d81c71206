"""Devices of our own making at a real relay (R-ATT-1 to R-ATT-3, D9).

Run by meson; by hand: TIGRESS_BUILD=build/release python3 -B test_relay.py
"""
import base64
import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name)
                for name in ('conformance', 'scenario', 'torture')]

import relay as relays                                      # noqa: E402
import sentences                                            # noqa: E402
import share                                                # noqa: E402
from client import new_id                                   # noqa: E402
from relay import RelayError, program                       # noqa: E402
from rig import Rig                                         # noqa: E402
from sentences import check, equal                          # noqa: E402

HEADER = 'Mailbox-Device-Attestation'
REFUSED = 'urn:tigress:problem:attestation-refused'
FORMATS = ['apple', 'apple-appattest', 'packed', 'android-key', 'tpm',
           'fido-u2f']
# What is wanted with a format's name in front, and refused without.
WIDER = ['apple-appattest-development', 'packed-self', 'android-key-software',
         'tpm-sha1']
WAIT_S = 10


class Maker:
    """A maker of devices, with a root of its own."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix='tigress-maker-')
        os.chmod(self.directory.name, 0o755)
        self.root = os.path.join(self.directory.name, 'root.pem')

    def __enter__(self):
        self.process = subprocess.Popen(
            [program('tests', 'attest', 'attest_device'), self.root],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.speak('none https://relay.example relay.example ' + '00' * 32)
        return self         # … whose root is there, now that it has answered

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(WAIT_S)
        self.directory.cleanup()

    def statement(self, relay, kind, challenge, party=None):
        """A device of this maker speaks, as in a page of the relay; or of
        another party: its origin and RP ID."""
        origin, rp_id = party or (relay.url, '127.0.0.1')
        return self.speak(f'{kind} {origin} {rp_id} {challenge.hex()}')

    def speak(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


def challenge_of(claim, request_id, payload):
    """D9, from its words."""
    return hashlib.sha256(
        b'tigress-create-v1' + bytes.fromhex(claim.replace('-', '')) +
        bytes.fromhex(request_id.replace('-', '')) +
        payload['type'].encode() + b'\0' +
        base64.b64decode(payload['data'])).digest()


class Create:
    """One create, with the statement of a device that means it."""

    def __init__(self, relay, maker, kind='packed', party=None, **members):
        self.speaker = relay.speaker()
        self.claim, self.request_id = new_id(), new_id()
        self.body = share.valid_body(**members)
        self.statement = maker.statement(relay, kind, challenge_of(
            self.claim, self.request_id, self.body['payload']), party)

    def send(self, statements=None, **changed):
        """As it is meant, or with something changed."""
        if statements is None:
            statements = [self.statement]
        fields = {'claim': self.claim, 'request_id': self.request_id,
                  'body': self.body, **changed}
        extra = [(HEADER, one) for one in statements]
        return share.create(self.speaker, extra=extra, **fields)

    def bytes(self):
        """The request as it goes over the line."""
        body = share.to_bytes(self.body)
        return self.speaker.render('POST', '/v1/m', share.headers(
            self.claim, self.request_id, body, [(HEADER, self.statement)]),
            body)


def relay_for(maker, rule='required', *more, workers=2):
    return Rig(conf=[f'tigress_attestation {rule};',
                     f'tigress_attestation_root {maker.root};', *more],
               workers=workers)


def refused(answer, words):
    equal(answer.status, 401, 'status')
    problem = answer.json()
    equal(problem['type'], REFUSED, 'type')
    check(words in problem['detail'], f'detail: {problem["detail"]}')
    equal(answer.header('www-authenticate'), 'Mailbox-Device-Claim',
          'challenge')


def test_devices_of_every_format_create_mailboxes_when_their_maker_is_trusted():
    with Maker() as maker, Maker() as stranger, relay_for(maker) as relay:
        for kind in FORMATS:
            equal(Create(relay, maker, kind).send().status, 200, kind)
            refused(Create(relay, stranger, kind).send(), 'nobody whom')
            refused(Create(relay, maker, 'spoilt-' + kind).send(), '')


def test_what_is_required_optional_or_not_looked_at():
    with Maker() as maker:
        with relay_for(maker, 'required') as relay:
            refused(Create(relay, maker).send([]), 'wants a device')
        with relay_for(maker, 'optional') as relay:
            equal(Create(relay, maker).send([]).status, 200, 'none sent')
            equal(Create(relay, maker).send().status, 200, 'right')
            refused(Create(relay, maker, 'spoilt-packed').send(), 'signature')
            refused(Create(relay, maker).send(['%%']), 'encoded')
        with Rig(workers=1) as relay:
            equal(Create(relay, maker).send(['%%']).status, 200, 'ignored')


# D9
def test_a_statement_is_worth_nothing_for_another_claim_request_or_content():
    other = share.payload('other content')
    for name, value in (('claim', new_id()), ('request_id', new_id()),
                        ('body', share.valid_body(payload=other)),
                        ('body', share.valid_body(payload={
                            **share.payload(), 'type': 'AEAD_AES_256_GCM'}))):
        with Maker() as maker, relay_for(maker) as relay:
            mine = Create(relay, maker)
            refused(mine.send(**{name: value}), 'challenge')
            equal(mine.send().status, 200, f'after {name}')


# R-IDEM §4
def test_a_retry_comes_before_the_body_and_the_body_before_the_statement():
    with Maker() as maker, relay_for(maker) as relay:
        mine = Create(relay, maker)
        bad = share.valid_body(payload={})
        equal(mine.send([], body=bad).status, 400, 'bad body')
        first = mine.send()
        equal(first.status, 200, 'create')
        again = mine.send([])
        equal((again.status, again.body), (201, first.body), 'retry')
        equal(mine.send(['%%'], body=bad).status, 201, 'retry of nonsense')


def test_two_statements_are_none_and_an_update_needs_none():
    with Maker() as maker, relay_for(maker) as relay:
        mine = Create(relay, maker, mailboxConfiguration=share.rights('RWD'))
        refused(mine.send([mine.statement] * 2), 'encoded')
        mailbox = share.Share(mine.speaker, mine.send(), mine.claim)
        equal(mailbox.update(extra=[(HEADER, '%%')]).status, 200, 'update')


def test_formats_that_are_not_listed_are_refused():
    with Maker() as maker, relay_for(maker, 'required apple tpm') as relay:
        equal(relay.discovery()['attestation'],
              {'policy': 'required', 'formats': ['apple', 'tpm']},
              'discovery')
        equal(Create(relay, maker, 'tpm').send().status, 200, 'tpm')
        refused(Create(relay, maker, 'packed').send(), 'format')
        refused(Create(relay, maker, 'none').send(), 'format')
    with Maker() as maker, relay_for(maker, 'required none') as relay:
        equal(Create(relay, maker, 'none').send().status, 200, 'none')


# --conf is read at the level of http, so this inherits, too.
def test_a_word_that_widens_a_format_widens_that_one_alone():
    with Maker() as maker:
        for word in WIDER:
            with relay_for(maker, 'required apple-appattest packed '
                           f'android-key tpm {word}', workers=1) as relay:
                for kind in WIDER:
                    code = Create(relay, maker, kind).send().status
                    equal(code, 200 if kind == word else 401,
                          f'{kind} with {word}')
                refused(Create(relay, maker, 'spoilt-' + word).send(), '')


def test_a_widening_word_alone_lists_its_format():
    with Maker() as maker:
        with relay_for(maker, 'required tpm-sha1 packed-self',
                       workers=1) as relay:
            equal(relay.discovery()['attestation']['formats'],
                  ['packed', 'tpm'], 'formats')
            equal(Create(relay, maker, 'tpm').send().status, 200, 'tpm')
            equal(Create(relay, maker, 'packed').send().status, 200, 'packed')
            refused(Create(relay, maker, 'apple').send(), 'format')


def test_statements_are_for_the_parties_that_are_named_and_no_others():
    page, app = 'https://wallet.example:8443', 'ABCDE12345.com.example.wallet'
    hashed = 'android:apk-key-hash:' + 'A' * 43
    with Maker() as maker:
        with relay_for(maker, workers=1) as relay:
            for party in ((page, '127.0.0.1'), (relay.url, app)):
                refused(Create(relay, maker, party=party).send(), '')
        with relay_for(maker, 'required',
                       f'tigress_attestation_origin {page} {hashed};',
                       f'tigress_attestation_rp_id wallet.example {app};',
                       workers=1) as relay:
            for party in ((page, 'wallet.example'), (page, app),
                          (hashed, 'wallet.example')):
                equal(Create(relay, maker, party=party).send().status, 200,
                      str(party))
            for party in ((relay.url, app), (page, '127.0.0.1'),
                          (page, 'wallet.example:8443')):
                refused(Create(relay, maker, party=party).send(), '')


# R-ATT-2
def test_the_rp_id_is_the_host_of_the_share_urls_unless_others_are_named():
    with Maker() as maker:
        for host, rp_id, wrong in (
                ('relay.example', 'relay.example', 'example'),
                ('relay.example:8443', 'relay.example', 'relay.example:8443'),
                ('[2001:db8::1]', '[2001:db8::1]', '[2001'),
                ('[2001:db8::1]:8443', '[2001:db8::1]', '[2001:db8::1')):
            with Rig(workers=1, public_host=host, conf=[
                    'tigress_attestation required;',
                    f'tigress_attestation_root {maker.root};']) as relay:
                for party, status in ((rp_id, 200), (wrong, 401)):
                    answer = Create(relay, maker,
                                    party=(f'https://{host}', party)).send()
                    equal(answer.status, status, f'{party} at {host}')


def serial(maker):
    """Of the intermediate, which every statement of the maker has."""
    text = subprocess.run(['openssl', 'x509', '-in', maker.root, '-noout',
                           '-serial'], capture_output=True, text=True,
                          check=True).stdout
    return text.split('=')[1].strip()


def test_roots_and_revoked_serials_are_read_anew_on_reload():
    with Maker() as maker, Maker() as other, \
            tempfile.TemporaryDirectory(prefix='tigress-roots-') as place:
        os.chmod(place, 0o755)
        roots = pathlib.Path(place, 'roots.pem')
        revoked = pathlib.Path(place, 'revoked')
        roots.write_text(pathlib.Path(maker.root).read_text())
        revoked.write_text('# none yet\n')
        with Rig(workers=2, conf=[
                'tigress_attestation required;',
                f'tigress_attestation_root {roots};',
                f'tigress_attestation_revoked {revoked};']) as relay:
            equal(Create(relay, maker).send().status, 200, 'before')
            refused(Create(relay, other).send(), 'nobody whom')
            roots.write_text(roots.read_text() +
                             pathlib.Path(other.root).read_text())
            reload(relay, lambda: Create(relay, other).send().status == 200)
            equal(Create(relay, maker).send().status, 200, 'still trusted')
            revoked.write_text(serial(maker).lower() + '\n')
            reload(relay, lambda: Create(relay, maker).send().status == 401)
            refused(Create(relay, maker).send(), 'revoked')
            equal(Create(relay, other).send().status, 200, 'not revoked')


def reload(relay, is_done):
    """SIGHUP, and wait until two answers running are of the new workers."""
    relay.tell(1)
    deadline = time.monotonic() + WAIT_S
    while not (is_done() and is_done() and is_done()):
        check(time.monotonic() < deadline, 'the reload changes nothing')
        time.sleep(0.05)


def start_fails(words, *conf):
    try:
        with Rig(workers=1, conf=list(conf)):
            check(False, f'it started; wanted: {words}')
    except RelayError as error:
        check(words in str(error), f'wanted “{words}” in: {error}')


def test_what_is_wrong_with_the_directives_is_said_in_words():
    with Maker() as maker:
        root = f'tigress_attestation_root {maker.root};'
        required = 'tigress_attestation required;'
        junk = os.path.join(maker.directory.name, 'junk.pem')
        pathlib.Path(junk).write_text('-----BEGIN CERTIFICATE-----\nAA\n')
        start_fails('name a file of roots', required)
        start_fails('none, optional or required', 'tigress_attestation maybe;')
        start_fails('knows the formats', 'tigress_attestation required u2f;',
                    root)
        start_fails('takes no formats after none',
                    'tigress_attestation none apple;')
        start_fails('/nowhere/roots.pem', required,
                    'tigress_attestation_root /nowhere/roots.pem;')
        start_fails('junk.pem', required, f'tigress_attestation_root {junk};')
        start_fails('"tigress_attestation_revoked" of', required, root,
                    f'tigress_attestation_revoked {maker.root};')
        start_fails('is duplicate', required, required, root)


ORIGINS_FOR_NOBODY = {
    'wallet.example': 'begins with https://',
    '""': 'begins with https://',
    'http://wallet.example': 'begins with https://',
    'HTTPS://wallet.example': 'begins with https://',
    'https://wallet.example/': 'not even a slash',
    'https://wallet.example:443': ':443',
    'https://Wallet.example': 'small',
    'https://': 'has to be a name',
    'android:apk-key-hash:': '43 characters',
    'android:apk-key-hash:' + 'A' * 42 + '=': '43 characters',
    'android:apk-key-hash:' + 'A' * 44: '43 characters'}
RP_IDS_FOR_NOBODY = ['""', 'https://wallet.example', 'wallet.example:8443',
                     'wallet.example/', 'Wallet.example', 'wallet.example.',
                     'abcde12345.com.Example', 'a' * 254]


def test_origins_and_rp_ids_that_no_statement_can_have_are_refused():
    for origin, words in ORIGINS_FOR_NOBODY.items():
        start_fails(words, f'tigress_attestation_origin {origin};')
    for rp_id in RP_IDS_FOR_NOBODY:
        start_fails('an RP ID is the name of a host',
                    f'tigress_attestation_rp_id {rp_id};')


def counts(relay):
    """What a relay of one worker has counted, if it refused some; it ends."""
    relay.stop()
    return [line.split('attestations ')[1].split(',')[0]
            for line in relay.output().splitlines()
            if 'tigress: attestations' in line]


def test_a_body_that_is_refused_costs_no_look_at_its_statement():
    with Maker() as maker, relay_for(maker, workers=1) as relay:
        mine = Create(relay, maker, 'spoilt-packed')
        for _ in range(3):
            equal(mine.send(body=share.valid_body(payload={})).status, 400,
                  'bad body')
        refused(mine.send(), 'signature')
        equal(counts(relay), ['format=packed accepted=0 refused=1'], 'counted')


# R-ATT-3
def test_nothing_of_a_device_is_kept_but_how_many_there_were():
    with Maker() as maker, relay_for(maker, workers=1) as relay:
        for kind in ('apple', 'apple', 'spoilt-apple'):
            Create(relay, maker, kind).send()
        mine = Create(relay, maker, 'packed')
        mine.send()
        equal(counts(relay), ['format=apple accepted=2 refused=1'], 'counted')
        needles = pieces(mine.statement)
        for path in relay.files():
            data = path.read_bytes()
            for name, needle in needles.items():
                check(needle not in data, f'{name} in {path.name}')


def pieces(statement):
    """What of a statement must be nowhere."""
    decoded = base64.urlsafe_b64decode(statement + '=' * (-len(statement) % 4))
    return {'the header': statement.encode()[200:260],
            'its JSON': decoded[100:140]}


def test_a_statement_that_cannot_be_judged_is_not_refused_but_may_come_again():
    unable = program('tests', 'attest', 'libattest_unable.so')
    usual = relays.PRELOAD
    relays.PRELOAD = f'{usual} {unable}'.strip()
    try:
        with Maker() as maker, relay_for(maker, workers=1) as relay:
            mine = Create(relay, maker)
            for _ in range(2):
                answer = mine.send()
                equal(answer.status, 503, 'status')
                check(answer.header('retry-after'), 'no Retry-After')
            refused(mine.send(['%%']), 'encoded')
            equal(counts(relay), ['format=unknown accepted=0 refused=1'],
                  'judged')
    finally:
        relays.PRELOAD = usual


# THREATS 20
def test_a_flood_of_statements_slows_no_read_and_ends_in_503():
    with Maker() as maker, relay_for(
            maker, 'required', 'tigress_attestation_queue 2;',
            workers=1) as relay:
        mailbox = share.make(Open(relay, maker))
        flood = [Create(relay, maker, 'spoilt-packed') for _ in range(64)]
        lines = [one.speaker.connect() for one in flood]
        # All come while the worker sleeps, and so are there at once.
        worker = relay.worker_pids()[0]
        os.kill(worker, signal.SIGSTOP)
        for one, line in zip(flood, lines):
            line.send(one.bytes())
        os.kill(worker, signal.SIGCONT)
        equal([mailbox.read().status for _ in range(20)], [200] * 20, 'reads')
        answers = [line.receive('POST') for line in lines]
        for line in lines:
            line.close()
        equal({answer.status for answer in answers}, {401, 503}, 'answers')
        for answer in answers:
            if answer.status == 503:
                check(answer.header('retry-after'), 'no Retry-After')
        equal(Create(relay, maker).send().status, 200, 'afterwards')


def test_who_leaves_while_his_statement_is_judged_harms_nobody():
    with Maker() as maker, relay_for(
            maker, 'required', 'tigress_attestation_queue 1000;',
            workers=1) as relay:
        crowd = [Create(relay, maker, 'spoilt-packed') for _ in range(100)]
        lines = [one.speaker.connect() for one in crowd]
        worker = relay.worker_pids()[0]
        os.kill(worker, signal.SIGSTOP)
        for one, line in zip(crowd, lines):
            line.send(one.bytes())
        # They are seen to leave as soon as their call was read.
        for line in lines[1:]:
            line.close()
        os.kill(worker, signal.SIGCONT)
        equal(lines[0].receive('POST').status, 401, 'who stays')
        lines[0].close()
        equal(Create(relay, maker).send().status, 200, 'afterwards')
        equal(relay.worker_pids(), [worker], 'workers')
        equal(counts(relay), ['format=packed accepted=1 refused=100'],
              'judged')


class Open:
    """A speaker whose creates are made by a device."""

    def __init__(self, relay, maker):
        self.relay, self.maker = relay, maker
        self.speaker = relay.speaker()

    def call(self, method, target, headers, body, **kw):
        if (method, target) == ('POST', '/v1/m'):
            mine = Create(self.relay, self.maker)
            body = share.to_bytes(mine.body)
            headers = share.headers(mine.claim, mine.request_id, body,
                                    [(HEADER, mine.statement)])
            self.claim = mine.claim
        return self.speaker.call(method, target, headers, body, **kw)


class Crowd:
    """Creates that come to a worker while it sleeps, all but a byte of each
    before: when it wakes up, it has no time to judge one before the next."""

    def __init__(self, relay, maker, count=100):
        self.relay = relay
        self.creates = [Create(relay, maker, 'android-key')
                        for _ in range(count)]
        self.lines = [one.speaker.connect() for one in self.creates]

    def arrive(self, tell):
        """Wake the worker up by these signals, and let it see them all."""
        requests = [one.bytes() for one in self.creates]
        for request, line in zip(requests, self.lines):
            line.send(request[:-1])
        self.relay.discovery()      # … and what came before it was read
        worker = self.relay.worker_pids()[0]
        os.kill(worker, signal.SIGSTOP)
        for request, line in zip(requests, self.lines):
            line.send(request[-1:])
        for number in (*tell, signal.SIGCONT):
            os.kill(worker, number)
        return worker

    def close(self):
        for line in self.lines:
            line.close()


def test_a_worker_that_is_to_quit_judges_what_waits():
    with Maker() as maker, relay_for(
            maker, 'required', 'tigress_attestation_queue 1000;',
            workers=1) as relay:
        crowd = Crowd(relay, maker)
        crowd.arrive([signal.SIGQUIT])
        codes = [line.receive('POST').status for line in crowd.lines]
        crowd.close()
        equal(codes, [200] * len(codes), 'answers')
        equal(Create(relay, maker).send().status, 200, 'afterwards')


def test_a_worker_that_must_not_wait_ends_without_harm():
    os.environ['MALLOC_PERTURB_'] = '165'   # what was freed is no longer there
    try:
        with Maker() as maker, relay_for(
                maker, 'required', 'tigress_attestation_queue 1000;',
                workers=1) as relay:
            restart(relay, 'worker_shutdown_timeout 1ms;')
            crowd = Crowd(relay, maker)
            worker = crowd.arrive([signal.SIGQUIT])
            relay.until_ended([worker])
            crowd.close()
            equal(Create(relay, maker).send().status, 200, 'afterwards')
            relay.stop()
            for line in relay.output().splitlines():
                check(f'{worker} exited on signal' not in line, line)
    finally:
        del os.environ['MALLOC_PERTURB_']


def restart(relay, directive):
    """With a directive that stands outside of http{}."""
    file = relay.state / 'relay' / 'nginx.conf'
    file.write_text(directive + '\n' + file.read_text())
    old = relay.worker_pids()
    relay.tell(signal.SIGHUP)
    relay.until_ended(old)


if __name__ == '__main__':
    sentences.main(globals())
