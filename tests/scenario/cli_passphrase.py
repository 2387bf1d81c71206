"""tigress: a wallet under a passphrase, at a terminal and without one."""
import json
import pathlib
import signal
import time

import cli_kit
import wallet_file
from cli_kit import DONE, Device, SEALED, USAGE, at_terminal, secret
from cli_refusals import NOBODY_HERE, listener

RIGHT = 'correct horse battery staple'
WRONG = 'correct horse battery stable'
QUESTION = 'Passphrase of the wallet: '


def alone(device, *arguments, **more):
    """The event of a command that has no terminal to ask at."""
    return device.event(*arguments, start_new_session=True, **more)


def seal(device, text=RIGHT):
    """Put the wallet under a passphrase: the file that holds it."""
    path = device.file(text + '\n')
    event = alone(device, 'passphrase', '--new-passphrase-file', path)
    assert event == {'event': 'passphrase', 'sealed': True}, event
    return path


def share_without_unlocking_is_refused_and_nobody_hears_of_it(relay):
    """THREATS 1"""
    with Device(relay) as owner, listener() as (port, was_called):
        path = seal(owner)
        wrong = owner.file(WRONG)
        key = owner.information('key')
        share = ('share', key, '--relay', f'127.0.0.1:{port}')
        error = alone(owner, *share, expect=SEALED)
        assert error['error'] == 'passphrase-needed', error
        error = alone(owner, *share, '--passphrase-file', wrong,
                      expect=SEALED)
        assert error['error'] == 'wrong-passphrase', error
        assert not was_called(0)
        assert owner.events('list', '--passphrase-file', path) == []
        shared = owner.event('share', key, '--relay', relay.url,
                             '--passphrase-file', path)
        assert shared['event'] == 'shared', shared


def every_command_asks_for_the_passphrase(relay):
    """THREATS 1"""
    with Device(relay) as owner:
        owner.share()
        seal(owner)
        link = f'https://{owner.host}{NOBODY_HERE}'
        for command in (['list'], ['show', '1'], ['qr', '1'], ['watch'],
                        ['update', '1', owner.information('two')],
                        ['resume'], ['finish', '1'], ['cancel', '1'],
                        ['relinquish', '1'], ['forget', '1'],
                        ['receive', '--allow', owner.host],
                        ['passphrase', '--remove']):
            error = alone(owner, *command, stdin=link, expect=SEALED)
            assert error['error'] == 'passphrase-needed', error
            assert '--passphrase-file' in error['message'], error


def a_key_is_shared_between_two_sealed_wallets(relay):
    with Device(relay) as owner, Device(relay) as friend:
        mine, theirs = seal(owner), seal(friend, 'another one')
        shared = owner.share('--passphrase-file', mine)
        first = friend.receive(shared['url'], '--passphrase-file', theirs)
        assert first['content'] == {'text': 'one'}, first
        friend.event('update', '1', friend.information('two'),
                     '--passphrase-file', '-', stdin='another one\n')
        second = owner.event('watch', '1', '--timeout', '30',
                             '--passphrase-file', mine)
        assert second['content'] == {'text': 'two'}, second
        for device in owner, friend:
            content = device.wallet.read_bytes()
            for text in (secret(shared['url']), relay.url, 'another one',
                         RIGHT, 'A car key', cli_kit.CAR):
                assert text.encode() not in content, text


def a_passphrase_is_changed_and_removed(relay):
    with Device(relay) as owner:
        owner.share()
        old = seal(owner)
        new = owner.file(' blanks belong to it ')
        alone(owner, 'passphrase', '--passphrase-file', old,
              '--new-passphrase-file', new)
        alone(owner, 'list', '--passphrase-file', old, expect=SEALED)
        alone(owner, 'list', '--passphrase-file', '-', expect=SEALED,
              stdin='blanks belong to it')
        assert len(owner.events('list', '--passphrase-file', new)) == 1
        removed = alone(owner, 'passphrase', '--remove', '--passphrase-file',
                        '-', stdin=' blanks belong to it \n')
        assert removed == {'event': 'passphrase', 'sealed': False}, removed
        assert len(owner.list()) == 1


