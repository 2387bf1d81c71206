"""What libtigress makes of what a relay says of itself (§7), and that it needs
none of it. The relay is a small one that says what a test wants.

TAP output. Usage: discovery_client_test.py DEVICE-PROGRAM WAITING-PROGRAM
"""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

from hostile_relay_device import Device, expect
from saying_relay import PATH, SayingRelay
from wait_client_test import Waiting

MESSAGE = '{"step":1}'
APNS, FCM, WEBPUSH = 'com.apple.apns', 'com.google.fcm', 'org.w3.webpush'
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def begin(directory, relay, name='owner', message=MESSAGE, **settings):
    """A device with a share that its relay was not told of."""
    device = Device(directory, name, relay)
    device.settings = settings
    device.begin('create', message)
    return device


def made(directory, relay, name='owner', **more):
    """A device with a mailbox."""
    device = begin(directory, relay, name, **more)
    device.expect('resume', 'TG_OK')
    return device


def invited(directory, relay, owner, name='friend', **settings):
    """Another device, which has not read yet."""
    device = Device(directory, name, relay)
    device.settings = settings
    device.begin('accept', owner.expect('invitation', 'TG_OK'))
    return device


def transfer(directory, relay, name):
    """A share that gets there and back."""
    owner = made(directory, relay, name + '-owner')
    friend = invited(directory, relay, owner, name + '-friend')
    expect(friend.expect('receive', 'TG_OK'), MESSAGE)
    friend.expect('send', 'TG_OK', '{"step":2}')
    expect(owner.expect('receive', 'TG_OK'), '{"step":2}')
    owner.expect('finish', 'TG_OK')


def refused(device, result, *words):
    """The share fails with these words, and stays failed."""
    why = device.expect('resume', result)
    for word in words:
        if word not in why:
            raise AssertionError(f'{word!r} is not in {why!r}')
    expect(device.expect('show', 'TG_OK').split()[:2], ['failed', 'settled'])
    device.expect('resume', 'TG_OK')


# §7
@test
def a_relay_that_says_nothing_usable_is_used_without(directory, relay):
    json_type = {'Content-Type': 'application/json'}
    whole = b'{"versions":["v0"]}'
    sayings = {
        'absent': relay.problem(404, 'nothing here'),
        'not-found': (404, json_type, whole),
        'failing': (500, json_type, whole),
        'busy': (503, json_type | {'Retry-After': '1'}, whole),
        'garbage': (200, json_type, b'\x00\xff garbage'),
        'not-json': (200, {'Content-Type': 'text/html'}, whole),
        'wrong-kinds': (200, json_type,
                        b'{"versions":["v0"],"payload":{"maxBytes":"1"}}'),
        'redirect': (302, json_type |
                     {'Location': f'https://{relay.authority}/else'}, whole),
        'too-large': (200, json_type, whole + b' ' * (16 * 1024)),
        'megabyte': (200, json_type, whole + b' ' * (1 << 20)),
        'cut': None,
    }
    for name, relay.saying in sayings.items():
        relay.asked.clear()
        transfer(directory, relay, name)
        expect({path for path, _ in relay.asked}, {PATH}, name)


# §7
@test
def a_relay_that_hangs_when_it_is_asked_is_used_without(directory, relay):
    relay.hush()
    owner = made(directory, relay)
    expect(len(relay.asked), 1)
    # It is remembered, and not tried again with every share.
    owner.begin('create', MESSAGE)
    owner.expect('resume', 'TG_OK')
    expect(len(relay.asked), 1)


# §7, Req-Privacy
@test
def who_asks_says_nothing_of_itself(directory, relay):
    relay.says(versions=['v1'])
    owner = made(directory, relay)
    invited(directory, relay, owner).expect('receive', 'TG_OK')
    expect(len(relay.asked), 2)
    for path, headers in relay.asked:
        expect((path, sorted(headers)), (PATH, ['Accept', 'Host']))


