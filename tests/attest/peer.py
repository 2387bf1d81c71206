"""Another verifier of WebAuthn for a test, in node: see peer.mjs.

    missing()               what keeps it from running, or None
    with Peer() as peer: peer.judge(root, statement, challenge, origin, rp_id)
"""
import base64
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get(
    'TIGRESS_BUILD', HERE.parents[1] / 'build' / 'release')).resolve()
MODULES = BUILD / 'tests' / 'attest' / 'node'
NODE_LEAST = 20
SECONDS = 30


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
    """Why it cannot be had here, or None. Installs what it needs."""
    for name in 'node', 'npm':
        if shutil.which(name) is None:
            return f'{name} is not installed'
    said = subprocess.run(['node', '--version'], capture_output=True,
                          text=True, check=True).stdout
    if int(re.search(r'\d+', said)[0]) < NODE_LEAST:
        return f'node {said.strip()} is older than {NODE_LEAST}'
    try:
        install()
    except (subprocess.SubprocessError, OSError) as reason:
        return f'npm could not install what the peer needs: {reason}'
    return None


class Peer:
    def __enter__(self):
        self.process = subprocess.Popen(
            ['node', str(HERE / 'peer.mjs')], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {'TIGRESS_BUILD': str(BUILD)})
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def judge(self, root, statement, challenge, origin, rp_id='127.0.0.1'):
        """Its verdict; `root` is a file, `challenge` bytes."""
        question = {
            'root': pathlib.Path(root).read_text(encoding='ascii'),
            'statement': statement, 'origin': origin, 'rp_id': rp_id,
            'challenge': base64.urlsafe_b64encode(
                challenge).rstrip(b'=').decode()}
        self.process.stdin.write(json.dumps(question) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())
