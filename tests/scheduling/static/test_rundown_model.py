"""The run-down's model in the browser, run by node with a server that others write to as well: whose change an undo may take back."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import npm

ROOT = Path(__file__).resolve().parents[3]
HEAD = """
globalThis.document = { documentElement: { lang: "zh-Hans" }, hidden: false };
const { Rundown } = await import("./scheduling/staff/rundown-model.js");
const line = (id, title) => ({ id, title, seconds: 60, role: "", start: "follow", is_floating: false, note: "" });
const server = { version: 4, lines: [line(1, "片头"), line(2, "开场")] };
const writes = (lines) => { server.lines = lines.map((each) => ({ ...each, id: each.id ?? each.pk })); server.version += 1; };
const state = () => ({ state: "planned", now: "2026-02-07T03:00:00Z", planned_start: "2026-02-07T03:00:00Z",
  planned_end: "2026-02-07T03:30:00Z", runs: [], version: server.version, lines: server.lines });
let meanwhile = () => {};
globalThis.fetch = async (url, options) => {
  const headers = { get: () => "application/json" };
  const said = (status, body) => ({ ok: status < 300, status, redirected: false, headers, json: async () => body });
  if (options.body) {
    const asked = JSON.parse(options.body);
    if (asked.version !== server.version) return said(409, { message: "late", data: { now: state(), changes: [] } });
    writes(asked.lines);
    meanwhile();
  }
  return said(200, state());
};
const run = new Rundown({ state: state(), may: { produce: true }, csrf: "", urls: { state: "/", revise: "/" } }, () => {});
const rename = (id, title) => run.change((lines) => lines.map((each) => (each.id === id ? { ...each, title } : each)), "done");
const colleague = () => writes(server.lines.map((each) => (each.id === 2 ? { ...each, title: "同事改的" } : each)));
const settled = () => new Promise((done) => setTimeout(done, 20));
const tell = () => console.log(JSON.stringify({ titles: server.lines.map((each) => each.title), mayUndo: run.mayUndo,
  asksAgain: run.stale !== null }));
"""


@pytest.fixture
def told(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    for part, name in (("broadcast", "*.js"), ("scheduling", "staff/*.js")):
        for source in (ROOT / part / "static" / part).glob(name):
            target = tmp_path / part / source.relative_to(ROOT / part / "static" / part)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def run(script: str) -> dict[str, Any]:
        (tmp_path / "run.js").write_text(
            f"{HEAD}\n{script}\nawait settled();\ntell();\nprocess.exit(0);\n", encoding="utf-8"
        )
        command = [npm.node(), "run.js"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def test_the_own_last_change_is_taken_back_once(told: Callable[[str], dict[str, Any]]) -> None:
    assert told('await rename(1, "新片头");') == {"titles": ["新片头", "开场"], "mayUndo": True, "asksAgain": False}
    assert told('await rename(1, "新片头"); run.undo();')["titles"] == ["片头", "开场"]


@pytest.mark.parametrize(
    "script",
    [
        # The page learnt of it already, has not yet, or heard of it in the very answer to its own change.
        'await rename(1, "新片头"); colleague(); await run.ask("/"); run.undo();',
        'await rename(1, "新片头"); colleague(); run.undo();',
        'meanwhile = colleague; await rename(1, "新片头"); meanwhile = () => {}; run.undo();',
    ],
)
def test_an_undo_never_takes_back_what_a_colleague_changed_since(
    told: Callable[[str], dict[str, Any]], script: str
) -> None:
    assert told(script) == {"titles": ["新片头", "同事改的"], "mayUndo": False, "asksAgain": False}
