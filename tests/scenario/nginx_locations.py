"""A relay in an nginx that has more to do: what `nginx -t` says of locations.

Run by meson; by hand: TIGRESS_BUILD=build/release python3 nginx_locations.py
"""
import contextlib
import os
import pathlib
import pwd
import subprocess
import tempfile

import sentences
from relay import BUILD, environment, make_certificate, nginx_options
from sentences import check, equal

WORDS = nginx_options(BUILD)
NGINX = os.environ.get('TIGRESS_NGINX', WORDS[WORDS.index('--nginx') + 1])
MODULE = WORDS[WORDS.index('--module') + 1]
PRINT = ':'.join(f'{n:02X}' for n in range(32))
APPLE = 'tigress_wallet_app apple ABCDE12345.com.example.wallet;'
ANDROID = f'tigress_wallet_app android com.example.wallet {PRINT};'
RELAY = 'location /v1/ { tigress on; }'
KNOWN = 'location /.well-known/ { tigress on; }'

CONFIGURATION = """
{user}
load_module {module};
pid {directory}/pid;
error_log {directory}/log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    tigress_store lmdb:{directory}/store size=16m;
    server {{
        listen 127.0.0.1:8443 ssl;
        server_name relay.example;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        {server}
    }}
}}
"""


@contextlib.contextmanager
def place():
    """A directory with a store that belongs to us, and a certificate."""
    with tempfile.TemporaryDirectory(prefix='tigress-nginx-') as name:
        directory = pathlib.Path(name)
        (directory / 'store').mkdir(mode=0o700)
        yield directory, make_certificate(directory)


def words_of_nginx(*server, status=0):
    """What `nginx -t` says of a server with these lines, and how it ends."""
    user = f'user {pwd.getpwuid(os.getuid()).pw_name};'
    with place() as (directory, (cert, key)):
        file = directory / 'nginx.conf'
        file.write_text(CONFIGURATION.format(
            user=user if os.getuid() == 0 else '', module=MODULE,
            directory=directory, cert=cert, key=key,
            server='\n        '.join(server)))
        run = subprocess.run([NGINX, '-t', '-p', str(directory),
                              '-c', str(file)], capture_output=True,
                             text=True, check=False, timeout=30,
                             env=environment())
        equal(run.returncode, status, f'status of {server}: {run.stderr}')
        return run.stderr


def warnings(*server):
    return [line for line in words_of_nginx(*server).splitlines()
            if '[warn]' in line]


def one_warning(words, *server):
    """The one warning, which has all of the words."""
    found = warnings(*server)
    equal(len(found), 1, f'number of warnings: {found}')
    for word in words:
        check(word in found[0], f'no {word} in: {found[0]}')


def test_what_the_documents_show_is_accepted_in_silence():
    equal(warnings(RELAY, KNOWN, APPLE, ANDROID), [], 'two locations')
    equal(warnings('location / { tigress on; }', APPLE, ANDROID), [], 'one')
    equal(warnings('tigress on;', APPLE, ANDROID), [], 'the server')
    equal(warnings(RELAY), [], 'without apps')


def test_apps_that_no_phone_can_ask_for_are_warned_of():
    found = warnings(RELAY, APPLE, ANDROID)
    equal(len(found), 2, f'number of warnings: {found}')
    for line, path in zip(found, ('apple-app-site-association',
                                  'assetlinks.json')):
        check(path in line, line)
        check('add "location /.well-known/ { tigress on; }"' in line, line)
    one_warning(['assetlinks.json'], RELAY, ANDROID)
    one_warning(['apple-app-site'], RELAY, APPLE,
                'location / { return 204; }')


def test_apps_of_the_wrong_location_are_warned_of():
    one_warning(['apple-app-site-association', 'move it'],
                'location /v1/ { tigress on; ' + APPLE + ' }', KNOWN)


def test_an_operators_own_file_is_no_slip():
    equal(warnings(RELAY, APPLE, 'location = /.well-known/'
                   'apple-app-site-association { return 204; }'), [], 'file')
    equal(warnings(RELAY, 'location /v1/picture/ { return 204; }'), [],
          'pictures')


def test_a_location_without_the_pictures_is_warned_of():
    one_warning(['/v1/picture/', 'add "location /v1/ { tigress on; }"'],
                'location /v1/m { tigress on; }', KNOWN)


def test_a_location_without_some_mailboxes_is_warned_of():
    found = warnings('location /v1/m/ { tigress on; }', KNOWN)
    equal(len(found), 2, f'number of warnings: {found}')
    check('nobody can share' in found[0], found[0])
    found = warnings('location = /v1/m { tigress on; }', KNOWN)
    equal(len(found), 2, f'number of warnings: {found}')
    check('nobody can receive' in found[0], found[0])


def test_an_expression_that_takes_the_pictures_away_is_warned_of():
    expression = r'location ~ \.png$ { expires 30d; }'
    one_warning(['/v1/picture/', 'add "location ^~ /v1/'], RELAY, expression)
    equal(warnings('location ^~ /v1/ { tigress on; }', expression), [],
          'first of all')
    equal(warnings(RELAY, r'location ~ ^/v1/picture/ { tigress on; }'), [],
          'an expression that serves')


def test_nested_locations_are_looked_into():
    equal(warnings('location /v1/ { location /v1/m { tigress on; } '
                   'location /v1/picture/ { tigress on; } }'), [], 'all')
    one_warning(['/v1/picture/'],
                'location /v1/ { location /v1/m { tigress on; } }')


def test_nothing_is_guessed_of_named_locations():
    equal(warnings('location / { try_files $uri @relay; }',
                   'location @relay { tigress on; }', APPLE), [], 'named')


def test_hosts_that_no_image_can_come_from_are_refused():
    for host, words in (('.example.org', 'named in full'),
                        ('10.0.0.1', 'an address'), ('[::1]', 'an address'),
                        ('https://a.example', 'its name alone'),
                        ('*.example.org', 'its name alone')):
        said = words_of_nginx(f'tigress_image_hosts a.example {host};', RELAY,
                              status=1)
        check(f'"{host}" in "tigress_image_hosts"' in said and words in said,
              f'{host}: it says {said}')


if __name__ == '__main__':
    sentences.main(globals())
