"""Writes the as-run record and its comparison with the station's log as a workbook; it reads no table."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from broadcast.clock import ZONE
from scheduling.queries.asrun import Day, Log, Row

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TIME = "yyyy-mm-dd hh:mm:ss"


def workbook(day: Day) -> bytes:
    """Three sheets: every stretch that went out, each airing beside the station's lines, and every difference. Beijing time.

    Text stays text: nothing is taken for a formula or a link.
    """
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats = {"bold": book.add_format({"bold": True}), "time": book.add_format({"num_format": _TIME})}
    _sheet(book, formats, _("播出记录"), _stretch_heads(), [line for row in day.rows for line in _stretches(row.log)])
    _sheet(book, formats, _("对照"), _compared_heads(), [_compared(row) for row in day.rows])
    _sheet(book, formats, _("差异"), _difference_heads(), _differences(day))
    book.close()
    return made.getvalue()


def _stretch_heads() -> list[str]:
    show = [_("节目"), _("期号"), _("标题"), _("计划开始"), _("计划结束")]
    return [
        *show,
        _("内容"),
        _("演播时间开始"),
        _("演播时间结束"),
        _("播出开始"),
        _("播出结束"),
        _("秒"),
        _("原因"),
        _("播的是"),
    ]


def _compared_heads() -> list[str]:
    show = [_("节目"), _("期号"), _("标题"), _("计划开始"), _("计划结束"), _("播出开始"), _("播出结束")]
    return [*show, _("台方开始"), _("台方结束"), _("开始相差秒"), _("结束相差秒"), _("台方行号"), _("结果")]


def _difference_heads() -> list[str]:
    return [_("节目"), _("期号"), _("标题"), _("只有谁有"), _("开始"), _("结束"), _("秒")]


def _show(log: Log) -> list[Any]:
    episode = log.airing.episode
    return [episode.programme.name, episode.key, episode.title]


def _stretches(log: Log) -> list[list[Any]]:
    delay = dt.timedelta(seconds=log.airing.delay_seconds)
    show = [*_show(log), log.airing.planned_start, log.airing.planned_end]
    if not log.recorded:
        words = _("没有录制记录，按开播和结束") if log.spans else log.airing.get_state_display()
        spans = log.spans or ((None, None),)
        return [
            [
                *show,
                str(words),
                None,
                None,
                start,
                end,
                (end - start).total_seconds() if start and end else None,
                "",
                "",
            ]
            for start, end in spans
        ]
    return [
        [
            *show,
            each.label,
            each.start,
            each.end,
            each.start + delay,
            each.end + delay,
            (each.end - each.start).total_seconds(),
            each.reason,
            each.subject,
        ]
        for each in log.stretches
    ]


def _compared(row: Row) -> list[Any]:
    log, compared = row.log, row.compared
    show = [*_show(log), log.airing.planned_start, log.airing.planned_end, log.start, log.end]
    if compared is None or not compared.lines:
        return [*show, None, None, None, None, "", _("没有播出") if not log.spans else _("台方没有记录")]
    start, end = min(each.start for each in compared.lines), max(each.end for each in compared.lines)
    lines = "、".join(str(each.line) for each in compared.lines)
    verdict = _("一致") if row.agrees else _("有差异")
    return [*show, start, end, compared.start_seconds, compared.end_seconds, lines, verdict]


def _differences(day: Day) -> list[list[Any]]:
    found: list[list[Any]] = []
    for row in day.rows:
        if row.compared is None:
            continue
        for who, spans in ((_("我方"), row.compared.only_ours), (_("台方"), row.compared.only_theirs)):
            found += [[*_show(row.log), who, start, end, (end - start).total_seconds()] for start, end in spans]
    for line in day.unmatched:
        seconds = (line.end - line.start).total_seconds()
        found.append([line.title, "", "", _("台方"), line.start, line.end, seconds])
    return found


def _sheet(book: Any, formats: dict[str, Any], name: str, heads: list[str], rows: list[list[Any]]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, formats["bold"])
        sheet.set_column(column, column, 20)
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.datetime):
                local = cell.astimezone(ZONE).replace(tzinfo=None)
                sheet.write_datetime(line, column, local, formats["time"])
            elif isinstance(cell, int | float):
                sheet.write_number(line, column, cell)
            elif cell is not None:
                sheet.write_string(line, column, str(cell)[:32_000])
