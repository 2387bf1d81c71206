"""tigress: shares from one device to another, through a real relay."""
import datetime
import json
import stat
import subprocess
import time

import cli_kit
from cli_kit import (Device, GONE, NOTHING_NEW, NOT_NOW, REFUSED,
                     UNREACHABLE, secret)


def a_car_key_goes_back_and_forth_and_is_finished(relay):
    """§12, stateful"""
    with Device(relay) as owner, Device(relay) as friend:
        shared = owner.share('--title', 'Key of the blue car')
        assert shared['event'] == 'shared', shared
        first = friend.receive(shared['url'])
        assert first['event'] == 'message', first
        assert first['title'] == 'Key of the blue car'
        assert first['content'] == {'text': 'one'}, first

        answer = friend.information('two')
        assert friend.event('update', '1', answer)['event'] == 'sent'
        second = owner.event('watch', '1', '--timeout', '30')
        assert second['content'] == {'text': 'two'}, second

        owner.run('update', '1', owner.information('three'))
        third = friend.event('watch', '--timeout', '30')
        assert third['content'] == {'text': 'three'}, third

        assert friend.event('finish', '1')['event'] == 'finished'
        assert owner.event('watch', '1', expect=GONE)['event'] == 'gone'
        assert owner.list()[1]['state'] == 'gone'
        assert friend.list()[1]['state'] == 'finished'


def a_token_is_received_saved_and_finished_in_one_step(relay):
    """§12, stateless"""
    with Device(relay) as sender, Device(relay) as guest:
        url = sender.share(kind=cli_kit.TOKEN)['url']
        out = guest.home / 'token.json'
        event = guest.receive(url, '--out', str(out), '--finish')
        assert event['file'] == str(out) and 'content' not in event, event
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        saved = json.loads(out.read_text())
        assert saved == {'format': cli_kit.TOKEN,
                         'content': {'text': 'one'}}, saved
        with Device(relay) as late:
            late.receive(url, expect=GONE)
            assert late.list() == {}


