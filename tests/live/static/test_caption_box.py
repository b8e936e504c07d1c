"""The captioner's box of lines, run by node: a line keeps its time, and one too old for the server is given back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "staff" / "caption-box.js"
HEAD = """
import { createBox } from "./caption-box.mjs";
globalThis.localStorage = { getItem: () => null, setItem() {} };
const start = 1_795_000_000_000;
let now = start;
Date.now = () => now;
const sent = [];
let reached = true;
const send = async (command) => {
  if (!reached) throw new Error("nobody answered");
  sent.push([command.text, command.ago_ms]);
  return { ok: true };
};
const settled = () => new Promise((done) => setTimeout(done, 20));
const box = createBox("lines", send, () => {}, () => "too old");
"""


def told(tmp_path: Path, story: str) -> Any:
    (tmp_path / "caption-box.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "run.mjs").write_text(f"{HEAD}{story}\nprocess.exit(0);\n", encoding="utf-8")
    done = subprocess.run(
        [npm.node(), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_line_that_is_too_old_is_never_sent_under_another_time(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        reached = false;
        box.add("切断时说的", start);
        await settled();
        now = start + 30 * 60_000;
        box.add("刚说的", now - 4_000);
        reached = true;
        await settled();
        await box.flush();
        await settled();
        const waiting = box.waiting.map(({ text, refused }) => [text, refused]);
        console.log(JSON.stringify({ sent, waiting, back: box.take(box.waiting[0].id), left: box.waiting.length }));
        """,
    )
    assert found == {
        "sent": [["刚说的", 4_000]],
        "waiting": [["切断时说的", "too old"]],
        "back": "切断时说的",
        "left": 0,
    }


def test_a_line_that_waited_is_sent_with_the_time_it_was_said(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        reached = false;
        box.add("刚好还收", start);
        await settled();
        now = start + 10 * 60_000;
        reached = true;
        await box.flush();
        await settled();
        console.log(JSON.stringify({ sent, waiting: box.waiting }));
        """,
    )
    assert found == {"sent": [["刚好还收", 600_000]], "waiting": []}
