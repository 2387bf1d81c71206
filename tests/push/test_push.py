#!/usr/bin/python3
"""Doorbells go through tigress-push to services that check everything."""
import signal
import sys

import push_daemon
from push_daemon import APNS, FCM, WEBPUSH, later, mark, wait_until

OTHER = 'org.example.other'


def all_problems(place):
    """What the services had to find fault with."""
    return [line for peer in place.all for line in peer.log()
            if line['problems']]


# R-PUSH-1
def a_doorbell_arrives_at_each_service_with_its_right_headers(place):
    until = later()
    with place.daemon() as push:
        worker = push.worker()
        worker.ring(APNS, 'AB12', until)
        worker.ring(FCM, 'token:1', until)
        worker.ring(WEBPUSH, place.webpush.token_data('one'), until)
        apns = place.apns.wait_for(1, 'ab12')[0]
        fcm = place.fcm.wait_for(1, 'token:1')[0]
        webpush = place.webpush.wait_for(1, 'one')[0]
    assert (apns['status'], fcm['status'], webpush['status']) == \
        (200, 200, 201), all_problems(place)
    assert not all_problems(place)
    assert apns['headers']['apns-expiration'] == str(until)
    for line in apns, fcm, webpush:
        assert not {'accept', 'user-agent'} & set(line['headers']), line
    assert {apns['http'], fcm['http'], webpush['http']} == {'2.0'}
    for name in 'apns', 'fcm', 'webpush':
        assert push.counts(name) == {'delivered': 1}, push.log()


def many_doorbells_share_one_connection_a_service(place):
    count = 300
    with place.daemon() as push:
        worker = push.worker()
        for i in range(count):
            worker.ring(APNS, f'{i:08x}')
            worker.ring(FCM, f'many:{i}')
        for i in range(count):
            place.apns.wait_for(1, f'{i:08x}')
            place.fcm.wait_for(1, f'many:{i}')
    tokens = {f'{i:08x}' for i in range(count)}
    apns = [line for line in place.apns.log() if line['token'] in tokens]
    fcm = [line for line in place.fcm.log()
           if line['token'].startswith('many:')]
    assert len(apns) == len(fcm) == count
    assert len({line['connection'] for line in apns}) == 1
    assert len({line['connection'] for line in fcm}) == 1
    assert len({line['credential'] for line in apns}) == 1
    assert push.counts('apns') == {'delivered': count}, push.log()


# R-PUSH-3
def a_dead_token_is_told_to_every_worker(place):
    tokens = {APNS: 'dead', FCM: 'dead:1',
              WEBPUSH: place.webpush.token_data('dead')}
    place.apns.behave({'dead': {'status': 410, 'reason': 'Unregistered'}})
    place.fcm.behave({'dead:1': {'status': 404, 'reason': 'UNREGISTERED'}})
    place.webpush.behave({'dead': {'status': 410}})
    with place.daemon() as push:
        workers = [push.worker(), push.worker()]
        for kind, token in tokens.items():
            workers[0].ring(kind, token)
        wanted = {mark(kind, token) for kind, token in tokens.items()}
        for worker in workers:
            assert {worker.dead() for _ in tokens} == wanted, push.log()
            assert worker.hears_nothing()
    for name in 'apns', 'fcm', 'webpush':
        assert push.counts(name) == {'dead': 1}, push.log()


# R-PUSH-3
def a_token_that_is_none_is_dead_without_a_post(place):
    before = [len(peer.log()) for peer in place.all]
    tokens = [(APNS, 'not hexadecimal'),
              (WEBPUSH, 'bm90IEpTT04='),
              (WEBPUSH, place.webpush.token_data('x').replace('a', 'b'))]
    with place.daemon() as push:
        worker = push.worker()
        for kind, token in tokens:
            worker.ring(kind, token)
            assert worker.dead() == mark(kind, token)
    assert [len(peer.log()) for peer in place.all] == before


