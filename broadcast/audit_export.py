"""Writes audit entries as CSV, JSON or XLSX, a piece at a time; it asks for no right and writes no row (services.auditing does)."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from broadcast.audit_search import airings, names
from broadcast.audit_words import act_in_words, programme_time
from broadcast.models import AuditEntry

# A spreadsheet of more would open nowhere; the two others have no such end.
XLSX_MOST = 200_000
_CHUNK = 64 * 1024
# A spreadsheet program takes what begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CELL_MOST = 32_000

Pieces = Iterable[list[AuditEntry]]


def as_csv(pieces: Pieces) -> Iterator[bytes]:
    """UTF-8 with the mark by which spreadsheet programs know it. A cell that would be a formula begins with an apostrophe."""
    yield ("\ufeff" + csv_text([heads()])).encode()
    for piece in pieces:
        yield csv_text([cells(row.values()) for row in told(piece)]).encode()


def as_json(pieces: Pieces) -> Iterator[bytes]:
    """One array. With salts and digests, so that the chain of a whole export can be computed again elsewhere."""
    yield b"["
    comma = "\n"
    for piece in pieces:
        text = []
        for row in told(piece):
            text.append(comma + json.dumps(row, ensure_ascii=False, default=str))
            comma = ",\n"
        yield "".join(text).encode()
    yield b"\n]\n"


def as_xlsx(pieces: Pieces) -> Iterator[bytes]:
    """A workbook, written to the disk row by row. Text stays text: nothing is taken for a formula, a number or a link."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            bold = book.add_format({"bold": True})
            sheet = book.add_worksheet(_("审计记录"))
            sheet.freeze_panes(1, 0)
            for column, head in enumerate(heads()):
                sheet.write_string(0, column, head, bold)
            line = 0
            for piece in pieces:
                for row in told(piece):
                    line += 1
                    for column, cell in enumerate(row.values()):
                        sheet.write_string(line, column, _plain(cell)[:_CELL_MOST])
                # Nothing to send yet, but whoever reads can stop us here.
                yield b""
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


FORMATS: dict[str, tuple[str, Callable[[Pieces], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}


def heads() -> list[str]:
    """The headings of the columns, in the order of `told`'s values."""
    return [
        _("编号"),
        _("时间"),
        _("节目时间"),
        _("账号"),
        _("谁"),
        _("动作代码"),
        _("动作"),
        _("对象"),
        _("场次"),
        _("节目"),
        _("理由"),
        _("之前"),
        _("之后"),
        _("个人信息摘要"),
        _("算法"),
        _("盐"),
        _("前一条摘要"),
        _("摘要"),
    ]


def told(piece: list[AuditEntry]) -> Iterator[dict[str, Any]]:
    """Entries as plain data. Citizens' words are not in it: a file would outlive their erasure."""
    called, shows = names(piece), airings(piece)
    for entry in piece:
        show = shows.get(entry.airing_id) if entry.airing_id else None
        yield {
            "id": entry.pk,
            "at": entry.at.isoformat(timespec="microseconds"),
            "programme_time": programme_time(entry.programme_ms),
            "actor": entry.actor_id,
            "name": called.get(entry.actor_id or 0, "") or _("系统"),
            "act": entry.act,
            "act_in_words": act_in_words(entry.act),
            "target": entry.target,
            "airing": str(entry.airing_id or ""),
            "show": show.episode.title if show else "",
            "reason": entry.reason,
            "before": entry.before,
            "after": entry.after,
            "personal_digest": entry.personal_digest,
            "algorithm": entry.algorithm,
            "salt": entry.salt,
            "previous": entry.previous,
            "digest": entry.digest,
        }


def csv_text(rows: list[list[str]]) -> str:
    """Rows of cells as CSV, as every spreadsheet program reads it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def cells(values: Iterable[Any]) -> list[str]:
    """Values as cells: nothing is an empty one, what is no text is JSON, and what would be a formula begins with an apostrophe."""
    plain = [_plain(value) for value in values]
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in plain]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
