"""What the samples' READMEs show by hand is done as it is shown there: every
line of the block that begins with RELAY=.

A line that ends in & is a server, `# refused: check` an exit status of 3.
"""
import os
import subprocess
import sys
import tempfile

import sentences
from relay import BUILD, TOP, Relay, free_port, missing
from sentences import check, equal

SECONDS = 120
SERVER = '''start() {
    "$@" > served 2>&1 &
    servers="$servers $!"
    until grep -q "^ready " served; do
        kill -0 $! || { cat served; exit 1; }
        sleep 0.02
    done
}
trap 'kill $servers' EXIT
refused() {
    "$@"
    [ $? -eq 3 ] || { echo "not refused: $*"; exit 1; }
}
'''


def shown(sample):
    """The lines to type."""
    text = (TOP / 'samples' / sample / 'README.md').read_text()
    blocks = text.split('\n```\n')
    return [block for block in blocks if block.startswith('RELAY=')][0]


def script_of(block, relay):
    """The same as a script that stops where something goes otherwise."""
    lines = [SERVER]
    port = str(free_port())
    for line in block.replace('127.0.0.1:8444', '127.0.0.1:' + port).replace(
            '--relay 127.0.0.1:8443 --relay-ca PATH',
            f'--relay {relay.host} --relay-ca {relay.ca}').splitlines():
        command, _, comment = line.partition(' # ')
        if command.rstrip().endswith('&'):
            lines.append('start ' + command.rstrip()[:-1])
        elif comment.startswith('refused'):
            lines.append('refused ' + command)
        elif command.strip() and not command.startswith('#'):
            lines.append(command + ' || exit 1')
    return '\n'.join(lines)


def follow(sample):
    """Type it; what was shown."""
    environment = dict(os.environ, PATH=os.pathsep.join(
        [str(BUILD / 'samples' / sample), os.environ.get('PATH', '')]))
    with Relay() as relay, \
            tempfile.TemporaryDirectory(prefix='tigress-readme-') as top:
        script = script_of(shown(sample), relay)
        done = subprocess.run(
            ['sh', '-c', script], cwd=top, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
        equal(done.returncode, 0, script + done.stdout)
    return done.stdout


def test_the_car_by_hand():
    told = follow('car')
    for words in ('The doors are unlocked.', 'The engine is running.',
                  'The key does not allow this. (check: entitlement)',
                  '"action":"trunk","done":false', 'Digital Signature',
                  ' registered\n', ' revoked\n', '(check: revoked)',
                  'certificate-1.pem: OK'):
        check(words in told, f'{words!r} is missing in:\n{told}')


def test_the_hotel_by_hand():
    told = follow('hotel')
    for words in ('The door is open.', 'The key does not open this door.',
                  'the key was fetched', '(check: cancelled)',
                  '"done":true', ': cancelled, key '):
        check(words in told, f'{words!r} is missing in:\n{told}')


if __name__ == '__main__':
    reason = missing()
    if reason is not None:
        print(f'1..0 # SKIP {reason}')
        sys.exit(0)
    sentences.main(globals())
