"""The running order's arithmetic: the studio's own example, what must hold for any order of lines, and that the pages count the same."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.backtime import Line, Run, Stand, order
from tests import npm

ROOT = Path(__file__).resolve().parents[2]
# A hotline of 30:00 as on paper: a jingle, talk, two calls, the station's call at 15:00, an answer, a floating call, the close.
HOTLINE = [
    Line("jingle", 30, at=0, wait=0),
    Line("welcome", 90),
    Line("member", 300),
    Line("call 1", 240),
    Line("call 2", 240),
    Line("station", 20, at=900, wait=45),
    Line("answer", 310),
    Line("call 3", 240, least=120, most=300),
    Line("ratings", 150),
    Line("closing words", 120),
    Line("next week", 30),
    Line("end jingle", 30, at=1770, wait=0),
]
RUN = {
    "jingle": Run(0, 30),
    "welcome": Run(30, 132),
    "member": Run(132, 463),
    "call 1": Run(463, 689),
    "call 2": Run(689, 938),
    "station": Run(938, 958),
    "answer": Run(958),
}


def clock(text: str) -> int:
    minutes, seconds = text.split(":")
    return int(minutes) * 60 + int(seconds)


def test_as_planned_everything_is_on_time() -> None:
    plan = order(HOTLINE, end=1800)
    assert [shape.start for shape in plan.lines] == [shape.planned for shape in plan.lines]
    assert (plan.planned_end, plan.end, plan.over, plan.late) == (1800, 1800, 0, 0)
    assert plan.slack == 0, "it begins with a hard start"
    assert {shape.stand for shape in plan.lines} == {Stand.AHEAD}


def test_38_seconds_late_the_floating_call_takes_them_back() -> None:
    now = order(HOTLINE, end=1800, runs=dict(RUN), now=clock("17:42"))
    lines = {shape.key: shape for shape in now.lines}
    assert lines["answer"].over == 38
    assert (lines["call 3"].start, lines["call 3"].seconds) == (clock("21:08"), clock("3:22"))
    assert lines["call 3"].latest == clock("22:30")
    assert [lines[key].over for key in ("ratings", "closing words", "next week", "end jingle")] == [0, 0, 0, 0]
    assert (now.over, now.late) == (0, 38)
    assert now.slack == clock("1:22")


def test_a_line_that_runs_over_pushes_what_follows_from_now_on() -> None:
    late = order(HOTLINE, end=1800, runs=dict(RUN), now=clock("22:00"))
    assert {shape.key: shape.start for shape in late.lines}["call 3"] == clock("22:00")
    assert late.slack == 30


def test_beyond_the_slack_a_hard_start_cuts_the_line_before_it() -> None:
    late = order(HOTLINE, end=1800, runs=dict(RUN), now=clock("23:00"))
    lines = {shape.key: shape for shape in late.lines}
    assert late.slack == -30
    assert (lines["end jingle"].start, lines["end jingle"].cut) == (1770, 30)
    assert lines["next week"].seconds == 0
    assert late.over == 0, "the last jingle is hard"


def test_without_a_hard_end_being_late_shows_at_the_end() -> None:
    lines = [Line("talk", 600), Line("answers", 600)]
    assert order(lines, end=1200, runs={"talk": Run(60)}, now=100).over == 60


def test_a_hard_start_reached_early_leaves_a_gap() -> None:
    lines = [Line("talk", 600), Line("news", 60, at=600, wait=0)]
    early = order(lines, end=660, runs={"talk": Run(0, 500)}, now=510)
    assert early.lines[1].start == 600
    assert early.lines[1].gap == 100


def test_a_soft_start_is_aimed_at_and_neither_waited_for_nor_cut_for() -> None:
    lines = [Line("talk", 600, least=300, most=700), Line("guest", 300, at=650), Line("end", 60)]
    aimed = order(lines, end=1010)
    assert (aimed.lines[0].seconds, aimed.lines[1].start, aimed.lines[1].planned) == (650, 650, 650)
    early = order(lines, end=1010, runs={"talk": Run(0, 500)}, now=500)
    assert (early.lines[1].start, early.lines[1].over, early.lines[1].gap) == (500, -150, 0)
    late = order(lines, end=1010, runs={"talk": Run(0)}, now=700)
    assert (late.lines[1].start, late.lines[1].cut, late.over) == (700, 0, 50)


def test_a_hard_start_may_wait_as_long_as_it_says() -> None:
    lines = [Line("talk", 600), Line("station", 20, at=600, wait=45), Line("more", 180)]
    waited = order(lines, end=800, runs={"talk": Run(30)}, now=40)
    assert (waited.lines[1].start, waited.lines[1].cut) == (630, 0)
    cut = order(lines, end=800, runs={"talk": Run(60)}, now=70)
    assert (cut.lines[1].start, cut.lines[1].cut) == (645, 15)
    assert cut.lines[0].seconds == 585, "what runs is told to end for it"


def test_what_was_jumped_over_took_no_time() -> None:
    jumped = order(HOTLINE, end=1800, runs={"jingle": Run(0, 30), "member": Run(30)}, now=40)
    assert [(shape.stand, shape.seconds) for shape in jumped.lines[:3]] == [
        (Stand.DONE, 30),
        (Stand.SKIPPED, 0),
        (Stand.RUNNING, 300),
    ]
    assert jumped.lines[3].start == 330


def test_after_a_jump_back_what_already_ran_is_not_expected_again() -> None:
    lines = [Line("talk", 100), Line("call", 100), Line("answer", 100)]
    back = order(lines, end=300, runs={"call": Run(0, 50), "talk": Run(50)}, now=60)
    assert [shape.stand for shape in back.lines] == [Stand.RUNNING, Stand.DONE, Stand.AHEAD]
    assert back.lines[2].start == 150
    assert back.end == 250


def test_a_floating_line_without_room_is_left_out() -> None:
    lines = [Line("talk", 600), Line("more calls", 240, least=0), Line("end", 60)]
    assert [shape.planned_seconds for shape in order(lines, end=660).lines] == [600, 0, 60]
    assert [shape.planned_seconds for shape in order(lines, end=780).lines] == [600, 120, 60]


def test_when_the_show_is_over_nothing_is_expected_any_more() -> None:
    done = order(HOTLINE, end=1800, runs={"jingle": Run(0, 30), "welcome": Run(30, 1_500)}, now=9_000, closed=True)
    assert [shape.stand for shape in done.lines[:3]] == [Stand.DONE, Stand.DONE, Stand.SKIPPED]
    assert (done.end, done.over) == (1_500, -300)


@pytest.mark.parametrize(
    "wrong", [{"seconds": -1}, {"seconds": 60, "least": 61}, {"seconds": 60, "most": 59}, {"seconds": 60, "wait": 0}]
)
def test_a_line_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="line"):
        Line("x", **wrong)


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    made: list[Line] = []
    at = 0.0
    for key in range(draw(st.integers(1, 12))):
        seconds = draw(st.integers(0, 900))
        floats = draw(st.booleans())
        timed = draw(st.sampled_from(["", "", "soft", "hard"]))
        at += draw(st.integers(0, 700))
        made.append(
            Line(
                key,
                seconds,
                at=at if timed else None,
                wait=draw(st.integers(0, 120)) if timed == "hard" else None,
                least=draw(st.integers(0, seconds)) if floats else None,
                most=seconds + draw(st.integers(0, 600)) if floats else None,
            )
        )
    return made


@st.composite
def shows(draw: st.DrawFn) -> dict[str, Any]:
    """Lines, what of them ran (perhaps in another order, one perhaps running), the clock, the end."""
    planned = draw(lines())
    at, runs = 0.0, {}
    ran = draw(st.lists(st.sampled_from(planned), unique_by=lambda line: line.key, max_size=len(planned)))
    if draw(st.booleans()):
        ran.sort(key=lambda line: int(str(line.key)))
    for line in ran:
        took = draw(st.integers(0, 1200))
        runs[line.key] = Run(at, at + took)
        at += took
    if ran and draw(st.booleans()):
        runs[ran[-1].key] = Run(runs[ran[-1].key].started)
    end = sum(line.seconds for line in planned) + draw(st.integers(-300, 300))
    return {"lines": planned, "runs": runs, "now": max(draw(st.integers(-100, 4000)), at), "end": end}


@given(shows())
def test_time_never_runs_back_and_every_line_keeps_its_bounds(show: dict[str, Any]) -> None:
    planned, runs, now = show["lines"], show["runs"], show["now"]
    found = order(planned, end=show["end"], runs=runs, now=now)
    assert [shape.key for shape in found.lines] == [line.key for line in planned]
    ahead = [(line, shape) for line, shape in zip(planned, found.lines, strict=True) if shape.stand == Stand.AHEAD]
    until = max((shape.start + shape.seconds for shape in found.lines if shape.stand != Stand.AHEAD), default=0.0)
    for line, shape in ahead:
        assert shape.start >= until - 1e-6
        assert -1e-6 <= shape.seconds <= line.longest + 1e-6
        until = shape.start + shape.seconds
        if line.wait is not None:
            assert line.at - 1e-6 <= shape.start <= max(line.at + line.wait, now, 0) + 1e-6
    if ahead:
        assert found.end == pytest.approx(until)
        assert ahead[0][1].latest is not None
    assert all(shape.seconds >= -1e-6 for shape in found.lines)


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=8),
    st.floats(-400, 400),
)
def test_the_end_is_held_whenever_the_floating_lines_have_room_for_it(
    shapes: list[tuple[int, int, int]], drift: float
) -> None:
    order_of = [
        Line(key, mid, least=max(0, mid - less), most=mid + more) for key, (mid, less, more) in enumerate(shapes)
    ]
    end = sum(line.seconds for line in order_of) + drift
    found = order(order_of, end=end)
    least, most = sum(line.shortest for line in order_of), sum(line.longest for line in order_of)
    assert found.end == pytest.approx(min(max(end, least), most))
    assert found.slack == pytest.approx(end - least)


PROGRAM = """
import { readFileSync } from "node:fs";
import { order } from "%s";
const shows = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(shows.map((show) => order(show.lines, { ...show, runs: new Map(show.runs) }))));
"""


def test_the_pages_count_the_same(tmp_path: Path) -> None:
    drawn: list[dict[str, Any]] = []

    @given(shows(), st.booleans())
    def draw(show: dict[str, Any], closed: bool) -> None:
        drawn.append(show | {"closed": closed})

    draw()
    drawn += [{"lines": HOTLINE, "runs": RUN, "now": now, "end": 1800, "closed": False} for now in range(958, 1500, 9)]
    given_ = [
        {
            **show,
            "lines": [dataclasses.asdict(line) for line in show["lines"]],
            "runs": [[key, dataclasses.asdict(run)] for key, run in show["runs"].items()],
        }
        for show in drawn
    ]
    # A copy with the ending that tells node that it is a module.
    module = tmp_path / "backtime.mjs"
    module.write_text((ROOT / "broadcast/static/broadcast/backtime.js").read_text())
    program = tmp_path / "program.mjs"
    program.write_text(PROGRAM % module.as_uri())
    _modules, node = npm.installed()
    done = subprocess.run(
        [node, str(program)], input=json.dumps(given_), capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    for show, theirs in zip(drawn, json.loads(done.stdout), strict=True):
        ours = order(show["lines"], end=show["end"], runs=show["runs"], now=show["now"], closed=show["closed"])
        assert len(theirs["lines"]) == len(ours.lines)
        for line, shape in zip(theirs["lines"], ours.lines, strict=True):
            assert line == pytest.approx(dataclasses.asdict(shape) | {"over": shape.over})
        wanted = {name: getattr(ours, name) for name in ("aim", "planned_end", "end", "late", "slack", "over")}
        assert {name: theirs[name] for name in wanted} == pytest.approx(wanted)
