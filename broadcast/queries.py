"""Reads for pages: what is on air, coming and past for a reader, and which airing an episode's page shows; it never writes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import get_language

from broadcast import clock
from broadcast.access import Actor, may_watch, may_watch_programme, may_watch_replay
from broadcast.models import Airing, Episode, Programme, SegmentRun

SHOWN_KINDS = (Airing.Kind.PREMIERE, Airing.Kind.RERUN, Airing.Kind.RECORDED)


@dataclass(frozen=True)
class RailPart:
    """One segment as a list draws it: seconds done of seconds planned; `state` is past, now or next."""

    name: str
    planned: int
    done: int
    state: str
    starts: dt.datetime | None


@dataclass(frozen=True)
class Listed:
    """One airing in a list, with what the row says about it."""

    airing: Airing
    title: str
    rail: tuple[RailPart, ...] = ()
    replay: bool = False
    seconds: int = 0


def title_of(episode: Episode) -> str:
    """Title in the language of the reader, Chinese where there is no English."""
    english = (get_language() or "").startswith("en")
    return (episode.title_en if english else "") or episode.title


def on_air(actor: Actor, programme: Programme | None = None) -> list[Listed]:
    """Shows on air that `actor` may watch, the latest start first; at most twelve."""
    rows = _announced().filter(state=Airing.State.ON_AIR)
    if programme is not None:
        rows = rows.filter(episode__programme=programme)
    return [
        _listed(actor, each, with_rail=True) for each in rows.order_by("-actual_start")[:12] if may_watch(actor, each)
    ]


def coming(actor: Actor, limit: int = 10, programme: Programme | None = None) -> list[Listed]:
    """Announced shows that have not begun and are not over by plan, the next first."""
    rows = _announced().filter(state__in=[Airing.State.PLANNED, Airing.State.WAITING], planned_end__gt=clock.now())
    if programme is not None:
        rows = rows.filter(episode__programme=programme)
    found = [airing for airing in rows.order_by("planned_start")[: limit * 2] if may_watch(actor, airing)]
    return [_listed(actor, airing) for airing in found[:limit]]


def past(actor: Actor, limit: int = 8, programme: Programme | None = None, skip: int = 0) -> list[Listed]:
    """Ended shows, the latest first, with whether the replay may be played."""
    rows = _announced().filter(state=Airing.State.ENDED).order_by(F("actual_end").desc(nulls_last=True))
    if programme is not None:
        rows = rows.filter(episode__programme=programme)
    found = [airing for airing in rows[skip : skip + limit * 2] if may_watch(actor, airing)]
    return [_listed(actor, airing) for airing in found[:limit]]


def programmes(actor: Actor) -> list[Programme]:
    """Active programmes that `actor` may watch, in their order."""
    return [
        programme for programme in Programme.objects.filter(is_active=True) if may_watch_programme(actor, programme)
    ]


def airing_for_page(episode: Episode, *, rehearsals: bool) -> Airing | None:
    """The airing that the episode's page shows: on air, else waiting, else the next planned, else the last one that ended.

    A cancelled one is shown only when there is no other. Rehearsals count only for staff, and only when nothing else is there.
    """
    airings = list(
        Airing.objects.filter(episode=episode)
        .exclude(kind=Airing.Kind.FILLER)
        .select_related("episode__programme")
        .order_by("planned_start")
    )
    real = [airing for airing in airings if airing.kind != Airing.Kind.REHEARSAL]
    for pool in (real, airings if rehearsals else []):
        found = _best(pool)
        if found is not None:
            return found
    return None


def _best(airings: list[Airing]) -> Airing | None:
    state = Airing.State
    by_state = {key: [airing for airing in airings if airing.state == key] for key in state.values}
    for key in (state.ON_AIR, state.WAITING, state.PLANNED):
        if by_state[key]:
            return by_state[key][0]
    for key in (state.ENDED, state.CANCELLED):
        if by_state[key]:
            return by_state[key][-1]
    return None


def rail(airing: Airing) -> tuple[RailPart, ...]:
    """The run-down with how far the delayed picture is; needs episode.segments and segment_runs prefetched to cost nothing more."""
    now = clock.now() - dt.timedelta(seconds=airing.delay_seconds)
    runs: dict[int, SegmentRun] = {run.segment_id: run for run in airing.segment_runs.all() if run.started_at <= now}
    ended = airing.actual_end is not None and airing.actual_end <= now
    starts = airing.planned_start
    parts = []
    for segment in airing.episode.segments.all():
        run = runs.get(segment.pk)
        if run is None:
            part = (0, "next")
        elif ended or (run.ended_at is not None and run.ended_at <= now):
            part = (segment.planned_seconds, "past")
        else:
            part = (min(int((now - run.started_at).total_seconds()), segment.planned_seconds), "now")
        parts.append(
            RailPart(segment.role.name if segment.role else segment.title, segment.planned_seconds, *part, starts)
        )
        starts += dt.timedelta(seconds=segment.planned_seconds)
    return tuple(parts)


def _listed(actor: Actor, airing: Airing, *, with_rail: bool = False) -> Listed:
    seconds = 0
    if airing.actual_start and airing.actual_end:
        seconds = int((airing.actual_end - airing.actual_start).total_seconds())
    replay = airing.state == Airing.State.ENDED and may_watch_replay(actor, airing)
    return Listed(airing, title_of(airing.episode), rail(airing) if with_rail else (), replay, seconds)


def _announced() -> QuerySet[Airing]:
    return (
        Airing.objects.filter(announced_at__isnull=False, kind__in=SHOWN_KINDS)
        .select_related("episode__programme")
        .prefetch_related(
            "episode__segments__role", Prefetch("segment_runs", SegmentRun.objects.order_by("started_at"))
        )
    )