# §7, R-CREATE-1
@test
def a_payload_that_is_too_large_never_leaves_the_device(directory, relay):
    first = made(directory, relay, 'first')
    data = relay.told('create')[0][1]['payload']['data']
    size = len(data) // 4 * 3 - data.count('=')
    relay.seen.clear()
    relay.says(payload={'maxBytes': size - 1})
    device = begin(directory, relay, 'second')
    refused(device, 'TG_E_LIMIT', f' {size - 1} bytes', f' {size}')
    expect(relay.seen, [])
    relay.says(payload={'maxBytes': size})
    made(directory, relay, 'third')
    expect(len(relay.told('create')), 1)
    first.expect('finish', 'TG_OK')


# §7, D6
@test
def a_lifetime_that_is_too_long_is_refused_and_not_shortened(directory, relay):
    relay.says(lifetime={'default': 60, 'max': 3599})
    refused(begin(directory, relay, 'first'), 'TG_E_LIFETIME',
            ' 3599 seconds', ' 3600 ')
    expect(relay.seen, [])
    made(directory, relay, 'second', LIFETIME='3599')
    made(directory, relay, 'third', LIFETIME='0')
    expect([body['mailboxConfiguration']['lifetime']
            for _, body in relay.told('create')], [3599, 60])


# §7
@test
def a_relay_of_another_version_is_told_of_no_share(directory, relay):
    relay.says(versions=['v1', 'v9'])
    owner = made(directory, relay)
    friend = invited(directory, relay, owner)
    relay.seen.clear()
    relay.says(versions=['v0', 'v2'])
    refused(begin(directory, relay, 'other'), 'TG_E_VERSION', 'v1')
    friend.expect('receive', 'TG_E_VERSION')
    expect(friend.expect('show', 'TG_OK').split()[0], 'new')
    expect(relay.seen, [])
    relay.says(versions=['v1'])
    expect(friend.expect('receive', 'TG_OK'), MESSAGE)


# §7
@test
def what_a_relay_says_is_kept_for_as_long_as_it_allows(directory, relay):
    for control, times in (('public, max-age=3600', 1), (None, 1),
                           ('max-age=60, no-store', 3), ('No-Cache', 3),
                           ('max-age=0', 3), ('max-age=x', 3)):
        relay.asked.clear()
        relay.says({'Cache-Control': control} if control else None,
                   versions=['v1'])
        name = str(control)
        owner = made(directory, relay, name.replace('/', '-'))
        for _ in range(2):
            owner.begin('create', MESSAGE)
            owner.expect('resume', 'TG_OK')
        expect(len(relay.asked), times, name)


# §7
@test
def nobody_is_refused_for_what_a_relay_said_once(directory, relay):
    relay.says(lifetime={'max': 3600})
    owner = made(directory, relay)
    relay.says(lifetime={'max': 7200})
    owner.settings = {'LIFETIME': '7200'}
    owner.begin('create', MESSAGE)
    owner.expect('resume', 'TG_OK')
    expect(len(relay.asked), 2)
    # Nor when it says nothing any more.
    relay.saying = None
    owner.settings = {'LIFETIME': '7201'}
    owner.begin('create', MESSAGE)
    owner.expect('resume', 'TG_OK')
    expect(relay.told('create')[-1][1]['mailboxConfiguration']['lifetime'],
           7201)


# §7, R-IDEM
@test
def what_a_relay_was_told_once_is_not_judged_again(directory, relay):
    relay.says({'Cache-Control': 'no-store'}, lifetime={'max': 3600})
    owner = begin(directory, relay)
    relay.lie = lambda call, answer: None   # done, and the answer is lost
    owner.expect('resume', 'TG_E_NETWORK')
    relay.lie = None
    relay.says({'Cache-Control': 'no-store'}, lifetime={'max': 10})
    owner.expect('resume', 'TG_OK')
    expect(len(relay.mailboxes), 1)
    expect(len(relay.asked), 1)


# §7, R-IDEM
@test
def two_processes_that_settle_a_draft_at_once_make_one_mailbox(directory,
                                                               relay):
    owner = begin(directory, relay, TOKENS=APNS)
    relay.hush()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        both = [pool.submit(owner, 'resume') for _ in range(2)]
        relay.until_asked(2)
        relay.speak()
        results = [future.result()[0] for future in both]
    # Who comes last may be told to call again; then it is done.
    if 'TG_OK' not in results or set(results) - {'TG_OK', 'TG_E_LOCKED'}:
        raise AssertionError(results)
    owner.expect('resume', 'TG_OK')
    expect(len(relay.mailboxes), 1)
    expect(len({headers['Mailbox-Request-ID']
                for headers, _ in relay.told('create')}), 1)
    expect(owner.expect('show', 'TG_OK').split()[:2], ['open', 'settled'])