# R-PUSH-3
def asked_for_patience_it_comes_back_later(place):
    for status in 429, 503:
        rule = {'status': status, 'retry_after': 1, 'times': 1,
                'reason': f'Reason{status}'}
        place.apns.behave({f'{status}0': rule})
        place.fcm.behave({f'later:{status}': rule})
        place.webpush.behave({f'later-{status}': rule})
        with place.daemon() as push:
            worker = push.worker()
            worker.ring(APNS, f'{status}0')
            worker.ring(FCM, f'later:{status}')
            worker.ring(WEBPUSH, place.webpush.token_data(f'later-{status}'))
            lines = [place.apns.wait_for(2, f'{status}0'),
                     place.fcm.wait_for(2, f'later:{status}'),
                     place.webpush.wait_for(2, f'later-{status}')]
        assert [[line['status'] for line in each] for each in lines] == \
            [[status, 200], [status, 200], [status, 201]]
        for name in 'apns', 'fcm', 'webpush':
            assert push.counts(name) == {'delivered': 1, 'retried': 1}
            assert push.trouble(name) == 'the service asks for patience'


def nothing_is_tried_beyond_the_end_of_the_mailbox(place):
    place.apns.behave({'cafe': {'status': 503, 'retry_after': 8000}})
    with place.daemon() as push:
        worker = push.worker()
        worker.ring(APNS, 'cafe')                 # an hour is less than 8000 s
        worker.ring(APNS, 'cafe00', until=60)     # it ended in 1970
        place.apns.wait_for(1, 'cafe')
        worker.ring(APNS, 'cafe01')
        place.apns.wait_for(1, 'cafe01')
    assert push.counts('apns') == {'delivered': 1, 'late': 2}, push.log()
    assert not place.apns.log('cafe00')
    assert push.left() == 0


def a_token_of_another_topic_is_tried_with_that(place):
    apns = push_daemon.peers.Apns(
        place.directory / 'two-topics',
        {OTHER: 'alert', 'org.example.wallet': 'background'})
    apns.behave({'beef': {'topic': 'org.example.wallet'}})
    with apns:
        place.ca.write_text(place.ca.read_text() + apns.ca.read_text())
        both = ''.join(
            f'[apns {topic}]\nkey_file = {apns.key}\nkey_id = {apns.key_id}\n'
            f'team_id = {apns.team_id}\nserver = {apns.url}\n'
            f'push_type = {kind}\n' for topic, kind in apns.topics.items())
        with place.daemon(place.push() + both) as push:
            push.worker().ring(APNS, 'beef')
            lines = apns.wait_for(2, 'beef')
    assert [line['status'] for line in lines] == [400, 200], lines
    assert [line['headers']['apns-topic'] for line in lines] == \
        [OTHER, 'org.example.wallet']
    assert push.counts('apns') == {'delivered': 1}, push.log()


def an_access_token_is_fetched_once_and_again_when_it_is_refused(place):
    before = len(place.fcm.log('/token'))
    with place.daemon() as push:
        worker = push.worker()
        for i in range(20):
            worker.ring(FCM, f'first:{i}')
        for i in range(20):
            place.fcm.wait_for(1, f'first:{i}')
        assert len(place.fcm.log('/token')) == before + 1
        place.fcm.behave({'stale': {'status': 401, 'times': 1}})
        worker.ring(FCM, 'stale')
        lines = place.fcm.wait_for(2, 'stale')
    assert [line['status'] for line in lines] == [401, 200]
    assert len({line['credential'] for line in lines}) == 2
    assert len(place.fcm.log('/token')) == before + 2
    assert push.counts('fcm') == {'delivered': 21}, push.log()


def many_that_come_back_for_one_stale_token_fetch_one(place):
    before = len(place.fcm.log('/token'))
    names = [f'stale:{i}' for i in range(20)]
    # Then the token of all others is good for nothing, too.
    place.fcm.behave({names[0]: {'status': 401, 'times': 1}})
    with place.daemon() as push:
        worker = push.worker()
        push.tell(signal.SIGSTOP)       # so that all are sent together
        for name in names:
            worker.ring(FCM, name)
        push.tell(signal.SIGCONT)
        wait_until(lambda: all(
            [line['status'] for line in place.fcm.log(name)][-1:] == [200]
            for name in names), 'all delivered')
    assert len(place.fcm.log('/token')) == before + 2
    assert push.counts('fcm') == {'delivered': len(names)}, push.log()


