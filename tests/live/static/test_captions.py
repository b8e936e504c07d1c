"""The caption line of the page, run by node: the one of the picture's moment, late ones in turn, and danmaku that never meet."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live.captions import seconds
from tests import npm

LIVE = Path(__file__).resolve().parents[3] / "live" / "static" / "live"
SCRIPT = """
import * as captions from "./captions.mjs";
import * as lanes from "./danmaku-lanes.mjs";
const [name, ...given] = JSON.parse(process.argv[2]);
const shown = (lines, seen, dates) => {
  const found = captions.laid(lines, new Map(seen));
  return dates.map((date) => (captions.lineAt(found, date) || { text: "" }).text);
};
const lot = (most, percent) => Array.from({ length: most }, (_each, at) => at + 1).filter((id) => lanes.drawn(id, percent));
const kept = (lines) => {
  const layout = captions.createLayout();
  const first = layout(lines, new Map(), 0);
  const same = layout([...lines], new Map(), 0) === first;
  const corrected = layout([{ ...lines[0], text: "改过" }], new Map(), 0);
  const late = layout(lines, new Map([[1, Date.parse(lines[0].at) + 5000]]), 1);
  return [same, corrected[0].text, late[0].from - first[0].from];
};
const told = { shown, kept, reading: captions.reading, dateOf: captions.dateOf, lot, laneFor: lanes.laneFor }[name](...given);
console.log(JSON.stringify(told === undefined ? null : told));
"""
START = 1_795_000_000_000


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    for name in ("captions", "danmaku-lanes", "reducer"):
        words = (LIVE / f"{name}.js").read_text(encoding="utf-8").replace("./reducer.js", "./reducer.mjs")
        (tmp_path / f"{name}.mjs").write_text(words, encoding="utf-8")
    (tmp_path / "run.mjs").write_text(SCRIPT, encoding="utf-8")

    def run(*given: Any) -> Any:
        done = subprocess.run(
            [npm.node(), "run.mjs", json.dumps(given)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return json.loads(done.stdout)

    return run


def iso(second: float) -> str:
    at = dt.datetime.fromtimestamp(START / 1000 + second, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(number: int, second: float, text: str, until: float | None = None) -> dict[str, Any]:
    return {"id": number, "at": iso(second), "text": text, "until": None if until is None else iso(until)}


def at(*seconds: float) -> list[float]:
    return [START + second * 1000 for second in seconds]


def test_the_line_of_the_moment_stands_until_the_next_or_until_it_is_read(run: Callable[..., Any]) -> None:
    lines = [line(2, 4, "第二句"), line(1, 1, "第一句")]
    assert run("shown", lines, [], at(0, 1, 3.4, 4, 6, 7)) == ["", "第一句", "第一句", "第二句", "第二句", ""]


def test_who_looks_back_reads_what_was_said_then(run: Callable[..., Any]) -> None:
    lines = [line(1, 1, "第一句"), line(2, 60, "第二句")]
    assert run("shown", lines, [], at(60, 2)) == ["第二句", "第一句"]


def test_a_line_that_says_when_it_was_over_stands_so_long(run: Callable[..., Any]) -> None:
    assert run("shown", [line(1, 1, "短", until=9)], [], at(8.9, 9.1)) == ["短", ""]


def test_lines_that_came_late_are_read_one_after_the_other(run: Callable[..., Any]) -> None:
    lines = [line(1, 1, "甲"), line(2, 2, "乙")]
    came = [[1, START + 6_000], [2, START + 6_000]]
    assert run("shown", lines, came, at(5, 6, 7, 7.3, 9)) == ["", "甲", "甲", "乙", "乙"]


def test_a_line_in_time_waits_for_the_late_ones_before_it(run: Callable[..., Any]) -> None:
    lines = [line(1, 1, "甲"), line(2, 2, "乙"), line(3, 7, "丙"), line(4, 20, "丁")]
    came = [[1, START + 6_000], [2, START + 6_000], [3, START + 5_000]]
    assert run("shown", lines, came, at(6.5, 7.5, 8.5, 20)) == ["甲", "乙", "丙", "丁"]


def test_what_is_long_over_is_not_shown_again_to_who_comes_now(run: Callable[..., Any]) -> None:
    assert run("shown", [line(1, 1, "很久以前")], [[1, START + 60_000]], at(60, 61)) == ["", ""]


def test_page_and_webvtt_give_a_line_the_same_time(run: Callable[..., Any]) -> None:
    for text in ("短", "今年底前开通三条滨海公交快线", "一" * 80):
        assert run("reading", text) == pytest.approx(seconds(text) * 1000)


def test_lines_are_laid_out_anew_only_when_something_changed(run: Callable[..., Any]) -> None:
    assert run("kept", [line(1, 1, "甲")]) == [True, "改过", 5_000]


def test_a_place_of_the_replay_has_its_time_and_a_gap_has_none(run: Callable[..., Any]) -> None:
    spans = [{"at": iso(0), "offset": 0, "duration": 10}, {"at": iso(100), "offset": 10, "duration": 5}]
    assert run("dateOf", spans, 12) == START + 102_000
    assert run("dateOf", spans, 15) is None


def test_the_lot_of_danmaku_is_even_and_the_same_for_everybody(run: Callable[..., Any]) -> None:
    chosen = run("lot", 4_000, 25)
    assert chosen == run("lot", 4_000, 25)
    assert 800 < len(chosen) < 1_200
    assert (len(run("lot", 100, 100)), run("lot", 100, 0)) == (100, [])


def test_no_danmaku_runs_into_the_one_before_it(run: Callable[..., Any]) -> None:
    # One of 100 px on a picture of 300 px, ten seconds across, began at 0: its end has come in at 2.5 s and left at 10 s.
    lanes = [{"clear": 2_500, "done": 10_000}]
    assert run("laneFor", lanes, 2_000, 100, 300, 10_000) == -1
    assert run("laneFor", lanes, 2_600, 100, 300, 10_000) == 0
    # A longer one is faster and would reach it before it has left.
    assert run("laneFor", lanes, 2_600, 900, 300, 10_000) == -1
    assert run("laneFor", [*lanes, {"clear": 0, "done": 0}], 2_600, 900, 300, 10_000) == 1
