"""Wallets that call a relay themselves, without shares, before one that wants
devices that somebody vouches for.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 -B test_client.py
"""
import contextlib
import subprocess
import tempfile

from test_relay import relay_for

# (test_relay.py has found these)
import cli_kit
import sentences
from relay import program
from sentences import equal

ORIGIN, RP_ID = 'https://wallet.example', 'wallet.example'


class Maker:
    """Of software authenticators."""

    def __init__(self, device):
        self.directory = str(device.home / 'authenticator')
        self.root = device.event('authenticator', self.directory)['root']


@contextlib.contextmanager
def relay(*conf):
    with cli_kit.Device() as device:
        device.home.chmod(0o755)
        maker = Maker(device)
        with relay_for(maker, 'required', *conf) as one:
            yield one, maker.directory


def create(one, *arguments):
    """(result's name, the relay's detail) of one create."""
    done = subprocess.run(
        [program('tests', 'attest', 'attest_create'),
         one.url.removeprefix('https://'), one.ca, *arguments],
        capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


# R-ATT-1
def test_a_create_without_a_share_is_vouched_for_too():
    with relay() as (one, directory):
        equal(create(one, '-'), ['TG_E_ATTESTATION', 'this relay wants a '
                                 'device attestation'], 'without')
        equal(create(one, directory), ['TG_OK', ''], 'with')
        with tempfile.TemporaryDirectory() as other:
            equal(create(one, other)[0], 'TG_OK', 'a retry')


# R-ATT-1
def test_what_the_relay_says_against_a_statement_comes_to_the_caller():
    with relay() as (one, _), tempfile.TemporaryDirectory() as other:
        equal(create(one, other),
              ['TG_E_ATTESTATION', 'the certificates lead to nobody whom this '
               'relay trusts'], 'of another maker')


# R-ATT-2
def test_a_wallet_names_its_own_origin_if_the_relay_wants_that():
    with relay(f'tigress_attestation_origin {ORIGIN};',
               f'tigress_attestation_rp_id {RP_ID};') as (one, directory):
        for names, words in (
                ((), 'the origin is not one that this relay accepts'),
                ((ORIGIN, 'other.example'),
                 'the RP ID is not one that this relay accepts'),
                ((ORIGIN + '/', RP_ID),
                 'the origin is not one that this relay accepts')):
            equal(create(one, directory, *names), ['TG_E_ATTESTATION', words],
                  str(names))
        equal(create(one, directory, ORIGIN, RP_ID), ['TG_OK', ''], 'its own')


if __name__ == '__main__':
    sentences.main(globals())
