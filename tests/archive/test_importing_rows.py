"""Rows and file names of old episodes are read as people write them, and only what belongs together alone is matched."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.importing import matching
from archive.importing.rows import Entry, NoColumns, dates, entries, guests_of, numbers
from broadcast.sheets import Row


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2019年3月5日", ["2019-03-05"]),
        ("议事厅2019-03-05第12期", ["2019-03-05"]),
        ("20190305", ["2019-03-05"]),
        ("2019.02.30", []),
        ("1234567890", []),
    ],
)
def test_days(text: str, found: list[str]) -> None:
    assert dates(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("第012期 3人谈", [12]), ("012", [12]), ("20190305 12", [12]), ("讲座", []), ("ep7 part 2", [7])],
)
def test_numbers(text: str, found: list[int]) -> None:
    assert numbers(text) == found


def test_guests() -> None:
    found = guests_of("李明（科技界委员，主任）、王芳；张强(主持人)\n赵六")
    assert [(each.name, each.role, each.title) for each in found] == [
        ("李明", "member", "科技界委员,主任"),
        ("王芳", "lecturer", ""),
        ("张强", "host", "主持人"),
        ("赵六", "lecturer", ""),
    ]


def test_cells_of_both_languages_and_of_workbooks() -> None:
    head = Row(1, ("No.", "DATE", "Time", "Title", "unknown"))
    found = entries([head, Row(2, (12.0, dt.datetime(2019, 3, 5), dt.time(11, 5), "  甲  乙 ", 3)), Row(3, ("十二",))])  # noqa: DTZ001
    assert (found[0].number, found[0].date, found[0].time, found[0].title) == (12, "2019-03-05", "11:05:00", "甲 乙")
    assert found[1].problem == "bad_number"
    with pytest.raises(NoColumns):
        entries([Row(1, ("a", "b"))])


def pairs(rows: list[Entry], files: list[str]) -> dict[int, str]:
    return {entry.line: file for entry, file in matching.match(rows, files).pairs}


def test_a_named_file_goes_before_a_guessed_one() -> None:
    rows = [Entry(2, number=1, file="a/2.mp3"), Entry(3, number=2), Entry(4, number=3, file="X")]
    assert pairs(rows, ["a/2.mp3", "b/2.mp3", "x.WAV"]) == {2: "a/2.mp3", 3: "b/2.mp3", 4: "x.WAV"}


def test_what_fits_several_is_not_guessed() -> None:
    rows = [Entry(2, number=1, date="2019-01-01"), Entry(3, number=1, date="2019-01-02"), Entry(4, date="2019-01-03")]
    found = matching.match(rows, ["1.mp3", "2019-01-02 1.mp3", "20190103.mp3", "a/20190103.mp3"])
    assert {entry.line: file for entry, file in found.pairs} == {2: "1.mp3", 3: "2019-01-02 1.mp3"}
    assert {(each.problem, each.line, each.file) for each in found.unmatched} == {
        ("no_file", 4, ""),
        ("no_row", 0, "20190103.mp3"),
        ("no_row", 0, "a/20190103.mp3"),
    }


def test_without_a_sheet_the_name_says_it() -> None:
    found = matching.by_names_alone(["2019-03-05 第12期 老街.mp3", "老街.mp3"])
    assert [(entry.number, entry.date, entry.title) for entry, _file in found.pairs] == [
        (12, "2019-03-05", "2019-03-05 第12期 老街")
    ]
    assert [each.problem for each in found.unmatched] == ["no_date_in_name"]
