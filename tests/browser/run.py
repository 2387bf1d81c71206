#!/usr/bin/python3
"""Run tests in a browser, or say why they cannot be run here.

    run.py TEST.mjs [WORD...]

Installs what package-lock.json lists, into the build directory. Words choose
tests by parts of their names.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get(
    'TIGRESS_BUILD', HERE.parents[1] / 'build' / 'release')).resolve()
MODULES = BUILD / 'tests' / 'browser' / 'node'
NODE_LEAST = (20, 19)
CHROMIUM = '/usr/bin/chromium'     # harness.mjs starts it


def install():
    """npm ci, into the build directory, once for each package-lock.json."""
    MODULES.mkdir(parents=True, exist_ok=True)
    files = [HERE / name for name in ('package.json', 'package-lock.json')]
    digest = hashlib.sha256(
        b''.join(path.read_bytes() for path in files)).hexdigest()
    stamp = MODULES / '.installed'
    with open(MODULES / '.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest:
            return
        for path in files:
            shutil.copy(path, MODULES)
        subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit',
                        '--no-fund'], cwd=MODULES, timeout=300, check=True,
                       capture_output=True)
        stamp.write_text(digest)


def missing():
    """Why the tests cannot be run here, or None. Installs what they need."""
    for name in 'node', 'npm', CHROMIUM:
        if shutil.which(name) is None:
            return f'{name} is not installed'
    said = subprocess.run(['node', '--version'], capture_output=True,
                          text=True, check=True).stdout
    version = tuple(map(int, re.findall(r'\d+', said)))
    if version < NODE_LEAST:
        return f'node {said.strip()} is older than 20.19'
    try:
        install()
    except (subprocess.SubprocessError, OSError) as reason:
        return f'npm could not install what the tests need: {reason}'
    return None


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
