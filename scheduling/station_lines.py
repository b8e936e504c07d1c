"""Understands the lines of a station's log: which column is what, and when each began and ended; it touches no table of the house."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from broadcast.sheets import BadSheet, Cell, Row

# What a column may be called, without spaces and in small letters.
_HEADS: dict[str, frozenset[str]] = {
    "date": frozenset({"日期", "播出日期", "date", "day"}),
    "start": frozenset(
        {"开始", "开始时间", "起始时间", "播出时间", "时间", "start", "starttime", "started", "begin", "time"}
    ),
    "end": frozenset({"结束", "结束时间", "终止时间", "end", "endtime", "ended", "stop"}),
    "length": frozenset({"时长", "长度", "播出时长", "duration", "length"}),
    "title": frozenset({"节目", "名称", "节目名称", "内容", "标题", "title", "programme", "program", "name", "item"}),
    "kind": frozenset({"类型", "类别", "kind", "type", "category"}),
}
_OTHER = frozenset({"其他", "广告", "片花", "报时", "宣传片", "other", "ad", "ads", "jingle", "promo", "spot"})
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?")
_TIME = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?(?:[.,](\d{1,6}))?")
_EPOCH = dt.date(1899, 12, 30)  # day 0 of spreadsheet programs
MOST_HOURS = 24
MOST_PROBLEMS = 20
_TITLE = 200


@dataclass(frozen=True)
class Line:
    """One line of the log, with aware times."""

    line: int
    start: dt.datetime
    end: dt.datetime
    title: str
    other: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line of the file."""

    line: int
    message: str


@dataclass
class Understood:
    """What was read; with any problem nothing of the file is to be used. Problems beyond MOST_PROBLEMS are not looked for."""

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def understand(rows: Sequence[Row], zone: str, day: dt.date | None = None) -> Understood:
    """The lines of a sheet whose first row names its columns: a start, a title, and an end or a length, in any order and language.

    Times without a date are of the row's date column, else of `day`; an end before its start by the clock alone is the next day's.
    Raises BadSheet where the columns cannot be told.
    """
    columns = _columns(rows[0])
    found = Understood()
    for row in rows[1:]:
        try:
            found.lines.append(_line(row, columns, ZoneInfo(zone), day))
        except BadSheet as error:
            found.problems.append(Problem(row.line, error.message))
            if len(found.problems) >= MOST_PROBLEMS:
                break
    if not found.lines and not found.problems:
        found.problems.append(Problem(rows[0].line, _("只有表头，没有内容。")))
    return found


def _columns(head: Row) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(head.cells):
        name = re.sub(r"[\s_\-()（）]", "", str(cell or "")).casefold()
        known = next((what for what, names in _HEADS.items() if name in names), None)
        if known is not None:
            columns.setdefault(known, at)
    lacking = [word for key, word in (("start", _("开始")), ("title", _("节目"))) if key not in columns]
    if "end" not in columns and "length" not in columns:
        lacking.append(_("结束或时长"))
    if lacking:
        raise BadSheet(_("第一行要写明各列的名称。没有找到：%(what)s。") % {"what": "、".join(lacking)}, head.line)
    return columns


def _line(row: Row, columns: dict[str, int], zone: ZoneInfo, day: dt.date | None) -> Line:
    def cell(what: str) -> Cell:
        at = columns.get(what)
        return row.cells[at] if at is not None and at < len(row.cells) else None

    title = str(cell("title") or "").strip()
    if not title:
        raise BadSheet(_("没有节目名称。"))
    dated = _day(cell("date")) or day
    start = _moment(cell("start"), dated, zone, _("开始时间"))
    if cell("end") not in {None, ""}:
        end = _end(cell("end"), start, zone)
    else:
        end = (start.astimezone(dt.UTC) + _length(cell("length"))).astimezone(zone)
    if end <= start:
        raise BadSheet(_("结束不晚于开始。"))
    if end - start > dt.timedelta(hours=MOST_HOURS):
        raise BadSheet(_("一条超过 %(hours)s 小时。") % {"hours": MOST_HOURS})
    other = str(cell("kind") or "").strip().casefold() in _OTHER
    return Line(row.line, start.astimezone(dt.UTC), end.astimezone(dt.UTC), title[:_TITLE], other)


def _end(value: Cell, start: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """A clock alone means the first such time from the start on."""
    if not _is_clock(value):
        return _moment(value, None, zone, _("结束时间"))
    local = start.astimezone(zone).date()
    found = [_moment(value, local + dt.timedelta(days=days), zone, _("结束时间")) for days in (-1, 0, 1)]
    return next((each for each in found if each >= start), found[-1])


def _moment(value: Cell, day: dt.date | None, zone: ZoneInfo, what: str) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return _local(value, zone) if value.tzinfo is None else value
    if isinstance(value, str):
        parsed = _iso(value)
        if parsed is not None and parsed.tzinfo is not None:
            return parsed
        date = _DATE.match(value)
        if date:
            day, value = _date_of(date), value[date.end() :].strip(" T\t")
    since = _clock(value)
    if since is None:
        raise BadSheet(_("%(what)s读不懂，例如：2026-11-28 11:00:00。") % {"what": what})
    if day is None:
        raise BadSheet(_("%(what)s没有日期。请加上日期列，或在页面上选日期。") % {"what": what})
    return _local(dt.datetime.combine(day, dt.time()) + since, zone)


def _local(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    found = naive.replace(tzinfo=zone)
    if found.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise BadSheet(_("这个时间在当地不存在（夏令时拨快）。"))
    return found


def _clock(value: Cell) -> dt.timedelta | None:
    """Time of day, from midnight. Broadcasters write 25:10 for ten past one the next morning."""
    if isinstance(value, dt.timedelta):
        return value if dt.timedelta(0) <= value < dt.timedelta(hours=36) else None
    if isinstance(value, dt.time):
        return dt.timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    if isinstance(value, float) and 0 <= value < 1:  # a part of a day, as spreadsheets count
        return dt.timedelta(seconds=round(value * 86_400))
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    hours, minutes, seconds = (int(each or 0) for each in found.groups()[:3])
    if hours >= 36 or minutes > 59 or seconds > 59:
        return None
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=_micro(found.group(4)))


def _length(value: Cell) -> dt.timedelta:
    """A length: a clock, or seconds as a number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1:
        return dt.timedelta(seconds=float(min(value, 10 * 86_400)))
    if isinstance(value, str) and re.fullmatch(r"\d{1,6}", value.strip()):
        return dt.timedelta(seconds=int(value))
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None and found.group(3) is None:  # 30:00 is half an hour: nothing airs for thirty
        return dt.timedelta(minutes=int(found.group(1)), seconds=int(found.group(2)))
    length = _clock(value)
    if length is None or not length:
        raise BadSheet(_("结束时间和时长都读不懂。"))
    return length


def _day(value: Cell) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 20_000 < value < 100_000:
        return _EPOCH + dt.timedelta(days=value)
    if value in {None, ""}:
        return None
    found = _DATE.fullmatch(str(value).strip())
    if found is None:
        raise BadSheet(_("日期读不懂，例如：2026-11-28。"))
    return _date_of(found)


def _date_of(found: re.Match[str]) -> dt.date:
    try:
        return dt.date(*(int(each) for each in found.groups()))
    except ValueError as error:
        raise BadSheet(_("没有这一天。")) from error


def _iso(value: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return None


def _is_clock(value: Cell) -> bool:
    return not isinstance(value, dt.datetime) and not (isinstance(value, str) and _DATE.match(value))


def _micro(digits: str | None) -> int:
    return int((digits or "0").ljust(6, "0"))
