"""A car key travels from owner to friend through a real relay: the story."""
import base64
import json
import pathlib
import shlex
import subprocess
import textwrap
import time
import uuid

from story import Story, ask, expect, preview, say_invitation

import car  # (story.py has found it)
import demo_attest
from relay import Relay
from wire import Wire

GRANTED = 'unlock,lock,start,drive'


def sentence(result):
    """The first words of what a program says."""
    words = result.json['message'].split('. ')[0].split(':')[0]
    return words.rstrip('.') + '.'


def verdict(result):
    """What a vehicle says, without the name of the check."""
    return result.json['message'].split(' (check')[0]


def prepare(story, cast):
    story.step('The maker builds a car and certifies the key of its owner')
    cast.enrol(server=True)
    story.say(f'vehicle {car.VIN}; four programs and the server of its maker')


def share(story, cast):
    story.step('The owner shares a key: ' + GRANTED.replace(',', ', ') +
               '; not the trunk')
    cast.owner.passphrase = cast.file('guess')
    pathlib.Path(cast.owner.passphrase).write_text('letmein\n')
    guess = cast.share('Weekend at the lake', GRANTED, expect=car.PASSPHRASE)
    story.say('a stranger: ' + guess.json['message'])
    cast.owner.passphrase = cast.file('passphrase')
    cast.share('Weekend at the lake', GRANTED)
    story.say(f'the owner: the PIN is {cast.pin}, which is told by voice')
    url = cast.url_file.read_text().strip()
    say_invitation(story, url)
    story.show_wire()
    return url


def stranger(story, cast, wire, plain):
    story.step('A stranger saw the URL, but not what follows the #')
    claim = str(uuid.uuid4())
    seen = ask(wire, 'POST', plain, Mailbox_Device_Claim=claim)
    expect(seen.status == 200, f'reading answers {seen.status}')
    for word in (car.VIN, 'KeyCreationRequest', 'unlock', 'Weekend'):
        expect(word not in seen.body, f'the stranger can read "{word}"')
    story.say('what he reads: ' + seen.body[:52] + '…')
    back = ask(wire, 'PATCH', plain, Mailbox_Device_Claim=claim,
               Mailbox_Request_ID=str(uuid.uuid4()))
    expect(back.status == 200, f'giving back answers {back.status}')
    guess = cast.make_friend(cast.party('friend', 'stranger'))
    guessed = guess.run('accept', expect=None,
                        stdin=plain + '#AAAAAAAAAAAAAAAAAAAAAA==')
    expect(guessed.status == car.REFUSED and
           guessed.json.get('error') == 'TG_E_AUTH',
           f'the stranger got further than that: {guessed.text}')
    expect(not list(guess.state.glob('certificate-*')),
           'the stranger has a key')
    story.say('with a guessed secret: ' + sentence(guessed))
    story.show_wire()


