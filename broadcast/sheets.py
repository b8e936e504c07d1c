"""Reads tables out of CSV and XLSX files that may be hostile; it knows no table of the house and opens no file or address by itself."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 60
MOST_LETTERS = 2_000
_MOST_MEMBERS = 300
_MOST_UNPACKED = 24 * 1024 * 1024
_CHUNK = 64 * 1024
# Parts of a workbook that do something, or reach outside.
_ACTIVE = ("vbaproject", "activex", "embeddings/", "externallinks/", "macrosheets/", "connections.xml", "querytables/")

Cell = str | int | float | dt.datetime | dt.date | dt.time | dt.timedelta | None


class BadSheet(Exception):
    """The file is not taken: a sentence for people, and the line where that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True)
class Row:
    """One line of the first sheet that says anything. `line` counts from 1, as spreadsheet programs show it."""

    line: int
    cells: tuple[Cell, ...]


def rows(data: bytes, name: str, most_rows: int = MOST_ROWS) -> list[Row]:
    """The rows of a file, empty ones left out. Raises BadSheet for whatever is too big, active, or no table at all.

    Text is stripped; an XLSX cell keeps the type that the workbook gives it. No formula is ever computed: one is a refusal.
    """
    if len(data) > MOST_BYTES:
        raise BadSheet(_("文件超过 %(most)s MB，没有导入。") % {"most": MOST_BYTES // 1024 // 1024})
    if not data.strip():
        raise BadSheet(_("文件是空的。"))
    found = _workbook(data, most_rows) if data[:2] == b"PK" else _text(data, name, most_rows)
    kept = [row for row in found if any(cell not in {None, ""} for cell in row.cells)]
    if not kept:
        raise BadSheet(_("文件里没有内容。"))
    return kept


def _text(data: bytes, name: str, most_rows: int) -> Iterator[Row]:
    if name.lower().endswith((".xlsx", ".xls")) or data[:4] == b"\xd0\xcf\x11\xe0":
        raise BadSheet(_("这不是 XLSX 文件。旧的 XLS 请另存为 XLSX 或 CSV。"))
    text = _decoded(data)
    if "\0" in text:
        raise BadSheet(_("这不是文字表格。"))
    head = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            _check_size(line, len(cells), most_rows)
            yield Row(line, tuple(_word(cell, line) for cell in cells))
    except csv.Error as error:
        raise BadSheet(_("这一行的引号或分隔读不懂。"), reader.line_num) from error


def _decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 by their marks, else UTF-8, else what Chinese Windows writes."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSheet(_("文字编码读不懂，请另存为 UTF-8。"))


def _workbook(data: bytes, most_rows: int) -> Iterator[Row]:
    # It brings numpy along: a sixth of a second and 40 MB for those alone who read a workbook.
    import openpyxl

    _inspect(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            sheet = next((each for each in book.worksheets), None)
            if sheet is None:
                raise BadSheet(_("文件里没有工作表。"))
            sheet.reset_dimensions()
            yield from _cells(sheet, most_rows)
        finally:
            book.close()
    except BadSheet:
        raise
    except Exception as error:  # whatever a crafted file makes the reader stumble over
        raise BadSheet(_("这个 XLSX 文件读不懂，请用表格软件重新另存一份。")) from error


def _cells(sheet: Any, most_rows: int) -> Iterator[Row]:
    # One column and some rows more than we take, so that what is too big is seen and never read to its end.
    found = sheet.iter_rows(max_row=most_rows + 2, max_col=MOST_COLUMNS + 1)
    for line, cells in enumerate(found, start=1):
        width = max((at for at, cell in enumerate(cells, 1) if cell.value is not None), default=0)
        if not width:
            continue
        _check_size(line, width, most_rows)
        if any(cell.data_type == "f" for cell in cells):
            raise BadSheet(_("这一行有公式。请把公式换成数值再导入。"), line)
        yield Row(line, tuple(_word(cell.value, line) for cell in cells[:width]))


def _inspect(data: bytes) -> None:
    """Refuse a bomb, macros, links outside and declared entities before anything of the workbook is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if len(members) > _MOST_MEMBERS or sum(each.file_size for each in members) > _MOST_UNPACKED:
                raise BadSheet(_("这个文件解开后太大，没有导入。"))
            left = _MOST_UNPACKED
            for member in members:
                if any(word in member.filename.lower() for word in _ACTIVE):
                    raise BadSheet(_("文件里有宏、嵌入内容或外部链接，没有导入。请另存为普通 XLSX。"))
                if member.flag_bits & 1:
                    raise BadSheet(_("文件有密码，没有导入。"))
                left -= _harmless(packed, member, left)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise BadSheet(_("这个 XLSX 文件读不懂，请用表格软件重新另存一份。")) from error
    except Exception as error:
        if isinstance(error, BadSheet):
            raise
        raise BadSheet(_("这个 XLSX 文件读不懂，请用表格软件重新另存一份。")) from error


def _harmless(packed: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> int:
    """Reads a member through; returns its true size. XML in other encodings than ASCII's kin could hide a declaration."""
    size, before = 0, b""
    with packed.open(member) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise BadSheet(_("这个文件解开后太大，没有导入。"))
            if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                seen = before + chunk
                if b"\0" in chunk or b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                    raise BadSheet(_("这个文件不是表格软件写出来的，没有导入。"))
                before = chunk[-16:]
    return size


def _check_size(line: int, columns: int, most_rows: int) -> None:
    if line > most_rows:
        raise BadSheet(_("超过 %(most)s 行，没有导入。请分成几个文件。") % {"most": most_rows}, line)
    if columns > MOST_COLUMNS:
        raise BadSheet(_("超过 %(most)s 列，没有导入。") % {"most": MOST_COLUMNS}, line)


def _word(value: Any, line: int) -> Cell:
    if isinstance(value, str):
        if len(value) > MOST_LETTERS:
            raise BadSheet(_("有一格太长。"), line)
        return value.strip()
    if value is None or isinstance(value, int | float | dt.date | dt.time | dt.timedelta):
        return value
    raise BadSheet(_("有一格读不懂。"), line)
