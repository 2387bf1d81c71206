"""From a share URL to a wallet app: what a phone's system asks the relay.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 wallet_routing.py
"""
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

import sentences
from cli_kit import Device
from relay import Relay, RelayError
from sentences import check, equal

APPLE = '/.well-known/apple-app-site-association'
ANDROID = '/.well-known/assetlinks.json'
PRINT = ':'.join(f'{n:02X}' for n in range(32))
OTHER = ':'.join(f'{n:02X}' for n in range(32, 64))
STORE = 'https://apps.example/wallet?id=1&ref=relay'


def get(relay, path):
    """Status, kind, body. No redirect is followed: systems follow none."""
    context = ssl.create_default_context(cafile=relay.ca)
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(relay.url + path, timeout=20) as answer:
            return (answer.status, answer.headers['content-type'],
                    answer.read().decode(), answer.url)
    except urllib.error.HTTPError as error:
        return error.code, error.headers['content-type'], '', relay.url + path


def test_the_files_name_the_apps_that_are_configured():
    conf = ['tigress_wallet_app apple ABCDE12345.com.example.wallet '
            'ABCDE12345.com.example.beta;',
            f'tigress_wallet_app android com.example.wallet {PRINT} {OTHER};',
            f'tigress_wallet_app android com.example.other {PRINT};']
    with Relay(workers=1, conf=conf) as relay:
        code, kind, body, url = get(relay, APPLE)
        equal((code, kind, url), (200, 'application/json', relay.url + APPLE),
              'answer')
        details = json.loads(body)['applinks']['details']
        equal(details, [{'appIDs': ['ABCDE12345.com.example.wallet',
                                    'ABCDE12345.com.example.beta'],
                         'components': [{'/': '/v1/m/*'}]}], 'details')
        code, kind, body, url = get(relay, ANDROID)
        equal((code, kind, url), (200, 'application/json',
                                  relay.url + ANDROID), 'answer')
        named = [(entry['target']['package_name'],
                  entry['target']['sha256_cert_fingerprints'])
                 for entry in json.loads(body)]
        equal(named, [('com.example.wallet', [PRINT]),
                      ('com.example.wallet', [OTHER]),
                      ('com.example.other', [PRINT])], 'apps')


def test_the_page_says_where_an_app_is_to_be_had():
    conf = [f'tigress_wallet_store apple {STORE};',
            'tigress_wallet_store android https://play.example/;']
    with Relay(workers=1, conf=conf) as relay, Device(relay) as device:
        link = urllib.parse.urlsplit(device.share()['url'])
        page = get(relay, link.path + '?' + link.query)[2]
        check('href="https://apps.example/wallet?id=1&amp;ref=relay"' in page,
              'no link for Apple')
        check('href="https://play.example/"' in page, 'none for Android')
        equal(page.count('<a '), 2, 'links')


def test_without_apps_there_are_no_files():
    with Relay(workers=1) as relay:
        for path in (APPLE, ANDROID):
            code, kind, _, _ = get(relay, path)
            equal((code, kind), (404, 'application/problem+json'), path)


def test_what_cannot_be_meant_is_refused_with_an_example():
    for line, words in (
            ('tigress_wallet_app windows x.y;', 'takes apple or android'),
            ('tigress_wallet_app apple com.example;', 'apple ABCDE12345.com'),
            ('tigress_wallet_app android com.example.wallet;', 'fingerprint'),
            ('tigress_wallet_app android com.example.wallet 00:11;',
             '32 pairs'),
            (f'tigress_wallet_app android wallet {PRINT};', 'a package'),
            ('tigress_wallet_store apple http://apps.example/;', 'https URL'),
            ('tigress_wallet_store web https://apps.example/;',
             'takes apple or android'),
            (f'tigress_wallet_store apple {STORE}; '
             f'tigress_wallet_store apple {STORE};', 'is duplicate')):
        try:
            with Relay(workers=1, conf=[line]):
                pass
        except RelayError as error:
            check(words in str(error), f'{line}: it says {error}')
        else:
            check(False, f'{line} was accepted')


if __name__ == '__main__':
    sentences.main(globals())
