"""Which scheduled polls are due, and which the house missed; it opens nothing."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from broadcast.models import Airing, SegmentRun
from live.models import Poll

# What was due longer ago is not opened by itself any more: the show has gone on.
LATE = dt.timedelta(minutes=5)


def due(now: dt.datetime, airing_id: UUID | None = None) -> list[int]:
    """Drafts to be opened now: in a show on air, at their time, or with their segment's first start after they were scheduled."""
    drafts = Poll.objects.filter(state=Poll.State.DRAFT, scheduled_at__isnull=False)
    if airing_id is not None:
        drafts = drafts.filter(room=airing_id)
    started = SegmentRun.objects.filter(
        airing=OuterRef("room_id"),
        segment=OuterRef("opens_with"),
        started_at__gte=OuterRef("scheduled_at"),
        started_at__gt=now - LATE,
    )
    # A show that begins late takes its polls with it.
    in_time = Q(opens_at__gt=now - LATE) | Q(
        room__airing__actual_start__gt=now - LATE, opens_at__lte=F("room__airing__actual_start")
    )
    by_time = Q(opens_at__lte=now) & in_time
    rows = drafts.filter(room__airing__state=Airing.State.ON_AIR).filter(
        by_time | (Q(opens_with__isnull=False) & Exists(started))
    )
    return list(rows.order_by("position", "pk").values_list("pk", flat=True))


def is_missed(poll: Poll, airing: Airing, now: dt.datetime) -> bool:
    """Whether a draft's time went by without it: the house was away, or the show is over."""
    if poll.state != Poll.State.DRAFT or poll.opens_at is None or airing.actual_start is None:
        return False
    return now > max(poll.opens_at, airing.actual_start) + LATE
