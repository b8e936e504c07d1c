"""How much a room is thinned, and which of its comments are shown for that; read from the database alone, so everybody finds the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from live import protocol, sampling
from live.models import LevelChange, Room
from live.sampling import Published, Sample

# Read this many at first, then more, until enough are drawn; beyond the last a list is shorter.
SCANS = (200, 1_600, 12_800)
_NEWEST = """
SELECT id, public_at, state = 'approved' AND NOT hidden.everything AND NOT author_id = ANY(hidden.authors),
    count(*) OVER (ORDER BY public_at RANGE BETWEEN make_interval(secs => %s) PRECEDING AND CURRENT ROW)
FROM (
    SELECT id, public_at, state, author_id FROM live_comment WHERE room_id = %s AND public_at IS NOT NULL
    ORDER BY public_at DESC, id DESC LIMIT %s
) AS newest, (
    SELECT coalesce(bool_or(scope = 'everything'), false) AS everything,
        coalesce(array_agg(participant_id) FILTER (WHERE participant_id IS NOT NULL), '{}') AS authors
    FROM live_withdrawal WHERE restored_at IS NULL AND (room_id = %s OR room_id IS NULL)
) AS hidden ORDER BY public_at DESC, id DESC
"""


@dataclass(frozen=True)
class RoomLevel:
    """The level of a room now, and whether a person holds it."""

    level: int = 0
    is_held: bool = False


def level_of(airing_id: UUID) -> RoomLevel:
    """The level now; nothing is thinned where there is no room yet."""
    row = Room.objects.filter(pk=airing_id).values_list("level", "is_held").first()
    return RoomLevel(*row) if row else RoomLevel()


def levels_of(airing_id: UUID) -> list[tuple[dt.datetime, int]]:
    """Since when the room was at which level, oldest first."""
    return list(LevelChange.objects.filter(room=airing_id).values_list("at", "level"))


def sample_of(airing_id: UUID, most: int = protocol.COMMENTS_SHOWN) -> Sample:
    """The comments that the public list shows now."""
    levels = levels_of(airing_id)
    sample = Sample()
    for scan in SCANS:
        rows, whole = _newest(airing_id, scan)
        sample = sampling.drawn(airing_id, rows, levels, most)
        if whole or len(sample.ids) == most:
            break
    return sample


def _newest(airing_id: UUID, scan: int) -> tuple[list[Published], bool]:
    """The newest that became public, and whether these are all. Those at the far edge, whose count is cut off there, are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [sampling.WINDOW.total_seconds(), airing_id, scan, airing_id])
        rows = [Published(*row) for row in cursor.fetchall()]
    if len(rows) < scan:
        return rows, True
    edge = rows[-1].at + sampling.WINDOW
    return [row for row in rows if row.at > edge], False


__all__ = ["RoomLevel", "level_of", "levels_of", "sample_of"]
