"""Danmaku over a replay, run by node on a page of plain objects: nothing flies twice, and nothing stays that is not public any more."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests import npm

LIVE = Path(__file__).resolve().parents[3] / "live" / "static" / "live"
STUBS = {
    "preact": "export const render = () => {};",
    "../broadcast/i18n.js": "export const t = (text) => text;",
    "./over.js": "export const kept = () => ({}), keep = () => {};",
    "./view.js": "export const html = () => null;",
}
HEAD = """
const element = () => {
  const one = { children: [], style: {}, clientHeight: 400, clientWidth: 800, offsetWidth: 100 };
  one.appendChild = (child) => {
    one.children.push(child);
    child.remove = () => (one.children = one.children.filter((each) => each !== child));
    return child;
  };
  one.setAttribute = () => {};
  one.animate = () => (moves.push({ cancel() {} }), moves[moves.length - 1]);
  return one;
};
const moves = [];
globalThis.document = { hidden: false, createElement: element };
const { create } = await import("./danmaku.mjs");
let follow, passed;
const marks = [{ comment: 5, offset: 10, title: "路太窄" }, { comment: 6, offset: 11, title: "停车难" }];
const objects = new Map([["airing", { kind: "airing", state: "ended" }], ["media", { kind: "media", replay: "/replay.m3u8" }]]);
const state = { objects, mine: { items: new Map() }, marks };
const store = { state, now: () => 0, subscribe: (call) => (follow = call) };
const place = element();
const stage = { watch: (call) => (passed = call), player: { state: { paused: false } } };
create({ store, stage }, place, {}).show(true);
const seen = () => place.children[0].children.map((span) => span.textContent);
const play = (...times) => times.forEach((time) => passed({ time, paused: false }));
"""


def told(tmp_path: Path, story: str) -> Any:
    for name in ("danmaku", "danmaku-lanes", "reducer"):
        words = (LIVE / f"{name}.js").read_text(encoding="utf-8")
        for at, (imported, stub) in enumerate(STUBS.items()):
            (tmp_path / f"stub{at}.mjs").write_text(stub, encoding="utf-8")
            words = words.replace(f'"{imported}"', f'"./stub{at}.mjs"')
        words = words.replace('danmaku-lanes.js"', 'danmaku-lanes.mjs"').replace('reducer.js"', 'reducer.mjs"')
        (tmp_path / f"{name}.mjs").write_text(words, encoding="utf-8")
    (tmp_path / "run.mjs").write_text(f"{HEAD}{story}\nprocess.exit(0);\n", encoding="utf-8")
    done = subprocess.run(
        [npm.node(), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_who_goes_back_sees_each_comment_once(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        play(9, 10, 11);
        const first = seen();
        play(9);
        const back = seen();
        play(10);
        console.log(JSON.stringify({ first, back, again: seen() }));
        """,
    )
    assert found == {"first": ["路太窄", "停车难"], "back": [], "again": ["路太窄"]}


def test_what_is_withdrawn_leaves_although_it_was_passed_twice(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        store.state.marks = [...marks, { ...marks[0], offset: 12 }];
        play(9, 10, 11, 12);
        const shown = seen();
        moves[0].onfinish();
        const later = seen();
        store.state.marks = [];
        follow();
        console.log(JSON.stringify({ shown, later, left: seen() }));
        """,
    )
    assert found == {"shown": ["停车难", "路太窄"], "later": ["停车难", "路太窄"], "left": []}


def test_what_has_crossed_the_picture_is_gone(tmp_path: Path) -> None:
    found = told(tmp_path, "play(9, 10, 11); moves[0].onfinish(); console.log(JSON.stringify(seen()));")
    assert found == ["停车难"]
