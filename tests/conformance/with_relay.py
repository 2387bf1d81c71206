#!/usr/bin/env python3
"""The conformance suite against the relay just built: for meson.

Nothing else here knows how a relay is started. RELAY_URL, when set, is obeyed.
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from relay import Relay                                     # noqa: E402


def main(words):
    # tests/postgres/with_cluster.py says so, when it is run below that.
    database = os.environ.get("TIGRESS_TEST_POSTGRESQL")
    with Relay(workers=2, database=database) as relay:
        settings = {**os.environ, "RELAY_URL": relay.url, "RELAY_CA": relay.ca}
        command = [sys.executable, str(HERE / "run.py"), *words]
        code = subprocess.run(command, env=settings, check=False).returncode
        if code:
            print("# the relay's last words:")
            for line in relay.output().splitlines()[-20:]:
                print(f"#   {line}")
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
