"""The station's log is understood however its columns are called and its times written; what is not is named by its line."""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast import sheets
from broadcast.sheets import BadSheet, Cell, Row
from scheduling import station_lines

ZONE = "Asia/Shanghai"


def log(*lines: tuple[Cell, ...], zone: str = ZONE, day: dt.date | None = None) -> station_lines.Understood:
    return station_lines.understand([Row(number, cells) for number, cells in enumerate(lines, 1)], zone, day)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-11-{text}+08:00")


def test_columns_are_found_by_their_names_in_either_language_and_any_order():
    for head in (("节目名称", "日期", "开始时间", "结束时间"), ("Title", "Date", "Start Time", "End_Time")):
        (line,) = log(head, ("政协热线", "2026-11-28", "11:00:02", "11:30:00")).lines
        assert (line.line, line.title) == (2, "政协热线")
        assert (line.start, line.end) == (at("28T11:00:02"), at("28T11:30:00"))


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-28 11:00:02",
        "2026/11/28 11:00:02",
        "2026年11月28日 11:00:02",
        "2026-11-28T03:00:02Z",
        "2026-11-28T11:00:02+08:00",
        dt.datetime.combine(dt.date(2026, 11, 28), dt.time(11, 0, 2)),
    ],
)
def test_a_start_may_be_written_in_many_ways(start: Cell):
    (line,) = log(("开始", "时长", "节目"), (start, "29:58", "热线")).lines
    assert (line.start, line.end) == (at("28T11:00:02"), at("28T11:30:00"))


@pytest.mark.parametrize(
    "length", ["29:58", "0:29:58", "1798", 1798, 1798.0, dt.time(0, 29, 58), dt.timedelta(seconds=1798)]
)
def test_a_length_stands_for_the_end(length: Cell):
    (line,) = log(("开始", "时长", "节目"), ("2026-11-28 11:00:02", length, "热线")).lines
    assert line.end == at("28T11:30:00")


def test_times_alone_are_of_the_day_that_was_chosen_and_an_earlier_end_is_the_next_days():
    (line,) = log(("开始", "结束", "节目"), ("23:50:00", "00:20:00", "夜话"), day=dt.date(2026, 11, 28)).lines
    assert (line.start, line.end) == (at("28T23:50:00"), at("29T00:20:00"))
    (line,) = log(("开始", "结束", "节目"), ("24:10", "25:00", "夜话"), day=dt.date(2026, 11, 28)).lines
    assert (line.start, line.end) == (at("29T00:10:00"), at("29T01:00:00"))
    assert "日期" in log(("开始", "结束", "节目"), ("11:00", "11:30", "热线")).problems[0].message


def test_other_things_than_programmes_are_told_apart():
    lines = log(
        ("开始", "时长", "节目", "类型"), ("2026-11-28 11:00", 30, "广告", "广告"), ("2026-11-28 12:00", 60, "热线", "")
    ).lines
    assert [each.other for each in lines] == [True, False]


@pytest.mark.parametrize(
    "cells",
    [
        ("昨天", "11:30", "热线"),
        ("2026-02-30 11:00", "11:30", "热线"),
        ("2026-11-28 11:60", "11:30", "热线"),
        ("2026-11-28 11:00", "2026-11-28 11:00", "热线"),
        ("2026-11-28 11:00", "2026-11-27 11:30", "热线"),
        ("2026-11-28 11:00", "2026-11-30 11:30", "热线"),
        ("2026-11-28 11:00", "11:30", ""),
        ("2026-11-28 11:00", "", "热线"),
        (None, None, "热线"),
    ],
)
def test_a_line_that_cannot_be_is_named(cells: tuple[Cell, ...]):
    found = log(("开始", "结束", "节目"), ("2026-11-28 10:00", "10:30", "早间"), cells)
    assert [each.line for each in found.problems] == [3]
    assert found.problems[0].message


def test_an_hour_that_the_clocks_skip_does_not_exist():
    found = log(("开始", "时长", "节目"), ("2026-03-29 02:30", 60, "News"), zone="Europe/Berlin")
    assert [each.line for each in found.problems] == [2]
    # A length is real time, across the change too.
    (line,) = log(("开始", "时长", "节目"), ("2026-03-29 01:30", "60:00", "News"), zone="Europe/Berlin").lines
    assert line.end - line.start == dt.timedelta(hours=1)


def test_lacking_columns_are_named():
    with pytest.raises(BadSheet, match=r"节目.*结束或时长"):
        log(("开始", "备注"), ("11:00", "x"))


def test_no_more_problems_are_told_than_people_read():
    found = log(("开始", "结束", "节目"), *[("?", "?", "x")] * 50)
    assert len(found.problems) == station_lines.MOST_PROBLEMS
    assert log(("开始", "结束", "节目")).problems


def test_a_whole_file_goes_through():
    text = (
        "日期,开始,结束,节目,类型\n2026-11-28,10:59:58,11:29:57,政协热线,节目\n2026-11-28,11:29:57,11:30:27,公益,广告\n"
    )
    found = station_lines.understand(sheets.rows(text.encode("gb18030"), "log.csv"), ZONE)
    assert [(each.line, each.title, each.other) for each in found.lines] == [(2, "政协热线", False), (3, "公益", True)]
