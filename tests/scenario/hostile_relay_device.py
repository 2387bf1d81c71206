"""A device of the tests: a wallet, and the program that works on it.

The program is the first argument of the test.
"""
import os
import signal
import subprocess
import sys


def expect(got, wanted, note=''):
    """The two are equal, or the test fails."""
    if got != wanted:
        raise AssertionError(f'{got!r}, not {wanted!r} {note}')


class Device:
    """One wallet, one share."""

    def __init__(self, directory, name, relay, ca=None):
        self.wallet = str(directory / f'{name}.wallet')
        self.relay = relay
        self.ca = ca or relay.ca
        self.share = None
        self.settings = {}  # LIFETIME, TOKEN, TOKENS: see the program

    def run(self, command, text='', share=None, die_at=None):
        """(result's name, what it gave); None when it was killed.

        die_at   the process kills itself at this system call, see the program
        """
        environment = dict(os.environ, **self.settings)
        if die_at:
            environment['DIE_AT'] = str(die_at)
        arguments = [sys.argv[1], self.wallet, self.relay.authority, self.ca,
                     command]
        if share:
            arguments.append(share)
        done = subprocess.run(arguments, input=text.encode(),
                              capture_output=True, timeout=60,
                              env=environment)
        if die_at and done.returncode == -signal.SIGKILL:
            return None
        lines = done.stdout.decode().split('\n')
        if done.returncode not in (0, 1) or not lines[0]:
            raise AssertionError(f'{command}: {done.stderr.decode()}')
        return lines[0], lines[1] if len(lines) > 1 else ''

    def begin(self, command, text):
        result, self.share = self.run(command, text)
        expect(result, 'TG_OK')

    def __call__(self, command, text=''):
        return self.run(command, text, self.share)

    def expect(self, command, result, text=''):
        """Call, check the result's name, return what it gave."""
        got, given = self(command, text)
        expect(got, result, f'{command}: {given}')
        return given
