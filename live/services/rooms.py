"""Makes and closes rooms, and numbers the lines of the staff lane; it must not touch what stands in a room."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import NotFound
from broadcast.models import Airing
from live.models import Room


def ensure(airing_ids: Iterable[UUID]) -> dict[UUID, Room]:
    """The rooms of these airings, made where missing. The airings must exist."""
    wanted = list(airing_ids)
    found = Room.objects.in_bulk(wanted)
    missing = [airing_id for airing_id in wanted if airing_id not in found]
    if missing:
        now = clock.now()
        Room.objects.bulk_create([Room(airing_id=each, created_at=now) for each in missing], ignore_conflicts=True)
        found = Room.objects.in_bulk(wanted)
    return found


def airing_of(airing_id: UUID) -> Airing:
    """The airing with its episode and programme, for whoever acts in its room. Raises NotFound."""
    found = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    if found is None:
        raise NotFound(_("没有这一场。"))
    return found


def next_staff_seq(airing_ids: Iterable[UUID], *, panels: bool = False) -> dict[UUID, int]:
    """Take the next number of each room's staff lane; call inside the writing transaction, late.

    Locks the rooms (in order) until commit, so numbers become visible in order and "newer than N" misses nothing.
    """
    extra = ", panels_seq = staff_seq + 1" if panels else ""
    taken: dict[UUID, int] = {}
    with connection.cursor() as cursor:
        for airing_id in sorted(set(airing_ids)):
            cursor.execute(
                f"UPDATE live_room SET staff_seq = staff_seq + 1{extra} WHERE airing_id = %s RETURNING staff_seq",
                [airing_id],
            )
            row = cursor.fetchone()
            if row:
                taken[airing_id] = row[0]
    return taken


def follow(airing: Airing) -> bool:
    """Open or close the room after the airing's state; returns whether anything changed. Rooms close when the airing is over."""
    over = airing.state in {Airing.State.ENDED, Airing.State.CANCELLED}
    room = ensure([airing.pk])[airing.pk]
    if room.is_open is not over:
        return False
    return bool(
        Room.objects.filter(pk=airing.pk, is_open=over).update(
            is_open=not over, closed_at=clock.now() if over else None
        )
    )
