"""libtigress and cpace.py, written apart from each other, understand each
other, and refuse the same.

TAP output. Usage: cpace_peer.py PROGRAM (cpace_peer.c)
"""
import pathlib
import random
import subprocess
import sys

import cpace
import cpace_vectors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))
from tap import Checks  # noqa: E402  (found through this file's place)

OTHER = {'initiator': 'recipient', 'recipient': 'initiator'}
# Where the encoding of a length, or the first block of a hash, changes.
LENGTHS = [0, 1, 16, 17, 127, 128, 129, 300, 1000]


class Peer:
    """The program, as a side with the methods of cpace.Pake."""

    def __init__(self, program, role, pin, context, session, associated):
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.share = self.ask('begin', role, pin, context, session,
                              associated)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def ask(self, *words):
        """One command; the bytes of its answer. Refused by TG_E_AUTH."""
        line = ' '.join(word if isinstance(word, str) else word.hex() or '-'
                        for word in words)
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if answer == ['TG_E_AUTH']:
            raise cpace.Refused('TG_E_AUTH')
        if answer[:1] != ['ok']:
            raise RuntimeError(f'{words[0]}: {answer}')
        return bytes.fromhex(''.join(answer[1:]))

    def restart(self):
        """Save, and load what was saved."""
        if self.ask('restart') != self.share:
            raise RuntimeError('another share')

    def finish(self, other_share, other_associated):
        self.ask('finish', other_share, other_associated)

    def tag(self):
        return self.ask('tag')

    def check(self, tag):
        return not cpace_vectors.is_refused(self.ask, 'check', tag)


def verdicts(peer, pake, peer_data, pake_data, restarts=False):
    """A run: whether each side believes the other."""
    if restarts:
        peer.restart()
    peer.finish(pake.share, pake_data)
    pake.finish(peer.share, peer_data)
    if restarts:
        peer.restart()
    return peer.check(pake.tag()), pake.check(peer.tag())


def check_agreement(checks, program):
    """Both ways, with inputs of all lengths."""
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    problems = []
    for turn, length in enumerate(LENGTHS * 2):
        role = 'initiator' if turn < len(LENGTHS) else 'recipient'
        pin = f'{draw.randrange(10**6):06}'
        context, session = draw.randbytes(length), draw.randbytes(16)
        ours = draw.randbytes(draw.choice(LENGTHS))
        theirs = draw.randbytes(draw.choice(LENGTHS))
        with Peer(program, role, pin, context, session, ours) as peer:
            pake = cpace.Pake(OTHER[role], pin, context, session, theirs)
            if verdicts(peer, pake, ours, theirs, turn % 2) != (True, True):
                problems.append(f'{role}, context of {length}, seed {seed}')
    checks.report('both_believe_each_other_in_either_role', problems)


def check_difference(checks, program):
    """What either sees otherwise makes neither believe."""
    mine = ['042917', b'context', b'session', b'mine']
    problems = []
    for role in OTHER:
        for place, wrong in enumerate(['142917', b'contex', b'sessions']):
            theirs = mine[:3] + [b'theirs']
            theirs[place] = wrong
            with Peer(program, role, *mine) as peer:
                pake = cpace.Pake(OTHER[role], *theirs)
                if any(verdicts(peer, pake, b'mine', b'theirs')):
                    problems.append(f'{role}: {wrong}')
        with Peer(program, role, *mine) as peer:
            pake = cpace.Pake(OTHER[role], *mine[:3], b'theirs')
            if any(verdicts(peer, pake, b'mine', b'Theirs')):
                problems.append(f'{role}: associated data')
        with Peer(program, role, *mine) as peer:
            pake = cpace.Pake(role, *mine[:3], b'theirs')
            if any(verdicts(peer, pake, b'mine', b'theirs')):
                problems.append(f'{role}: the same role')
    checks.report('any_difference_makes_neither_believe', problems)


def check_refusals(checks, program):
    """Shares that are none."""
    shares = [cpace_vectors.octets(text) for text in cpace_vectors.INVALID]
    shares += [*cpace_vectors.INVALID_SHARES, b'', bytes(31), bytes(33)]
    inputs = ['042917', b'context', b'session', b'mine']
    problems = []
    with Peer(program, 'initiator', *inputs) as peer:
        valid = cpace.Pake('recipient', *inputs).share
        shares += [peer.share, valid[:31], valid + b'\0',
                   valid[:31] + bytes([valid[31] | 128])]
        for share in shares:
            pake = cpace.Pake('recipient', *inputs)
            if not cpace_vectors.is_refused(peer.finish, share, b''):
                problems.append(f'the library takes {share.hex()}')
            if (share != peer.share and
                    not cpace_vectors.is_refused(pake.finish, share, b'')):
                problems.append(f'cpace.py takes {share.hex()}')
        peer.finish(valid, b'')
    checks.report('both_refuse_what_is_no_share', problems)


def main():
    """All checks."""
    checks = Checks()
    check_agreement(checks, sys.argv[1])
    check_difference(checks, sys.argv[1])
    check_refusals(checks, sys.argv[1])
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
