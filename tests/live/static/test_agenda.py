"""The run-down as the page counts it, run by node: what never ran is said to be so, and has no time."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "agenda.js"
SCRIPT = """
import { segments } from "./agenda.mjs";
const [objects, now, playing] = JSON.parse(process.argv[2]);
const state = { objects: new Map(objects.map((each) => [each.key, each])) };
const parts = segments(state, Date.parse(now), playing ? Date.parse(playing) : 0);
console.log(JSON.stringify(parts.map((part) => [part.state, part.starts || "", Math.round(part.elapsed)])));
"""
# What the module needs for drawing is not asked for here.
REDUCER = """
export const all = (state, type) => [...state.objects.values()].filter((each) => each.type === type);
export const one = (state, key) => state.objects.get(key);
export const mode = () => "replay";
"""
NOTHING = "export const clock = 0, count = 0, html = 0, lasting = 0, phrase = 0, useSecond = 0, useStore = 0, t = 0;"
START = "2026-11-22T03:00:00.000Z"
SHOWN_FROM = "2026-11-22T03:00:20.000Z"


@pytest.fixture
def shown(tmp_path: Path) -> Any:
    text = SOURCE.read_text(encoding="utf-8")
    for name in ("../broadcast/i18n.js", "./view.js"):
        assert name in text
        text = text.replace(name, "./nothing.mjs")
    (tmp_path / "agenda.mjs").write_text(text.replace("./reducer.js", "./reducer.mjs"), encoding="utf-8")
    for name, body in (("run", SCRIPT), ("reducer", REDUCER), ("nothing", NOTHING)):
        (tmp_path / f"{name}.mjs").write_text(body, encoding="utf-8")

    def shown(state: str, now: str, playing: str = "", delay: int = 0) -> list[list[Any]]:
        end = "2026-11-22T03:30:00.000Z" if state == "ended" else None
        airing = {"key": "airing", "type": "airing", "state": state, "planned_start": START, "actual_end": end}
        airing["delay_seconds"] = delay
        # Within the delay after the end the public's picture still runs, and so does the part.
        shown_end = end if playing or not delay else None
        ran = {"id": 1, "started_at": START, "ended_at": shown_end, "shown_from": SHOWN_FROM if delay else None}
        left_out = {"id": 2, "started_at": None, "ended_at": None}
        parts = [
            {"key": f"segment:{each['id']}", "type": "segment", "position": each["id"], "planned_seconds": 600, **each}
            for each in (ran, left_out)
        ]
        asked = json.dumps([[airing, *parts], now, playing])
        done = subprocess.run(
            [npm.node(), "run.mjs", asked], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        return [list(each) for each in json.loads(done.stdout)]

    return shown


def test_while_the_show_runs_what_is_to_come_has_its_planned_start(shown: Any) -> None:
    assert shown("on_air", "2026-11-22T03:05:00.000Z") == [
        ["now", START, 300],
        ["next", "2026-11-22T03:10:00.000Z", 0],
    ]


def test_after_the_end_what_never_ran_is_missed_and_has_no_start(shown: Any) -> None:
    (_first, left_out) = shown("ended", "2026-11-22T04:00:00.000Z")
    assert left_out[0] == "missed"


def test_in_a_replay_what_never_ran_is_missed_at_every_moment(shown: Any) -> None:
    for moment, first in (
        ("2026-11-22T03:05:00.000Z", ["now", START, 300]),
        ("2026-11-22T03:31:00.000Z", ["past", START, 0]),
    ):
        assert shown("ended", "2026-11-22T04:00:00.000Z", moment) == [first, ["missed", "", 0]]


def test_the_public_counts_a_part_from_when_its_delayed_picture_began(shown: Any) -> None:
    (first, _next) = shown("on_air", "2026-11-22T03:05:00.000Z", delay=20)
    assert first == ["now", START, 280]


def test_a_part_runs_on_after_the_end_until_the_delayed_picture_has_come_to_it(shown: Any) -> None:
    for now, first, second in (("03:30:19", "now", "next"), ("03:30:20", "past", "missed")):
        parts = shown("ended", f"2026-11-22T{now}.000Z", delay=20)
        assert [part[0] for part in parts] == [first, second]
