#!/usr/bin/python3
"""tigress-push begins, is told to read anew, and ends; and who may ring."""
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

import peers
import push_daemon
from push_daemon import APNS, FCM, HERE, PROGRAM, Worker, wait_until

NOBODY = 65534


def run(*arguments, **options):
    """The program, to its end."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True,
                          text=True, timeout=push_daemon.SECONDS, check=False,
                          env=push_daemon.ENVIRONMENT, **options)


def not_root(place, *paths):
    """For run(): a user who may read what is at these paths, and his name."""
    if os.geteuid() != 0:
        return {}, pwd.getpwuid(os.geteuid()).pw_name
    place.directory.chmod(0o711)
    for path in paths:
        os.chown(path, NOBODY, NOBODY)
    options = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    try:
        run('--version', **options)
    except PermissionError as reason:
        raise push_daemon.Skip(f'only root can run {PROGRAM}') from reason
    return options, pwd.getpwuid(NOBODY).pw_name


# ---- --check and options --------------------------------------------------

def a_right_configuration_is_said_to_be_right(place):
    push = place.daemon(start=False)
    done = run('--check', '--config', push.conf)
    assert done.returncode == 0 and done.stderr == '', done
    assert done.stdout == \
        f'{push.conf} is all right; services: apns fcm webpush\n', done
    assert not push.path.exists()


def what_is_wrong_is_said_with_its_line(place):
    good = place.conf()
    other = place.directory / 'other'
    shutil.copy(place.fcm.key, other)
    other.chmod(0o600)
    shown = place.directory / 'shown'
    shutil.copy(place.apns.key, shown)
    shown.chmod(0o644)
    garbage = place.directory / 'garbage'
    garbage.write_text('secret garbage\n')
    garbage.chmod(0o600)
    key = f'key_file = {place.apns.key}'
    account = f'service_account = {place.fcm.service_account}'
    vapid = f'key_file = {place.webpush.key}'
    cases = {
        '': ('no service is configured', None),
        good.replace('[fcm]', '[fmc]'): ('expected a section', '[fmc]'),
        good + 'color = 1\n': ('there is no such name', 'color'),
        good.replace('key_id', 'kid', 1): ('there is no such name', 'kid'),
        good.replace(key, 'key_file = nowhere'):
            ('No such file', 'nowhere'),
        good.replace(key, f'key_file = {shown}'): ('mode 0600', str(shown)),
        good.replace(key, f'key_file = {garbage}'): (str(garbage), None),
        good.replace(key, f'key_file = {other}'): (str(other), None),
        good.replace(account, f'service_account = {garbage}'):
            (str(garbage), None),
        good.replace(vapid, f'key_file = {garbage}'): (str(garbage), None),
        good.replace('hosts = ', 'hosts = *.com '): ('expected', 'hosts'),
        good.replace('hosts = ', 'hosts = 192.0.2.1 '): ('192.0.2.1', None),
        good.replace('server = ', 'server = x', 1): ('expected', 'server'),
        place.conf('group = nobody here\n'): ('expected a group', 'group ='),
        place.conf(f'authorities = {place.ca}\n'): ('twice', None),
    }
    for conf, (text, at) in cases.items():
        push = place.daemon(conf or '[push]\n', start=False)
        done = run('--check', '--config', push.conf)
        assert done.returncode == 1 and done.stdout == '', (conf, done)
        assert text in done.stderr, (text, done)
        assert 'secret' not in done.stderr
        if at is not None:
            line = next(i for i, line in enumerate(
                push.conf.read_text().splitlines(), 1) if at in line)
            assert f'{push.conf}:{line}: ' in done.stderr, (line, done)
        assert run('--config', push.conf).returncode == 1
        assert not push.path.exists()


def what_the_workers_could_read_is_refused_with_what_helps(place):
    group = grp.getgrgid(os.getegid()).gr_name
    # Root would not run it as root.
    user = 'tigress-push' if os.geteuid() == 0 else \
        pwd.getpwuid(os.geteuid()).pw_name
    key = place.directory / 'keys-of-all'
    shutil.copy(place.apns.key, key)
    conf = place.conf().replace(str(place.apns.key), str(key))
    for end in '', f'group = {group}\n':
        push = place.daemon(conf.replace('[apns', f'{end}[apns', 1),
                            start=False)
        for path, mode in (key, 0o640), (key, 0o604), (push.conf, 0o640), \
                (push.conf, 0o604):
            is_refused = mode == 0o604 or end
            path.chmod(mode)
            done = run('--check', '--config', push.conf)
            assert done.returncode == bool(is_refused), (mode, end, done)
            if is_refused:
                assert f'(chmod 0600 {path}; chown {user} {path})' in \
                    done.stderr, done
            if mode == 0o640 and end:
                assert f'the group {group}, ' in done.stderr, done
            path.chmod(0o600)


def who_may_not_read_a_file_is_told_who_must(place):
    closed = place.directory / 'closed'
    closed.mkdir()
    key, inside = place.directory / 'denied', closed / 'key'
    for path in key, inside:
        shutil.copy(place.apns.key, path)
    key.chmod(0)
    closed.chmod(0o600)
    push = place.daemon(start=False)
    options, user = not_root(place, push.conf)
    for path in key, inside:
        push.configure(place.push() + place.of_apns().replace(
            str(place.apns.key), str(path)))
        done = run('--check', '--config', push.conf, **options)
        assert done.returncode == 1, done
        assert 'Permission denied: ' in done.stderr, done
        assert f'the user {user} must be able to read {path}' in done.stderr, \
            done
        what = f'directory {closed} (' if path == inside else f'chown {user} '
        assert what in done.stderr, done
    push.conf.chmod(0)
    done = run('--check', '--config', push.conf, **options)
    assert done.returncode == 1, done
    assert f'the user {user} must be able to read {push.conf}' in \
        done.stderr, done
    closed.chmod(0o700)


def what_others_could_change_is_refused(place):
    others = next(group.gr_gid for group in grp.getgrall()
                  if group.gr_gid not in (0, os.getegid()))
    key, ca = place.directory / 'key-of-all', place.directory / 'ca-of-all'
    shutil.copy(place.apns.key, key)
    shutil.copy(place.ca, ca)
    push = place.daemon(place.conf().replace(
        str(place.apns.key), str(key)).replace(str(place.ca), str(ca)),
        start=False)
    for path in push.conf, key, ca:
        for mode in (0o602, 0o666, 0o622) + (0o620,) * (os.geteuid() == 0):
            path.chmod(mode)
            if mode == 0o620:
                os.chown(path, -1, others)
            done = run('--check', '--config', push.conf)
            assert done.returncode == 1, (path, mode, done)
            assert f'{path}: ' in done.stderr, done
            assert 'may change it' in done.stderr, done
        path.chmod(0o600)
        assert run('--check', '--config', push.conf).returncode == 0


def where_it_could_not_listen_is_said_before_the_start_and_at_it(place):
    push = place.daemon(start=False)
    good = push.conf.read_text()
    cases = {'nowhere/at/all': 'nowhere/at is not there',
             'push.conf': 'no socket', 'push.conf/s': 'is no directory'}
    for name, text in cases.items():
        push.conf.write_text(good.replace('= socket\n', f'= {name}\n', 1))
        for check in ['--check'], []:
            done = run(*check, '--config', push.conf)
            assert done.returncode == 1 and done.stdout == '', (name, done)
            assert f'{push.directory / name}: ' in done.stderr, done
            assert text in done.stderr, done
    # It would be made at the start: the system may do that.
    name = '/run/tigress-push-of-nobody/s'
    push.conf.write_text(good.replace('= socket\n', f'= {name}\n', 1))
    done = run('--check', '--config', push.conf)
    assert done.returncode == 0 and 'is not there' in done.stderr, done
    assert run('--config', push.conf).returncode == 1


def who_cannot_give_the_socket_to_the_group_is_told_so(place):
    push = place.daemon(start=False)
    options, user = not_root(place, push.conf, push.directory, *place.keys())
    ours = [*os.getgroups(), os.getegid()] if os.geteuid() else [NOBODY]
    group = next(group.gr_name for group in grp.getgrall()
                 if group.gr_gid not in ours)
    push.configure(place.conf(f'group = {group}\n'))
    for check in ['--check'], []:
        done = run(*check, '--config', push.conf, **options)
        assert done.returncode == 1 and done.stdout == '', done
        assert f'the user {user} is no member of the group {group}' in \
            done.stderr, done
    push.directory.chmod(0o555)
    push.configure(place.conf())
    done = run('--check', '--config', push.conf, **options)
    push.directory.chmod(0o755)
    assert done.returncode == 1, done
    assert f'the user {user} may not make a socket' in done.stderr, done


def authorities_that_are_none_are_refused(place):
    empty = place.directory / 'no-authorities'
    empty.write_text('')
    conf = place.conf().replace(str(place.ca), str(empty))
    push = place.daemon(conf, start=False)
    done = run('--check', '--config', push.conf)
    assert done.returncode == 1 and 'no certificate' in done.stderr, done


def the_example_is_right_once_its_keys_are_there(place):
    example = (HERE.parents[1] / 'src/push/tigress-push.conf').read_text()
    plain = re.sub(r'(?m)^#(?=[a-z_]+ *=|\[)', '', example)
    assert '[apns' in plain and '[fcm]' in plain and '[webpush]' in plain
    keys = {'apns.p8': place.apns.key, 'vapid.pem': place.webpush.key,
            'service-account.json': place.fcm.service_account}
    push = place.daemon(start=False)
    for name, path in keys.items():
        shutil.copy(path, push.directory / name)
        (push.directory / name).chmod(0o600)
    group = next(line.split('=')[1].strip() for line in plain.splitlines()
                 if line.startswith('group'))
    ours = grp.getgrgid(os.getegid()).gr_name
    push.conf.write_text(plain.replace(f'group = {group}', f'group = {ours}'))
    done = run('--check', '--config', push.conf)
    assert done.returncode == 0, done
    assert 'apns fcm webpush' in done.stdout
    example_names = set(re.findall(r'(?m)^#?([a-z_]+) *=', example))
    page = (HERE.parents[1] / 'man/tigress-push.8').read_text()
    page_names = set(re.findall(r'(?m)^\.TP\n\.BI? ([a-z_]+) ', page))
    source = (HERE.parents[1] / 'src/push/config.c').read_text()
    names = set(re.findall(r'OF_ALL\(SECTION_\w+, \w+, "(\w+)"', source)) | \
        set(re.findall(r'OF_TOPIC\(\w+, "(\w+)"', source))
    assert page_names == names, page_names ^ names
    assert example_names == names - {'allow_private'}, example_names ^ names


def options_are_judged(_):
    assert run('--nonsense').returncode == 2
    assert run('word').returncode == 2
    assert run('--help').stdout.startswith('usage: tigress-push')
    assert run('--version').stdout.startswith('tigress-push ')
    done = run('--check', '--config', '/nowhere/push.conf')
    assert done.returncode == 1 and 'No such file' in done.stderr, done


# ---- SIGHUP ---------------------------------------------------------------

def a_new_key_is_used_after_sighup(place):
    key = place.directory / 'replaced.p8'
    wrong = peers.make_key(place.directory / 'wrong.p8')
    shutil.copy(wrong, key)
    key.chmod(0o600)
    conf = place.conf().replace(str(place.apns.key), str(key))
    with place.daemon(conf) as push:
        worker = push.worker()
        worker.ring(APNS, '1010')
        wait_until(lambda: push.trouble('apns'), 'trouble')
        assert place.apns.wait_for(1, '1010')[0]['status'] == 403
        shutil.copy(place.apns.key, key)
        push.reload()
        worker.ring(APNS, '1011')
        assert place.apns.wait_for(1, '1011')[0]['status'] == 200


def with_a_broken_file_all_goes_on_as_it_was(place):
    with place.daemon() as push:
        worker = push.worker()
        good = push.conf.read_text()
        breaks = [good.replace('key_id', 'key_di'), '', 'nonsense',
                  good.replace(str(place.webpush.key), 'nowhere')]
        for i, broken in enumerate(breaks):
            push.conf.write_text(broken)
            push.reload(is_right=False)
            worker.ring(APNS, f'2020{i:02}')
            worker.ring(FCM, f'broken:{i}')
            assert place.apns.wait_for(1, f'2020{i:02}')[0]['status'] == 200
            assert place.fcm.wait_for(1, f'broken:{i}')[0]['status'] == 200
        push.conf.unlink()
        push.reload(is_right=False)
        push.conf.touch(0o600)
        push.conf.write_text(good)
        push.reload()
        worker.ring(APNS, '2021')
        place.apns.wait_for(1, '2021')
    assert push.left() == 0


def what_is_under_way_survives_sighup(place):
    place.apns.behave({'3030': {'hang': True}})
    with place.daemon() as push:
        worker = push.worker()
        worker.ring(APNS, '3030')
        place.apns.wait_for(1, '3030')
        for i in range(12):
            push.tell(signal.SIGHUP)
            worker.ring(APNS, f'3031{i:02}')
            place.apns.wait_for(1, f'3031{i:02}')
        place.apns.behave({})
        # Given up by the old one, it is sent by the new one.
        lines = place.apns.wait_for(2, '3030')
        assert [line['status'] for line in lines] == [None, 200]
    assert push.left() == 0


def a_service_that_is_no_more_gets_nothing(place):
    place.fcm.behave({'/token': {'status': 503, 'retry_after': 600}})
    with place.daemon() as push:
        worker = push.worker()
        worker.ring(FCM, 'waiting')
        wait_until(lambda: push.trouble('fcm'), 'trouble')
        push.configure(place.push() + place.of_apns())
        push.reload()
        before = len(place.fcm.log())
        worker.ring(FCM, 'no-more')
        worker.ring(APNS, '4040')
        place.apns.wait_for(1, '4040')
    assert len(place.fcm.log()) == before
    assert push.counts('doorbells') == {'unknown': 1}
    assert push.counts('fcm') == {'refused': 1}, push.log()
    assert push.left() == 0


def a_socket_that_changes_is_said_to_stay(place):
    with place.daemon() as push:
        push.conf.write_text(push.conf.read_text().replace(
            'socket = socket', 'socket = elsewhere'))
        push.reload()
        assert 'read at the start alone' in push.log()
        push.worker().ring(APNS, '5050')
        place.apns.wait_for(1, '5050')


# ---- the end --------------------------------------------------------------

def told_to_end_it_delivers_what_was_rung(place):
    for number, name in (signal.SIGTERM, '6060'), (signal.SIGINT, '6061'):
        with place.daemon() as push:
            worker = push.worker()
            for i in range(100):
                worker.ring(APNS, f'{name}{i:04x}')
            push.stop(number)
            for i in range(100):
                assert place.apns.log(f'{name}{i:04x}'), i
        assert push.status == 0 and push.left() == 0
        assert not push.path.exists()


def told_to_end_it_takes_what_lies_in_the_socket_first(place):
    with place.daemon() as push:
        workers = [push.worker()]
        push.tell(signal.SIGSTOP)
        workers += [push.worker() for _ in range(20)]   # not yet accepted
        names = [f'6161{i:02}{j:02}' for i in range(21) for j in range(5)]
        for i, name in enumerate(names):
            workers[i // 5].ring(APNS, name)
        push.tell(signal.SIGTERM)
        push.tell(signal.SIGCONT)
        push.process.wait(push_daemon.SECONDS)
    assert push.counts('apns') == {'delivered': len(names)}, push.log()
    assert push.status == 0 and push.left() == 0
    assert all(place.apns.log(name) for name in names)


def told_to_end_it_says_how_many_are_left(place):
    place.apns.behave({'connection': 'hang'})
    place.fcm.behave({'late': {'status': 503, 'retry_after': 600}})
    with place.daemon() as push:
        worker = push.worker()
        for i in range(3):
            worker.ring(APNS, f'7070{i:02}')
        worker.ring(FCM, 'late')
        place.fcm.wait_for(1, 'late')
    assert push.status == 0 and push.left() == 4, push.log()


def after_the_end_nobody_can_ring(place):
    with place.daemon() as push:
        worker = Worker(push.path)
        worker.ring(APNS, '7171')
        push.stop()
        assert place.apns.log('7171')
        assert worker.is_closed()
        worker.close()
        try:
            Worker(push.path)
        except FileNotFoundError:
            return
    raise AssertionError('somebody listens')


# ---- the socket -----------------------------------------------------------

def the_socket_is_for_its_group_alone(place):
    with place.daemon() as push:
        assert stat.S_IMODE(push.path.stat().st_mode) == 0o600
    if os.getuid() == 0:
        with place.daemon(place.conf('group = daemon\n')) as push:
            found = push.path.stat()
            assert stat.S_IMODE(found.st_mode) == 0o660
            assert push.path.group() == 'daemon'


def a_socket_that_was_left_over_is_replaced(place):
    with place.daemon() as push:
        push.process.kill()
        push.process.wait()
        assert push.path.exists()
        push.process = None
        push.start()
        push.worker().ring(APNS, '8080')
        place.apns.wait_for(1, '8080')


def what_is_no_socket_of_ours_is_left_alone(place):
    push = place.daemon(start=False)
    push.path.write_text('mine')
    done = run('--config', push.conf)
    assert done.returncode == 1 and 'cannot listen' in done.stderr, done
    assert push.path.read_text() == 'mine'
    push.path.unlink()
    with place.daemon() as first:
        other = pathlib.Path(f'{first.conf}.other')
        shutil.copy(first.conf, other)
        done = run('--config', other)
        assert done.returncode == 1 and 'already' in done.stderr, done
        first.worker().ring(APNS, '8081')
        place.apns.wait_for(1, '8081')


# ---- the system -----------------------------------------------------------

def systemd_finds_nothing_wrong_with_the_unit(place):
    if shutil.which('systemd-analyze') is None:
        raise push_daemon.Skip('systemd-analyze is not installed')
    made = (peers.BUILD / 'src/push/tigress-push.service').read_text()
    assert '@sbindir@' not in made, made
    commands = re.findall(r'(?m)^ExecStart(?:Pre)?=(\S+)', made)
    assert len(set(commands)) == 1 and commands[0][0] == '/', commands
    unit = place.directory / 'tigress-push.service'
    unit.write_text(made.replace(f'={commands[0]}', f'={PROGRAM}'))
    done = subprocess.run(['systemd-analyze', 'verify', '--man=no', unit],
                          capture_output=True, text=True, check=False,
                          timeout=push_daemon.SECONDS)
    assert done.returncode == 0 and done.stderr == '', done


def systemd_hears_of_it(place):
    path = place.directory / 'notify'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        notify.settimeout(push_daemon.SECONDS)
        heard = []

        def hear(text):
            while not any(text in word for word in heard):
                heard.append(notify.recv(1000).decode())

        with place.daemon(environment={'NOTIFY_SOCKET': str(path),
                                       'WATCHDOG_USEC': '400000'}) as push:
            hear('READY=1')
            hear('WATCHDOG=1')
            heard.clear()
            hear('WATCHDOG=1')
            heard.clear()
            push.reload()
            hear('RELOADING=1\nMONOTONIC_USEC=')
            heard.clear()
            hear('READY=1')
            push.stop()
            hear('STOPPING=1')
            hear('STATUS=')


def its_memory_is_nobodys_business(place):
    with place.daemon() as push:
        proc = pathlib.Path(f'/proc/{push.process.pid}')
        limits = (proc / 'limits').read_text()
        assert re.search(r'Max core file size +0 +0 ', limits), limits
        # What is not dumpable belongs to root.
        if os.getuid() != 0:
            assert proc.joinpath('environ').stat().st_uid == 0
        push.process.send_signal(signal.SIGABRT)
        assert push.process.wait(push_daemon.SECONDS) == -signal.SIGABRT
        assert not list(push.directory.glob('core*'))


if __name__ == '__main__':
    sys.exit(push_daemon.main(
        a_right_configuration_is_said_to_be_right,
        what_is_wrong_is_said_with_its_line,
        what_the_workers_could_read_is_refused_with_what_helps,
        what_others_could_change_is_refused,
        who_may_not_read_a_file_is_told_who_must,
        where_it_could_not_listen_is_said_before_the_start_and_at_it,
        who_cannot_give_the_socket_to_the_group_is_told_so,
        authorities_that_are_none_are_refused,
        the_example_is_right_once_its_keys_are_there,
        options_are_judged,
        a_new_key_is_used_after_sighup,
        with_a_broken_file_all_goes_on_as_it_was,
        what_is_under_way_survives_sighup,
        a_service_that_is_no_more_gets_nothing,
        a_socket_that_changes_is_said_to_stay,
        told_to_end_it_delivers_what_was_rung,
        told_to_end_it_takes_what_lies_in_the_socket_first,
        told_to_end_it_says_how_many_are_left,
        after_the_end_nobody_can_ring,
        the_socket_is_for_its_group_alone,
        a_socket_that_was_left_over_is_replaced,
        what_is_no_socket_of_ours_is_left_alone,
        systemd_finds_nothing_wrong_with_the_unit,
        systemd_hears_of_it,
        its_memory_is_nobodys_business,
    ))