def the_documented_layout_opens_the_wallet(relay):
    with Device(relay) as owner:
        shared = owner.share('--title', 'The blue car')
        shares = wallet_file.Wallet(owner.wallet).shares()
        assert shares[1]['title'] == b'The blue car', shares
        seal(owner)
        try:
            wallet_file.Wallet(owner.wallet, WRONG.encode())
        except wallet_file.Refused:
            pass
        else:
            raise AssertionError('a wrong passphrase opens it')
        wallet = wallet_file.Wallet(owner.wallet, RIGHT.encode())
        share = wallet.shares()[1]
        assert share['title'] == b'The blue car', share
        assert share['mailbox'].decode() in shared['url'], share
        assert len(share['secret']) == 16, share
        assert wallet.share_data() == {}
        said = wallet.wallet_data()[''].decode().split('\n')
        assert said[0] == owner.host and int(said[1]) > 0, said
        assert json.loads(said[2]) == relay.discovery(), said
        assert said[3:] == [''] and len(wallet.wallet_data()) == 1, said


def what_is_typed_is_not_shown(relay):
    with Device(relay) as owner:
        owner.share()
        seal(owner)
        with at_terminal(owner, 'list', '--json') as terminal:
            terminal.answer(QUESTION, RIGHT)
            out, shown = terminal.end(DONE)
        assert '"share":1' in out, out
        assert shown.strip() == '', shown


def a_wrong_one_may_be_typed_twice(relay):
    with Device(relay) as owner:
        seal(owner)
        with at_terminal(owner, 'list') as terminal:
            terminal.answer(QUESTION, WRONG)
            terminal.answer(QUESTION, 'x' * 1024)
            terminal.answer(QUESTION, RIGHT)
            terminal.end(DONE)
        with at_terminal(owner, 'list') as terminal:
            for _ in range(3):
                terminal.answer(QUESTION, WRONG)
            out, _ = terminal.end(SEALED)
        assert 'not the passphrase' in out and WRONG not in out, out
        with at_terminal(owner, 'list') as terminal:
            terminal.answer(QUESTION, 'x' * 1025)
            terminal.end(USAGE)


def a_new_one_is_typed_twice(relay):
    with Device(relay) as owner:
        owner.share()
        with at_terminal(owner, 'passphrase') as terminal:
            terminal.answer('New passphrase: ', RIGHT)
            terminal.answer('The same again: ', WRONG)
            out, _ = terminal.end(USAGE)
        assert 'not the same' in out, out
        with at_terminal(owner, 'passphrase') as terminal:
            terminal.answer('New passphrase: ', '')
            out, _ = terminal.end(USAGE)
        assert '--remove' in out, out
        assert len(owner.list()) == 1  # without a passphrase, still
        with at_terminal(owner, 'passphrase') as terminal:
            terminal.answer('New passphrase: ', RIGHT)
            terminal.answer('The same again: ', RIGHT)
            terminal.end(DONE)
        with at_terminal(owner, 'passphrase', '--remove') as terminal:
            terminal.answer(QUESTION, RIGHT)
            terminal.end(DONE)
        assert len(owner.list()) == 1


def a_signal_gives_the_terminal_back(relay):
    with Device(relay) as owner:
        seal(owner)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with at_terminal(owner, 'list') as terminal:
                terminal.wait_for(QUESTION)
                assert not terminal.echoes()
                if number == signal.SIGINT:
                    terminal.type(RIGHT + '\x03')
                else:
                    terminal.process.send_signal(number)
                terminal.end(-number)


def a_program_that_was_stopped_asks_again(relay):
    with Device(relay) as owner:
        seal(owner)
        with at_terminal(owner, 'list') as terminal:
            terminal.wait_for(QUESTION)
            # A process group without a shell goes on by itself.
            terminal.process.send_signal(signal.SIGTSTP)
            terminal.answer(QUESTION, RIGHT)
            terminal.end(DONE)


