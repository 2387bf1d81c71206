"""A room key travels from one guest to another: the story."""
import secrets

from story import ask, expect, preview, say_invitation, Story

import demo_attest
import hotel  # (story.py has found it)
import hotel_peer
from relay import Relay
from wire import Wire


def prepare(story, cast):
    story.step('A hotel opens; a guest books room 204 with its pool')
    cast.check_in()
    story.say('desk, two doors, two guests: programs with directories of '
              'their own.')


def share(story, cast):
    story.step('The guest gives a key for the room away; not for the pool')
    cast.share('Weekend', '--doors', 'room')
    url = cast.url_file.read_text().strip()
    story.say('The desk has issued a token for that door and these days; it '
              'waits in a mailbox.')
    say_invitation(story, url)
    story.show_wire()
    return url.split('#')[0]


def stranger(story, cast, plain):
    story.step('A stranger saw the URL, but not what follows the #')
    guess = cast.make_guest(cast.guest('stranger'))
    key = secrets.token_urlsafe(16)
    result = guess.run('accept', stdin=f'{plain}#{key}', expect=None)
    expect(result.status == hotel.REFUSED and
           result.json.get('error') == 'TG_E_AUTH', result.text)
    expect(cast.keys() == 0, 'the stranger has a key')
    story.say('with a guessed secret: ' + result.json['message'])
    story.show_wire()


def accept(story, cast, wire, plain):
    story.step('The other guest reads it, deletes the mailbox, redeems')
    result = cast.accept()
    story.say(result.json['message'])
    story.show_wire()
    expect(ask(wire, 'GET', plain).status == 404, 'the mailbox is still there')
    wire.take()
    late = cast.make_guest(cast.guest('late'))
    result = cast.accept(late, expect=None)
    expect(result.status == hotel.OVER, result.text)
    story.say('a third one: ' + result.json['message'])
    story.show_wire()


def doors(story, cast, room, pool):
    story.step('At the doors: challenge and response, no network needed')
    for name, door, status in (('room', room, hotel.DONE),
                               ('pool', pool, hotel.REFUSED)):
        result = cast.open(door, expect=None)
        expect(result.status == status, result.text)
        story.say(f'{name}  {result.json["message"]}')


def redeem_again(story, cast):
    story.step('Twenty devices redeem one token at the same time')
    booking = cast.book()
    token = hotel_peer.ask_token(cast, booking).json['token']
    answers = hotel_peer.redeem_at_once(cast, token, 20)
    issued = [one for one in answers if one.status == 200]
    refused = [one for one in answers if one.check == 'redeemed']
    expect((len(issued), len(refused)) == (1, 19), 'not exactly one key')
    story.say(f'1 key; 19 times: {refused[0].json["message"]}')


def cancel(story, cast, room):
    story.step('The first guest takes the key back')
    story.say(cast.first.run('cancel', '--name', 'Weekend').json['message'])
    result = cast.open(room, expect=None)
    expect(result.check == 'cancelled', result.text)
    story.say('room  ' + result.json['message'])


def tell(attest):
    with Story('A room key is given on') as story, Wire() as wire, \
            demo_attest.maker(attest) as (device, conf), \
            Relay(public_host=wire.host, conf=conf) as relay, \
            hotel.Cast(wire, device) as cast:
        wire.connect(relay)
        story.relay_is_up(wire)
        if attest:
            demo_attest.refuse(story, wire)
        prepare(story, cast)
        plain = share(story, cast)
        if attest:
            demo_attest.accepted(story, wire)
        preview(story, wire, plain)
        stranger(story, cast, plain)
        accept(story, cast, wire, plain)
        with cast.door('room', online=True) as room, \
                cast.door('pool', room=None) as pool:
            doors(story, cast, room, pool)
            redeem_again(story, cast)
            cancel(story, cast, room)
