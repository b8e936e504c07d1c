"""What a calendar shows between two days: airings, occurrences that were skipped or moved away, holidays; it must not write."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.clock import ZONE
from broadcast.models import Airing, Appearance, Episode, Person, Programme
from scheduling.holidays import Days, Kind
from scheduling.models import DayRule, Slot, Studio
from scheduling.queries import days as holidays
from scheduling.queries import warnings
from scheduling.queries.regular import Key, Span, regular

DAY = dt.timedelta(days=1)
_S = Airing.State
# What nobody expects of an airing that is further away than this, by its code in scheduling.warnings.
SOON = dt.timedelta(days=10)
LATE = frozenset({"description", "announce", "feed", "unanswered"})


@dataclass(frozen=True)
class Entry:
    """One line of a day. `tone` is past, live, off, missed, rule or empty; `airing` is None for an occurrence that has none."""

    start: dt.datetime
    end: dt.datetime
    programme: Programme
    airing: Airing | None
    tone: str = ""
    words: tuple[str, ...] = ()
    note: str = ""
    cautions: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    movable: bool = False
    slot: int | None = None
    original: dt.datetime | None = None

    @property
    def original_key(self) -> str:
        """The original start as addresses say it: 20261128T030000Z."""
        return f"{self.original.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" if self.original else ""

    @property
    def local(self) -> dt.datetime:
        """Its start where the calendar hangs."""
        return self.start.astimezone(ZONE)


@dataclass
class Day:
    """A day with its entries in order of time; `kind` is holiday, workday or ordinary, `name` stands on a holiday's first day."""

    date: dt.date
    kind: str = Kind.ORDINARY
    name: str = ""
    entries: list[Entry] = field(default_factory=list)


def midnight(day: dt.date) -> dt.datetime:
    """When `day` begins in Beijing."""
    return dt.datetime.combine(day, dt.time(), tzinfo=ZONE)


def local_day(at: dt.datetime) -> dt.date:
    """The day in Beijing."""
    return at.astimezone(ZONE).date()


def days(
    programmes: Collection[Programme],
    first: dt.date,
    last: dt.date,
    *,
    person: int | None = None,
    producing: Collection[int] = (),
    known: Days | None = None,
) -> list[Day]:
    """Every day from `first` to `last`, with what goes out in `programmes`; of `person` alone when given.

    `producing` are the programmes whose airings the reader may move. The number of queries does not grow with what is found.
    """
    span = (midnight(first), midnight(last + DAY))
    known = known or holidays.known()
    made = _airings(programmes, span, person)
    cautions = _cautions(made)
    entries = [_entry(each, producing, cautions.get(each.pk, ()), known) for each in made]
    if person is None:
        entries = _with_regular(entries, programmes, span, known)
    by_day: defaultdict[dt.date, list[Entry]] = defaultdict(list)
    for each in entries:
        by_day[each.local.date()].append(each)
    count = (last - first).days + 1
    found = [_day(first + DAY * at, known) for at in range(count)]
    for day in found:
        day.entries = sorted(by_day[day.date], key=lambda each: (each.start, each.programme.position))
    return found


def _day(date: dt.date, known: Days) -> Day:
    day = known.of(date)
    if day.kind != Kind.HOLIDAY or known.of(date - DAY).kind == Kind.HOLIDAY:
        return Day(date, day.kind)
    length = next(at for at in range(1, 60) if known.of(date + DAY * at).kind != Kind.HOLIDAY)
    # Nothing is looked up for no name: gettext answers with the catalogue's own head.
    name = _(day.name) if day.name else ""
    return Day(date, day.kind, _("%(name)s假 %(count)s 天") % {"name": name, "count": length} if length > 1 else name)


@dataclass(frozen=True)
class Opened:
    """One airing with what is around it."""

    airing: Airing
    entry: Entry
    studio: str
    appearances: tuple[Appearance, ...]

    @property
    def original(self) -> dt.datetime | None:
        """When its slot wanted it, of a slot's occurrence."""
        occurrence = getattr(self.airing, "occurrence", None)
        return occurrence.original_start if occurrence else None


def opened(airing_id: UUID) -> Opened | None:
    """One airing in full; None where there is none. A handful of queries."""
    airing = _full(Airing.objects.filter(pk=airing_id)).first()
    if airing is None:
        return None
    cautions = _cautions([airing]).get(airing.pk, ())
    studio = Studio.objects.filter(bookings__airing=airing).values_list("name", flat=True).first()
    return Opened(
        airing, _entry(airing, (), cautions, holidays.known()), studio or "", tuple(airing.episode.appearances.all())
    )


def rules(programmes: Collection[Programme]) -> list[Slot]:
    """The slots whose rule says something of days that are not ordinary: what explains the calendar's struck lines. One query."""
    slots = Slot.objects.filter(programme__in=programmes, is_active=True).select_related("programme")
    return list(slots.exclude(on_holiday=DayRule.AIR, on_workday=DayRule.AIR))


def people_of(
    programmes: Collection[Programme], first: dt.date, last: dt.date, chosen: int | None = None
) -> list[Person]:
    """Who appears, or holds a seat, between the days, and who is chosen: the choices of the filter. One query."""
    episodes = Episode.objects.filter(
        programme__in=programmes,
        airings__planned_start__gte=midnight(first),
        airings__planned_start__lt=midnight(last + DAY),
    )
    who = Person.objects.filter(Q(appearances__episode__in=episodes) | Q(seats__episode__in=episodes) | Q(pk=chosen))
    return list(who.distinct().order_by("name", "pk"))


