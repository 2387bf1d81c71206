"""Where the demo is told for a test: a place that must be empty afterwards."""
import os
import pathlib
import subprocess
import tempfile
import time

from relay import BUILD, TOP, is_alive
from sentences import check, equal

DEMO = str(TOP / 'tools' / 'demo')
ENDED_S = 10


class Place:
    """A directory for everything temporary, so that leftovers are seen."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix='tigress-place-')
        self.path = pathlib.Path(self.directory.name)
        self.path.chmod(0o755)  # the relay's workers may be another user

    def start(self, *words):
        """The demo, with these words on its command line."""
        return subprocess.Popen(
            [DEMO, *words], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            env=dict(os.environ, TMPDIR=str(self.path),
                     TIGRESS_BUILD=str(BUILD)))

    def processes(self):
        """Those that were started here and still run."""
        found = []
        for entry in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
            try:
                if str(self.path) in entry.read_text(errors='replace'):
                    found.append(int(entry.parent.name))
            except OSError:
                pass  # it has ended meanwhile
        return [pid for pid in found if is_alive(pid)]

    def check_empty(self):
        equal(list(self.path.iterdir()), [], 'what is left behind')
        # Who was told to end at the same moment may be a little later.
        deadline = time.monotonic() + ENDED_S
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        equal(self.processes(), [], 'what is left running')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()


def told_without_leftovers(story, lines_max, *words):
    """Tell a story to its end: what it said."""
    with Place() as place:
        demo = place.start(story, *words)
        told, complaints = demo.communicate(timeout=60)
        equal(demo.returncode, 0, complaints)
        check(len(told.splitlines()) <= lines_max, 'it is too long')
        check('\033' not in told, 'colours without a terminal')
        place.check_empty()
    return told
