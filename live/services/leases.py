"""Who composes an airing: a lease in the database with an epoch that only grows; it must not know what is composed."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import connection, transaction

from broadcast import clock

LEASE_SECONDS = 1.4
_TAKE = """
INSERT INTO live_composerlease AS lease (airing_id, owner, epoch, expires_at) VALUES (%s, %s, nextval('live_epoch_seq'), %s)
ON CONFLICT (airing_id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, expires_at = excluded.expires_at
WHERE lease.expires_at < %s OR lease.expires_at = %s
RETURNING epoch
"""
_HELD = "SELECT expires_at FROM live_composerlease WHERE airing_id = %s AND expires_at >= %s"
_RENEW = "UPDATE live_composerlease SET expires_at = %s WHERE airing_id = %s AND owner = %s AND epoch = %s"


def held(airing_id: UUID) -> dt.datetime | None:
    """Until when somebody holds the lease, by the clock of whoever renewed it last; None when it is free."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [airing_id, clock.now()])
        row = cursor.fetchone()
    return row[0] if row else None


def take(airing_id: UUID, owner: str, lapsed: dt.datetime | None = None) -> int | None:
    """The epoch under which `owner` may compose from now on, or None while somebody else does.

    `lapsed` is what `held` said a whole lease ago, by our own watch: who has not renewed it since is gone, whatever the clocks say.
    """
    now = clock.now()
    # Looking first: a sequence moves even when the insert loses, and contenders look several times a second.
    if held(airing_id) not in {None, lapsed}:
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE, [airing_id, owner, now + dt.timedelta(seconds=LEASE_SECONDS), now, lapsed])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def renew(airing_id: UUID, owner: str, epoch: int) -> bool:
    """Hold it for another LEASE_SECONDS; False when it is another's already. Not flushed to disk: it is worth nothing after a crash."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
        cursor.execute(_RENEW, [clock.now() + dt.timedelta(seconds=LEASE_SECONDS), airing_id, owner, epoch])
        return bool(cursor.rowcount == 1)


def give_up(airing_id: UUID, owner: str) -> None:
    """Let another take it at once, when this process leaves in an orderly way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE live_composerlease SET expires_at = %s WHERE airing_id = %s AND owner = %s",
            [clock.now() - dt.timedelta(seconds=1), airing_id, owner],
        )
