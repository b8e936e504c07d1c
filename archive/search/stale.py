"""Which episodes the search has to read again: marked by whoever changed something, or found because a source's stamp differs."""

from __future__ import annotations

import logging
import time

from django.db import connection
from django.db.models import F, Q

from archive.models import SearchEpisode
from archive.search import indexing, stamps
from broadcast import clock
from broadcast.models import Episode

logger = logging.getLogger(__name__)
mark = stamps.mark
# Stamps of so many episodes are compared at a look, the newest ones at every look, and so long after the last.
AT_ONCE = 100
NEWEST = 20
_LOOK_SECONDS = 2.0
# Reading takes no more of a beat of the tick than this.
_WORK_SECONDS = 0.5
# A lock that another worker holds means that it is being done.
_LOCK = 0x59495348_53454152  # "YISHSEAR"
_looked = -_LOOK_SECONDS


def reconcile() -> int:
    """Every few seconds: compare stamps, then read what is stale. Returns how many episodes were read."""
    global _looked
    if time.monotonic() - _looked < _LOOK_SECONDS:
        return 0
    _looked = time.monotonic()
    return look()


def look(seconds: float = _WORK_SECONDS) -> int:
    """One look, now. Of several workers one works, the others return at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    try:
        _compare(_next())
        return work(seconds)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def work(seconds: float | None = None) -> int:
    """Read what is stale, all of it or for so long; the newest first. One that fails is logged and tried again at a later look."""
    began, done = time.monotonic(), 0
    rows = SearchEpisode.objects.filter(~Q(wanted=F("done"))).order_by("-episode_id").values_list("pk", flat=True)
    for episode_id in list(rows):
        if seconds is not None and time.monotonic() - began > seconds:
            break
        try:
            indexing.index(episode_id)
        except Exception:
            logger.exception("the search could not read episode=%s", episode_id)
        else:
            done += 1
    return done


def _next() -> list[int]:
    """Episodes never looked at, then those whose last look is the longest ago; and the newest always."""
    fresh = Episode.objects.filter(pk__gt=0).exclude(pk__in=SearchEpisode.objects.values("pk")).order_by("-pk")
    found = list(fresh.values_list("pk", flat=True)[:AT_ONCE])
    newest = list(Episode.objects.order_by("-pk").values_list("pk", flat=True)[:NEWEST])
    oldest = SearchEpisode.objects.order_by(F("looked_at").asc(nulls_first=True)).values_list("pk", flat=True)
    return list(dict.fromkeys([*found, *newest, *oldest[:AT_ONCE]]))


def _compare(ids: list[int]) -> None:
    now = clock.now()
    known = dict(SearchEpisode.objects.filter(pk__in=ids).values_list("pk", "stamp"))
    differ = [episode_id for episode_id, stamp in stamps.stamps(ids).items() if known.get(episode_id) != stamp]
    if differ:
        mark(*differ)
    SearchEpisode.objects.filter(pk__in=ids).update(looked_at=now)