def _with_regular(entries: list[Entry], programmes: Collection[Programme], span: Span, known: Days) -> list[Entry]:
    """The airings with what their slots left out or will still give; a cancelled one gives way to its slot's own word for it."""
    by_key = {_key(each.airing): each for each in entries if each.airing is not None}
    extra = []
    for each in regular(programmes, span, known, by_key):
        replaced = by_key.get(each.key)
        if replaced is not None and replaced.airing is not None and replaced.airing.state == _S.CANCELLED:
            entries.remove(replaced)
        airing = replaced.airing if replaced else None
        tone = "off" if each.struck else "rule"
        extra.append(
            Entry(
                each.start,
                each.end,
                each.slot.programme,
                airing,
                tone,
                (each.words,),
                slot=each.slot.pk,
                original=each.original,
            )
        )
    return entries + extra


def _key(airing: Airing) -> Key:
    occurrence = getattr(airing, "occurrence", None)
    return (occurrence.slot_id, occurrence.original_start) if occurrence else (0, airing.planned_start)


def with_numbers(programmes: QuerySet[Programme]) -> list[Programme]:
    """The programmes, each with the `highest` number of its episodes, and whether it `is_regular`: has slots. One query."""
    slots = Slot.objects.filter(programme=OuterRef("pk"), is_active=True)
    return list(programmes.annotate(highest=Max("episodes__number"), is_regular=Exists(slots)))


def following(programme: Programme) -> int:
    """The number that its next episode takes, of one that came by `with_numbers`."""
    highest: int | None = getattr(programme, "highest", None)
    return max((highest or 0) + 1, programme.next_number)


def label(airing: Airing) -> str:
    """What of its programme goes out: 第 405 期, or the title of a special."""
    if airing.episode.number is None:
        return airing.episode.title
    return _("第 %(number)s 期") % {"number": airing.episode.number}


def _cautions(airings: Sequence[Airing]) -> Mapping[UUID, Sequence[str]]:
    """Soft warnings of airings that are still to come, by airing; what is prepared late is asked for only when it is `SOON`."""
    planned = [each for each in airings if each.state == _S.PLANNED]
    soon = {each.pk for each in planned if each.planned_start < clock.now() + SOON}
    return {
        airing_id: [each.text for each in found if airing_id in soon or each.code not in LATE]
        for airing_id, found in warnings.for_airings(planned).items()
    }


def _airings(programmes: Collection[Programme], span: Span, person: int | None) -> list[Airing]:
    rows = Airing.objects.filter(
        episode__programme__in=programmes, planned_start__gte=span[0], planned_start__lt=span[1]
    ).exclude(kind=Airing.Kind.FILLER)
    if person is not None:
        theirs = Q(episode__appearances__person=person) | Q(episode__seats__person=person) | Q(bookings__person=person)
        rows = rows.filter(pk__in=Airing.objects.filter(theirs).values("pk"))
    return list(_full(rows).order_by("planned_start"))


def _full(rows: QuerySet[Airing]) -> QuerySet[Airing]:
    appearances = Appearance.objects.select_related("person").order_by("position")
    return rows.select_related("episode__programme", "occurrence__slot", "feed").prefetch_related(
        Prefetch("episode__appearances", appearances)
    )


def _entry(airing: Airing, producing: Collection[int], cautions: Sequence[str], known: Days) -> Entry:
    episode = airing.episode
    guests = [each.person.name for each in episode.appearances.all() if each.role != Appearance.Role.HOST]
    return Entry(
        start=airing.planned_start,
        end=airing.planned_end,
        programme=episode.programme,
        airing=airing,
        tone=_tone(airing),
        words=_words(airing, known),
        note=_moved_from(airing),
        cautions=tuple(cautions) if airing.state == _S.PLANNED else (),
        people=tuple(guests),
        movable=airing.state == _S.PLANNED and episode.programme_id in producing,
    )


def _tone(airing: Airing) -> str:
    if airing.state == _S.PLANNED and airing.planned_end < clock.now():
        return "missed"
    return {_S.ENDED: "past", _S.CANCELLED: "off", _S.ON_AIR: "live", _S.WAITING: "live"}.get(_S(airing.state), "")


def _words(airing: Airing, known: Days) -> tuple[str, ...]:
    """The number, and what is not ordinary: its kind unless a premiere, its state unless planned, that it works on a 班 weekend."""
    words = [label(airing)]
    if airing.kind != Airing.Kind.PREMIERE:
        words.append(airing.get_kind_display())
    if _tone(airing) == "missed":
        words.append(_("没有开播"))
    elif airing.state == _S.ENDED:
        words.append(_("已播"))
    elif airing.state != _S.PLANNED:
        words.append(airing.get_state_display())
    elif hasattr(airing, "occurrence") and known.of(local_day(airing.planned_start)).kind == Kind.WORKDAY:
        words.append(_("照常"))
    return tuple(words)


def _moved_from(airing: Airing) -> str:
    occurrence = getattr(airing, "occurrence", None)
    if occurrence is None or occurrence.original_start == airing.planned_start:
        return ""
    return _("移自 %(day)s") % {"day": _short(occurrence.original_start, airing.planned_start)}


def _short(at: dt.datetime, beside: dt.datetime) -> str:
    """A day as 02-28; the hour where the day is the same."""
    one, other = at.astimezone(ZONE), beside.astimezone(ZONE)
    return f"{one:%H:%M}" if one.date() == other.date() else f"{one:%m-%d}"
