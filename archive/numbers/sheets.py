"""Writes the numbers as a workbook and as a document; text stays text there. It counts nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from archive.numbers.queries import Numbers
from archive.podcasts.xml import clean

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MOST = 32_000
# Of how many people nobody knows.
UNKNOWN = "—"


@dataclass(frozen=True)
class Table:
    """A table with its heading."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | int]]


def tables(found: Numbers) -> list[Table]:
    """All tables of a report. Ours and the partners' are never in one."""
    return [
        Table(_("委员出镜"), (_("委员"), _("界别"), _("期数")), [(r.name, r.more, r.number) for r in found.members]),
        Table(
            _("界别出镜"), (_("界别"), _("委员人数"), _("人期")), [(r.name, r.more, r.number) for r in found.sectors]
        ),
        Table(_("节目期数"), (_("节目"), _("期数")), [(r.name, r.number) for r in found.programmes]),
        Table(_("每月期数"), (_("月份"), _("期数")), [(r.name, r.number) for r in found.months]),
        Table(
            _("本站参与"),
            (_("来源"), _("人数"), _("人次"), _("怎样数的")),
            [
                (each.name, UNKNOWN if each.people is None else each.people, each.times, each.how)
                for each in found.sources
            ],
        ),
        Table(
            _("合作方提供"),
            (
                _("节目"),
                _("来源"),
                _("口径"),
                _("数字"),
                _("从"),
                _("到"),
                _("读数时间"),
                _("录入人"),
                _("状态"),
                _("备注"),
            ),
            [
                (
                    each.row.programme.name_zh,
                    each.row.source,
                    each.row.get_measure_display(),
                    str(each.row.number),
                    each.row.since.isoformat(),
                    each.row.until.isoformat(),
                    f"{timezone.localtime(each.row.told_at):%Y-%m-%d %H:%M}",
                    each.who,
                    _("作废") if each.row.struck_at else "",
                    each.row.note,
                )
                for each in found.figures
            ],
        ),
    ]


def workbook(found: Numbers) -> bytes:
    """XLSX, a sheet a table. Only our own counts are numbers; no text is taken for a formula or a link."""
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(made, options) as book:
        bold = book.add_format({"bold": True})
        for table in tables(found):
            sheet = book.add_worksheet(table.name[:31])
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(table.heads) - 1, 18)
            for column, head in enumerate(table.heads):
                sheet.write_string(0, column, head, bold)
            for line, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        sheet.write_number(line, column, cell)
                    else:
                        sheet.write_string(line, column, clean(cell)[:_MOST])
    return made.getvalue()


def document(found: Numbers) -> bytes:
    """DOCX: the same tables below each other, with what they mean."""
    import docx  # slow to load, and seldom wanted

    made, out = docx.Document(), io.BytesIO()
    made.add_heading(_("议事数据"), 0)
    made.add_paragraph(f"{found.since:%Y-%m-%d} – {found.until:%Y-%m-%d}")
    made.add_paragraph(_("合作方提供的数字由各来源自行统计，与本站的计数口径不同，不能相加。"))
    made.add_paragraph(_("本站参与按来源分开数，同一个人会出现在几个来源里，不能相加。"))
    for table in tables(found):
        made.add_heading(table.name, 1)
        if not table.rows:
            made.add_paragraph(_("这段时间没有。"))
            continue
        drawn = made.add_table(rows=1, cols=len(table.heads), style="Table Grid")
        for cell, head in zip(drawn.rows[0].cells, table.heads, strict=True):
            cell.text = head
        for row in table.rows:
            for cell, value in zip(drawn.add_row().cells, row, strict=True):
                cell.text = clean(str(value))
    made.save(out)
    return out.getvalue()
