"""What the pages of slots show: a programme's slots with what is next, and one slot's occurrences beside what was made of them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from broadcast import clock
from broadcast.models import Airing, Programme
from scheduling import recurrence, rule_words
from scheduling.foreseen import Foreseen, Verdict
from scheduling.holidays import Day, Kind
from scheduling.models import DayRule, Occurrence, Slot
from scheduling.queries import coming, days

PAST = dt.timedelta(days=1)
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Row:
    """One occurrence for a table. `number` is that of what was made of it; `words` say what becomes of it."""

    foreseen: Foreseen
    local: dt.datetime
    local_start: dt.datetime
    local_end: dt.datetime
    mark: str
    words: str
    airing: Airing | None = None

    @property
    def key(self) -> str:
        """Its original start in an address."""
        return stamp(self.foreseen.original)

    @property
    def is_moved(self) -> bool:
        """Whether it goes out at another time than the rule says."""
        return self.local != self.local_start

    @property
    def cancelled(self) -> bool:
        """Whether what was made of it was cancelled though it should go out."""
        return self.airing is not None and self.airing.state == Airing.State.CANCELLED and self.foreseen.airs


@dataclass(frozen=True)
class Listed:
    """One slot of a list."""

    slot: Slot
    words: str
    next: Row | None
    made: int
    trouble: str = ""


@dataclass(frozen=True)
class Brand:
    """One programme of a list, with its regular times in words and what it sends next."""

    programme: Programme
    slots: list[str]
    next: Airing | None


def brands(programmes: Iterable[Programme]) -> list[Brand]:
    """The programmes in their order. Three queries, whatever their number."""
    found = list(programmes)
    words: defaultdict[int, list[str]] = defaultdict(list)
    for slot in Slot.objects.filter(programme__in=found, is_active=True):
        words[slot.programme_id].append(words_of(slot))
    rows = Airing.objects.filter(
        episode__programme__in=found, state=Airing.State.PLANNED, planned_start__gte=clock.now()
    ).exclude(kind=Airing.Kind.FILLER)
    first = rows.order_by("episode__programme_id", "planned_start").distinct("episode__programme_id")
    coming_next = {each.episode.programme_id: each for each in first.select_related("episode")}
    return [Brand(each, words[each.pk], coming_next.get(each.pk)) for each in found]


def stamp(original: dt.datetime) -> str:
    """20261128T030000Z."""
    return original.astimezone(dt.UTC).strftime(_STAMP)


def unstamp(text: str) -> dt.datetime | None:
    """The instant of a stamp; None for anything else."""
    try:
        return dt.datetime.strptime(text, _STAMP).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def plans_of(programme: Programme) -> list[str]:
    """The regular times of a programme that still make airings, in sentences."""
    return [_("固定时段 %(words)s") % {"words": words_of(each)} for each in programme.slots.filter(is_active=True)]


def words_of(slot: Slot) -> str:
    """每周六 11:00–11:30, with the zone where it is not Beijing's."""
    end = (dt.datetime.combine(dt.date(2000, 1, 1), slot.local_time) + dt.timedelta(minutes=slot.minutes)).time()
    zone = "" if slot.zone == "Asia/Shanghai" else f" {slot.zone}"
    return f"{rule_words.words(slot.rule)} {slot.local_time:%H:%M}–{end:%H:%M}{zone}"


def policy_of(slot: Slot) -> str:
    """放假停播，调休上班照常播出."""
    names = dict(DayRule.choices)
    return _("放假%(holiday)s，调休上班%(workday)s") % {
        "holiday": names[slot.on_holiday],
        "workday": names[slot.on_workday],
    }


def listed(programme: Programme) -> list[Listed]:
    """The programme's slots that still give something, and those that ended, in their order."""
    known, now, found = days.known(), clock.now(), []
    slots = Slot.objects.filter(programme=programme).select_related("programme", "feed", "studio", "template")
    for slot in slots.prefetch_related("exceptions", "dates"):
        ahead = Occurrence.objects.filter(slot=slot, airing__state=Airing.State.PLANNED, original_start__gte=now)
        try:
            rows = rows_of(slot, coming.next_ones(slot, now, known, 1)) if slot.is_active else []
            found.append(Listed(slot, words_of(slot), rows[0] if rows else None, ahead.count()))
        except recurrence.BadRule as error:
            found.append(Listed(slot, slot.rule, None, ahead.count(), str(error)))
    return found


def rows_of(slot: Slot, foreseen: Sequence[Foreseen]) -> list[Row]:
    """The occurrences with what was made of them; of a slot not saved yet nothing was. One query."""
    made: dict[dt.datetime, Airing] = {}
    if slot.pk and foreseen:
        rows = slot.occurrences.filter(original_start__in=[each.original for each in foreseen])
        made = {each.original_start: each.airing for each in rows.select_related("airing__episode")}
    return [row(each, slot.zone, made.get(each.original)) for each in foreseen]


def row(each: Foreseen, zone: str, airing: Airing | None = None) -> Row:
    """One occurrence in the slot's own zone."""
    local = ZoneInfo(zone)
    start, end = each.start.astimezone(local), each.end.astimezone(local)
    return Row(each, each.original.astimezone(local), start, end, mark(each.day), _words(each), airing)


def mark(day: Day) -> str:
    """休, 班, 未公布 or nothing."""
    if not day.announced:
        return _("未公布")
    return {str(Kind.HOLIDAY): _("休"), str(Kind.WORKDAY): _("班")}.get(str(day.kind), "")


def _words(each: Foreseen) -> str:
    what = {
        Verdict.AIR: pgettext("照规则", "播出") if each.cause == "" else _("照常播出"),
        Verdict.SKIP: _("停播，不占期号"),
        Verdict.MOVE: _("改期"),
        Verdict.RERUN: _("播重播，不占期号"),
    }[Verdict(each.verdict)]
    why = each.reason or {"preempt": _("让播")}.get(each.cause, "")
    if each.cause == "preempt":
        why = _("让播：%(why)s") % {"why": each.reason} if each.reason else _("让播")
    return _("%(what)s（%(why)s）") % {"what": what, "why": why} if why else what


def public_differences(slot: Slot, foreseen: Sequence[Foreseen], rows: Sequence[Row]) -> list[Row]:
    """Announced airings that the days would have otherwise by now: people must decide."""
    holiday = {each.original for each in foreseen if each.cause == "holiday"}
    return [
        each
        for each in rows
        if each.foreseen.original in holiday
        and each.airing is not None
        and each.airing.announced_at is not None
        and each.airing.state == Airing.State.PLANNED
        and (each.foreseen.verdict != Verdict.MOVE or each.airing.planned_start != each.foreseen.start)
    ]
