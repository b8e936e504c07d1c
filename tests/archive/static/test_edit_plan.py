"""The arithmetic of the editing page, run by node: what is skipped, muted and covered, and where things stand on the timeline."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.editing import timeline
from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "archive" / "static" / "archive"
MODULES = ("edit-plan.js", "clock-words.js", "peaks.js")
SCRIPT = """
import { readFileSync } from "node:fs";
import * as plan from "./edit-plan.js";
import * as words from "./clock-words.js";
const all = { ...plan, ...words };
const calls = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(calls.map(([name, ...given]) => all[name](...given))));
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("plan")
    (folder / "package.json").write_text('{"type": "module"}')
    for name in MODULES:
        (folder / name).write_text((SOURCE / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "run.mjs").write_text(SCRIPT)

    def node(*calls: list[Any]) -> list[Any]:
        done = subprocess.run(
            [npm.node(), "run.mjs"],
            cwd=folder,
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return list(json.loads(done.stdout))

    return node


def edit(kind: str, start: float, end: float, state: str = "draft", region: list[int] | None = None) -> dict[str, Any]:
    return {"kind": kind, "start": start, "end": end, "state": state, "region": region}


def test_cuts_trims_and_what_never_was_public_are_left_out_together(node: Any) -> None:
    edits = [edit("cut", 10, 20), edit("cut", 18, 25), edit("trim", 5, 90), edit("bleep", 40, 50)]
    out, replaced, untouched = node(
        ["leftOut", edits, [[0, 60], [70, 100]], 100],
        ["leftOut", [edit("trim", 5, 90, "applied"), edit("trim", 2, 80)], [[0, 100]], 100],
        ["leftOut", [], [[0, 100]], 100],
    )
    assert out == [[0, 5], [10, 25], [60, 70], [90, 100]]
    assert replaced == [[0, 2], [80, 100]]
    assert untouched == []
    assert node(["left", out, 100]) == [60]


def test_a_player_skips_mutes_and_covers_and_stops_behind_the_end(node: Any) -> None:
    edits = [edit("bleep", 3, 4), edit("blur", 5, 6, region=[10, 20, 30, 40]), edit("blur", 5.5, 6)]
    out = [[10, 20], [90, 100]]
    calls = [["at", second, edits, out, 100] for second in (1, 3, 4, 5.7, 10, 19.9, 20, 95)]
    quiet, muted, after, covered, *rest = node(*calls)
    assert quiet == {"skip": None, "over": False, "muted": False, "covers": []}
    assert muted["muted"]
    assert not after["muted"]
    assert covered["covers"] == [[10, 20, 30, 40], [0, 0, 100, 100]]
    assert [each["skip"] for each in rest] == [20, 20, None, 100]
    assert [each["over"] for each in rest] == [False, False, False, True]


def test_the_window_keeps_what_is_under_the_pointer_and_stays_in_the_recording(node: Any) -> None:
    view = {"from": 100, "long": 100}
    nearer, edge, closest, page, stays = node(
        ["zoomed", view, 0.5, 150, 3600],
        ["zoomed", view, 4, 110, 3600],
        ["zoomed", {"from": 0, "long": 2}, 0.5, 1, 3600],
        ["following", view, 230, 3600],
        ["following", view, 130, 3600],
    )
    assert nearer == {"from": 125, "long": 50}
    assert edge == {"from": 70, "long": 400}
    assert closest["long"] == 2
    assert page == {"from": 220, "long": 100}
    assert stays == view
    assert node(["moved", view, 99_999, 3600]) == [{"from": 3500, "long": 100}]
    (few,) = node(["ticks", {"from": 3, "long": 60}, 8])
    assert few == [10, 20, 30, 40, 50, 60]


def test_a_mark_is_never_turned_round(node: Any) -> None:
    mark = {"start": 10, "end": 20}
    start, end, out = node(
        ["dragged", mark, "start", 30, 100], ["dragged", mark, "end", 2, 100], ["dragged", mark, "end", 130, 100]
    )
    assert start == {"start": 19.9, "end": 20}
    assert end == {"start": 10, "end": 10.1}
    assert out == {"start": 10, "end": 100}


def test_a_region_is_whole_per_cent_inside_the_picture(node: Any) -> None:
    drawn, outside, dot, good, *bad = node(
        ["region", {"x": 0.504, "y": 0.6}, {"x": 0.102, "y": 0.2}],
        ["region", {"x": -1, "y": 0.5}, {"x": 0.2, "y": 3}],
        ["region", {"x": 0.5, "y": 0.5}, {"x": 0.5, "y": 0.5}],
        ["checked", [0, 0, 100, 100]],
        ["checked", [50, 0, 60, 10]],
        ["checked", [1.5, 0, 10, 10]],
        ["checked", [0, 0, 0, 10]],
    )
    assert drawn == [10, 20, 41, 40]
    assert outside == [0, 50, 20, 50]
    assert dot is None
    assert good == [0, 0, 100, 100]
    assert bad == [None, None, None]


def test_the_waveform_of_the_public_stands_where_it_was_recorded(node: Any) -> None:
    shared = [[0, 10, 0], [15, 30, 10]]
    assert node(*(["there", second, shared] for second in (4, 10, 12, 16, 30))) == [4, None, None, 11, None]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 35_999_999), min_size=1, max_size=50))
def test_a_time_is_written_the_same_in_the_page_and_on_the_server(node: Any, times: list[int]) -> None:
    words = node(*(["short", ms / 1000] for ms in times))
    assert words == [timeline.clock(ms / 1000) for ms in times]
    assert node(*(["seconds", text] for text in words)) == [timeline.parse_clock(text) for text in words]
