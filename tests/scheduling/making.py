"""Rows that the tests of scheduling stand on."""

from __future__ import annotations

import datetime as dt

from broadcast import clock
from broadcast.models import Airing, Episode, Feed, Programme
from scheduling.slot_plan import SlotPlan

NOON = dt.datetime(2026, 11, 28, 3, 0, tzinfo=dt.UTC)  # Saturday 11:00 in Shanghai


def programme(slug: str = "hotline", **columns: object) -> Programme:
    values = {"name_zh": "热线", "name_en": "Hotline", "kind": "radio", **columns}
    return Programme.objects.get_or_create(slug=slug, defaults=values)[0]


def feed(port: int = 9000) -> Feed:
    return Feed.objects.get_or_create(srt_port=port, defaults={"name": f"feed-{port}"})[0]


def airing(
    start: dt.datetime = NOON, *, number: int = 1, port: int | None = 9000, announced: bool = True, **columns: object
) -> Airing:
    episode = Episode.objects.create(programme=programme(), number=number, title="一期", created_at=clock.now())
    return Airing.objects.create(
        episode=episode,
        feed=feed(port) if port else None,
        planned_start=start,
        planned_end=start + dt.timedelta(minutes=30),
        announced_at=clock.now() if announced else None,
        created_at=clock.now(),
        **columns,
    )


def slot_plan(**columns: object) -> SlotPlan:
    """Saturdays at eleven, half an hour, as the hotline."""
    values = {
        "first_date": dt.date(2026, 11, 7),
        "local_time": dt.time(11),
        "rule": "FREQ=WEEKLY;BYDAY=SA",
        "minutes": 30,
    }
    return SlotPlan(**{**values, **columns})
