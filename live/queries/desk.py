"""What the desk shows beside its items: who is there, how far they are, the switches of the room; it must not write."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection

from broadcast import clock
from broadcast.access import Ability, Actor, can
from broadcast.models import Airing
from live.models import Item, Presence, Room
from live.queries import queues

# A page says that it is there every 15 seconds.
PRESENT = dt.timedelta(seconds=40)
PERCENT = 95
SWITCHES = ("takes_comments", "takes_questions", "comment_seconds", "question_seconds", "verified_only", "is_post")
# From when it came to when somebody decided it last; what waits again, or was decided by a rule alone, is not counted.
_WAITS = """
SELECT count(*), percentile_disc(%(part)s) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - created_at)) FROM (
    SELECT room_id, state, decided_by_id, decided_at, created_at FROM live_comment
    UNION ALL SELECT room_id, state, decided_by_id, decided_at, created_at FROM live_question
) AS item
WHERE room_id = %(room)s AND decided_by_id IS NOT NULL AND state <> ALL (%(waiting)s)
"""


def present(airing_id: UUID) -> list[dict[str, Any]]:
    """Who is at this desk now, and the item that each looks at."""
    rows = Presence.objects.filter(room=airing_id, at__gt=clock.now() - PRESENT).select_related("user").order_by("user")
    return [{"user": row.user_id, "name": str(row.user), "kind": row.kind or None, "item": row.item} for row in rows]


def decided(airing_id: UUID) -> dict[str, Any]:
    """How many items somebody decided, and within how many seconds 95 in a hundred of them (None: none yet)."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, {"part": PERCENT / 100, "room": airing_id, "waiting": list(Item.WAITING)})
        count, seconds = cursor.fetchone()
    return {"count": count, "percent": PERCENT, "seconds": None if seconds is None else round(float(seconds))}


def panel(airing: Airing, actor: Actor) -> dict[str, Any]:
    """All of it, for whoever sees the desk; empty for others."""
    programme = airing.episode.programme
    room = Room.objects.filter(pk=airing.pk).select_related("post_asked_by").first()
    if room is None or not (can(actor, Ability.SEE_DESK, programme.pk) or can(actor, Ability.MODERATE, programme.pk)):
        return {}
    counted = queues.counts(airing.pk)
    return {
        "alarm_seconds": room.alarm_seconds,
        "review_steps": programme.review_steps,
        "policy": programme.comments,
        "switches": {name: getattr(room, name) for name in SWITCHES},
        "post_asked_by": {"user": room.post_asked_by.pk, "name": str(room.post_asked_by)}
        if room.post_asked_by
        else None,
        "present": present(airing.pk),
        "counts": {name: each["count"] for name, each in counted.items()},
        "oldest": {name: each["since"] for name, each in counted.items() if each["since"]},
        "decided": decided(airing.pk),
        "may": {"moderate": can(actor, Ability.MODERATE, programme.pk), "lead": can(actor, Ability.LEAD, programme.pk)},
    }
