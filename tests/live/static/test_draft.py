"""What was typed and not sent, run by node: it outlives the page, and is forgotten after three days."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

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

ANSWER = """
const { answerOf, choiceOf, setAnswer, setDraft } = await import("./draft.mjs");
setAnswer("a", { id: 7, author: "周先生", text: "路太窄" });
const without = answerOf("a");
setDraft("a", "comment", "我们在修");
const kept_with = answerOf("a");
setAnswer("a", null);
const choices = [{ person: 7, department: "" }, { person: null, department: "市城管局" }, { person: null, department: "" }].map(choiceOf);
console.log(JSON.stringify({ without, kept_with, none: answerOf("a"), choices }));
"""
OVER = """
globalThis.localStorage = { getItem: () => null, setItem() { throw new Error("full"); } };
const over = await import("./over.mjs");
over.keep({ captions: false });
over.keep({ danmaku: true });
console.log(JSON.stringify(over.kept()));
"""


def told(tmp_path: Path, story: str) -> Any:
    for name in ("draft", "over"):
        words = (SOURCE.parent / f"{name}.js").read_text(encoding="utf-8").replace('"preact/hooks"', '"./hooks.mjs"')
        (tmp_path / f"{name}.mjs").write_text(words, encoding="utf-8")
    (tmp_path / "hooks.mjs").write_text("export const useEffect = 0, useState = 0;", encoding="utf-8")
    (tmp_path / "run.mjs").write_text(HEAD + story, encoding="utf-8")
    done = subprocess.run(
        [npm.node(), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_draft_keeps_what_it_answers_and_whom_it_asks(tmp_path: Path) -> None:
    answered = {"id": 7, "author": "周先生", "text": "路太窄"}
    choices = ["p7", "d市城管局", ""]
    found = told(tmp_path, ANSWER)
    assert found == {"without": None, "kept_with": answered, "none": None, "choices": choices}


def test_choices_hold_where_the_browser_keeps_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, OVER) == {"captions": False, "danmaku": True}


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
