"""What a location says of attestation counts there, whatever its server says,
and the other way round: what `nginx -t` makes of it (R-ATT-2).

Run by meson; by hand: TIGRESS_BUILD=build/release python3 -B test_levels.py
"""
import pathlib

from test_relay import Maker

# (test_relay.py has found these)
import nginx_locations
import sentences
from sentences import check, equal

NOWHERE = 'tigress_attestation_root /nowhere/root.pem;'
LOST = 'tigress_attestation_revoked /nowhere/revoked;'


def words(outer, inner, status=0):
    """What nginx says of a server with these lines and a location of it."""
    return nginx_locations.words_of_nginx(
        outer, 'location / { tigress on; ' + inner + ' }', status=status)


def fine(outer, inner=''):
    equal(words(outer, inner).count('[emerg]'), 0, f'{outer} / {inner}')


def wrong(why, outer, inner=''):
    said = words(outer, inner, status=1)
    check(why in said, f'{outer} / {inner}: no “{why}” in {said}')


def test_a_location_has_what_its_server_says():
    with Maker() as maker:
        root = f'tigress_attestation_root {maker.root};'
        wrong('name a file of roots', 'tigress_attestation required;')
        fine('tigress_attestation required; ' + root)
        fine('tigress_attestation required;', root)
        fine(root, 'tigress_attestation required;')
        wrong('/nowhere/root.pem', 'tigress_attestation required; ' + NOWHERE)
        wrong('/nowhere/revoked', 'tigress_attestation required; ' + LOST,
              root)


def test_the_rule_of_a_location_counts_with_its_own_formats():
    fine('tigress_attestation required; ' + NOWHERE,
         'tigress_attestation none;')
    fine('tigress_attestation required;', 'tigress_attestation required none;')
    fine('tigress_attestation required packed;',
         'tigress_attestation optional packed-self;')
    wrong('name a file of roots', 'tigress_attestation none;',
          'tigress_attestation required;')
    wrong('name a file of roots', 'tigress_attestation required none;',
          'tigress_attestation required;')
    wrong('name a file of roots', 'tigress_attestation required packed-self;',
          'tigress_attestation required packed;')


def test_files_of_a_location_count_instead_of_those_of_its_server():
    with Maker() as maker:
        root = f'tigress_attestation_root {maker.root};'
        empty = pathlib.Path(maker.directory.name, 'revoked')
        empty.write_text('# none\n')
        revoked = f'tigress_attestation_revoked {empty};'
        required = 'tigress_attestation required; '
        fine(required + NOWHERE, root)
        wrong('/nowhere/root.pem', required + root, NOWHERE)
        fine(required + root + LOST, revoked)
        wrong('/nowhere/revoked', required + root + revoked, LOST)


if __name__ == '__main__':
    sentences.main(globals())
