"""What the stories of the demo have in common: how they are told.

A story is a function: it starts what it needs, does every step for real, and
raises Surprise at the first that goes otherwise than told.
"""
import contextlib
import os
import pathlib
import ssl
import sys
import tempfile
import textwrap
import threading
import time
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / 'tests' / 'scenario'))
sys.dont_write_bytecode = True

WIDTH = 78
QUIET_SECONDS = 2  # after so long without a word: a sign of life
TERMINAL = sys.stdout.isatty()
LOUD, QUIET, PLAIN, BACK = (('\033[1m', '\033[2m', '\033[0m', '\r\033[K')
                            if TERMINAL else ('', '', '', ''))


class Surprise(Exception):
    """Something went otherwise than the story tells."""


def expect(condition, otherwise):
    if not condition:
        raise Surprise(otherwise)


class Story:
    """Numbered steps, what was said, and what crossed the wire meanwhile.

    A step is named before it is done; while one takes long, the seconds are
    shown.
    """

    def __init__(self, title):
        self.wire = None
        self.number = 0
        self.lock = threading.Lock()
        self.said = time.monotonic()
        self.ended = threading.Event()
        self.ticker = threading.Thread(target=self.tick, daemon=True)
        self.put(f'{LOUD}{title}{PLAIN}')

    def __enter__(self):
        self.ticker.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.ticker.join()
        print(BACK, end='', flush=True)

    def put(self, line):
        with self.lock:
            print(BACK + line, flush=True)
            self.said = time.monotonic()

    def tick(self):
        """Signs of life: in place on a terminal, otherwise a line now and
        then."""
        while not self.ended.wait(1):
            with self.lock:
                silent = time.monotonic() - self.said
                if silent >= QUIET_SECONDS and (
                        TERMINAL or int(silent) % QUIET_SECONDS == 0):
                    print(f'{BACK}    {QUIET}… {silent:.0f} s{PLAIN}',
                          end='' if TERMINAL else '\n', flush=True)

    def step(self, title):
        self.number += 1
        self.put(f'{LOUD}{self.number:>2}. {title}{PLAIN}')

    def say(self, text):
        self.put(textwrap.fill(text, WIDTH, initial_indent='    ',
                               subsequent_indent='    '))

    def show_wire(self):
        for call in self.wire.take():
            self.put(f'    {QUIET}wire  {call}{PLAIN}')

    def relay_is_up(self, wire):
        self.wire = wire
        self.put('A relay with 2 workers is up; "wire" shows each call to it.')


class Answer:
    def __init__(self, status, body):
        self.status = status
        self.body = body.decode(errors='replace')


def ask(wire, method, url, **headers):
    """A call without any library of ours: what anybody can send."""
    request = urllib.request.Request(url, method=method, headers={
        name.replace('_', '-'): value for name, value in headers.items()})
    context = ssl.create_default_context(cafile=wire.ca)
    try:
        with urllib.request.urlopen(request, context=context,
                                    timeout=10) as answer:
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read())


def attribute(page, name):
    """The content of one OpenGraph tag of the preview page."""
    for tag in page.split('<meta ')[1:]:
        tag = tag.split('>')[0]
        if f'"{name}"' in tag and 'content="' in tag:
            return tag.split('content="')[1].split('"')[0]
    raise Surprise(f'the preview has no {name}')


def say_invitation(story, url):
    """As much of a share URL as anybody may see."""
    where, vertical = url.split('#')[0].split('?')
    host, identifier = where.rsplit('/', 1)
    story.say(f'invitation: {host}/{identifier[:4]}…?{vertical}#… '
              '(shortened)')


def preview(story, wire, plain):
    story.step('The messenger fetches the preview; that takes nothing')
    page = ask(wire, 'GET', plain)
    expect(page.status == 200, f'the preview answers {page.status}')
    story.say(f'"{attribute(page.body, "og:title")}": '
              f'{attribute(page.body, "og:description")}')
    expect('<script' not in page.body.lower(), 'the preview has a script')
    story.show_wire()


@contextlib.contextmanager
def place():
    """Whatever is made meanwhile is made in one directory that goes away, so
    that nothing can be left behind."""
    # Not the default: to find it, Python writes a file of its own somewhere,
    # and whoever interrupts it then finds that file left behind.
    where = os.environ.get('TMPDIR') or '/tmp'
    with tempfile.TemporaryDirectory(prefix='tigress-demo-', dir=where) as top:
        os.chmod(top, 0o755)  # the relay's workers may be another user
        tempfile.tempdir = top
        try:
            yield
        finally:
            tempfile.tempdir = None
