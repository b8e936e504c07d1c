"""What was typed and not sent, run by node: it outlives the page, and is forgotten after three days."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "draft.js"
HEAD = """
const kept = { other: "stays" };
globalThis.localStorage = new Proxy(kept, { get: (all, name) => ({
  getItem: (key) => all[key] ?? null, setItem: (key, text) => { all[key] = text; }, removeItem: (key) => { delete all[key]; },
})[name] ?? all[name] });
let now = 1_000_000;
Date.now = () => now;
"""
STORY = """
const { draftOf, setDraft, forgetOld } = await import("./draft.mjs");
setDraft("a", "comment", "写到一半");
setDraft("a", "question", "");
now += 2 * 86_400_000;
setDraft("b", "comment", "后来写的");
const [kept_two_days, none] = [draftOf("a", "comment"), draftOf("a", "question")];
now += 2 * 86_400_000;
const four = [draftOf("a", "comment"), draftOf("b", "comment")];
forgetOld();
console.log(JSON.stringify({ kept_two_days, none, four, left: Object.keys(kept) }));
"""


def test_a_draft_outlives_the_page_for_three_days(tmp_path: Path) -> None:
    drafts = SOURCE.read_text(encoding="utf-8").replace('"preact/hooks"', '"./hooks.mjs"')
    (tmp_path / "draft.mjs").write_text(drafts, encoding="utf-8")
    (tmp_path / "hooks.mjs").write_text("export const useEffect = 0, useState = 0;", encoding="utf-8")
    (tmp_path / "run.mjs").write_text(HEAD + STORY, encoding="utf-8")
    done = subprocess.run(
        [npm.node(), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "kept_two_days": "写到一半",
        "none": "",
        "four": ["", "后来写的"],
        "left": ["other", "yishi.draft.b.comment"],
    }
