"""What libtigress exports is what its headers declare, its version script
lists and libtigress(3) describes: in every direction.

TAP output. Usage: test_client_symbols.py TOP LIBRARY
"""
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(sys.argv[1])
LIBRARY = sys.argv[2]
HEADERS = sorted((TOP / 'include' / 'tigress').glob('*.h'))
sys.path.insert(0, str(TOP / 'tools'))
from tap import Checks  # noqa: E402  (found through TOP)


def normalise(prototype):
    """One spelling for prototypes that mean the same."""
    text = re.sub(r'\b(TG_API|TG_MUST_USE)\b', '', prototype)
    text = re.sub(r'\s+', ' ', text)
    return re.sub(r'\s*([(),*;])\s*', r'\1', text).strip(' ;')


def name_of(prototype):
    return re.search(r'\b(tg_\w+)\(', prototype).group(1)


def declared():
    """{name: prototype} of the headers."""
    found = {}
    for header in HEADERS:
        text = re.sub(r'/\*.*?\*/', '', header.read_text(), flags=re.S)
        text = re.sub(r'^#.*(\\\n.*)*$', '', text, flags=re.M)
        for match in re.finditer(r'\bTG_API\b[^;]*;', text):
            prototype = normalise(match.group(0))
            found[name_of(prototype)] = prototype
    return found


def described():
    """{name: prototype} of the page: its blocks between .nf and .fi."""
    page = (TOP / 'man' / 'libtigress.3').read_text()
    found = {}
    for block in re.findall(r'^\.nf\n(.*?)^\.fi\n', page, re.S | re.M):
        block = re.sub(r'^\..*\n', '', block, flags=re.M).replace('\\-', '-')
        for prototype in re.findall(r'[^;]*\w[ *]+tg_\w+\([^;]*;', block):
            prototype = normalise(prototype)
            found[name_of(prototype)] = prototype
    return found


def listed():
    script = (TOP / 'src' / 'client' / 'tigress.map').read_text()
    return set(re.findall(r'^\s+(tg_\w+);', script, re.M))


def exported():
    out = subprocess.run(['nm', '-D', '--defined-only', LIBRARY],
                         check=True, capture_output=True, text=True).stdout
    return {line.split()[2].split('@')[0] for line in out.splitlines()
            if line.split()[1] != 'A'}


def errors_named():
    """The error codes of error.h that the page leaves out, or makes up."""
    text = (TOP / 'include' / 'tigress' / 'error.h').read_text()
    header = set(re.findall(r'^\s+(TG_(?:OK|E_\w+))\b', text, re.M))
    header.discard('TG_E_LAST')
    page = set(re.findall(r'\bTG_(?:OK|E_[A-Z_]+)\b',
                          (TOP / 'man' / 'libtigress.3').read_text()))
    return sorted(header ^ page)


def difference(a, b):
    return sorted(set(a) ^ set(b))


def alone(header, compiler, *options):
    """The compiler's words about a file that includes this header only."""
    done = subprocess.run(
        [compiler, *options, '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
         '-I', str(TOP / 'include'), '-'],
        input=f'#include <tigress/{header.name}>\n', text=True,
        capture_output=True)
    return done.stderr.splitlines()[:3] if done.returncode else []


def main():
    checks = Checks()
    headers, page = declared(), described()
    checks.report('the_library_exports_what_the_headers_declare',
                  difference(exported() - {'TIGRESS_0'}, headers))
    checks.report('the_version_script_lists_what_the_headers_declare',
                  difference(listed(), headers))
    checks.report('the_manual_page_describes_every_function',
                  difference(headers, page))
    checks.report('the_manual_page_has_the_prototypes_of_the_headers',
                  [f'{headers[n]} / {page[n]}' for n in sorted(headers)
                   if n in page and headers[n] != page[n]])
    checks.report('the_manual_page_knows_every_error', errors_named())
    checks.report('every_header_compiles_alone_as_c', [
        line for header in HEADERS
        for line in alone(header, 'cc', '-std=c11', '-pedantic', '-x', 'c')])
    name = 'every_header_compiles_alone_as_cpp'
    if shutil.which('c++') is None:
        checks.skip(name, 'no C++ compiler here')
    else:
        checks.report(name, [
            line for header in HEADERS
            for line in alone(header, 'c++', '-std=c++17', '-x', 'c++')])
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
