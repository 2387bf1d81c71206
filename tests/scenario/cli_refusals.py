"""tigress: what is refused, with which exit status, and what is left after."""
import contextlib
import json
import pathlib
import resource
import select
import signal
import socket
import sqlite3
import subprocess

import cli_kit
import relay as relays
from cli_kit import (Device, Skip, DONE, USAGE, REFUSED, GONE,
                     NOTHING_NEW, UNREACHABLE, NOT_TRUSTED, UNKNOWN_KIND,
                     NOT_GENUINE, WALLET, NO_SUCH_SHARE, NOT_NOW, secret)

NOBODY_HERE = '/v1/m/2bba630e-519b-41ec-bf63-0242ac130002#' \
              'AAECAwQFBgcICQoLDA0ODw=='


def a_second_device_learns_that_it_is_too_late(relay):
    """R-READ-2 R-READ-3"""
    with Device(relay) as owner, Device(relay) as friend, \
            Device(relay) as thief:
        url = owner.share()['url']
        friend.receive(url)
        late = thief.receive(url, expect=REFUSED)
        assert late['event'] == 'error' and late['status'] == REFUSED
        assert 'another device' in late['message'], late
        assert thief.list() == {}
        human = thief.run('receive', '--allow', thief.host, stdin=url,
                          expect=REFUSED)
        assert 'already accepted on another device' in human.stderr
        friend.run('update', '1', friend.information('still mine'))


def a_link_on_the_command_line_is_refused_and_not_repeated(relay):
    """R-URL-1"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        for arguments in (('receive', url), ('receive', '--url-file', url),
                          ('receive', f'--url-file={url}'), ('qr', url),
                          (url,)):
            done = friend.run(*arguments, expect=USAGE)
            assert 'standard input' in done.stderr, done.stderr
            assert secret(url) not in done.stdout + done.stderr
        assert friend.receive(url)['content'] == {'text': 'one'}


@contextlib.contextmanager
def listener():
    """A silent port; yields it and "is there a call within N seconds?"."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield (server.getsockname()[1], lambda seconds:
               bool(select.select([server], [], [], seconds)[0]))


def a_relay_that_is_not_allowed_sees_no_traffic(relay):
    """R-URL-2"""
    with Device(relay) as friend:
        with listener() as (port, was_called):
            url = f'https://127.0.0.1:{port}{NOBODY_HERE}'
            error = friend.event('receive', '--allow', friend.host, stdin=url,
                                 expect=NOT_TRUSTED)
            assert error['error'] == 'relay-not-allowed', error
            assert not was_called(0)
            assert friend.list() == {}
            human = friend.run('receive', stdin=url, expect=NOT_TRUSTED)
            assert f'127.0.0.1:{port}' in human.stderr, human.stderr
            # The same relay, allowed: the check above is able to fail.
            process = friend.start('receive', '--allow', f'127.0.0.1:{port}',
                                   stdin=subprocess.PIPE)
            try:
                process.stdin.write(url)
                process.stdin.close()
                process.stdin = None
                assert was_called(cli_kit.SECONDS)
            finally:
                process.kill()
                process.communicate()


def relays_are_allowed_by_a_list_in_the_configuration(relay):
    """R-URL-2"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        friend.event('receive', stdin=url, expect=NOT_TRUSTED)
        path = friend.file('# mine\n\nno relay at all\n')
        friend.event('receive', '--allow-list', path, stdin=url, expect=USAGE)
        friend.event('receive', '--allow-list', path + '.not', stdin=url,
                     expect=USAGE)
        directory = friend.home / '.config' / 'tigress'
        directory.mkdir(parents=True)
        (directory / 'relays').write_text(f'# mine\n{friend.host}  # here\n')
        assert friend.event('receive', stdin=url)['event'] == 'message'


def a_certificate_of_an_unknown_authority_is_not_trusted(relay):
    """R-TLS-1"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        error = friend.receive(url, expect=NOT_TRUSTED, ca=False)
        assert error['error'] == 'bad-certificate', error
        assert friend.receive(url)['event'] == 'message'


def a_relay_that_does_not_answer_is_unreachable(relay):
    with Device(relay) as friend:
        port = relays.free_port()
        error = friend.event('receive', '--allow', f'127.0.0.1:{port}',
                             stdin=f'https://127.0.0.1:{port}{NOBODY_HERE}',
                             expect=UNREACHABLE)
        assert error['status'] == UNREACHABLE, error


