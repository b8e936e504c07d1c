"""Lists of words as CSV, as spreadsheets write and read them: in and out again without loss; pure, it checks no rule."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

COLUMNS = ("规则", "类别", "处置", "词", "例外")
_NAMES = dict(zip(("rule", "category", "action", "word", "exception"), COLUMNS, strict=True))
ACTIONS = {"暂扣": "hold", "退回": "reject", "蒙字": "mask"}
_YES = frozenset({"是", "1", "yes", "true", "y", "例外"})
# A cell that begins so would be taken for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
ROWS_MOST = 50_000


class BadList(ValueError):
    """The file cannot be read; `line` is where, counted from 1; `code` is encoding, columns, action, word, rule or too_many."""

    def __init__(self, code: str, line: int, what: str = "") -> None:
        super().__init__(code)
        self.code, self.line, self.what = code, line, what


@dataclass(frozen=True, slots=True)
class Row:
    """One word of a list. `action` "" where the file says none."""

    rule: str
    word: str
    category: str = ""
    action: str = ""
    is_exception: bool = False


def written(rows: Iterable[Row]) -> str:
    """The rows as CSV with a header, for any spreadsheet; cells that look like formulas are quoted by an apostrophe."""
    names = {value: key for key, value in ACTIONS.items()}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = (row.rule, row.category, names.get(row.action, ""), row.word, "是" if row.is_exception else "")
        writer.writerow([_quoted(cell) for cell in cells])
    return out.getvalue()


def read(content: bytes) -> list[Row]:
    """The rows of a file in UTF-8 or GB 18030, its columns by their names in any order; one column alone is words. Raises BadList."""
    lines = list(csv.reader(io.StringIO(_decoded(content))))
    if not lines:
        return []
    if len(lines) > ROWS_MOST:
        raise BadList("too_many", len(lines))
    places = _places(lines[0])
    return [
        _row(cells, places, number) for number, cells in enumerate(lines[1:], start=2) if any(map(str.strip, cells))
    ]


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadList("encoding", 1)


def _places(header: list[str]) -> dict[str, int]:
    names = [_NAMES.get(cell.strip().lower(), cell.strip()) for cell in header]
    places = {name: at for at, name in enumerate(names) if name in COLUMNS}
    if "词" not in places or "规则" not in places:
        raise BadList("columns", 1)
    return places


def _row(cells: list[str], places: dict[str, int], number: int) -> Row:
    def cell(name: str) -> str:
        at = places.get(name)
        return _unquoted(cells[at].strip()) if at is not None and at < len(cells) else ""

    action = cell("处置")
    if action and action not in ACTIONS and action not in ACTIONS.values():
        raise BadList("action", number, action)
    if not cell("词"):
        raise BadList("word", number)
    if not cell("规则"):
        raise BadList("rule", number)
    return Row(
        rule=cell("规则"),
        word=cell("词"),
        category=cell("类别"),
        action=ACTIONS.get(action, action),
        is_exception=cell("例外").lower() in _YES,
    )


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
