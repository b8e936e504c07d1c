"""Sealed evidence of accepted writes: who, from where, with what; written in the writer's transaction, read only by named staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from broadcast import clock
from broadcast.access import Actor
from broadcast.arrays import blobs, texts, uuids
from broadcast.models import EvidenceRecord
from broadcast.personal import Held
from broadcast.sealing import seal_many

_KEEP = """
INSERT INTO broadcast_evidencerecord (at, kind, ref, participant_id, airing_id, sealed, expires_at)
SELECT %s, kind, ref, participant, airing, sealed, %s
FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::bytea[]) AS kept (kind, ref, participant, airing, sealed)
"""

# What an account was, when the person has it erased: kept sealed for the time of evidence, for whoever may ask by law.
ACCOUNT_ERASED = "account.erase"

Write = tuple[Actor, str, str] | tuple[Actor, str, str, UUID]


def keep(writes: Iterable[Write]) -> None:
    """Store evidence for accepted writes, each (actor, kind, ref) and the airing where there is one, in one insert.

    Call inside their transaction. Raises ValueError for an actor without a participant: nobody's write cannot have been accepted.
    """
    at = clock.now()
    until = at + dt.timedelta(days=settings.EVIDENCE_DAYS)
    rows = [(_participant(each[0]), each[0], each[1], each[2], each[3] if len(each) > 3 else None) for each in writes]
    if not rows:
        return
    people, actors, kinds, refs, airings = zip(*rows, strict=True)
    sealed = seal_many(
        {
            "user": actor.user_id,
            "address": actor.address,
            "port": actor.port,
            "device": actor.device[:300],
            "device_id": actor.device_id,
        }
        for actor in actors
    )
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [at, until, texts(kinds), texts(refs), uuids(people), _airings(airings), blobs(sealed)])


def _airings(found: Iterable[UUID | None]) -> str:
    return "{" + ",".join([each.hex if each else "NULL" for each in found]) + "}"


def _participant(actor: Actor) -> UUID:
    if actor.participant_id is None:
        raise ValueError("evidence of a write by nobody")
    return actor.participant_id


def held(standing: Held) -> Q:
    """Which records a legal hold keeps: of held people, airings and items, and whose phone it was that wrote there."""
    there = Q(airing_id__in=standing.airings) | Q(ref__in=standing.items)
    wrote = EvidenceRecord.objects.filter(there).values("participant_id")
    return Q(participant_id__in=standing.participants) | there | Q(kind=ACCOUNT_ERASED, participant_id__in=wrote)
