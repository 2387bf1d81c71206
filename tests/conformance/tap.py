"""A small runner: functions marked @test become lines of TAP.

A test is a function of one argument, the relay; its name is the sentence that
TAP shows. A failed check raises; inside `with row(...)` it is noted and the
next row goes on, so that a table shows all its failures at once.
"""
import contextlib
import time
import traceback

_failures = []
_notes = []


class Skip(Exception):
    """Raised by a test that cannot be run here; the text says why."""


class Failure(AssertionError):
    """A check that did not hold."""


def test(function):
    function.is_test = True
    return function


def fail(text):
    raise Failure(text)


def that(condition, text):
    if not condition:
        fail(text)


def equal(got, want, what):
    if got != want:
        fail(f"{what}: got {_short(got)}, want {_short(want)}")


def status(answer, *wanted):
    """The answer has one of these status codes; hands the answer on."""
    if answer.status not in wanted:
        want = " or ".join(str(code) for code in wanted)
        fail(f"{answer.request}: got {answer.status}, want {want}"
             f" ({_short(answer.body)})")
    return answer


def note(text):
    """Print `text` as a diagnostic of the test that runs."""
    _notes.append(text)


@contextlib.contextmanager
def row(label):
    """One row of a table: what fails in it is noted under `label`."""
    try:
        yield
    except (Failure, OSError, ValueError) as problem:
        _failures.append(f"{label}: {_describe(problem)}")


def tests_of(module):
    """The tests of a module, in the order of their lines."""
    found = [f for f in vars(module).values() if getattr(f, "is_test", False)]
    return sorted(found, key=lambda f: f.__code__.co_firstlineno)


def run_one(number, function, argument, source):
    """Run one test and print its line. True when it passed or was skipped."""
    _failures.clear()
    _notes.clear()
    started = time.monotonic()
    skipped = None
    try:
        function(argument)
    except Skip as why:
        skipped = str(why)
    except Exception as problem:            # a test must not end the suite
        _failures.append(_describe(problem))
    spent = time.monotonic() - started
    _print_result(number, function, source, skipped)
    if spent > 2:
        _diagnose(f"took {spent:.1f} s")
    return not _failures


def _print_result(number, function, source, skipped):
    sentence = function.__name__.replace("_", " ")
    verdict = "not ok" if _failures else "ok"
    skip = f" # SKIP {skipped}" if skipped and not _failures else ""
    print(f"{verdict} {number} - {source}: {sentence}{skip}", flush=True)
    for text in _notes + _failures:
        _diagnose(text)


def _diagnose(text):
    for line in text.splitlines() or [""]:
        print(f"#   {line}", flush=True)


def _describe(problem):
    if isinstance(problem, Failure):
        frames = traceback.extract_tb(problem.__traceback__)
        ours = [f for f in frames if not f.filename.endswith("tap.py")]
        return f"{problem} [line {ours[-1].lineno}]" if ours else str(problem)
    return "".join(traceback.format_exception(problem)).rstrip()


def _short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:297] + "..."
