"""Rows of a sheet of old episodes, out of what people write into cells: numbers, days, times, guests; pure, it opens no file."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from broadcast.sheets import Cell, Row

COLUMNS = {
    "number": ("number", "no", "no.", "episode", "期号", "期数", "期次", "期", "编号", "序号"),
    "date": ("date", "day", "日期", "播出日期", "播出时间", "时间日期", "录制日期"),
    "time": ("time", "start", "时间", "开播时间", "播出时刻", "时刻"),
    "title": ("title", "name", "topic", "标题", "题目", "主题", "名称", "节目名称"),
    "guests": ("guests", "guest", "people", "speakers", "嘉宾", "主讲人", "主讲", "人员"),
    "programme": ("programme", "program", "show", "节目", "栏目", "品牌"),
    "file": ("file", "filename", "file name", "文件", "文件名", "视频", "音频"),
}
_DATE = re.compile(
    r"(?<!\d)(\d{4})\s*[-/._年]\s*(\d{1,2})\s*[-/._月]\s*(\d{1,2})(?!\d)|(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)"
)
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)")
_NUMBER = re.compile(r"(?:第|no\.?|#)?\s*0*(\d{1,6})\s*(?:期|集|讲)?", re.IGNORECASE)
_GUESTS = re.compile(r"[、;\n\r]+|,(?![^(]*\))")
_ONE_GUEST = re.compile(r"^([^(]+?)\s*(?:\((.*?)\))?$", re.DOTALL)
_ROLES = (
    ("主持", "host"),
    ("部门", "department"),
    ("专家", "expert"),
    ("教授", "expert"),
    ("委员", "member"),
    ("市民", "citizen"),
)


class NoColumns(Exception):
    """The first row names no column that we know."""


@dataclass(frozen=True)
class Guest:
    """A name with what stands in brackets behind it; the role is guessed from that."""

    name: str
    role: str
    title: str = ""


@dataclass(frozen=True)
class Entry:
    """One row. `problem` is why it cannot be used whatever its file; date and time are as the house's clocks show them."""

    line: int
    number: int | None = None
    date: str = ""
    time: str = ""
    title: str = ""
    guests: tuple[Guest, ...] = ()
    programme: str = ""
    file: str = ""
    problem: str = ""
    detail: str = field(default="", compare=False)

    def kept(self) -> dict[str, Any]:
        """What is kept of it beside the file."""
        return {name: value for name, value in asdict(self).items() if name not in {"problem", "detail"}}


def entries(rows: Sequence[Row]) -> list[Entry]:
    """The rows below the one that names the columns. Raises NoColumns when that one names neither a title nor a number nor a file."""
    places: dict[str, int] = {}
    for at, cell in enumerate(rows[0].cells):
        for name, words in COLUMNS.items():
            if plain(str(cell or "")) in words:
                places.setdefault(name, at)
    if not places.keys() & {"title", "number", "file"}:
        raise NoColumns
    return [_entry(row, places) for row in rows[1:]]


def plain(text: str) -> str:
    """How words are compared: one form of each letter, no case, no spaces around."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _entry(row: Row, places: dict[str, int]) -> Entry:
    cells = {name: row.cells[at] if at < len(row.cells) else None for name, at in places.items()}
    number, bad_number = _number(cells.get("number"))
    date, time = _date(cells.get("date")), _time(cells.get("time")) or _time(cells.get("date"))
    problem, detail = "", ""
    if bad_number:
        problem, detail = "bad_number", str(cells.get("number"))
    elif not date and cells.get("date") not in {None, ""}:
        problem, detail = "bad_date", str(cells.get("date"))
    elif not time and cells.get("time") not in {None, ""}:
        problem, detail = "bad_time", str(cells.get("time"))
    return Entry(
        line=row.line,
        number=number,
        date=date,
        time=time,
        title=" ".join(str(cells.get("title") or "").split()),
        guests=guests_of(str(cells.get("guests") or "")),
        programme=str(cells.get("programme") or "").strip(),
        file=str(cells.get("file") or "").strip(),
        problem=problem,
        detail=detail[:200],
    )


def _number(cell: Cell) -> tuple[int | None, bool]:
    """The number, and whether what stands there is none."""
    if cell in {None, ""}:
        return None, False
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", str(cell)).strip())
    number = int(found.group(1)) if found else None
    return number, number is None or number < 1


def _date(cell: Cell) -> str:
    if isinstance(cell, dt.datetime | dt.date):
        return cell.strftime("%Y-%m-%d")
    return next(iter(dates(str(cell or ""))), "")


def _time(cell: Cell) -> str:
    if isinstance(cell, dt.timedelta):
        cell = str(cell) if dt.timedelta(0) <= cell < dt.timedelta(days=1) else None
    if isinstance(cell, dt.datetime):
        cell = cell.time() if cell.time() != dt.time(0) else None
    if isinstance(cell, dt.time):
        return cell.strftime("%H:%M:%S")
    found = _TIME.search(unicodedata.normalize("NFKC", cell)) if isinstance(cell, str) else None
    if found is None:
        return ""
    hour, minute, second = (int(each or 0) for each in found.groups())
    return f"{hour:02d}:{minute:02d}:{second:02d}" if hour < 24 and minute < 60 and second < 60 else ""


def dates(text: str) -> list[str]:
    """Days that a text names, whole ones alone."""
    found = []
    for match in _DATE.finditer(unicodedata.normalize("NFKC", text)):
        year, month, day = (int(each) for each in match.groups() if each is not None)
        try:
            found.append(dt.date(year, month, day).isoformat())
        except ValueError:
            continue
    return found


def numbers(text: str) -> list[int]:
    """Numbers that a text names beside its days; one that is marked as an episode's stands alone."""
    rest = _DATE.sub(" ", unicodedata.normalize("NFKC", text))
    marked = re.findall(r"第\s*0*(\d{1,6})\s*[期集讲]|(?:ep|no\.?)\s*0*(\d{1,6})", rest, re.IGNORECASE)
    if marked:
        return [int(one or other) for one, other in marked]
    return [int(each) for each in re.findall(r"(?<![\d.])\d{1,6}(?![\d.]*\d)", rest)]


def guests_of(text: str) -> tuple[Guest, ...]:
    """张三（科技界委员）、李四: names with a word about each."""
    found: dict[str, Guest] = {}
    for part in _GUESTS.split(unicodedata.normalize("NFKC", text)):
        match = _ONE_GUEST.match(part.strip())
        if match is None or len(match.group(1)) > 60:
            continue
        name, title = match.group(1).strip(), " ".join((match.group(2) or "").split())[:120]
        role = next((role for word, role in _ROLES if word in title), "lecturer")
        if name:
            found.setdefault(name, Guest(name, role, title))
    return tuple(found.values())
