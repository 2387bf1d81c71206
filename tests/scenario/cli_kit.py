"""What the tests of `tigress` share: a device, and a way to run them as TAP.

    def a_link_is_printed(relay): ...

    if __name__ == '__main__':
        cli_kit.main(a_link_is_printed)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

import terminal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))

import relay as relays  # noqa: E402
import tap              # noqa: E402

CAR = 'digitalwallet.carkey.ccc'
TOKEN = 'digitalwallet.generic.authorizationToken'
SECONDS = 60

DONE, FAILED, USAGE, REFUSED, GONE, NOTHING_NEW, UNREACHABLE = range(7)
NOT_TRUSTED, UNKNOWN_KIND, NOT_GENUINE, WALLET, NO_SUCH_SHARE, NOT_NOW, \
    SEALED = range(7, 14)


class Skip(Exception):
    """This test cannot be made here; the text says why."""


class Device:
    """One user with a home directory and so a wallet of its own."""

    def __init__(self, relay=None):
        self.scratch = tempfile.TemporaryDirectory(prefix='tigress-device-')
        self.home = pathlib.Path(self.scratch.name)
        self.relay = relay
        self.environment = {'HOME': str(self.home), 'LC_ALL': 'C.UTF-8',
                            'PATH': os.environ.get('PATH', '')}
        self.files = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scratch.cleanup()

    @property
    def host(self):
        return self.relay.url.removeprefix('https://')

    @property
    def wallet(self):
        return self.home / '.local' / 'state' / 'tigress' / 'wallet.db'

    def command(self, *arguments, ca=True):
        """How the program is started."""
        trust = ['--ca', self.relay.ca] if self.relay and ca else []
        return [relays.program('src', 'cli', 'tigress'), *trust, *arguments]

    def run(self, *arguments, ca=True, stdin='', expect=DONE, **more):
        """Run it to its end. `expect` is the exit status; None is any."""
        done = subprocess.run(
            self.command(*arguments, ca=ca), input=stdin, text=True,
            capture_output=True, env=self.environment, timeout=SECONDS,
            check=False, **more)
        if expect is not None and done.returncode != expect:
            raise AssertionError(
                f'exit status {done.returncode} instead of {expect}: '
                f'{arguments}\n{done.stdout}{done.stderr}')
        return done

    def events(self, *arguments, **more):
        """Run it with --json: the objects it printed."""
        done = self.run('--json', *arguments, **more)
        assert done.stderr == '', f'text beside the JSON: {done.stderr}'
        return [json.loads(line) for line in done.stdout.splitlines()]

    def event(self, *arguments, **more):
        """The same for a command that prints one object."""
        events = self.events(*arguments, **more)
        assert len(events) == 1, events
        return events[0]

    def start(self, *arguments, **more):
        """Start it and do not wait; the caller ends it."""
        more = {'text': True, 'stdout': subprocess.PIPE,
                'stderr': subprocess.PIPE, **more}
        return subprocess.Popen(self.command(*arguments),
                                env=self.environment, **more)

    def file(self, content):
        """A new file with this text, or with this object as JSON."""
        self.files += 1
        path = self.home / f'file-{self.files}'
        path.write_text(content if isinstance(content, str)
                        else json.dumps(content))
        return str(path)

    def information(self, text, kind=CAR):
        """A file of provisioning information."""
        return self.file({'format': kind, 'content': {'text': text}})

    def share(self, *arguments, text='one', kind=CAR):
        """Make a share: the event, with the link."""
        return self.event('share', self.information(text, kind), '--relay',
                          self.relay.url, *arguments)

    def receive(self, url, *arguments, **more):
        """Receive the share of a link: the event."""
        return self.event('receive', '--allow', self.host, *arguments,
                          stdin=url, **more)

    def list(self):
        """The shares of the wallet, by number."""
        return {event['share']: event for event in self.events('list')}


def at_terminal(device, *arguments, **more):
    """Start it at a terminal of its own: see terminal.py."""
    return terminal.Terminal(
        lambda **start: device.start(*arguments, **start), **more)


def secret(url):
    """The part of a link that nobody but the devices may see."""
    return url.partition('#')[2]


def run_one(checks, test, *arguments):
    """Run one test; its name is its function's."""
    try:
        test(*arguments)
    except Skip as skip:
        checks.skip(test.__name__, str(skip))
    except Exception:  # noqa: BLE001: any failure is this test's
        checks.report(test.__name__, traceback.format_exc().splitlines())
    else:
        checks.report(test.__name__, [])


def main(*tests, relay=True, **options):
    """Run the tests, each with the same relay, and exit."""
    checks = tap.Checks()
    if not relay:
        for test in tests:
            run_one(checks, test)
        sys.exit(checks.done())
    reason = relays.missing()
    if reason is not None:
        print(f'1..0 # SKIP {reason}')
        sys.exit(0)
    with relays.Relay(**options) as fixture:
        for test in tests:
            run_one(checks, test, fixture)
    sys.exit(checks.done())
