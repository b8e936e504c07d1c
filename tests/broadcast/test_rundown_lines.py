"""Two run-downs side by side: what differs is said, no more and no less; a line that cannot be is refused with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.errors import InvalidInput
from broadcast.rundown_lines import FIELDS, LinePlan, changes, check, matched

TALK, CALL, CLOSE = LinePlan("开场", 60, pk=1), LinePlan("来电", 240, pk=2), LinePlan("片尾", 30, pk=3)


def test_what_stays_is_not_said() -> None:
    assert changes([TALK, CALL, CLOSE], [TALK, CALL, CLOSE]) == []


def test_a_change_names_each_field_with_before_and_after() -> None:
    (told,) = changes([TALK, CALL], [TALK, replace(CALL, seconds=300, note="罗先生")])
    assert told == {
        "what": "changed",
        "title": "来电",
        "pk": 2,
        "fields": {"seconds": [240, 300], "note": ["", "罗先生"]},
    }


def test_what_is_added_removed_and_moved_says_where() -> None:
    found = changes([TALK, CALL, CLOSE], [CLOSE, TALK, LinePlan("台呼", 20)])
    assert {"what": "removed", "title": "来电", "pk": 2} in found
    assert {"what": "added", "title": "台呼", "pk": None, "behind": "开场"} in found
    assert [each["what"] for each in found].count("moved") == 1, "one of the two has moved, not both"


LINES = st.lists(st.integers(1, 9), unique=True, max_size=9)


@given(LINES, LINES, st.data())
def test_the_changes_said_make_the_one_out_of_the_other(old: list[int], new: list[int], data: st.DataObject) -> None:
    before = [LinePlan(f"第{key}节", 60, pk=key) for key in old]
    after = [LinePlan(f"第{key}节", data.draw(st.sampled_from([60, 90])), pk=key) for key in new]
    found = changes(before, after)
    what: dict[str, set[Any]] = {name: set() for name in ("removed", "added", "changed", "moved")}
    for each in found:
        what[each["what"]].add(each["pk"])
    assert what["removed"] == set(old) - set(new)
    assert what["added"] == set(new) - set(old)
    assert what["changed"] == {line.pk for line in after if line.pk in old and line.seconds != 60}
    still = [key for key in old if key in new and key not in what["moved"]]
    assert [key for key in new if key in old and key not in what["moved"]] == still
    assert (found == []) == (before == after)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "长" * 81}, "title"),
        ({"note": "长" * 201}, "note"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 6 * 3600 + 1}, "seconds"),
        ({"start": "never"}, "start"),
        ({"start": "hard"}, "offset"),
        ({"start": "hard", "offset": -1}, "offset"),
        ({"offset": 60}, "offset"),
        ({"start": "soft", "offset": 60, "wait": 10}, "wait"),
        ({"start": "hard", "offset": 60, "wait": 3601}, "wait"),
        ({"least": 10}, "least"),
        ({"is_floating": True, "start": "hard", "offset": 60}, "start"),
        ({"is_floating": True, "least": 61}, "least"),
        ({"is_floating": True, "most": 59}, "most"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_field_and_place(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check([TALK, replace(TALK, pk=None, **wrong)])
    assert (refused.value.data["field"], refused.value.data["line"]) == (field, 2)
    assert set(wrong) <= set(FIELDS)


def test_timed_lines_stand_in_the_order_of_their_times_and_no_segment_twice() -> None:
    late, early = LinePlan("台呼", 20, start="hard", offset=900), LinePlan("片头", 30, start="hard", offset=0)
    check([early, TALK, late])
    with pytest.raises(InvalidInput, match="片头"):
        check([late, TALK, early])
    with pytest.raises(InvalidInput):
        check([TALK, TALK])
    with pytest.raises(InvalidInput):
        check([replace(TALK, pk=None)] * 41)


def test_a_file_names_lines_by_number_then_by_words_and_a_copied_row_is_new() -> None:
    proposed = [TALK, replace(CALL, pk=None), replace(TALK, title="又一段"), replace(CLOSE, pk=77, title="别的")]
    assert [line.pk for line in matched([TALK, CALL, CLOSE], proposed)] == [1, 2, None, None]
