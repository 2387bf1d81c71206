"""What `demo --attest` adds to a story: its relay makes mailboxes only for
devices that somebody vouches for."""
import contextlib

from story import expect

import cli_kit  # (story.py has found it)

HEADER = '\r\nMailbox-Device-Attestation: '


@contextlib.contextmanager
def maker(wanted):
    """(directory of an authenticator, directives of a relay that trusts its
    maker); (None, ()) when that is not wanted."""
    if not wanted:
        yield None, ()
        return
    with cli_kit.Device() as device:
        device.home.chmod(0o755)  # the relay's master may be another user
        place = str(device.home / 'authenticator')
        root = device.event('authenticator', place)['root']
        yield place, ('tigress_attestation required;',
                      f'tigress_attestation_root {root};')


def refuse(story, wire):
    """A device with nothing to show."""
    story.step('The relay wants devices that somebody vouches for')
    with cli_kit.Device(wire) as device:
        done = device.run('share', device.information('a key'), '--relay',
                          wire.url, expect=None)
    expect(done.returncode == cli_kit.REFUSED, f'not refused: {done.stderr}')
    expect(not [head for head in wire.asked if not head.startswith('GET')],
           'something of the share was sent')
    story.say('one without: ' + ' '.join(done.stderr.split()).partition(
        ': ')[2])
    story.show_wire()


def accepted(story, wire):
    """The mailbox that was just made had a statement."""
    creates = [head for head in wire.asked if head.startswith('POST /v1/m ')]
    expect(creates and HEADER in creates[-1], 'there was no statement')
    story.say('The device vouched for itself: with software for development, '
              'which proves nothing.')
