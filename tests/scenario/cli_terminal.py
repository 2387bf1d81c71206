"""tigress receive: a link that is typed, or pasted, at a terminal."""
import json
import signal

import cli_kit
from cli_kit import DONE, Device, USAGE, at_terminal, secret

QUESTION = 'Enter: '


def at_the_question(friend):
    return at_terminal(friend, '--json', 'receive', '--allow', friend.host,
                       stdin=True)


def a_link_that_is_typed_is_not_shown(relay):
    """R-URL-1"""
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        with at_the_question(friend) as terminal:
            terminal.answer(QUESTION, f' {url} ')
            out, shown = terminal.end(DONE)
        assert json.loads(out)['content'] == {'text': 'one'}, out
        for text in shown, out:
            assert secret(url) not in text


def a_signal_gives_the_terminal_back_and_nothing_was_accepted(relay):
    with Device(relay) as owner, Device(relay) as friend:
        url = owner.share()['url']
        for number, key in ((signal.SIGTERM, None), (signal.SIGHUP, None),
                            (signal.SIGINT, '\x03'), (signal.SIGQUIT, '\x1c')):
            with at_the_question(friend) as terminal:
                terminal.wait_for(QUESTION)
                assert not terminal.echoes()
                if key:
                    terminal.type(url + key)
                else:
                    terminal.process.send_signal(number)
                terminal.end(-number)
        assert friend.list() == {}
        friend.receive(url)


def a_program_that_was_stopped_asks_again(relay):
    with Device(relay) as owner, Device(relay) as friend:
        with at_the_question(friend) as terminal:
            terminal.wait_for(QUESTION)
            # A process group without a shell goes on by itself.
            terminal.process.send_signal(signal.SIGTSTP)
            terminal.answer(QUESTION, owner.share()['url'])
            terminal.end(DONE)


def what_is_no_link_is_refused_and_not_repeated(relay):
    with Device(relay) as friend:
        for text, word in (('', 'not-a-link'), ('  ', 'not-a-link'),
                           ('no link', 'not-a-link'),
                           (f'https://{friend.host}/v1/m/1#secret',
                            'not-a-link')):
            with at_the_question(friend) as terminal:
                terminal.answer(QUESTION, text)
                out, shown = terminal.end(USAGE)
            assert json.loads(out)['error'] == word, out
            assert 'secret' not in out + shown, (out, shown)


if __name__ == '__main__':
    cli_kit.main(a_link_that_is_typed_is_not_shown,
                 a_signal_gives_the_terminal_back_and_nothing_was_accepted,
                 a_program_that_was_stopped_asks_again,
                 what_is_no_link_is_refused_and_not_repeated)
