"""A program of somebody else's finds everything it needs in what is
installed: headers, library, pkg-config file.

TAP output. Usage: test_client_install.py TOP BUILD MESON
"""
import os
import pathlib
import subprocess
import sys
import tempfile

TOP, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
MESON = sys.argv[3:]
sys.path.insert(0, str(TOP / 'tools'))
from tap import Checks  # noqa: E402  (found through TOP)

PROGRAM = r"""
#include <stdio.h>
#include <tigress/tigress.h>

int
main(void)
{
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;

    if (tg_allow_list_new(&allowed) != TG_OK ||
        tg_allow_list_add(allowed, "relay.example") != TG_OK ||
        tg_relay_client_new(allowed, &client) != TG_OK)
        return 1;
    tg_relay_client_free(client);
    tg_allow_list_free(allowed);
    puts(tg_err_name(TG_E_UNTRUSTED));
    return 0;
}
"""


def run(command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          **options).stdout


def pkg_config(root, *options):
    pc = next(root.rglob('tigress.pc'))
    environment = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent),
                       PKG_CONFIG_SYSROOT_DIR=str(root))
    return run(['pkg-config', *options, 'tigress'], env=environment).split()


def build_and_run(root):
    """Install into `root`, build the program against it, run it."""
    run([*MESON, 'install', '-C', str(BUILD), '--no-rebuild',
         '--tags', 'devel,runtime', '--destdir', str(root)])
    source, program = root / 'program.c', root / 'program'
    source.write_text(PROGRAM)
    run(['cc', '-Wall', '-Werror', *pkg_config(root, '--cflags'), str(source),
         '-o', str(program), *pkg_config(root, '--libs')])
    library = next(root.rglob('libtigress.so.0')).parent
    return run([str(program)],
               env=dict(os.environ, LD_LIBRARY_PATH=str(library)))


def main():
    checks = Checks()
    name = 'a_foreign_program_builds_and_runs_on_the_installed_library'
    if '-fsanitize' in (BUILD / 'build.ninja').read_text():
        checks.skip(name, 'this build has a sanitizer inside')
        return checks.done()
    with tempfile.TemporaryDirectory() as path:
        try:
            printed = build_and_run(pathlib.Path(path)).strip()
            problems = ([] if printed == 'TG_E_UNTRUSTED'
                        else [f'it printed {printed!r}'])
        except subprocess.CalledProcessError as error:
            problems = [str(error), *error.stderr.splitlines()[-5:]]
    checks.report(name, problems)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
