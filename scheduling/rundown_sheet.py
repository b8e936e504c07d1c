"""A run-down as an XLSX file, out and in again; it reads no table and decides nothing: what was read is only a proposal."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _

from broadcast import sheets
from broadcast.clock import ZONE
from broadcast.errors import InvalidInput
from broadcast.rundown_lines import FOLLOW, HARD, MOST_LINES, SOFT, LinePlan
from scheduling.backtime import Order, Shape, Stand
from scheduling.rundown_words import length, read_length, signed, starts

# A file made in one language may come back from a reader of the other.
_LANGUAGES = ("en", "zh-hans")
# Rows before the table that we read past: its title, and what people put there.
_MOST_HEAD = 10
_YES = frozenset({"是", "yes", "y", "1", "true"})
_NO = frozenset({"", "否", "no", "n", "0", "false"})
_STARTS = {"": FOLLOW, "接着": FOLLOW, "follow": FOLLOW, "软": SOFT, "soft": SOFT, "硬": HARD, "hard": HARD}


def columns() -> dict[str, str]:
    """The columns that are read again, by what they hold; the others are for reading."""
    return {
        "pk": _("编号"),
        "role": _("类别"),
        "title": _("环节"),
        "seconds": _("时长"),
        "start": _("开始方式"),
        "offset": _("起点（开播后）"),
        "wait": _("可等秒数"),
        "is_floating": _("浮动"),
        "least": _("最短"),
        "most": _("最长"),
        "note": _("备注"),
    }


@dataclass(frozen=True)
class Heading:
    """What stands above the table."""

    show: str
    title: str
    start: dt.datetime
    end: dt.datetime


def write(heading: Heading, plans: Sequence[LinePlan], order: Order, roles: Mapping[str, str]) -> bytes:
    """The workbook. Every cell is text, so that no program makes a time of day of 05:00, and no title is taken for a formula."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(_("串联单"))
    text, bold, quiet = (
        book.add_format({"num_format": "@", **more}) for more in ({}, {"bold": True}, {"font_color": "#5c5c5c"})
    )
    local = heading.start.astimezone(ZONE)
    sheet.write_string(0, 0, f"{heading.show} {heading.title}", bold)
    sheet.write_string(1, 0, f"{local:%Y-%m-%d %H:%M:%S}–{heading.end.astimezone(ZONE):%H:%M:%S}", quiet)
    read = list(columns().values())
    told = [_("计划开始"), _("实际或预计"), _("实际时长"), _("最迟开始"), _("快慢")]
    for column, name in enumerate([*read, *told]):
        sheet.write_string(3, column, name, bold)
    shapes = {shape.key: shape for shape in order.lines}
    for row, plan in enumerate(plans, start=4):
        for column, value in enumerate([*_typed(plan, roles), *_told(shapes[plan.pk], heading.start)]):
            sheet.write_string(row, column, value, text if column < len(read) else quiet)
    last = 4 + len(plans)
    sheet.write_string(last, 2, _("结束"), quiet)
    sheet.write_string(last, len(read), _clock(heading.start, order.aim), quiet)
    sheet.write_string(last, len(read) + 1, _clock(heading.start, order.end), quiet)
    sheet.write_string(last, len(read) + 4, signed(order.over), quiet)
    for column, width in enumerate([8, 10, 36, 9, 9, 9, 9, 6, 9, 9, 24, 11, 11, 9, 11, 9]):
        sheet.set_column(column, column, width, text)
    sheet.freeze_panes(4, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    return made.getvalue()


def _typed(plan: LinePlan, roles: Mapping[str, str]) -> list[str]:
    return [
        str(plan.pk or ""),
        roles.get(plan.role, plan.role),
        plan.title,
        length(plan.seconds),
        starts()[plan.start],
        length(plan.offset),
        "" if plan.wait is None else str(plan.wait),
        _("是") if plan.is_floating else "",
        length(plan.least),
        length(plan.most),
        plan.note,
    ]


def _told(shape: Shape, start: dt.datetime) -> list[str]:
    skipped = shape.stand == Stand.SKIPPED
    return [
        _clock(start, shape.planned),
        _("没有播") if skipped else _clock(start, shape.start),
        length(shape.seconds) if shape.stand == Stand.DONE else "",
        "" if shape.latest is None else _clock(start, shape.latest),
        "" if skipped else signed(shape.over),
    ]


def _clock(start: dt.datetime, seconds: float) -> str:
    return f"{(start + dt.timedelta(seconds=round(seconds))).astimezone(ZONE):%H:%M:%S}"


def read(data: bytes, name: str, roles: Mapping[str, str]) -> list[LinePlan]:
    """The lines that a file proposes. Raises sheets.BadSheet, with the line of the file, for what cannot be read.

    `roles`: names by code. Rows without a title are left out; a row without a known number is a new segment.
    """
    rows = sheets.rows(data, name, most_rows=MOST_LINES + _MOST_HEAD + 30)
    head, places = _head(rows)
    found: list[LinePlan] = []
    for row in rows[head + 1 :]:
        cells = {key: row.cells[at] if at < len(row.cells) else None for key, at in places.items()}
        if cells.get("title") in {None, ""} or cells.get("seconds") in {None, ""}:
            if cells.get("seconds") not in {None, ""}:
                raise sheets.BadSheet(_("这一行没有填环节的内容。"), row.line)
            if cells.get("pk") not in {None, ""}:
                raise sheets.BadSheet(_("这一行没有填时长。要删去这个环节，请删去整行。"), row.line)
            continue
        try:
            found.append(_line(cells, roles))
        except InvalidInput as error:
            raise sheets.BadSheet(error.message, row.line) from error
    if not found:
        raise sheets.BadSheet(_("文件里没有环节。"))
    return found


def _head(rows: Sequence[sheets.Row]) -> tuple[int, dict[str, int]]:
    """Which row names the columns, and where each is."""
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        with translation.override(language):
            names |= {name: key for key, name in columns().items()}
    for at, row in enumerate(rows[:_MOST_HEAD]):
        found = {names[cell]: place for place, cell in enumerate(row.cells) if isinstance(cell, str) and cell in names}
        if {"title", "seconds"} <= found.keys():
            return at, found
    raise sheets.BadSheet(_("没有找到写着“环节”和“时长”的表头。先导出一份，在上面改。"))


def _line(cells: Mapping[str, sheets.Cell], roles: Mapping[str, str]) -> LinePlan:
    start = _STARTS.get(_text(cells.get("start")).lower())
    if start is None:
        raise InvalidInput(_("开始方式写 接着、软 或 硬。"))
    floating = _text(cells.get("is_floating")).lower()
    if floating not in _YES | _NO:
        raise InvalidInput(_("浮动写 是 或 否。"))
    seconds = _length(cells.get("seconds"), _("时长"))
    assert seconds is not None
    return LinePlan(
        title=_text(cells.get("title")),
        seconds=seconds,
        role=_role(_text(cells.get("role")), roles),
        start=start,
        offset=_length(cells.get("offset"), _("起点")),
        wait=_number(cells.get("wait"), _("可等秒数")),
        is_floating=floating in _YES,
        least=_length(cells.get("least"), _("最短")),
        most=_length(cells.get("most"), _("最长")),
        note=_text(cells.get("note")),
        pk=_number(cells.get("pk"), _("编号")),
    )


def _role(word: str, roles: Mapping[str, str]) -> str:
    if not word:
        return ""
    for code, name in roles.items():
        if word in {code, name}:
            return code
    raise InvalidInput(_("这个节目没有“%(role)s”这一类环节。") % {"role": word[:20]})


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _length(cell: Any, name: str) -> int | None:
    """Of a cell that holds a time nobody can say whether 5:00 was minutes or hours, so only text is taken."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        try:
            return read_length(cell)
        except ValueError:
            pass
    raise InvalidInput(_("%(field)s要写成 分:秒，例如 05:10，单元格设为文本。") % {"field": name})


def _number(cell: Any, name: str) -> int | None:
    word = _text(cell)
    if not word:
        return None
    if not (word.isascii() and word.isdigit() and len(word) <= 9):
        raise InvalidInput(_("%(field)s要写数字。") % {"field": name})
    return int(word)
