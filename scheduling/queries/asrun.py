"""Reads what really went out, from whoever records it, and holds it beside the station's log; it writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from broadcast import clock, registry
from broadcast.access import Ability, Actor
from broadcast.asrun import NOTHING, Ran
from broadcast.clock import ZONE
from broadcast.errors import NotAllowed
from broadcast.models import Airing, Programme
from scheduling.comparison import Compared, Ours, Theirs, compare, joined
from scheduling.models import StationEntry

TOLERANCE = dt.timedelta(seconds=2)
# How far from a day's edges a line of the station may lie and still belong to a show of that day.
_AROUND = dt.timedelta(hours=1)
_S = Airing.State
_BEGUN = (_S.ON_AIR, _S.ENDED)


@dataclass(frozen=True)
class Log:
    """What went out of one airing. `spans` are the times in which something did, as the public had it; `recorded` whether a recorder
    says so, or only the airing's own state."""

    airing: Airing
    stretches: tuple[Ran, ...]
    spans: tuple[tuple[dt.datetime, dt.datetime], ...]
    recorded: bool

    @property
    def start(self) -> dt.datetime | None:
        """When the public had the first of it."""
        return self.spans[0][0] if self.spans else None

    @property
    def end(self) -> dt.datetime | None:
        """When the public had the last of it."""
        return self.spans[-1][1] if self.spans else None


@dataclass(frozen=True)
class Row:
    """One airing in the comparison."""

    log: Log
    compared: Compared[UUID] | None
    agrees: bool


@dataclass(frozen=True)
class Day:
    """A day of both logs. `unmatched` are lines of the station that name a programme of ours, and nothing of ours was there.

    `has_station` says whether the station's log of that day is here at all.
    """

    rows: tuple[Row, ...]
    unmatched: tuple[Theirs, ...]
    has_station: bool


def readable(actor: Actor) -> QuerySet[Programme]:
    """The programmes whose record the actor may read: who reports, produces or audits there. Raises NotAllowed where there are none."""
    wanted = {Ability.REPORT, Ability.PRODUCE, Ability.AUDIT}
    keys = [key for key, held in actor.grants.items() if wanted & held]
    if not keys and not actor.house:
        raise NotAllowed(_("您没有这项权限，请联系管理员。"), ability=str(Ability.REPORT))
    found = Programme.objects.filter(is_active=True)
    return found if actor.house or None in keys else found.filter(pk__in=[key for key in keys if key is not None])


def bounds(first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """From the first instant of one day to the end of another, in Beijing time."""
    start = dt.datetime.combine(first, dt.time(), ZONE)
    return start, dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), ZONE)


def airings(programmes: QuerySet[Programme], first: dt.date, last: dt.date) -> QuerySet[Airing]:
    """What was to go out or did between two days, of these programmes; neither rehearsals nor fillers, nor what was cancelled."""
    start, end = bounds(first, last)
    return (
        Airing.objects.filter(episode__programme__in=programmes, kind__in=[Airing.Kind.PREMIERE, Airing.Kind.RERUN])
        .exclude(state=_S.CANCELLED)
        .annotate(at=Coalesce(F("actual_start"), F("planned_start")))
        .filter(at__gte=start, at__lt=end)
        .select_related("episode__programme", "feed")
        .order_by("at", "pk")
    )


def logs(found: Sequence[Airing]) -> list[Log]:
    """The log of each, in their order; as many queries as parts of the house tell, however many airings there are."""
    told: dict[UUID, list[Ran]] = {}
    for _name, ran in registry.as_run:
        for key, stretches in ran([each.pk for each in found]).items():
            told.setdefault(key, []).extend(stretches)
    return [_log(each, sorted(told.get(each.pk, ()), key=lambda ran: ran.start)) for each in found]


def day(programmes: QuerySet[Programme], first: dt.date, last: dt.date) -> Day:
    """Both logs of these days, held side by side."""
    found = logs(list(airings(programmes, first, last)))
    theirs = station(first, last)
    ours = [Ours(each.airing.pk, _names(each.airing), each.spans) for each in found if each.spans]
    known = [name for each in programmes for name in (each.name_zh, each.name_en)]
    compared, left = compare(ours, theirs, known)
    by_key = {each.key: each for each in compared}
    start, end = bounds(first, last)
    rows = tuple(_row(each, by_key.get(each.airing.pk)) for each in found)
    return Day(rows, tuple(each for each in left if start <= each.start < end), bool(theirs))


def station(first: dt.date, last: dt.date) -> list[Theirs]:
    """The station's lines of these days, and those shortly before and after. One that two files hold alike counts once."""
    start, end = bounds(first, last)
    rows = StationEntry.objects.filter(
        Q(started_at__lt=end + _AROUND, ended_at__gt=start - _AROUND), kind=StationEntry.Kind.PROGRAMME
    ).order_by("started_at", "pk")
    seen = {(each.started_at, each.ended_at, each.title): each for each in reversed(rows)}
    return [Theirs(each.line, each.title, each.started_at, each.ended_at) for each in reversed(seen.values())]


def _row(log: Log, compared: Compared[UUID] | None) -> Row:
    return Row(log, compared, compared is not None and compared.agrees(TOLERANCE))


def _log(airing: Airing, stretches: Sequence[Ran]) -> Log:
    delay = dt.timedelta(seconds=airing.delay_seconds)
    out = [(each.start + delay, each.end + delay) for each in stretches if each.kind != NOTHING]
    if stretches:
        return Log(airing, tuple(stretches), joined(out), recorded=True)
    return Log(airing, (), joined(_by_state(airing, delay)), recorded=False)


def _by_state(airing: Airing, delay: dt.timedelta) -> Iterable[tuple[dt.datetime, dt.datetime]]:
    """Where no recorder ran: from the start of the show to its end, as far as the public has it by now."""
    if airing.state in _BEGUN and airing.actual_start is not None:
        now = clock.now()
        yield airing.actual_start + delay, min(airing.actual_end + delay, now) if airing.actual_end else now


def _names(airing: Airing) -> tuple[str, ...]:
    programme = airing.episode.programme
    return tuple(each for each in (programme.name_zh, programme.name_en) if each)
