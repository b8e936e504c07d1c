"""Results of polls as tables: one line for each poll, one for each option and part, and who voted how; written as CSV or XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import xlsxwriter
from django.utils.translation import gettext as _

from broadcast.models.catalogue import Assurance
from live import protocol
from live.models import Poll

# A spreadsheet program takes what begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """A sheet: its name, its headings, its lines."""

    name: str
    heads: Sequence[str]
    lines: Sequence[Sequence[Cell]]


def overview(polls: Iterable[protocol.StaffPoll]) -> Table:
    """One line for each poll: what was asked, of whom, how many took part, what came out."""
    heads = [
        _("编号"),
        _("题目"),
        _("方式"),
        _("状态"),
        _("记名"),
        _("谁可以投"),
        _("开始"),
        _("结束"),
        _("票"),
        _("可投人数"),
    ]
    heads += [
        _("改投次数"),
        _("代投"),
        _("结论"),
        _("要几票"),
        _("得几票"),
        _("平均"),
        _("一致度"),
        _("重投自"),
        _("作废原因"),
    ]
    return Table(_("投票"), heads, [_told(poll) for poll in polls])


def _told(poll: protocol.StaffPoll) -> list[Cell]:
    outcome = poll.outcome
    verdict = outcome.verdict if outcome else None
    scale = outcome.scale if outcome else None
    return [
        poll.id,
        poll.question,
        str(Poll.Kind(poll.poll_kind).label),
        str(Poll.State(poll.state).label),
        str(Poll.Secrecy(poll.secrecy).label),
        poll.roll_name or str(Poll.Electorate(poll.electorate).label),
        poll.opened_at,
        poll.closed_at or poll.ends_at,
        poll.total,
        outcome.eligible if outcome else poll.eligible,
        outcome.changes if outcome else None,
        poll.on_behalf,
        verdicts()[verdict.outcome] if verdict else "",
        verdict.needed if verdict else None,
        verdict.votes if verdict else None,
        scale.mean if scale else None,
        scale.agreement if scale else None,
        poll.replaces,
        poll.void_reason,
    ]


def verdicts() -> dict[str, str]:
    """What a rule can come to, in words."""
    return {"accepted": _("通过"), "rejected": _("没有通过"), "tied": _("票数相同"), "no_quorum": _("人数不足")}


def votes(polls: Iterable[protocol.StaffPoll]) -> Table:
    """A line for each option: of all ballots, of each level of identity, of the time before, of what was entered."""
    heads = [_("编号"), _("题目"), _("部分"), _("选项"), _("票"), _("比例（%）"), _("比例按几票算"), _("这部分共几票")]
    return Table(_("票数"), heads, [line for poll in polls for line in _lines(poll)])


def _lines(poll: protocol.StaffPoll) -> Iterable[list[Cell]]:
    names = {each.value: str(each.label) for each in Assurance}
    outcome = poll.outcome
    base = outcome.base_count if outcome else poll.total
    parts: list[tuple[str, Sequence[int], int, int]] = [
        (_("全部"), [option.votes or 0 for option in poll.options], base, poll.total)
    ]
    if outcome is not None:
        for level in outcome.levels:
            who = "、".join(names.get(each, str(each)) for each in level.levels)
            parts.append((_("身份：%(who)s") % {"who": who}, level.votes, level.total, level.total))
        for entered in outcome.entered:
            what = _("代录：%(source)s") if entered.counted else _("代录，未计入：%(source)s")
            parts.append((what % {"source": entered.source}, entered.votes, entered.total, entered.total))
        if outcome.earlier is not None:
            before = outcome.earlier
            parts.append((_("上次：编号 %(id)s") % {"id": before.poll}, before.votes, before.total, before.total))
    for name, many, of, total in parts:
        for option, count in zip(poll.options, many, strict=True):
            yield [poll.id, poll.question, name, option.text, count, _percent(count, of), of, total]


def _percent(many: int, base: int) -> float | None:
    return round(100 * many / base, 1) if base else None


def named(poll: protocol.StaffPoll, rows: Iterable[tuple[str, Sequence[int]]]) -> Table:
    """Who voted how, of a named poll."""
    texts = {option.id: option.text for option in poll.options}
    lines: list[list[Cell]] = [
        [poll.id, poll.question, name, "、".join(texts.get(each, str(each)) for each in own)] for name, own in rows
    ]
    return Table(_("记名"), [_("编号"), _("题目"), _("姓名"), _("选了什么")], lines)


def as_csv(table: Table) -> bytes:
    """UTF-8 with the mark by which spreadsheet programs know it; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.heads)
    writer.writerows([_plain(cell) for cell in line] for line in table.lines)
    return ("\ufeff" + text.getvalue()).encode()


def as_xlsx(tables: Iterable[Table]) -> bytes:
    """A workbook, a sheet for each table. Text stays text, numbers are numbers."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        for table in tables:
            sheet = book.add_worksheet(table.name)
            sheet.freeze_panes(1, 0)
            for column, head in enumerate(table.heads):
                sheet.write_string(0, column, head, bold)
                sheet.set_column(column, column, 40 if head in {_("题目"), _("选了什么")} else 14)
            for row, line in enumerate(table.lines, start=1):
                for column, cell in enumerate(line):
                    if isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write_number(row, column, cell)
    return file.getvalue()


def _plain(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