def who_comes_back_late_for_a_stale_token_leaves_the_new_one_alone(place):
    with place.daemon() as push:
        worker = push.worker()
        worker.ring(FCM, 'to-connect')
        place.fcm.wait_for(1, 'to-connect')
        before = len(place.fcm.log('/token'))
        # By its rule the token is good for nothing at once, also for the
        # other, which hears of it at once.
        place.fcm.behave({'late': {'status': 401, 'times': 1,
                                   'after': 'soon'}})
        push.tell(signal.SIGSTOP)       # so that both are sent together
        worker.ring(FCM, 'late')
        worker.ring(FCM, 'soon')
        push.tell(signal.SIGCONT)
        for name in 'soon', 'late':
            lines = place.fcm.wait_for(2, name)
            assert [line['status'] for line in lines] == [401, 200], lines
    assert len(place.fcm.log('/token')) == before + 1
    assert push.counts('fcm') == {'delivered': 3}, push.log()


def an_access_token_that_never_does_is_not_asked_for_again_and_again(place):
    before = len(place.fcm.log('/token'))
    place.fcm.behave({'never': {'status': 401}})
    with place.daemon() as push:
        push.worker().ring(FCM, 'never')
        place.fcm.wait_for(2, 'never')
        push.worker().ring(FCM, 'good:1')
        place.fcm.wait_for(1, 'good:1')
    assert len(place.fcm.log('never')) == 2
    assert len(place.fcm.log('/token')) <= before + 3
    assert push.counts('fcm') == {'delivered': 1, 'refused': 1}, push.log()
    assert push.trouble('fcm') == 'our credential is not accepted'


def an_access_token_that_is_not_given_now_is_asked_for_later(place):
    place.fcm.behave({'/token': {'status': 503, 'times': 2}})
    with place.daemon() as push:
        push.worker().ring(FCM, 'patient')
        assert place.fcm.wait_for(1, 'patient')[0]['status'] == 200
    assert push.counts('fcm') == {'delivered': 1}, push.log()
    assert push.trouble('fcm') is not None


def tokens_and_secrets_are_nowhere_to_be_seen(place):
    token, registration = 'feedfacefeedface', 'secret:registration'
    subscription = place.webpush.token_data('secret-endpoint')
    place.apns.behave({token: {'status': 400, 'reason': 'BadTopic'}})
    with place.daemon() as push:
        worker = push.worker()
        worker.ring(APNS, token)
        worker.ring(FCM, registration)
        worker.ring(WEBPUSH, subscription)
        worker.send(b'Rsecret nonsense')
        place.apns.wait_for(1, token)
        place.fcm.wait_for(1, registration)
        place.webpush.wait_for(1, 'secret-endpoint')
        seen = b''
        for name in 'cmdline', 'environ', 'comm', 'status':
            with open(f'/proc/{push.process.pid}/{name}', 'rb') as file:
                seen += file.read()
    seen += push.log().encode()
    key = place.apns.key.read_text().split('\n')[1]
    for secret in token, registration, subscription, 'secret', key:
        assert secret.encode() not in seen, (secret, seen)
    assert 'https:' not in push.log() and '127.' not in push.log()


if __name__ == '__main__':
    sys.exit(push_daemon.main(
        a_doorbell_arrives_at_each_service_with_its_right_headers,
        many_doorbells_share_one_connection_a_service,
        a_dead_token_is_told_to_every_worker,
        a_token_that_is_none_is_dead_without_a_post,
        asked_for_patience_it_comes_back_later,
        nothing_is_tried_beyond_the_end_of_the_mailbox,
        a_token_of_another_topic_is_tried_with_that,
        an_access_token_is_fetched_once_and_again_when_it_is_refused,
        many_that_come_back_for_one_stale_token_fetch_one,
        who_comes_back_late_for_a_stale_token_leaves_the_new_one_alone,
        an_access_token_that_never_does_is_not_asked_for_again_and_again,
        an_access_token_that_is_not_given_now_is_asked_for_later,
        tokens_and_secrets_are_nowhere_to_be_seen,
    ))
