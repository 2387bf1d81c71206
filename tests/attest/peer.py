"""Another verifier of WebAuthn for a test, in node: see peer.mjs.

    missing()               what keeps it from running, or None
    with Peer() as peer: peer.judge(root, statement, challenge, origin, rp_id)
"""
import base64
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import node_packages                                        # noqa: E402
from node_packages import BUILD                             # noqa: E402

SECONDS = 30


def missing():
    """Why it cannot be had here, or None. Installs what it needs."""
    return node_packages.missing(HERE, least=(20,))


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
