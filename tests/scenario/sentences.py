"""Tests as sentences, reported as TAP.

A test is a function of a module, named test_…; its name is the sentence. The
module says at its end: `sentences.main(globals())`. A test fails by an
exception, usually of `check()`; what it needs (a relay …) it makes and ends
itself.
"""
import sys
import traceback


class Skip(Exception):
    """This test cannot be made here; the reason is the message."""


def check(condition, what):
    """Fail with `what` unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def equal(actual, expected, what):
    """Fail, showing both, unless they are equal."""
    check(actual == expected, f'{what}: got {actual!r}, not {expected!r}')


def tests_of(namespace, wanted):
    """The test functions in their order, or those whose names were given."""
    for name, test in list(namespace.items()):
        if name.startswith('test_') and callable(test):
            if not wanted or any(word in name for word in wanted):
                yield name[len('test_'):], test


def main(namespace):
    """Run the tests of a module; arguments choose by parts of names."""
    tests = list(tests_of(namespace, sys.argv[1:]))
    failed = 0
    print(f'1..{len(tests)}', flush=True)
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            verdict = f'ok {number} - {name}'
        except Skip as reason:
            verdict = f'ok {number} - {name} # SKIP {reason}'
        except Exception:  # whatever it is: a test that did not pass
            failed += 1
            verdict = f'not ok {number} - {name}'
            for line in traceback.format_exc().rstrip().splitlines():
                print('# ' + line)
        print(verdict, flush=True)
    sys.exit(1 if failed else 0)
