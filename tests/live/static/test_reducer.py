"""The browser's reducer, run by node: the same frames lead to the same state as on the server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "reducer.js"
SCRIPT = """
import * as reducer from "./reducer.mjs";
const frames = JSON.parse(process.argv[2]);
let state = reducer.begin([], { items: [], ballots: [], supports: [], assurance: 0 });
const verdicts = [];
for (const frame of frames) {
  if (frame.type === "snapshot") state = reducer.applySnapshot(state, frame);
  else if (frame.type === "mine") state = { ...state, mine: reducer.mergeMine(state.mine, frame) };
  else {
    const verdict = reducer.judge(state, frame);
    verdicts.push(verdict);
    if (verdict === "apply") state = reducer.applyTick(state, frame);
  }
}
const asked = [...state.objects.values()].filter((each) => each.kind === "question");
console.log(JSON.stringify({
  position: [state.epoch, state.seq], verdicts, keys: [...state.objects.keys()].sort(), mode: reducer.mode(state),
  backed: Object.fromEntries(asked.map((each) => [each.id, [each.text, each.supports]])),
  trimmed: state.trimmed.size, supports: [...state.mine.supports], items: [...state.mine.items.values()],
  sanctions: state.mine.sanctions,
}));
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "reducer.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "run.mjs").write_text(SCRIPT, encoding="utf-8")

    def run(*frames):
        done = subprocess.run(
            [npm.node(), "run.mjs", json.dumps(frames)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return json.loads(done.stdout)

    return run


def snapshot(seq, *objects, epoch=1):
    return {"type": "snapshot", "epoch": epoch, "seq": seq, "at": "", "next_after_ms": 500, "objects": list(objects)}


def tick(seq, put=(), remove=(), epoch=1):
    return {"type": "tick", "epoch": epoch, "seq": seq, "at": "", "put": list(put), "remove": list(remove)}


def comment(number, at=None):
    return {"kind": "comment", "key": f"comment:{number}", "id": number, "at": at or f"2026-01-01T00:00:{number:06d}Z"}


AIRING = {"kind": "airing", "key": "airing", "state": "on_air"}


def test_ticks_in_order_are_applied_and_doubled_ones_dropped(run):
    found = run(snapshot(3, AIRING), tick(4, [comment(1)]), tick(4, [comment(2)]), tick(5, [], ["comment:1"]))
    assert found["verdicts"] == ["apply", "drop", "apply"]
    assert found["keys"] == ["airing"]
    assert found["position"] == [1, 5]


def test_a_gap_and_a_new_epoch_ask_for_the_snapshot(run):
    found = run(
        snapshot(3, AIRING), tick(5, [comment(1)]), tick(4, epoch=2), tick(9, epoch=0), snapshot(0, AIRING, epoch=2)
    )
    assert found["verdicts"] == ["gap", "gap", "drop"]
    assert found["position"] == [2, 0]


def test_an_old_snapshot_changes_nothing(run):
    assert run(snapshot(7, AIRING), snapshot(3))["position"] == [1, 7]


def test_only_the_newest_hundred_comments_stay_by_when_they_became_public(run):
    late = comment(1, at="2026-01-02T00:00:00Z")  # written first, approved last
    found = run(snapshot(1, AIRING, *[comment(n) for n in range(2, 102)]), tick(2, [late]))
    assert len(found["keys"]) == 101
    assert "comment:1" in found["keys"]
    assert "comment:2" not in found["keys"]
    assert found["trimmed"] == 1


def test_withdrawal_leaves_the_trimmed_ones_too(run):
    late = comment(500)
    found = run(snapshot(1, *[comment(n) for n in range(1, 101)]), tick(2, [late]), tick(3, [], ["comment:1"]))
    assert found["trimmed"] == 0


def test_what_only_the_browser_holds_goes_when_something_was_withdrawn(run):
    load = {"kind": "load", "key": "load", "cleared": "3.0"}
    held = (snapshot(1, load, *[comment(n) for n in range(1, 101)]), tick(2, [comment(500)]))
    assert run(*held, tick(3, [load | {"level": 1}]))["trimmed"] == 1, "nothing was withdrawn"
    assert run(*held, tick(3, [load | {"cleared": "4.0"}]))["trimmed"] == 0
    assert run(*held, tick(3, [comment(501), load | {"cleared": "3.9"}]))["trimmed"] == 1, (
        "what leaves with it was public"
    )


def test_a_tick_may_say_supports_alone(run):
    asked = {"kind": "question", "key": "question:3", "id": 3, "text": "停哪儿？", "supports": 1}
    found = run(snapshot(1, AIRING, asked), tick(2) | {"supports": [[3, 12], [4, 1]]})
    assert found["backed"] == {"3": ["停哪儿？", 12]}
    again = run(snapshot(1, asked), tick(2, [], ["question:3"]) | {"supports": [[3, 12]]})
    assert again["backed"] == {}


def test_own_things_come_whole_or_in_parts(run):
    item = {"kind": "comment", "id": 4, "text": "好", "state": "pending", "reason": "", "at": ""}
    whole = {"type": "mine", "items": [item], "ballots": [], "supports": [7], "assurance": 20, "whole": True}
    part = {"type": "mine", "items": [item | {"state": "approved"}], "ballots": [], "supports": [], "assurance": 20}
    found = run(whole, part)
    assert [each["state"] for each in found["items"]] == ["approved"]
    assert found["supports"] == [7]
    merged = run(whole, part | {"supports": [9]})
    assert merged["supports"] == [9], "a part that names supports names all of them"
    assert run(whole, whole | {"items": [], "supports": []})["items"] == []


def test_what_stands_against_a_browser_stays_until_something_is_said_of_it(run):
    muted = {"id": 3, "measure": "mute", "until": None, "words": "您在本场被禁言"}
    said = {"type": "mine", "items": [], "ballots": [], "supports": [], "assurance": 20}
    told = said | {"whole": True, "sanctions": [muted]}
    assert run(told, said | {"sanctions": None})["sanctions"] == [muted]
    assert run(told, said | {"sanctions": []})["sanctions"] == []


@pytest.mark.parametrize(
    ("airing", "media", "mode"),
    [
        ({"state": "planned"}, {}, "before"),
        ({"state": "on_air"}, {}, "live"),
        ({"state": "ended"}, {}, "ended"),
        ({"state": "ended"}, {"replay": "/x"}, "replay"),
        ({"state": "cancelled"}, {}, "cancelled"),
        ({"state": "on_air", "withdrawn": True}, {"replay": "/x"}, "withdrawn"),
    ],
)
def test_what_the_page_is(run, airing, media, mode):
    assert run(snapshot(1, AIRING | airing, {"kind": "media", "key": "media", **media}))["mode"] == mode
