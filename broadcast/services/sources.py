"""Makes the short codes that lead to shows, and counts that one was scanned; it keeps nothing about whoever scans."""

from __future__ import annotations

import random
import secrets

from django.db import connection, transaction

from broadcast import clock
from broadcast.models import Airing, Source

# No letters or digits that look alike on paper.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 8
SHARDS = 8
_COUNT = """
INSERT INTO broadcast_sourcecount (source_id, airing_id, minute, shard, scans) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (source_id, airing_id, minute, shard) DO UPDATE SET scans = broadcast_sourcecount.scans + 1
"""


def make(programme_id: int, name: str) -> Source:
    """A code that leads to the programme's current show; for a caller that asked for rights and records the act."""
    return Source.objects.create(programme_id=programme_id, name=name, code=_code(), created_at=clock.now())


def of_show(airing: Airing) -> Source:
    """The show's own code, made at first need. It opens nothing that the page's address does not."""
    with transaction.atomic():
        found, _made = Source.objects.get_or_create(
            airing=airing,
            defaults={"programme_id": airing.episode.programme_id, "code": _code(), "created_at": clock.now()},
        )
    return found


def remove(source: Source) -> None:
    """Count it no more. What hangs on a wall still leads on."""
    Source.objects.filter(pk=source.pk, removed_at=None).update(removed_at=clock.now())


def scanned(source: Source, airing: Airing | None) -> None:
    """One more scan in this minute, that led to `airing`. No rights: anybody who stands before it."""
    if source.removed_at is not None:
        return
    minute = clock.now().replace(second=0, microsecond=0)
    shard = random.randrange(SHARDS)  # spreads rows, keeps no secret
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [source.pk, airing.pk if airing else None, minute, shard])


def _code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