def what_was_received_can_be_shown_and_shared_on(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        friend.receive(url)
        shown = friend.event('show', '1')
        assert shown['received']['content'] == {'text': 'one'}, shown
        out = friend.home / 'again.json'
        friend.run('show', '1', '--out', str(out))
        assert json.loads(out.read_text()) == shown['received']
        friend.run('update', '1', str(out))


def receiving_a_link_again_changes_nothing(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        friend.receive(url)
        friend.receive(url, expect=NOTHING_NEW)
        friend.receive(url + '\n', expect=NOTHING_NEW)
        assert len(friend.list()) == 1


def a_link_is_read_from_a_file_or_from_standard_input(relay):
    with Device(relay) as owner, Device(relay) as one, Device(relay) as two:
        url = owner.share()['url']
        path = one.file(f'  {url} \r\n')
        one.run('receive', '--url-file', path, '--allow', one.host)
        url = owner.share()['url']
        two.run('receive', '--allow', two.host, stdin=url)


def a_share_that_is_given_back_goes_to_another_device(relay):
    """R-REL-1"""
    with Device(relay) as owner, Device(relay) as one, Device(relay) as two:
        url = owner.share()['url']
        one.receive(url)
        assert one.event('relinquish', '1')['event'] == 'relinquished'
        assert two.receive(url)['content'] == {'text': 'one'}
        assert one.list()[1]['state'] == 'relinquished'
        one.event('update', '1', one.information('x'), expect=NOT_NOW)


def a_cancelled_share_is_gone_for_everybody(relay):
    """R-DEL-1"""
    with Device(relay) as owner, Device(relay) as friend, \
            Device(relay) as late:
        url = owner.share()['url']
        friend.receive(url)
        assert owner.event('cancel', '1')['event'] == 'cancelled'
        friend.event('update', '1', friend.information('x'), expect=GONE)
        late.receive(url, expect=GONE)
        owner.event('qr', '1', expect=GONE)
        assert owner.event('forget', '1')['event'] == 'forgotten'
        assert owner.list() == {}


def an_open_share_cannot_be_forgotten(relay):
    with Device(relay) as owner:
        owner.share()
        owner.event('forget', '1', expect=NOT_NOW)
        assert owner.list()[1]['state'] == 'open'


def a_share_begun_without_a_relay_is_resumed_when_it_is_back(relay):
    """R-IDEM"""
    with Device(relay) as owner, Device(relay) as friend:
        relay.stop()
        try:
            failed = owner.event(
                'share', owner.information('kept'), '--relay', relay.url,
                expect=UNREACHABLE)
            assert failed['error'] == 'unreachable', failed
            assert owner.list()[1]['interrupted']
            owner.event('resume', expect=UNREACHABLE)
        finally:
            relay.start()
        resumed = owner.event('resume')
        assert resumed['event'] == 'resumed' and resumed['expires'], resumed
        assert owner.events('resume') == []
        url = owner.event('qr', '1')['url']
        assert resumed['url'] == url, resumed
        assert friend.receive(url)['content'] == {'text': 'kept'}


def the_link_of_a_resumed_share_is_printed(relay):
    with Device(relay) as owner, Device(relay) as friend:
        relay.stop()
        try:
            owner.run('share', owner.information('kept'), '--relay',
                      relay.url, expect=UNREACHABLE)
        finally:
            relay.start()
        done = owner.run('resume', '1')
        assert done.stdout.startswith(relay.url), done
        assert 'Share 1 is ready' in done.stderr, done
        assert friend.receive(done.stdout)['content'] == {'text': 'kept'}


def receiving_without_a_relay_is_resumed_when_it_is_back(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        relay.stop()
        try:
            friend.receive(url, expect=UNREACHABLE)
        finally:
            relay.start()
        assert friend.event('resume')['content'] == {'text': 'one'}
        assert friend.events('resume') == []


def watching_goes_on_while_the_relay_is_away(relay):
    with Device(relay) as owner, Device(relay) as friend:
        friend.receive(owner.share()['url'])
        friend.run('update', '1', friend.information('two'))
        relay.stop()
        try:
            for arguments in ((), ('1',)):
                owner.event('watch', *arguments, '--timeout', '1',
                            expect=UNREACHABLE)
            watching = owner.start('--json', 'watch', '--timeout', '60')
            time.sleep(3)  # longer than the library repeats one call
        finally:
            relay.start()
        try:
            out, err = watching.communicate(timeout=cli_kit.SECONDS)
        finally:
            watching.kill()
        assert json.loads(out)['content'] == {'text': 'two'}, (out, err)


def a_share_taken_by_another_device_meanwhile_is_not_resumed(relay):
    """R-READ-3"""
    with Device(relay) as owner, Device(relay) as friend, \
            Device(relay) as other:
        url = owner.share()['url']
        relay.stop()
        try:
            friend.receive(url, expect=UNREACHABLE)
        finally:
            relay.start()
        other.receive(url)
        assert 1 in friend.list()
        friend.event('resume', expect=REFUSED)
        assert friend.list() == {}


def a_share_that_was_never_read_can_be_forgotten(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        relay.stop()
        try:
            friend.receive(url, expect=UNREACHABLE)
            friend.event('forget', '1')
        finally:
            relay.start()
        assert friend.list() == {}
        assert friend.receive(url)['share'] == 2


def information_is_taken_from_standard_input(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.event(
            'share', '-', '--relay', relay.url,
            stdin='{"format": "%s", "content": {"a": 1}}' % cli_kit.CAR)['url']
        assert friend.receive(url)['content'] == {'a': 1}


def a_message_whose_file_cannot_be_written_is_not_lost(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        taken = friend.file('mine')
        friend.receive(url, '--out', taken, expect=cli_kit.FAILED)
        with open(taken, encoding='utf-8') as file:
            assert file.read() == 'mine'
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run(
                friend.command('receive', '--allow', friend.host), input=url,
                text=True, stdout=full, stderr=subprocess.PIPE,
                env=friend.environment, timeout=cli_kit.SECONDS, check=False)
        assert done.returncode == cli_kit.FAILED, done
        assert friend.receive(url)['content'] == {'text': 'one'}


def both_ciphers_and_every_kind_arrive(relay):
    with Device(relay) as owner, Device(relay) as friend:
        count = 0
        for cipher, size in ('aes-128-gcm', 24), ('aes-256-gcm', 44):
            for kind, letter in (('general', None), ('home', 'h'),
                                 ('car', 'c')):
                url = owner.share('--algorithm', cipher, '--vertical',
                                  kind)['url']
                count += 1
                assert len(secret(url)) == size, url
                assert url.partition('#')[0].endswith(f'?v={letter}') or \
                    letter is None, url
                friend.receive(url)
                shown = friend.event('show', str(count))
                assert shown['vertical'] == kind, shown


def the_time_of_a_share_is_what_was_asked_for(relay):
    """D6 D7"""
    with Device(relay) as owner:
        until = (datetime.datetime.now(datetime.timezone.utc) +
                 datetime.timedelta(hours=2)).strftime('%Y-%m-%dT%H:%M:00Z')
        assert owner.share('--expires', until)['expires'][:16] == until[:16]
        short = owner.share('--lifetime', '60')['expires']
        assert short < owner.share('--lifetime', '3600')['expires']
        owner.event('share', owner.information('x'), '--relay', relay.url,
                    '--expires', '2001-01-01T00:00:00Z', expect=cli_kit.USAGE)
        assert len(owner.list()) == 3


def text_of_the_other_side_cannot_steer_the_terminal(relay):
    with Device(relay) as owner, Device(relay) as friend:
        text = 'x\x1b[2J\u202e\x9b31m'
        url = owner.share(text=text)['url']
        done = friend.run('receive', '--allow', friend.host, stdin=url)
        for unsafe in '\x1b', '\u202e', '\x9b':
            assert unsafe not in done.stdout + done.stderr
        assert json.loads(done.stdout)['content'] == {'text': text}


def files_of_the_wallet_are_for_their_owner_alone(relay):
    with Device(relay) as owner:
        owner.share()
        for path in owner.wallet.parent.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        mode = owner.wallet.parent.stat().st_mode
        assert stat.S_IMODE(mode) == 0o700


if __name__ == '__main__':
    cli_kit.main(
        a_car_key_goes_back_and_forth_and_is_finished,
        a_token_is_received_saved_and_finished_in_one_step,
        what_was_received_can_be_shown_and_shared_on,
        receiving_a_link_again_changes_nothing,
        a_link_is_read_from_a_file_or_from_standard_input,
        a_share_that_is_given_back_goes_to_another_device,
        a_cancelled_share_is_gone_for_everybody,
        an_open_share_cannot_be_forgotten,
        a_share_begun_without_a_relay_is_resumed_when_it_is_back,
        the_link_of_a_resumed_share_is_printed,
        receiving_without_a_relay_is_resumed_when_it_is_back,
        watching_goes_on_while_the_relay_is_away,
        a_share_taken_by_another_device_meanwhile_is_not_resumed,
        a_share_that_was_never_read_can_be_forgotten,
        information_is_taken_from_standard_input,
        a_message_whose_file_cannot_be_written_is_not_lost,
        both_ciphers_and_every_kind_arrive,
        the_time_of_a_share_is_what_was_asked_for,
        text_of_the_other_side_cannot_steer_the_terminal,
        files_of_the_wallet_are_for_their_owner_alone,
    )
