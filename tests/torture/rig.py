"""A relay to be maltreated, and the means to do it.

Stands on tests/scenario/relay.py (which starts a real relay) and on
tests/conformance (which speaks to one and runs tests as TAP). Everything that
is started or mounted here is ended and unmounted on the way out.
"""
import contextlib
import ctypes
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "conformance"),
                str(HERE.parent / "scenario")]

import client                                               # noqa: E402
import share                                                # noqa: E402
import tap                                                  # noqa: E402
from relay import Relay, RelayError           # noqa: E402, F401 (for tests)

# Workers whose master was killed become our children, so that we can see
# them end (prctl(2), PR_SET_CHILD_SUBREAPER).
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)

LONGER = float(os.environ.get("TIGRESS_TORTURE", "1"))
UNANSWERED = (OSError, ValueError)      # no answer, or only a part of one


def scaled(number):
    """A count or a number of seconds: TIGRESS_TORTURE times as many."""
    return type(number)(number * LONGER)


class Rig(Relay):
    """A relay whose processes are known, with a store where one wants it."""

    def __init__(self, store=None, **kw):
        super().__init__(**kw)
        self.store = store
        self.session = None

    def command(self):
        command = super().command()
        if self.store is not None:
            command[1:1] = ["--store", f"lmdb:{self.store}"]
        return command

    def start(self):
        super().start()
        self.session = self.process.pid

    def pids(self):
        """Every process of this relay: they share a session."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and _session(entry) == self.session:
                found.append(int(entry.name))
        return found

    def kill_all(self):
        """kill -9 the master, then all that it leaves behind."""
        self.process.kill()
        self.process.wait()
        self.process = None
        deadline = time.monotonic() + 10
        while (left := self.pids()) and time.monotonic() < deadline:
            for pid in left:
                _kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        _reap()

    def kill_some_worker(self):
        workers = self.worker_pids()
        if workers:
            _kill(random.choice(workers), signal.SIGKILL)

    def tell(self, number):
        """A signal for the master."""
        os.kill(self.process.pid, number)

    def until_ended(self, pids, seconds=20):
        """Until none of these processes of this relay is left."""
        deadline = time.monotonic() + seconds
        while set(pids) & set(self.pids()):
            tap.that(time.monotonic() < deadline, "a worker does not end")
            time.sleep(0.01)

    def wait_end(self, seconds=20):
        """The master's exit status, once it has ended by itself."""
        code = self.process.wait(seconds)
        self.process = None
        return code

    def is_well(self):
        """It serves a whole life of a mailbox."""
        mailbox = share.make(self.speaker())
        mailbox.bind()
        tap.status(mailbox.update(text="still well"), 200)
        tap.equal(mailbox.text(mailbox.recipient), "still well", "payload")
        tap.status(mailbox.delete(), 200)

    def speaker(self):
        """A client of its own for this relay."""
        return client.Relay(self.url, self.ca)

    def close(self):
        try:
            super().close()
        finally:
            if self.session is not None:
                for pid in self.pids():
                    _kill(pid, signal.SIGKILL)
                _reap()


def _session(entry):
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    return None if after_name[0] == "Z" else int(after_name[3])


def _kill(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _reap():
    """Take leave of orphans that have ended; there is no other child then."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


@contextlib.contextmanager
def threads(work, arguments):
    """Run work(argument, stopped) in a thread for each argument while the
    body runs; then tell them to stop. What one of them raises is raised."""
    stopped = threading.Event()
    problems = []

    def run(argument):
        try:
            work(argument, stopped)
        except Exception as problem:
            problems.append(problem)

    running = [threading.Thread(target=run, args=(argument,), daemon=True)
               for argument in arguments]
    for thread in running:
        thread.start()
    try:
        yield problems
    finally:
        stopped.set()
        for thread in running:
            thread.join(60)
    if problems:
        raise problems[0]
    if any(thread.is_alive() for thread in running):
        tap.fail("a thread does not come to its end")


@contextlib.contextmanager
def small_disk(kib):
    """A directory that is a file system of its own, of so many KiB."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="tigress-disk-"))
    try:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0755",
                   "tigress-test", str(place)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise tap.Skip("cannot mount a small file system here")
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=False)
    finally:
        place.rmdir()


def main(module_name, make_relay):
    """Run the tests of a file as TAP; each gets a relay of its own from
    make_relay(), or, when that is None, none."""
    module = sys.modules[module_name]
    tests = tap.tests_of(module)
    source = pathlib.Path(module.__file__).stem.removeprefix("torture_")
    print(f"1..{len(tests)}", flush=True)
    passed = []
    for number, function in enumerate(tests, 1):
        passed.append(tap.run_one(number, _with(function, make_relay), None,
                                  source))
    sys.exit(0 if all(passed) else 1)


def _with(function, make_relay):
    """The test as a function of nothing, which brings its own relay."""
    def run(_):
        if make_relay is None:
            return function()
        with make_relay() as relay:
            try:
                return function(relay)
            except BaseException:
                tap.note("the relay's last words:\n" + relay.output()[-2000:])
                raise
    run.__name__ = function.__name__
    return run
