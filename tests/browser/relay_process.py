"""A relay for a test in node: started by what comes in, ended at its end.

    relay_process.py < {"conf": ["DIRECTIVE;", …], "public_host": "HOST:PORT"}

Both may be left out. Prints {"url", "ca", "key"} in one line once the relay
serves: where it is, its certificate, and the file with that one's key. It ends
with its standard input, and so with the process that started it.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       'scenario'))

from relay import Relay  # noqa: E402


def main():
    """One relay, as long as somebody wants it."""
    wanted = json.loads(sys.stdin.readline())
    with Relay(workers=1, conf=wanted.get('conf', ()),
               public_host=wanted.get('public_host')) as relay:
        print(json.dumps({'url': relay.url, 'ca': relay.ca,
                          'key': str(relay.key)}), flush=True)
        sys.stdin.read()


if __name__ == '__main__':
    main()