def is_talking(relay):
    """Whether somebody has a connection to the relay."""
    port = f':{int(relay.url.rpartition(":")[2]):04X}'
    rows = pathlib.Path('/proc/net/tcp').read_text().splitlines()[1:]
    return any(row.split()[2].endswith(port) and row.split()[3] == '01'
               for row in rows)


def change_while_watching(owner, friend, old, *change):
    """The passphrase changes and the friend writes: what the watching says."""
    watching = owner.start('--json', 'watch', '1', '--timeout', '60',
                           '--passphrase-file', old)
    try:
        end = time.monotonic() + cli_kit.SECONDS
        while not is_talking(owner.relay):  # so it has opened the wallet
            assert watching.poll() is None, watching.communicate()
            assert time.monotonic() < end
            time.sleep(0.01)
        alone(owner, 'passphrase', *change, '--passphrase-file', old)
        friend.event('update', '1', friend.information('two'))
        out, _ = watching.communicate(timeout=cli_kit.SECONDS)
    finally:
        watching.kill()
        watching.wait()
    return watching.returncode, json.loads(out)


def a_new_passphrase_ends_the_watching_and_loses_nothing(relay):
    with Device(relay) as owner, Device(relay) as friend:
        friend.receive(owner.share()['url'])
        old, new = seal(owner), owner.file('another one')
        status, told = change_while_watching(
            owner, friend, old, '--new-passphrase-file', new)
        assert (status, told['error']) == (SEALED, 'passphrase-needed'), told
        assert 'was changed' in told['message'], told
        event = alone(owner, 'watch', '1', '--passphrase-file', new)
        assert event['content'] == {'text': 'two'}, event


def a_passphrase_that_is_removed_does_not_end_the_watching(relay):
    with Device(relay) as owner, Device(relay) as friend:
        friend.receive(owner.share()['url'])
        status, told = change_while_watching(owner, friend, seal(owner),
                                             '--remove')
        assert (status, told['content']) == (DONE, {'text': 'two'}), told


def standard_input_is_one_thing_only(relay):
    with Device(relay) as owner:
        for command in (['share', '-', '--relay', relay.url],
                        ['update', '1', '-'], ['receive'],
                        ['receive', '--url-file', '-'],
                        ['passphrase', '--new-passphrase-file', '-']):
            error = alone(owner, *command, '--passphrase-file', '-',
                          stdin=RIGHT, expect=USAGE)
            assert 'Standard input' in error['message'], error
        new = owner.file(RIGHT)
        assert alone(owner, 'passphrase', '--remove',
                     '--new-passphrase-file', new,
                     expect=USAGE)['error'] == 'usage'
        for path in (owner.file('\nsecond line'), '/dev/null'):
            alone(owner, 'passphrase', '--new-passphrase-file', path,
                  expect=USAGE)
        error = alone(owner, 'passphrase', '--new-passphrase-file',
                      '/nowhere/file', expect=USAGE)
        assert error['error'] == 'unreadable', error
        assert owner.list() == {}


if __name__ == '__main__':
    cli_kit.main(
        share_without_unlocking_is_refused_and_nobody_hears_of_it,
        every_command_asks_for_the_passphrase,
        a_key_is_shared_between_two_sealed_wallets,
        a_passphrase_is_changed_and_removed,
        the_documented_layout_opens_the_wallet,
        what_is_typed_is_not_shown,
        a_wrong_one_may_be_typed_twice,
        a_new_one_is_typed_twice,
        a_signal_gives_the_terminal_back,
        a_program_that_was_stopped_asks_again,
        a_new_passphrase_ends_the_watching_and_loses_nothing,
        a_passphrase_that_is_removed_does_not_end_the_watching,
        standard_input_is_one_thing_only)
