"""Failing over by hand, in the order in which it is safe.

    primary = fail_over(standbys)       one of them, the others follow it
    detach(standby), follow(standby, primary)

First nobody listens to the old primary any more: whatever it commits later has
no quorum. Then the one that has most is promoted: with `ANY 1` of three, what
was ever acknowledged is on one of the two others.
"""
import functools


def detach(standby):
    """It receives nothing any more, from whomever."""
    standby.sql("ALTER SYSTEM SET primary_conninfo = ''")
    standby.sql('SELECT pg_reload_conf()')
    standby.wait_until(lambda: standby.sql(
        'SELECT count(*) FROM pg_stat_wal_receiver') == '0')


def follow(standby, primary):
    """It receives from that primary; returns when it does."""
    standby.sql('ALTER SYSTEM SET primary_conninfo = '
                f"'user=tigress host={primary.directory} "
                f"port={primary.port} application_name={standby.name}'")
    standby.sql('SELECT pg_reload_conf()')
    standby.wait_until(functools.partial(standby.is_streaming_from, primary))


def received(standby):
    """How far it is: a number of bytes."""
    return int(standby.sql(
        'SELECT greatest(pg_last_wal_receive_lsn(),'
        " pg_last_wal_replay_lsn()) - '0/0'::pg_lsn"))


def fail_over(standbys):
    """Returns the new primary."""
    for standby in standbys:
        detach(standby)
    best = max(standbys, key=received)
    best.promote()
    for standby in standbys:
        if standby is not best:
            follow(standby, best)
    return best


def rejoin(server, primary):
    """Whatever it was: a standby of that primary, from scratch."""
    server.rejoin(primary)
    server.wait_until(functools.partial(server.is_streaming_from, primary))
