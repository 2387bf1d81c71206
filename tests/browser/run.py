#!/usr/bin/python3
"""Run tests in a browser, or say why they cannot be run here.

    run.py TEST.mjs [WORD...]

Installs what package-lock.json lists, into the build directory. Words choose
tests by parts of their names.
"""
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import node_packages                                        # noqa: E402
from node_packages import BUILD                             # noqa: E402

CHROMIUM = '/usr/bin/chromium'     # harness.mjs starts it


def missing():
    """Why the tests cannot be run here, or None. Installs what they need."""
    return node_packages.missing(HERE, CHROMIUM, least=(20, 19))


def main(words):
    """Become node, or skip every test by name."""
    script, *chosen = words
    reason = missing()
    if reason:
        names = re.findall(r'^async function (\w+_\w+)\(',
                           pathlib.Path(script).read_text(), re.MULTILINE)
        for number, name in enumerate(names, 1):
            print(f'ok {number} - {name} # SKIP {reason}')
        print(f'1..{len(names)}')
        return
    os.environ['TIGRESS_BUILD'] = str(BUILD)
    sys.stdout.flush()
    os.execvp('node', ['node', script, *chosen])


if __name__ == '__main__':
    main(sys.argv[1:])
