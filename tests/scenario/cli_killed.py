"""tigress: killed at any moment, it goes on where it was.

Each trial kills the program a little later than the one before, from before it
has begun until after it has ended; what must hold does not depend on when.
"""
import subprocess

import cli_kit
from cli_kit import Device, DONE, NOTHING_NEW

TRIALS = 24
STEP_SECONDS = 0.004


def run_and_kill(device, trial, *arguments, stdin=''):
    """Start a command, and kill -9 it after a while."""
    process = device.start(*arguments, stdin=subprocess.PIPE)
    try:
        process.communicate(stdin, timeout=(trial + 1) * STEP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def a_share_killed_while_it_is_made_is_whole_or_not_there(relay):
    """R-IDEM"""
    with Device(relay) as owner, Device(relay) as friend:
        for trial in range(TRIALS):
            run_and_kill(owner, trial, 'share', owner.information('whole'),
                         '--relay', relay.url)
        owner.run('resume')
        shares = owner.list()
        assert len(shares) <= TRIALS
        for number, share in shares.items():
            assert share['state'] == 'open' and not share['interrupted']
            url = owner.event('qr', str(number))['url']
            assert friend.receive(url)['content'] == {'text': 'whole'}
        owner.share()  # the wallet is in order


def a_share_killed_while_it_is_received_is_not_lost(relay):
    """R-READ-2"""
    with Device(relay) as owner, Device(relay) as friend:
        for trial in range(TRIALS):
            url = owner.share()['url']
            run_and_kill(friend, trial, 'receive', '--allow', friend.host,
                         stdin=url)
            done = friend.run('receive', '--allow', friend.host, stdin=url,
                              expect=None)
            assert done.returncode in (DONE, NOTHING_NEW), done
            shown = friend.event('show', str(trial + 1))
            assert shown['received']['content'] == {'text': 'one'}, shown


def an_update_killed_on_its_way_arrives_once_or_not_at_all(relay):
    """R-IDEM R-UPD-3"""
    with Device(relay) as owner, Device(relay) as friend:
        friend.receive(owner.share()['url'])
        for trial in range(0, TRIALS, 3):
            text = f'message {trial}'
            run_and_kill(friend, trial, 'update', '1',
                         friend.information(text))
            friend.run('resume')
            events = owner.events('watch', '1', '--timeout', '1', expect=None)
            assert len(events) == 1, events
            if events[0]['event'] == 'message':
                assert events[0]['content'] == {'text': text}, events
                again = owner.event('watch', '1', '--timeout', '1',
                                    expect=NOTHING_NEW)
                assert again['error'] == 'nothing-new', again
            else:
                assert events[0]['error'] == 'nothing-new', events


if __name__ == '__main__':
    cli_kit.main(
        a_share_killed_while_it_is_made_is_whole_or_not_there,
        a_share_killed_while_it_is_received_is_not_lost,
        an_update_killed_on_its_way_arrives_once_or_not_at_all)
