"""Packages of npm for tests: in the build directory, never beside the source.

    node_packages.missing(HERE, 'node', 'openssl', least=(20, 19))

HERE is a directory of tests with a package.json and a package-lock.json; what
they list is below <build>/tests/<name of HERE>/node.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get(
    'TIGRESS_BUILD', TOP / 'build' / 'release')).resolve()
SECONDS = 300


def install(here):
    """npm ci, once for each package-lock.json."""
    modules = BUILD / 'tests' / here.name / 'node'
    modules.mkdir(parents=True, exist_ok=True)
    files = [here / name for name in ('package.json', 'package-lock.json')]
    digest = hashlib.sha256(
        b''.join(path.read_bytes() for path in files)).hexdigest()
    stamp = modules / '.installed'
    with open(modules / '.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest:
            return
        for path in files:
            shutil.copy(path, modules)
        subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit',
                        '--no-fund'], cwd=modules, timeout=SECONDS,
                       check=True, capture_output=True)
        stamp.write_text(digest)


def node_version():
    said = subprocess.run(['node', '--version'], capture_output=True,
                          text=True, check=True).stdout
    return tuple(map(int, re.findall(r'\d+', said)))


def missing(here, *programs, least=(18,)):
    """Why tests cannot be run here, or None. Installs what they need."""
    for name in ('node', 'npm', *programs):
        if shutil.which(name) is None:
            return f'{name} is not installed'
    if node_version() < least:
        return f'node is older than {".".join(map(str, least))}'
    try:
        install(here)
    except (subprocess.SubprocessError, OSError) as reason:
        return f'npm could not install what the tests need: {reason}'
    return None
