"""A run-down goes out as a file and comes back the same; what people change in it is read, what nobody can read is refused by line."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from broadcast.rundown_lines import LinePlan
from broadcast.sheets import BadSheet
from scheduling import rundown_sheet
from scheduling.backtime import Line, Run, order

START = dt.datetime(2026, 2, 7, 3, 0, tzinfo=dt.UTC)
HEADING = rundown_sheet.Heading("政协热线 第 1186 期", "老旧小区电梯", START, START + dt.timedelta(minutes=30))
ROLES = {"call": "听众来电", "talk": "主持"}
PLANS = [
    LinePlan("片头", 30, start="hard", offset=0, pk=1),
    LinePlan("=1+1 开场", 90, role="talk", pk=2),
    LinePlan("来电：罗先生", 240, role="call", is_floating=True, least=120, most=300, note="http://example.test", pk=3),
    LinePlan("台呼", 20, start="hard", offset=900, wait=45, pk=4),
    LinePlan("部门答", 3_700, start="soft", offset=930, pk=5),
]


def written(plans: list[LinePlan] = PLANS, runs: dict[Any, Run] | None = None) -> bytes:
    lines = [Line(plan.pk, plan.seconds) for plan in plans]
    return rundown_sheet.write(HEADING, plans, order(lines, end=1800, runs=runs, now=100), ROLES)


def changed(change: Callable[[Any], None], data: bytes | None = None) -> bytes:
    """The file after somebody worked on its sheet in another program."""
    book = openpyxl.load_workbook(io.BytesIO(data or written()))
    change(book.worksheets[0])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_what_goes_out_comes_back_the_same() -> None:
    assert rundown_sheet.read(written(), "a.xlsx", ROLES) == PLANS


def test_a_file_made_in_english_is_read_in_chinese() -> None:
    with translation.override("en"):
        data = written()
    assert rundown_sheet.read(data, "a.xlsx", ROLES) == PLANS


TITLES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=80).filter(
    lambda text: text == text.strip() and text.strip() != ""
)


@given(st.lists(st.tuples(TITLES, st.integers(1, 21_600)), min_size=1, max_size=6))
def test_no_title_becomes_anything_but_itself(rows: list[tuple[str, int]]) -> None:
    plans = [LinePlan(title, seconds, pk=key) for key, (title, seconds) in enumerate(rows, start=1)]
    assert rundown_sheet.read(written(plans), "a.xlsx", ROLES) == plans


def test_planned_and_real_times_stand_beside_one_another() -> None:
    data = written(PLANS[:2], {1: Run(0, 42), 2: Run(42)})
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True))
    assert rows[1][0] == "2026-02-07 11:00:00–11:30:00"
    head = rows[3]
    second = dict(zip(head, rows[5], strict=True))
    assert second["环节"] == "=1+1 开场"
    assert (second["计划开始"], second["实际或预计"], second["快慢"]) == ("11:00:30", "11:00:42", "+00:12")


def test_what_people_change_is_read() -> None:
    def change(sheet: Any) -> None:
        sheet["D6"] = "02：00"
        sheet["C7"] = "来电：王女士"
        sheet.delete_rows(8)
        sheet["C9"], sheet["D9"], sheet["B9"] = "下期预告", "0:30", "主持"

    found = rundown_sheet.read(changed(change), "a.xlsx", ROLES)
    assert found == [
        PLANS[0],
        replace(PLANS[1], seconds=120),
        replace(PLANS[2], title="来电：王女士"),
        PLANS[4],
        LinePlan("下期预告", 30, role="talk"),
    ]


def test_a_plain_table_of_the_station_is_enough() -> None:
    data = "时长,环节\n0:30,片头\n5:00,开场\n".encode("gb18030")
    assert rundown_sheet.read(data, "a.csv", ROLES) == [LinePlan("片头", 30), LinePlan("开场", 300)]


def put(cell: str, value: Any) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[cell] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("D6", "五分钟"), "分:秒"),
        (put("D6", 5), "分:秒"),
        (put("D6", dt.time(5, 0)), "分:秒"),
        (put("D6", None), "时长"),
        (put("C6", None), "内容"),
        (put("C6", "=1+1"), "公式"),
        (put("E6", "也许"), "接着"),
        (put("B6", "没有这类"), "没有这类"),
        (put("H6", "也许"), "浮动"),
        (put("G6", "-4"), "数字"),
        (put("A6", "１"), "数字"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(change: Callable[[Any], None], words: str) -> None:
    with pytest.raises(BadSheet, match=words) as refused:
        rundown_sheet.read(changed(change), "a.xlsx", ROLES)
    assert refused.value.line == 6


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    return made.getvalue()


def _linked() -> bytes:
    made = io.BytesIO(written())
    with zipfile.ZipFile(made, "a") as packed:
        packed.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    return made.getvalue()


@pytest.mark.parametrize(
    "hostile",
    [b"", b"PK\x03\x04", b"\x00" * 100, _bomb(), _linked(), b"<html>", "只有,两列\n1,2\n".encode(), b"x" * 6_000_000],
    ids=["empty", "torn", "zeros", "bomb", "linked", "html", "no head", "big"],
)
def test_a_hostile_file_is_refused_whole(hostile: bytes) -> None:
    with pytest.raises(BadSheet):
        rundown_sheet.read(hostile, "a.xlsx" if hostile[:2] == b"PK" else "a.csv", ROLES)


def test_a_file_longer_than_any_show_is_refused() -> None:
    data = ("环节,时长\n" + "一节,1:00\n" * 200).encode()
    with pytest.raises(BadSheet, match="行"):
        rundown_sheet.read(data, "a.csv", ROLES)
