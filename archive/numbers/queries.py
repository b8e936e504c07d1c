"""Counts appearances, episodes, scans and partners' figures of a period; it writes nothing and adds no partner's figure to ours."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from archive.models import PartnerFigure
from broadcast import registry
from broadcast.models import Airing, Appearance, Programme, SourceCount, User
from broadcast.reach import Counted

# Of a member whose 界别 nobody entered.
NONE = "—"


@dataclass(frozen=True)
class Row:
    """One line of a table: its name, what else names it, how many, and their share of the largest in percent for the chart."""

    name: str
    more: str
    number: int
    share: float = 0.0


@dataclass(frozen=True)
class Figure:
    """A partner's figure with who entered it."""

    row: PartnerFigure
    who: str


@dataclass(frozen=True)
class Numbers:
    """All that a report holds. `since` and `until` are Beijing days, both within it. Of `sources` no two rows may be added."""

    since: dt.date
    until: dt.date
    members: list[Row]
    sectors: list[Row]
    programmes: list[Row]
    months: list[Row]
    sources: list[Counted]
    figures: list[Figure]


def numbers(programmes: Sequence[Programme], since: dt.date, until: dt.date) -> Numbers:
    """The numbers of these programmes in a period. An episode counts once, on the day of its first airing that took place."""
    keys = [each.pk for each in programmes]
    start = timezone.make_aware(dt.datetime.combine(since, dt.time()))
    end = timezone.make_aware(dt.datetime.combine(until + dt.timedelta(days=1), dt.time()))
    episodes = _episodes(keys, start, end)
    members, sectors = _appearances(list(episodes))
    counted: dict[str, int] = defaultdict(int)
    for name, _month in episodes.values():
        counted[name] += 1
    months: dict[str, int] = defaultdict(int)
    for _name, month in episodes.values():
        months[month] += 1
    return Numbers(
        since,
        until,
        members,
        sectors,
        _drawn(Row(name, "", number) for name, number in counted.items()),
        _drawn((Row(month, "", number) for month, number in sorted(months.items())), in_order=True),
        [*_scans(keys, start, end), *_taking_part(keys, start, end)],
        _figures(keys, since, until),
    )


def _episodes(keys: Sequence[int], start: dt.datetime, end: dt.datetime) -> dict[int, tuple[str, str]]:
    """By episode its programme's name and its month; reruns, rehearsals and fillers are no episodes."""
    kind = Airing.Kind
    rows = (
        Airing.objects.filter(episode__programme__in=keys, state=Airing.State.ENDED, actual_start__isnull=False)
        .exclude(kind__in=[kind.REHEARSAL, kind.FILLER, kind.RERUN])
        .order_by("-actual_start")
        .annotate(month=TruncMonth("actual_start"))
    )
    first = {
        pk: (name_zh, month, at)
        for pk, name_zh, month, at in rows.values_list(
            "episode_id", "episode__programme__name_zh", "month", "actual_start"
        )
    }
    return {
        pk: (name, f"{month:%Y-%m}") for pk, (name, month, at) in first.items() if at is not None and start <= at < end
    }


def _appearances(episodes: Sequence[int]) -> tuple[list[Row], list[Row]]:
    """Episodes by member, and appearances (a member in an episode) by 界别, in one query."""
    rows = (
        Appearance.objects.filter(episode_id__in=episodes, person__is_member=True)
        .order_by()
        .values_list("person_id", "person__name", "person__sector")
        .annotate(times=Count("episode_id", distinct=True))
    )
    members = [Row(name, sector or NONE, times) for _pk, name, sector, times in rows]
    times: dict[str, int] = defaultdict(int)
    people: dict[str, int] = defaultdict(int)
    for member in members:
        times[member.more] += member.number
        people[member.more] += 1
    sectors = (Row(sector, str(people[sector]), number) for sector, number in times.items())
    return _drawn(members), _drawn(sectors)


def _scans(keys: Sequence[int], start: dt.datetime, end: dt.datetime) -> list[Counted]:
    """Scans of printed codes, each code that has a name by itself: visits, not people."""
    rows = (
        SourceCount.objects.filter(source__programme__in=keys, minute__gte=start, minute__lt=end)
        .order_by()
        .values_list("source__name")
        .annotate(number=Sum("scans"))
    )
    how = _("打开次数，不记是谁")
    named = sorted(((name, number) for name, number in rows if name), key=lambda each: (-each[1], each[0]))
    rest = sum(number for name, number in rows if not name)
    found = [Counted(_("扫码：%(name)s") % {"name": name}, how, number) for name, number in named]
    return [*found, *([Counted(_("扫码：没有名称的码"), how, rest)] if rest else [])]


def _taking_part(keys: Sequence[int], start: dt.datetime, end: dt.datetime) -> list[Counted]:
    """What the apps counted at shows that began in the period, reruns among them: people took part there too."""
    shows = Airing.objects.filter(episode__programme__in=keys, actual_start__gte=start, actual_start__lt=end)
    ids = list(shows.exclude(kind=Airing.Kind.REHEARSAL).values_list("pk", flat=True))
    return [each for _name, tell in registry.reach for each in tell(ids)]


def _figures(keys: Sequence[int], since: dt.date, until: dt.date) -> list[Figure]:
    """Those whose period lies in ours as a whole: a part of a figure is nobody's word. Struck ones are shown as such."""
    rows = list(
        PartnerFigure.objects.filter(programme__in=keys, since__gte=since, until__lte=until).select_related("programme")
    )
    names = {user.pk: str(user) for user in User.objects.filter(pk__in={each.entered_by for each in rows})}
    return [Figure(each, names.get(each.entered_by or 0, "")) for each in rows]


def _drawn(rows: Iterable[Row], *, in_order: bool = False) -> list[Row]:
    found = list(rows)
    if not in_order:
        found.sort(key=lambda each: (-each.number, each.name))
    most = max((each.number for each in found), default=1) or 1
    return [Row(each.name, each.more, each.number, round(100 * each.number / most, 1)) for each in found]