def a_share_that_never_was_is_gone(relay):
    with Device(relay) as friend:
        friend.receive(relay.url + NOBODY_HERE, expect=GONE)
        assert friend.list() == {}


def an_unknown_kind_is_left_for_another_device(relay):
    """§11"""
    with Device(relay) as owner, Device(relay) as one, Device(relay) as two:
        url = owner.share(kind='example.unheard.of')['url']
        for device in one, two:
            error = device.receive(url, expect=UNKNOWN_KIND)
            assert 'not known here' in error['message'], error
            assert device.list() == {}


def a_link_with_another_secret_opens_nothing_and_takes_nothing(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        wrong = url.partition('#')[0] + '#AAAAAAAAAAAAAAAAAAAAAA=='
        friend.receive(wrong, expect=NOT_GENUINE)
        assert friend.list() == {}
        assert friend.receive(url)['content'] == {'text': 'one'}


def what_is_no_link_is_a_mistake_of_the_user(relay):
    """§10"""
    with Device(relay) as friend:
        for text in ('', '\n', 'hello', 'http://127.0.0.1/v1/m/x#y',
                     relay.url + '/v1/m/nonsense#AAAAAAAAAAAAAAAAAAAAAA==',
                     relay.url + NOBODY_HERE[:-4], relay.url + NOBODY_HERE * 9,
                     relay.url + NOBODY_HERE.partition('#')[0], 'x' * 5000):
            error = friend.receive(text, expect=USAGE)
            assert error['error'] == 'not-a-link', (text, error)
        friend.run('receive', '--url-file', str(friend.home / 'none'),
                   expect=USAGE)
        friend.run('receive', '--url-file', str(friend.home), expect=USAGE)
        assert friend.list() == {}


def a_file_that_is_no_provisioning_information_is_refused(relay):
    """§11"""
    with Device(relay) as owner:
        relay_option = '--relay', relay.url
        for content in ('', '{', '[]', '{"format":"x"}', {'content': {}},
                        {'format': '', 'content': {}},
                        {'format': 'x', 'content': []},
                        '{"format":"x","format":"y","content":{}}',
                        '{"format":"x","content":{}} x'):
            error = owner.event('share', owner.file(content), *relay_option,
                                expect=USAGE)
            assert error['error'] == 'not-provisioning', (content, error)
        big = owner.file({'format': 'x', 'content': {'a': 'x' * 70000}})
        owner.event('share', big, *relay_option, expect=USAGE)
        owner.event('share', str(owner.home / 'none'), *relay_option,
                    expect=USAGE)
        owner.event('share', str(owner.home), *relay_option, expect=USAGE)
        assert owner.list() == {}


def an_offer_that_the_relay_does_not_accept_leaves_no_share(relay):
    """R-CREATE-2 R-CREATE-3"""
    with Device(relay) as owner:
        for option, value in (('--title', 'x' * 129), ('--title', 'a\tb'),
                              ('--description', 'x' * 513),
                              ('--image', 'http://plain.example/i.png'),
                              ('--rights', 'RR'), ('--rights', 'X')):
            owner.event('share', owner.information('x'), '--relay', relay.url,
                        option, value, expect=USAGE)
        # More than this relay takes, though not more than the protocol allows.
        large = owner.information('x' * 20000)
        done = owner.run('-v', 'share', large, '--relay', relay.url,
                         expect=USAGE)
        assert '16384 bytes' in done.stderr, done.stderr
        assert owner.list() == {}


def a_right_that_was_not_given_is_refused(relay):
    """R-CREATE-3 D5"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share('--rights', 'R')['url']
        friend.receive(url)
        friend.event('update', '1', friend.information('x'), expect=REFUSED)
        friend.event('cancel', '1', expect=REFUSED)
        owner.event('watch', '1', '--timeout', '1', expect=NOTHING_NEW)
        owner.event('cancel', '1')


def a_file_that_cannot_be_read_is_named(relay):
    with Device(relay) as device:
        none = str(device.home / 'none')
        url = relay.url + NOBODY_HERE
        for arguments in (
                ('share', none, '--relay', relay.url),
                ('update', '1', none), ('receive', '--url-file', none),
                ('receive', '--allow-list', none), ('list', '--ca', none),
                ('list', '--allow-list', none)):
            error = device.event(*arguments, ca='--ca' not in arguments,
                                 stdin=url, expect=USAGE)
            assert error['error'] == 'unreadable', error
            assert none in error['message'], error
            assert 'No such file' in error['message'], error
            directory = [str(device.home) if word == none else word
                         for word in arguments]
            error = device.event(*directory, ca='--ca' not in arguments,
                                 stdin=url, expect=USAGE)
            assert str(device.home) in error['message'], error
        assert not device.wallet.exists()


def authorities_that_cannot_be_read_are_found_before_a_share_is_begun(relay):
    """R-TLS-1"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        none = str(friend.home / 'none.pem')
        error = friend.receive(url, '--ca', none, ca=False, expect=USAGE)
        assert none in error['message'], error
        owner.event('share', owner.information('x'), '--relay', relay.url,
                    '--ca', none, ca=False, expect=USAGE)
        assert friend.list() == {} and len(owner.list()) == 1
        assert friend.receive(url)['content'] == {'text': 'one'}


def a_list_of_relays_is_needed_for_receiving_alone(relay):
    """R-URL-2"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        path = friend.home / '.config' / 'tigress' / 'relays'
        path.mkdir(parents=True)  # and so it is no file
        error = friend.receive(url, expect=USAGE)
        assert str(path) in error['message'], error
        assert friend.list() == {}


def only_sharing_and_receiving_make_a_wallet(relay):
    with Device(relay) as device:
        path = device.home / 'typo.db'
        file = device.information('x')
        for command in (('list',), ('show', '1'), ('qr', '1'), ('watch',),
                        ('watch', '1'), ('update', '1', file), ('resume',),
                        ('resume', '1'), ('finish', '1'), ('cancel', '1'),
                        ('relinquish', '1'), ('forget', '1')):
            error = device.event('--wallet', str(path), *command,
                                 expect=WALLET)
            assert error['error'] == 'no-wallet', error
            assert str(path) in error['message'], error
            device.run(*command, expect=None)
            assert not path.exists() and not device.wallet.parent.exists()
        assert device.list() == {}
        device.share('--wallet', str(path))
        assert path.exists() and not device.wallet.exists()


def a_share_given_back_in_mid_conversation_is_left_by_the_next_device(relay):
    """R-REL-1 R-PAY-1"""
    with Device(relay) as owner, Device(relay) as one, Device(relay) as two:
        url = owner.share()['url']
        one.receive(url)
        one.run('update', '1', one.information('two'))
        one.run('relinquish', '1')
        for _ in range(2):
            error = two.receive(url, expect=NOT_GENUINE)
            assert error['error'] == 'replayed', error
            assert 'another device' in error['message'], error
            assert two.list() == {}
        with Device(relay) as three:  # the place is free: not "refused"
            three.receive(url, expect=NOT_GENUINE)


def a_mistake_on_the_command_line_is_named(relay):
    with Device(relay) as device:
        for arguments, word in (
                ((), 'help'), (('fly',), 'fly'), (('show',), 'SHARE'),
                (('show', 'one'), 'number'), (('show', '0'), 'number'),
                (('show', '1', '2'), 'SHARE'), (('list', '--qr'), '--qr'),
                (('list', '--nonsense'), '--nonsense'),
                (('watch', '--timeout', '0'), 'timeout'),
                (('watch', '--out', 'x'), '--out'),
                (('share', 'x'), '--relay'),
                (('share', 'x', '--relay'), '"--relay" needs a value'),
                (('show', '1', '-o'), '"--out" needs a value'),
                (('share', 'x', '--relay', 'https://a/b'), '--relay'),
                (('list', '--allow', 'https://x'), '--allow'),
                (('share', 'x', '--relay', 'r', '--lifetime', '1',
                  '--expires', '2099-01-01T00:00:00Z'), '--expires')):
            done = device.run(*arguments, expect=USAGE)
            assert word in done.stderr and done.stdout == '', done
            error = device.event(*arguments, expect=USAGE)
            assert error['error'] == 'usage' and word in error['message']
        assert not (device.home / 'x').exists()


def a_number_that_is_no_share_is_refused_by_every_command(relay):
    with Device(relay) as device:
        path = device.information('x')
        for command in ('show', 'qr', 'watch', 'resume', 'finish', 'cancel',
                        'relinquish', 'forget'):
            device.event(command, '7', expect=NO_SUCH_SHARE)
        device.event('update', '7', path, expect=NO_SUCH_SHARE)


def the_initiator_cannot_receive_or_relinquish_its_own_share(relay):
    """R-READ-1 R-REL-1"""
    with Device(relay) as owner:
        url = owner.share()['url']
        owner.receive(url, expect=NOT_NOW)
        owner.event('relinquish', '1', expect=NOT_NOW)
        assert owner.list()[1]['role'] == 'given'


def who_writes_before_reading_is_told_to_read_first(relay):
    """R-UPD-3"""
    with Device(relay) as owner, Device(relay) as friend:
        friend.receive(owner.share()['url'])
        friend.run('update', '1', friend.information('two'))
        error = owner.event('update', '1', owner.information('three'),
                            expect=NOT_NOW)
        assert error['error'] == 'changed-meanwhile', error
        assert owner.event('watch', '1')['content'] == {'text': 'two'}
        owner.run('update', '1', owner.information('three'))
        assert friend.event('watch', '1')['content'] == {'text': 'three'}


def a_share_is_gone_when_its_time_is_over(relay):
    """R-CREATE-4"""
    with Device(relay) as owner, Device(relay) as friend, \
            Device(relay) as late:
        url = owner.share('--lifetime', '2')['url']
        friend.receive(url)
        event = friend.event('watch', '1', '--timeout', '30', expect=GONE)
        assert event == {'event': 'gone', 'share': 1}, event
        late.receive(url, expect=GONE)
        owner.event('forget', '1')
        assert owner.list() == {}


def a_wallet_in_use_is_waited_for_and_then_refused(relay):
    with Device(relay) as owner:
        owner.share()
        other = sqlite3.connect(owner.wallet, isolation_level=None)
        other.execute('BEGIN EXCLUSIVE')
        error = owner.event('cancel', '1', expect=WALLET)
        assert error['error'] == 'wallet-in-use', error
        other.execute('ROLLBACK')
        other.close()
        assert owner.list()[1]['state'] == 'open'


def a_wallet_that_cannot_be_used_is_refused(relay):
    with Device(relay) as device:
        text = device.file('This is a letter to a friend. ' * 100)
        for path in (text, str(device.home), str(device.home / 'no' / 'w'),
                     '/proc/wallet.db', '/dev/full'):
            device.event('list', '--wallet', path, expect=WALLET)
        assert pathlib.Path(text).read_text().startswith('This is a letter')


def limited_files():
    """As a disk that is full: no file can grow beyond what it has."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def a_full_disk_loses_nothing_that_was_there(relay):
    with Device(relay) as owner:
        url = owner.share()['url']
        owner.event('share', owner.information('x'), '--relay', relay.url,
                    expect=WALLET, preexec_fn=limited_files)
        assert len(owner.list()) == 1
        assert owner.event('qr', '1')['url'] == url
        assert owner.share()['event'] == 'shared'


def in_a_tiny_file_system(directory, command):
    """Run a command with 64 KiB of room mounted on `directory`."""
    script = ('mount -t tmpfs -o size=64k none "$0" && cd "$0" && '
              'head -c 60000 /dev/zero > filler && exec "$@"')
    return ['unshare', '--mount', 'sh', '-c', script, str(directory), *command]


def a_wallet_on_a_disk_without_room_is_refused(relay):
    with Device(relay) as owner:
        room = owner.home / 'room'
        room.mkdir()
        if subprocess.run(in_a_tiny_file_system(room, ['true']),
                          capture_output=True, check=False).returncode:
            raise Skip('mounting a small file system is not permitted here')
        done = subprocess.run(
            in_a_tiny_file_system(room, owner.command(
                '--json', '--wallet', str(room / 'w.db'), 'share',
                owner.information('x'), '--relay', relay.url)),
            capture_output=True, text=True, env=owner.environment,
            timeout=cli_kit.SECONDS, check=False)
        assert done.returncode == WALLET, done
        assert json.loads(done.stdout)['status'] == WALLET


def a_running_command_shows_no_secret_and_leaves_no_core(relay):
    """R-URL-1"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        friend.receive(url)
        started = [owner.start('watch', '1', '--timeout', '60'),
                   friend.start('watch', '--timeout', '60'),
                   friend.start('receive', '--allow', friend.host,
                                stdin=subprocess.PIPE)]
        try:
            started[2].stdin.write(url)  # and it waits for the end of input
            started[2].stdin.flush()
            select.select([], [], [], 0.5)  # for all of them to be at work
            for process in started:
                assert process.poll() is None, process.communicate()
                proc = pathlib.Path('/proc', str(process.pid))
                line = (proc / 'cmdline').read_bytes()
                assert b'tigress' in line, line
                assert secret(url).encode() not in line
                mailbox = url.partition('/v1/m/')[2][:36]
                assert mailbox.encode() not in line
                limits = (proc / 'limits').read_text().splitlines()
                core = [row for row in limits if 'core file' in row][0]
                assert core.split()[4:6] == ['0', '0'], core
        finally:
            for process in started:
                process.kill()
                process.communicate()


def messages_do_not_name_secrets_or_identifiers(relay):
    """R-URL-1"""
    with Device(relay) as owner, Device(relay) as friend, \
            Device(relay) as thief:
        url = owner.share()['url']
        identifier = url.partition('/v1/m/')[2][:36]
        printed = []
        printed += [friend.run('-v', 'receive', '--allow', friend.host,
                               stdin=url)]
        printed += [thief.run('-v', 'receive', '--allow', thief.host,
                              stdin=url, expect=REFUSED)]
        printed += [friend.run('-v', 'show', '1'), owner.run('-v', 'list')]
        printed += [owner.run('-v', 'cancel', '1')]
        printed += [friend.run('-v', 'watch', '1', expect=GONE)]
        for done in printed:
            text = done.stdout + done.stderr
            assert secret(url) not in text, text
            assert identifier not in text, text


def a_failure_names_its_technical_reason_only_when_asked(relay):
    with Device(relay) as friend:
        url = relay.url + NOBODY_HERE
        plain = friend.run('receive', '--allow', friend.host, stdin=url,
                           expect=GONE)
        assert 'TG_E_' not in plain.stderr and plain.stdout == '', plain
        asked = friend.run('receive', '--allow', friend.host, '--verbose',
                           stdin=url, expect=GONE)
        assert 'TG_E_GONE' in asked.stderr and '404' in asked.stderr, asked
        assert 'reason' not in friend.receive(url, expect=GONE)
        assert friend.receive(url, '-v', expect=GONE)['reason'] == 'TG_E_GONE'


def quiet_prints_the_result_alone(relay):
    with Device(relay) as owner:
        done = owner.run('--quiet', 'share', owner.information('x'), '--relay',
                         relay.url, expect=DONE)
        assert done.stderr == '' and done.stdout.count('\n') == 1, done
        assert done.stdout.startswith(relay.url), done


if __name__ == '__main__':
    cli_kit.main(
        a_second_device_learns_that_it_is_too_late,
        a_link_on_the_command_line_is_refused_and_not_repeated,
        a_relay_that_is_not_allowed_sees_no_traffic,
        relays_are_allowed_by_a_list_in_the_configuration,
        a_certificate_of_an_unknown_authority_is_not_trusted,
        a_relay_that_does_not_answer_is_unreachable,
        a_share_that_never_was_is_gone,
        an_unknown_kind_is_left_for_another_device,
        a_link_with_another_secret_opens_nothing_and_takes_nothing,
        what_is_no_link_is_a_mistake_of_the_user,
        a_file_that_is_no_provisioning_information_is_refused,
        an_offer_that_the_relay_does_not_accept_leaves_no_share,
        a_right_that_was_not_given_is_refused,
        a_file_that_cannot_be_read_is_named,
        authorities_that_cannot_be_read_are_found_before_a_share_is_begun,
        a_list_of_relays_is_needed_for_receiving_alone,
        only_sharing_and_receiving_make_a_wallet,
        a_share_given_back_in_mid_conversation_is_left_by_the_next_device,
        a_mistake_on_the_command_line_is_named,
        a_number_that_is_no_share_is_refused_by_every_command,
        the_initiator_cannot_receive_or_relinquish_its_own_share,
        who_writes_before_reading_is_told_to_read_first,
        a_share_is_gone_when_its_time_is_over,
        a_wallet_in_use_is_waited_for_and_then_refused,
        a_wallet_that_cannot_be_used_is_refused,
        a_full_disk_loses_nothing_that_was_there,
        a_wallet_on_a_disk_without_room_is_refused,
        a_running_command_shows_no_secret_and_leaves_no_core,
        messages_do_not_name_secrets_or_identifiers,
        a_failure_names_its_technical_reason_only_when_asked,
        quiet_prints_the_result_alone,
        conf=('tigress_payload_max 16k;',))
