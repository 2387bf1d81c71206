#!/usr/bin/env python3
"""Conformance of a Tigress relay, seen from outside.

    RELAY_URL=https://host:port [RELAY_CA=ca.pem] run.py [word ...]

HTTPS only; needs nothing but Python 3 and the curl program. Prints TAP; words
choose the tests whose file or sentence contains one of them. Rule ids in the
comments above the tests are those of the protocol document.
"""
import importlib
import pathlib
import sys

import invariants
import tap
from client import Relay

HERE = pathlib.Path(__file__).resolve().parent
LAST = "test_every_response"    # judges what the others have seen


def modules():
    names = sorted(path.stem for path in HERE.glob("test_*.py"))
    names.sort(key=lambda name: name == LAST)
    return [importlib.import_module(name) for name in names]


def chosen(words):
    """(file, test) of every test that one of the words names."""
    for module in modules():
        source = module.__name__.removeprefix("test_")
        for function in tap.tests_of(module):
            sentence = f"{source}: {function.__name__.replace('_', ' ')}"
            if not words or any(word in sentence for word in words):
                yield source, function


def reach(relay):
    """End at once, and say why, when there is no relay to talk to."""
    try:
        relay.connect().close()
    except OSError as problem:
        print(f"Bail out! no relay at {relay.origin}: {problem}")
        sys.exit(1)


def main(words):
    relay = Relay.from_environment()
    reach(relay)
    relay.observers.append(invariants.Observer())
    tests = list(chosen(words))
    print(f"1..{len(tests)}", flush=True)
    passed = [tap.run_one(number, function, relay, source)
              for number, (source, function) in enumerate(tests, 1)]
    if not passed:
        print("# no test has such a name")
    return 0 if passed and all(passed) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main(sys.argv[1:]))
