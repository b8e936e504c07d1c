"""Files that come from outside: tables are read, whatever is hostile is refused with its line, and nothing is computed or followed."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast import sheets
from broadcast.sheets import BadSheet

ELEVEN = dt.datetime.combine(dt.date(2026, 11, 28), dt.time(11))


def xlsx(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def with_member(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one member put in, or in the place of another."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            if each.filename != name:
                new.writestr(each.filename, old.read(each.filename))
        new.writestr(name, content)
    return made.getvalue()


def test_a_workbook_keeps_its_types_and_its_line_numbers():
    data = xlsx(("开始", "节目"), (), (ELEVEN, " 政协热线 "), (dt.time(11, 30), 5))
    first, second, third = sheets.rows(data, "log.xlsx")
    assert (first.line, second.line, third.line) == (1, 3, 4)
    assert second.cells == (ELEVEN, "政协热线")
    assert third.cells == (dt.time(11, 30), 5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_is_read_in_the_encodings_and_with_the_delimiters_that_are_written(encoding: str, delimiter: str):
    text = delimiter.join(["开始", "节目"]) + "\r\n" + delimiter.join(["11:00", '"政协\n热线"']) + "\r\n"
    found = sheets.rows(text.encode(encoding), "log.csv")
    assert [row.cells for row in found] == [("开始", "节目"), ("11:00", "政协\n热线")]


def test_a_formula_is_refused_with_its_line_and_a_text_that_looks_like_one_is_text():
    with pytest.raises(BadSheet) as refused:
        sheets.rows(xlsx(("开始",), ("=1+1",)), "log.xlsx")
    assert refused.value.line == 2
    assert sheets.rows(b"a,b\n=1+1,c\n", "log.csv")[1].cells == ("=1+1", "c")


@pytest.mark.parametrize(
    "name",
    [
        "xl/vbaProject.bin",
        "xl/externalLinks/externalLink1.xml",
        "xl/embeddings/x.bin",
        "xl/activeX/a.xml",
        "xl/connections.xml",
    ],
)
def test_macros_embedded_things_and_links_outside_are_refused(name: str):
    with pytest.raises(BadSheet):
        sheets.rows(with_member(xlsx(("a",)), name, b"<x/>"), "log.xlsx")


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><sst>&c;</sst>',
        b'<?xml version="1.0"?>' + b" " * 65_530 + b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><sst/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><sst/>'.encode("utf-16"),
    ],
)
def test_declared_entities_are_refused_wherever_they_hide(content: bytes):
    with pytest.raises(BadSheet):
        sheets.rows(with_member(xlsx(("a",)), "xl/sharedStrings.xml", content), "log.xlsx")


def test_a_bomb_is_refused_before_it_is_unpacked_and_one_that_lies_about_its_size_too():
    bomb = with_member(xlsx(("a",)), "xl/media/zero.bin", b"\0" * (sheets._MOST_UNPACKED + 1))
    assert len(bomb) < 100_000
    with pytest.raises(BadSheet, match="太大"):
        sheets.rows(bomb, "log.xlsx")
    size = (sheets._MOST_UNPACKED + 1).to_bytes(4, "little")
    with pytest.raises(BadSheet):
        sheets.rows(bomb.replace(size, (10).to_bytes(4, "little")), "log.xlsx")


def test_a_cell_at_the_end_of_the_world_makes_nobody_walk_there():
    far = xlsx(("a",))
    sheet = zipfile.ZipFile(io.BytesIO(far)).read("xl/worksheets/sheet1.xml")
    row = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    data = with_member(far, "xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", row))
    assert [each.cells[0] for each in sheets.rows(data, "log.xlsx")] == ["a"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.csv"),
        (b"\n\n ,, \n", "a.csv"),
        (b"a,b\0c\n", "a.csv"),
        (b"PK\x03\x04 not really", "a.xlsx"),
        (b"hello", "a.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls"),
        (b"\xff\xff\xff\xff\x80", "a.csv"),
        (b'a,"b\n', "a.csv"),
        (b"a" * (sheets.MOST_LETTERS + 1), "a.csv"),
        (b"," * sheets.MOST_COLUMNS + b"x", "a.csv"),
        (b"x" * (sheets.MOST_BYTES + 1), "a.csv"),
    ],
)
def test_what_is_no_table_or_too_much_is_refused_in_words(data: bytes, name: str):
    with pytest.raises(BadSheet) as refused:
        sheets.rows(data, name)
    assert refused.value.message


def test_too_many_rows_are_refused_in_text_and_workbook():
    for data, name in ((b"x\n" * 12, "a.csv"), (xlsx(*[("x",)] * 12), "a.xlsx")):
        assert len(sheets.rows(data, name, most_rows=12)) == 12
        with pytest.raises(BadSheet):
            sheets.rows(data, name, most_rows=11)


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: b"PK\x03\x04" + tail)))
def test_any_bytes_are_a_table_or_a_refusal(data: bytes):
    try:
        found = sheets.rows(data, "log.csv")
    except BadSheet:
        return
    assert found