class Waiting:
    """A device that waits for the other side, known to by its one question."""

    def __init__(self, story, party):
        asked = len(story.wire.held())
        self.process = subprocess.Popen(
            party.command('continue', '--json', '--wait', '20'), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        while len(story.wire.held()) == asked and self.process.poll() is None:
            time.sleep(0.01)  # until the relay has it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def back(self):
        """What it says in the end, and how long that has taken from now."""
        since = time.monotonic()
        told = self.process.communicate(timeout=60)[0].splitlines()[-1]
        took_ms = (time.monotonic() - since) * 1000
        return json.loads(told)['message'], max(1, round(took_ms))


def accept(story, cast):
    story.step("The friend's device accepts; the PIN is mistyped")
    wrong = cast.wrong_pin_file()
    cast.friend.run('accept', '--url-file', str(cast.url_file),
                    '--pin-file', wrong)
    story.say('It makes a P-256 key, and proves to know a PIN without '
              'sending it.')
    with Waiting(story, cast.friend) as friend:
        told = cast.owner.run('continue', expect=None)
        asked, took_ms = friend.back()
    story.say('owner: ' + told.json['message'].split(' (')[0])
    story.say(f'friend, {took_ms} ms later: ' + asked.split(' Ask ')[0])
    story.show_wire()


def sign(story, cast):
    story.step('The friend asks the owner, and types it again')
    with Waiting(story, cast.owner) as owner:
        cast.friend.run('continue', '--pin-file', str(cast.pin_file))
        told, took_ms = owner.back()
    mode = (cast.friend.state / 'wallet.db').stat().st_mode & 0o777
    expect(mode == 0o600, f'the wallet has mode {mode:o}')
    story.say(f'owner, {took_ms} ms later: ' + told.split('. ', 1)[1])
    expect(len(story.wire.held()) == 2, 'somebody has asked more than once')
    story.say('Both waited with one question, which the relay held: no polls')
    story.show_wire()
    story.step('The friend takes the key, deletes the mailbox, and registers')
    told = cast.friend.run('continue')
    expect(told.json.get('registered'), f'not registered: {told.text}')
    story.say('friend: ' + told.json['message'].split('. ')[-1])
    story.show_wire()


def second_device(story, cast):
    story.step('A second device comes with URL and secret: too late')
    second = cast.make_friend(cast.party('friend', 'second'))
    result = cast.accept(second, expect=None)
    expect(result.status == car.TAKEN, f'it was let in: {result.text}')
    story.say(sentence(result))
    calls = story.wire.calls
    expect(calls and calls[-1].status == 401, 'the relay did not answer 401')
    story.show_wire()


def drive(story, cast):
    story.step('At the car: challenge and response; a lent key is registered')
    with cast.serve() as vehicle:
        for action in ('open', 'start', 'trunk'):
            allowed = action != 'trunk'
            result = cast.ask(vehicle, action, expect=None)
            expect(result.status == (car.DONE if allowed else car.REFUSED),
                   f'{action}: {result.text}')
            expect(allowed or result.check == 'entitlement',
                   f'refused for another reason: {result.text}')
            story.say(f'friend {action:<6} {verdict(result)}')
        take_back(story, cast, vehicle)
    expect(len(cast.events()) == 4, 'the event log is not complete')


def take_back(story, cast, vehicle):
    story.step('The owner takes the key back: the maker tells the car')
    told = cast.owner.run('revoke', '--name', 'Weekend at the lake')
    story.say('owner: ' + told.json['message'].split(':')[0] + '.')
    story.show_wire()
    result = cast.ask(vehicle, 'open', expect=car.REFUSED)
    expect(result.check == 'revoked', f'another reason: {result.text}')
    story.say(f'friend open   {verdict(result)}')


def verify(story, cast):
    friend = cast.friend.state
    command = ['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted',
               'issuer-1.pem', 'certificate-1.pem']
    status, text = car.openssl(*[str(friend / word) if '.pem' in word
                                 else word for word in command])
    expect(status == 0 and text.strip().endswith(': OK'), text)
    story.say('openssl verify -x509_strict: ' +
              text.strip().rsplit('/', 1)[1])


def gone(story, cast, wire, plain):
    story.step('The mailbox is gone, and the invitation is worth nothing')
    page = ask(wire, 'GET', plain)
    expect(page.status == 404, f'the preview still answers {page.status}')
    late = cast.make_friend(cast.party('friend', 'late'))
    result = cast.accept(late, expect=None)
    expect(result.status == car.OVER, f'accepted again: {result.text}')
    story.say(sentence(result))
    story.show_wire()


def nothing_leaked(story, cast, wire, relay, secret):
    story.step('What nobody else ever had')
    others = [path for party in (cast.owner, cast.vehicle, cast.maker)
              for path in cast.files_of(party)] + relay.files()
    for path in others:
        expect(not car.holds(path.read_bytes(), base64.b64decode(secret)),
               f'secret in {path}')
    expect(not car.holds(wire.bytes, base64.b64decode(secret)),
           'the secret crossed the wire')
    story.say(f'the secret: not in {len(wire.bytes)} bytes on the wire, nor '
              f'in {len(others)} files of others')


def tell(attest):
    with Story('A car key is lent') as story, Wire() as wire, \
            demo_attest.maker(attest) as (device, conf), \
            Relay(public_host=wire.host, conf=conf) as relay, \
            car.Cast(wire, device) as cast:
        wire.connect(relay)
        story.relay_is_up(wire)
        if attest:
            demo_attest.refuse(story, wire)
        prepare(story, cast)
        with cast.maker_serving():
            url = share(story, cast)
            if attest:
                demo_attest.accepted(story, wire)
            plain, secret = url.split('#')
            preview(story, wire, plain)
            stranger(story, cast, wire, plain)
            accept(story, cast)
            second_device(story, cast)
            sign(story, cast)
            verify(story, cast)
            drive(story, cast)
            gone(story, cast, wire, plain)
            nothing_leaked(story, cast, wire, relay, secret)


def keep():
    """Leave a relay and enrolled parties behind."""
    relay = Relay()
    try:
        relay.start()
        cast = car.Cast(relay)
        cast.enrol()
    except BaseException:
        relay.close()
        raise
    top = shlex.quote(str(cast.top))
    programs = shlex.quote(str(pathlib.Path(cast.owner.program).parent))
    pid = relay.process.pid
    print(textwrap.dedent(f'''
        A relay is left running: {relay.url}, trusted with {relay.ca}
        Four parties are ready in {top}. Type:
          cd {top}; PATH={programs}:$PATH
          PASS="--passphrase-file passphrase"
          owner share --state owner --name lake $PASS \\
              --entitlements unlock,start --url-file url --pin-file pin
          friend accept --state friend --url-file url --pin-file pin
          owner continue --state owner $PASS; friend continue --state friend
          vehicle serve --state vehicle &
          friend open --state friend --vehicle vehicle/vehicle.sock
        To end it: kill {pid} %1; rm -r {top} {shlex.quote(str(relay.state))}
        ''').strip(), flush=True)