def token_of(body):
    """The type of the notification token in a body."""
    token = body.get('notificationToken')
    return token and (token['type'] if token['type'] == token['tokenData']
                      else 'mixed up')


# §7, R-PUSH-1
@test
def a_relay_is_given_the_first_token_that_it_rings(directory, relay):
    both = {'TOKENS': f'{APNS} {WEBPUSH}'}
    cases = (
        ([WEBPUSH], both, WEBPUSH),
        ([WEBPUSH, APNS], both, APNS),
        ([FCM], both, None),
        ([], both, None),
        (None, both, APNS),         # it does not say
        ([WEBPUSH], {}, None),
        ([APNS, FCM], both | {'TOKEN': FCM}, FCM),
        ([APNS], both | {'TOKEN': FCM}, APNS),
        ([WEBPUSH], {'TOKEN': FCM}, None),
        (None, {'TOKEN': FCM}, FCM),
    )
    for number, (rung, settings, token) in enumerate(cases):
        relay.seen.clear()
        relay.says(notifications=rung)
        owner = made(directory, relay, f'owner-{number}', **settings)
        expect(token_of(relay.told('create')[0][1]), token, f'case {number}')
        settings = {name: settings[name] for name in settings
                    if name == 'TOKENS'}
        friend = invited(directory, relay, owner, f'friend-{number}',
                         **settings)
        friend.expect('receive', 'TG_OK')
        friend.expect('handled', 'TG_OK')
        friend.expect('receive', 'TG_E_NO_NEWS')
        first, second = [body for _, body in relay.told('read')]
        # What only the offer names is the initiator's alone.
        expect(token_of(first),
               token if token in settings.get('TOKENS', '').split() else
               APNS if rung and APNS in rung and settings else None,
               f'case {number}')
        expect(second, {}, f'case {number}')


# §7, R-WAIT-1
@test
def nobody_waits_for_longer_than_the_relay_holds(directory, relay):
    relay.says(wait={'max': 7})
    owner = made(directory, relay)
    friend = invited(directory, relay, owner)
    friend.expect('receive', 'TG_OK')
    friend.expect('handled', 'TG_OK')
    relay.asked.clear()
    with Waiting(friend) as waiting:
        relay.until_held(1)
        expect(relay.held[0][2], 7)
        owner.expect('finish', 'TG_OK')
        expect(waiting.back()[1], 'TG_E_GONE')
    expect(relay.asked, [], 'what is kept is enough')


# §7, R-WAIT-1
@test
def a_relay_that_does_not_hold_is_asked_at_intervals(directory, relay):
    relay.says(wait={'max': 0})
    owner = made(directory, relay)
    friend = invited(directory, relay, owner)
    friend.expect('receive', 'TG_OK')
    friend.expect('handled', 'TG_OK')
    relay.seen.clear()
    with Waiting(friend) as waiting:
        pauses = waiting.expect('TG_E_NO_NEWS')
    reads = relay.reads()
    expect(relay.held, [])
    expect([headers.get('Prefer') for headers in reads], [None] * len(reads))
    # Nobody answers for as long as the pauses are taken for passed: they must
    # be there, and one between any two questions.
    if not len(reads) - 1 <= len(pauses) <= 60:
        raise AssertionError(f'{len(reads)} questions, {pauses}')


def main():
    print(f'1..{len(TESTS)}')
    failed = 0
    for number, function in enumerate(TESTS, 1):
        try:
            with tempfile.TemporaryDirectory() as path, \
                    SayingRelay(pathlib.Path(path)) as relay:
                function(pathlib.Path(path), relay)
            print(f'ok {number} - {function.__name__}', flush=True)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f'not ok {number} - {function.__name__}\n# {error}',
                  flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
