#!/usr/bin/python3
"""Services that hang, lie or send elsewhere, workers that do not behave."""
import base64
import json
import socket
import struct
import sys

import push_daemon
from push_daemon import APNS, FCM, WEBPUSH, mark, packet, wait_until


def endpoint(url):
    """A subscription for this endpoint."""
    return base64.b64encode(json.dumps({'endpoint': url}).encode()).decode()


def listen(address='127.0.0.1'):
    """A socket to which nobody should connect."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    sock = socket.socket(family)
    sock.bind((address, 0))
    sock.listen()
    sock.setblocking(False)
    return sock


def nobody_came(sock):
    try:
        sock.accept()
    except BlockingIOError:
        return True
    return False


# R-PUSH-4
def a_service_that_hangs_delays_no_other(place):
    for rules in {'connection': 'hang'}, {'*': {'hang': True}}:
        name = 'c0' if 'connection' in rules else 'd0'
        place.apns.behave(rules)
        with place.daemon(place.conf('in_flight = 3\n')) as push:
            worker = push.worker()
            for i in range(50):
                worker.ring(APNS, f'{name}{i:04x}')
            for i in range(50):
                worker.ring(FCM, f'{name}:{i}')
            for i in range(50):
                place.fcm.wait_for(1, f'{name}:{i}')
        assert push.counts('fcm') == {'delivered': 50}, push.log()
        assert 'delivered' not in push.counts('apns'), push.log()
        assert push.left() == 50
        assert push.status == 0


# R-PUSH-4
def a_browsers_service_that_hangs_leaves_room_for_others(place):
    with listen() as silent:
        host = f'localhost:{silent.getsockname()[1]}'
        with place.daemon(place.push('in_flight = 4\n') +
                          place.of_webpush(more_hosts=host)) as push:
            worker = push.worker()
            for i in range(80):
                worker.ring(WEBPUSH, endpoint(f'https://{host}/push/{i}'))
            url = f'https://{place.webpush.host}/push/heard'
            worker.ring(WEBPUSH, endpoint(url))
            wait_until(lambda: any('/push/heard' in str(line)
                                   for line in place.webpush.log()), 'it')
            # 80 that take 5 s each, 4 at a time, would not have left by now.
    assert push.counts('webpush')['delivered'] == 1, push.log()
    assert push.left() == 80, push.log()


def a_service_that_comes_back_gets_what_is_due(place):
    place.apns.behave({'connection': 'close'})
    with place.daemon() as push:
        push.worker().ring(APNS, 'bacc')
        push.worker().ring(FCM, 'meanwhile')
        place.fcm.wait_for(1, 'meanwhile')
        place.apns.behave({})
        place.apns.wait_for(1, 'bacc')
    assert push.counts('apns')['delivered'] == 1


def a_connection_that_breaks_is_made_anew(place):
    place.apns.behave({'b0': {'close': True, 'times': 1}})
    with place.daemon() as push:
        push.worker().ring(APNS, 'b0')
        lines = place.apns.wait_for(2, 'b0')
    assert [line['status'] for line in lines] == [None, 200]
    assert lines[0]['connection'] != lines[1]['connection']
    assert push.counts('apns') == {'delivered': 1, 'retried': 1}, push.log()


def a_connection_that_was_idle_too_long_is_made_anew(place):
    place.apns.behave({'1d1e': {'status': 400, 'reason': 'IdleTimeout',
                                'times': 1}})
    with place.daemon() as push:
        push.worker().ring(APNS, '1d1e')
        lines = place.apns.wait_for(2, '1d1e')
    assert [line['status'] for line in lines] == [400, 200]
    assert lines[0]['connection'] != lines[1]['connection']
    assert push.counts('apns') == {'delivered': 1, 'retried': 1}, push.log()


def a_certificate_of_somebody_else_is_not_believed(place):
    before = len(place.apns.log())
    others = place.directory / 'others.pem'
    others.write_text(place.fcm.ca.read_text())
    conf = place.conf().replace(str(place.ca), str(others))
    with place.daemon(conf) as push:
        worker = push.worker()
        worker.ring(APNS, 'ce')
        worker.ring(FCM, 'believed')
        place.fcm.wait_for(1, 'believed')
        # One more round is enough for the other to have been tried.
        wait_until(lambda: push.trouble('apns'), 'trouble')
    assert len(place.apns.log()) == before
    host = place.apns.url.removeprefix('https://')
    assert push.trouble('apns').startswith(
        f'the certificate of {host} does not convince: '), push.log()
    assert 'whom we believe' in push.trouble('apns'), push.log()
    assert push.left() == 1


def a_certificate_for_another_name_is_not_believed(place):
    other = push_daemon.peers.Apns(place.directory / 'another-name')
    other.certify('DNS:elsewhere.example')
    place.ca.write_text(place.ca.read_text() + other.ca.read_text())
    with other:
        conf = place.push() + place.of_apns().replace(
            place.apns.url, other.url).replace(str(place.apns.key),
                                               str(other.key))
        with place.daemon(conf) as push:
            push.worker().ring(APNS, 'ce01')
            wait_until(lambda: push.trouble('apns'), 'trouble')
        assert not other.log()
    assert push.trouble('apns').endswith(
        'does not convince: it is for another name'), push.log()
    assert push.left() == 1


def a_certificate_that_has_expired_is_not_believed(place):
    other = push_daemon.peers.Apns(place.directory / 'expired')
    key, request = other.directory / 'key.pem', other.directory / 'request'
    push_daemon.peers.run('openssl', 'x509', '-x509toreq', '-in', other.ca,
                          '-signkey', key, '-copy_extensions', 'copy',
                          '-out', request)
    push_daemon.peers.run('openssl', 'x509', '-req', '-in', request,
                          '-signkey', key, '-copy_extensions', 'copy',
                          '-days', '-1', '-out', other.ca)
    place.ca.write_text(place.ca.read_text() + other.ca.read_text())
    with other:
        conf = place.push() + place.of_apns().replace(
            place.apns.url, other.url).replace(str(place.apns.key),
                                               str(other.key))
        with place.daemon(conf) as push:
            push.worker().ring(APNS, 'ce02')
            wait_until(lambda: push.trouble('apns'), 'trouble')
        assert not other.log()
    assert 'does not convince: it has expired' in push.trouble('apns'), \
        push.log()


def wrong_ids_at_apple_are_said_to_be_wrong(place):
    wallet, other = 'org.example.wallet', 'org.example.other'
    conf = place.of_apns()
    key = f'our credential is not accepted: look at the key and the ids in ' \
        f'[apns {wallet}]'
    topic = 'the topic {} is not one that its key may use'
    cases = (
        (conf.replace(place.apns.key_id, 'OTHER12345'), {}, key),
        (conf.replace(place.apns.team_id, 'OTHER12345'), {}, key),
        (place.of_apns(other), {}, topic.format(other)),
        (conf, (403, 'BadEnvironmentKeyInToken'), key),
        (conf, (403, 'ExpiredProviderToken'), key),
        (conf, (400, 'TopicDisallowed'), topic.format(wallet)),
        (conf, (400, 'BadPriority'), 'the service refuses what we send'))
    for number, (text, rule, words) in enumerate(cases):
        place.apns.behave(
            {'*': {'status': rule[0], 'reason': rule[1]}} if rule else {})
        with place.daemon(place.push() + text) as push:
            worker = push.worker()
            for i in range(30):
                worker.ring(APNS, f'a1{number:02}{i:02}')
            for i in range(30):
                place.apns.wait_for(1, f'a1{number:02}{i:02}')
            wait_until(lambda push=push: push.trouble('apns'), 'words')
            assert worker.hears_nothing()
        assert push.trouble('apns') == words, push.log()
        assert push.counts('apns') == {'refused': 30}, push.log()
        # At once and at the end, not for each.
        assert push.log().count('last trouble') <= 2, push.log()


# R-PUSH-2
def a_redirect_is_not_followed(place):
    with listen() as elsewhere:
        url = f'https://127.0.0.1:{elsewhere.getsockname()[1]}/push/x'
        place.apns.behave({'f0': {'redirect': url}})
        place.fcm.behave({'redirected': {'redirect': url, 'status': 302}})
        place.webpush.behave({'redirected': {'redirect': url}})
        with place.daemon() as push:
            worker = push.worker()
            worker.ring(APNS, 'f0')
            worker.ring(FCM, 'redirected')
            worker.ring(WEBPUSH, place.webpush.token_data('redirected'))
            place.apns.wait_for(1, 'f0')
            place.fcm.wait_for(1, 'redirected')
            place.webpush.wait_for(1, 'redirected')
        assert nobody_came(elsewhere)
    for name in 'apns', 'fcm', 'webpush':
        assert 'delivered' not in push.counts(name), push.log()
    assert len(place.apns.log('f0')) == 1


# R-PUSH-2
def an_endpoint_with_a_private_address_is_never_connected_to(place):
    # curl finds both addresses of localhost by itself.
    listeners = [listen()]
    try:
        listeners.append(listen('::1'))
    except OSError:
        pass
    hosts = [f'localhost:{sock.getsockname()[1]}' for sock in listeners]
    with place.daemon(place.push() +
                      place.of_webpush('', ' '.join(hosts))) as push:
        worker = push.worker()
        for host in hosts:
            worker.ring(WEBPUSH, endpoint(f'https://{host}/push/x'))
        wait_until(lambda: push.trouble('webpush'), 'trouble')
        push.stop()
        assert all(nobody_came(sock) for sock in listeners)
    assert push.counts('webpush') == {'refused': len(hosts)}, push.log()
    assert push.trouble('webpush') == 'an address that is not public'
    for sock in listeners:
        sock.close()


# R-PUSH-2
def an_endpoint_that_is_not_on_the_list_is_dead(place):
    host = place.webpush.host
    urls = ['https://push.example/x', f'http://{host}/x', 'https://localhost/x',
            f'https://a.{host}/x', f'https://{host}@evil.example/',
            f'https://u@{host}/x', place.apns.url, 'file:///etc/passwd',
            'https:///x']
    with place.daemon() as push:
        worker = push.worker()
        for url in urls:
            worker.ring(WEBPUSH, endpoint(url))
            assert worker.dead() == mark(WEBPUSH, endpoint(url)), url
    assert push.counts('webpush') == {'dead': len(urls)}, push.log()


def a_full_queue_drops_and_folds_and_counts(place):
    place.apns.behave({'connection': 'hang'})
    with place.daemon(place.conf('queue = 3\n')) as push:
        worker = push.worker()
        for token in 'aa', 'bb', 'aa', 'cc', 'dd', 'ee', 'bb':
            worker.ring(APNS, token)
    assert push.counts('doorbells') == {'dropped': 2, 'folded': 2}, push.log()
    assert push.left() == 3


def rung_twice_while_it_waits_it_is_delivered_once(place):
    place.fcm.behave({'/token': {'status': 503, 'times': 1}})
    with place.daemon() as push:
        worker = push.worker()
        for _ in range(10):
            worker.ring(FCM, 'often')
        place.fcm.wait_for(1, 'often')
    delivered = len(place.fcm.log('often'))
    assert push.counts('doorbells') == {'folded': 10 - delivered}, push.log()
    assert delivered <= 2


def a_type_that_is_not_configured_is_counted(place):
    with place.daemon(place.push() + place.of_apns()) as push:
        worker = push.worker()
        worker.ring(FCM, 'nobody')
        worker.ring('com.example.unknown', 'nobody')
        worker.ring(APNS, 'ac')
        place.apns.wait_for(1, 'ac')
    assert push.counts('doorbells') == {'unknown': 2}, push.log()


def a_packet_that_is_none_ends_its_connection_alone(place):
    good = packet(APNS, 'ad', 60)
    packets = [b'X', b'R', good[:-1], good + b'x', b'D' + bytes(16),
               packet('', 'ad', 60), packet(APNS, '', 60),
               b'R' + struct.pack('>Q', 2 ** 63) + good[9:],
               packet(APNS, 'a' * 5000, 60), packet('t' * 65, 'ad', 60)]
    with place.daemon() as push:
        honest = push.worker()
        for data in packets:
            worker = push.worker()
            worker.send(data)
            assert worker.is_closed(), data
        honest.ring(APNS, 'ad')
        place.apns.wait_for(1, 'ad')
    assert push.counts('doorbells') == {'malformed': len(packets)}, push.log()


def a_worker_that_does_not_read_delays_nobody(place):
    with place.daemon() as push:
        deaf, worker = push.worker(), push.worker()
        for i in range(1000):
            worker.ring(APNS, f'not hexadecimal {i}')
            assert worker.dead() == mark(APNS, f'not hexadecimal {i}')
        deaf.ring(APNS, 'df')
        place.apns.wait_for(1, 'df')
    assert 0 < push.counts('doorbells')['unread'] < 1000, push.log()


def a_worker_that_comes_again_and_again_is_served(place):
    with place.daemon() as push:
        for i in range(300):
            worker = push.worker()
            worker.ring(APNS, f'ee{i:04x}')
            worker.close()
        place.apns.wait_for(1, f'ee{299:04x}')
    assert push.counts('apns') == {'delivered': 300}, push.log()


if __name__ == '__main__':
    sys.exit(push_daemon.main(
        a_service_that_hangs_delays_no_other,
        a_browsers_service_that_hangs_leaves_room_for_others,
        a_service_that_comes_back_gets_what_is_due,
        a_connection_that_breaks_is_made_anew,
        a_connection_that_was_idle_too_long_is_made_anew,
        a_certificate_of_somebody_else_is_not_believed,
        a_certificate_for_another_name_is_not_believed,
        a_certificate_that_has_expired_is_not_believed,
        wrong_ids_at_apple_are_said_to_be_wrong,
        a_redirect_is_not_followed,
        an_endpoint_with_a_private_address_is_never_connected_to,
        an_endpoint_that_is_not_on_the_list_is_dead,
        a_full_queue_drops_and_folds_and_counts,
        rung_twice_while_it_waits_it_is_delivered_once,
        a_type_that_is_not_configured_is_counted,
        a_packet_that_is_none_ends_its_connection_alone,
        a_worker_that_does_not_read_delays_nobody,
        a_worker_that_comes_again_and_again_is_served,
    ))
