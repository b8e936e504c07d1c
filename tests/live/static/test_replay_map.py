"""Where a programme time lies in a replay with gaps and cuts: the page's arithmetic, run by node, beside the recorder's own."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import playlists
from archive.playlists import Entry
from broadcast import replay_times
from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "replay-map.js"
# Many cases go in one run of node: starting it is what takes time.
SCRIPT = """
import * as map from "./map.mjs";
const [name, cases] = JSON.parse(process.argv[2]);
console.log(JSON.stringify(cases.map((each) => map[name](...each))));
"""
BEGAN = int(dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("map")
    (folder / "map.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "run.mjs").write_text(SCRIPT, encoding="utf-8")

    def node(name: str, cases: list[list[Any]]) -> list[Any]:
        words = [npm.node(), "run.mjs", json.dumps([name, cases])]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
        return list(json.loads(done.stdout))

    return node


# A replay as the recorder makes it: segments of about two seconds, and what is missing before each.
replays = st.lists(
    st.tuples(st.integers(500, 4_000), st.sampled_from([0, 0, 0, 0, 700, 5_000, 90_000])), min_size=1, max_size=40
)


def entries_of(plan: list[tuple[int, int]]) -> list[Entry]:
    found, at = [], BEGAN
    for long, missing in plan:
        at += missing if found else 0
        found.append(Entry(f"{len(found)}.ts", at, long / 1000, bool(found and missing)))
        at += long
    return found


def truth(entries: list[Entry], time: int) -> float:
    """By the segments themselves: all that was recorded before that time, end to end."""
    return sum(min(max(0, time - each.start_ms), round(each.duration * 1000)) for each in entries) / 1000


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=replays, data=st.data())
def test_a_time_lies_where_the_recorder_put_it(node: Any, plan: list[tuple[int, int]], data: st.DataObject) -> None:
    entries = entries_of(plan)
    spans = playlists.spans(entries)
    last = entries[-1].start_ms + plan[-1][0]
    times = data.draw(st.lists(st.integers(BEGAN - 60_000, last + 60_000), min_size=1, max_size=30))
    for time, second in zip(times, node("offsetOf", [[spans, time] for time in times]), strict=True):
        assert second == pytest.approx(truth(entries, time), abs=0.003)
        at = dt.datetime.fromtimestamp(time / 1000, dt.UTC)
        assert replay_times.offset_of(spans, at) == pytest.approx(second, abs=0.003), "server and page agree"
    assert replay_times.length(spans) == pytest.approx(sum(long for long, _missing in plan) / 1000, abs=0.003)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=replays, data=st.data())
def test_there_and_back_is_the_same_second(node: Any, plan: list[tuple[int, int]], data: st.DataObject) -> None:
    spans = playlists.spans(entries_of(plan))
    whole = sum(long for long, _missing in plan) / 1000
    seconds = data.draw(st.lists(st.floats(0, whole), min_size=1, max_size=30))
    times = node("timeOf", [[spans, second] for second in seconds])
    back = node("offsetOf", [[spans, time] for time in times])
    assert back == pytest.approx(seconds, abs=0.01)


def test_without_a_recording_nothing_has_a_place(node: Any) -> None:
    assert node("offsetOf", [[[], BEGAN]]) == [None]
    assert node("timeOf", [[[], 5]]) == [None]
    assert replay_times.offset_of([], dt.datetime.now(dt.UTC)) is None


def iso(second: int) -> str:
    return dt.datetime.fromtimestamp(BEGAN / 1000 + second, dt.UTC).isoformat()


def test_a_comment_stands_at_what_its_writer_saw(node: Any) -> None:
    spans = playlists.spans(entries_of([(60_000, 0)]))
    marks = [{"at": iso(30), "kind": "comment"}, {"at": iso(30), "kind": "question.show"}]
    (found,) = node("placed", [[marks, spans, 20]])
    assert [(mark["kind"], mark["offset"]) for mark in found] == [("comment", 10), ("question.show", 30)]


def test_what_stands_on_air_at_each_second(node: Any) -> None:
    marks = [
        {"kind": "question.show", "question": 1, "offset": 10},
        {"kind": "question.answer", "question": 1, "offset": 20},
        {"kind": "poll.open", "poll": 5, "offset": 25},
        {"kind": "question.show", "question": 2, "offset": 30},
        {"kind": "question.answer", "question": 1, "offset": 35},
        {"kind": "poll.close", "poll": 5, "offset": 40},
    ]
    found = node("standing", [[marks, second] for second in (0, 10, 19, 21, 26, 36, 41)])
    questions = [each["question"] and each["question"]["question"] for each in found]
    assert questions == [None, 1, 1, None, None, 2, 2], "what ends another question leaves this one on air"
    assert [each["poll"] and each["poll"]["kind"] for each in found[3:]] == [
        None,
        "poll.open",
        "poll.open",
        "poll.close",
    ]


def test_seconds_as_people_write_them(node: Any) -> None:
    words = ["90", "1:30", "1m30s", "1:00:05", "", "x", "-5", "1:2:3:4"]
    assert node("secondOf", [[each] for each in words]) == [90, 90, 90, 3605, None, None, None, None]


def test_the_pictures_of_the_bar_are_found_in_their_index(node: Any) -> None:
    from archive.steps import images

    text = images.index(25.0, 10, ["sprite-001.jpg"], 90)
    (found,) = node("pictures", [[text]])
    assert [(each["offset"], each["x"], each["width"], each["height"]) for each in found] == [
        (0, 0, 160, 90),
        (10, 160, 160, 90),
        (20, 320, 160, 90),
    ]
    assert found[-1]["until"] == 25


def test_what_is_sought_in_the_transcript_is_found_as_often_as_it_is_there(node: Any) -> None:
    cases = [["公交和公交站", "公交"], ["Metro and METRO", "metro"], ["地铁", "公交"], ["地铁", ""], ["a.b", "."]]
    assert node("found", [*cases]) == [
        ["", "公交", "和", "公交", "站"],
        ["", "Metro", " and ", "METRO", ""],
        ["地铁"],
        ["地铁"],
        ["a", ".", "b"],
    ]
