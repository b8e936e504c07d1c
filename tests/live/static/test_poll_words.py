"""The words of polls, of the script and of the page without it: both say the same of every kind, rule and way to hide a result."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from live import poll_rules, protocol
from live.protocol.outcome import EnteredResult, PollOutcome, PollRule
from live.views import poll_views
from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "poll-words.js"
I18N = (
    "export const t = (text, values = {}) =>"
    " text.replace(/\\{(\\w+)\\}/g, (whole, name) => (name in values ? String(values[name]) : whole));\n"
)
VIEW = """
export const clock = (iso) => new Date(Date.parse(iso) + 8 * 3_600_000).toISOString().slice(11, 16);
export const count = (n) => Number(n || 0).toLocaleString("en-US");
"""
RUN = """
import { bases, hidden, howMany, optionWords, percent, verdict, voters } from "./poll-words.mjs";
import { readFileSync } from "node:fs";
const said = JSON.parse(readFileSync(0, "utf8")).map((poll) => ({
  hidden: hidden(poll),
  how_many: howMany(poll),
  voters: voters(poll),
  options: poll.options.map((option) => optionWords(poll, option)),
  verdict: verdict(poll, poll.outcome),
  notes: bases(poll, poll.outcome, poll.total),
  percents: poll.options.map((option, at) => percent(poll, at, option.votes, poll.outcome, poll.total)),
}));
console.log(JSON.stringify(said));
"""
VOTES = {"single": (7, 3, 3), "multiple": (6, 5, 2), "scale": (1, 0, 2, 3, 4), "satisfaction": (4, 3, 2, 1)}


def polls() -> list[protocol.PollObject]:
    """Every kind with every rule, open, closed, void, hidden in every way."""
    found = []
    results = ("always", "after_vote", "after_close", "after_publication", "never")
    bases = ("ballots", "cast", "eligible")
    for kind, base, state in itertools.product(
        ("single", "multiple", "scale", "satisfaction", "approval"), bases, ("open", "closed", "void")
    ):
        votes = VOTES.get(kind, (2_000, 1_000, 5))
        texts = poll_rules.FIXED.get(kind, ("甲", "乙", "丙"))
        for number, shown in enumerate(results):
            rule = PollRule(
                base=base,
                quorum=(1, 2) if number == 4 else None,
                threshold=((1, 2), (2, 3), (0, 1), (9, 10), (1, 2))[number],
                more_than=number == 0,
                tie="undecided" if number % 2 else "rejected",
            )
            total, eligible = max(votes) + 4, 5_000 if base == "eligible" or number == 4 else None
            ids = tuple(range(1, len(votes) + 1))
            outcome = PollOutcome(
                base=base,
                base_count=poll_rules.base_count(base, kind, votes, total, eligible),
                eligible=eligible,
                active=3_000 if number == 1 else 0,
                entered=(EnteredResult(source="工作站", votes=votes, total=3, counted=number == 1),),
                verdict=poll_rules.verdict(rule, kind, ids, votes, total, eligible),
            )
            found.append(
                protocol.PollObject(
                    key=f"poll:{len(found)}",
                    id=len(found),
                    question="同意吗？",
                    options=tuple(
                        protocol.OptionResult(id=each, text=text, votes=many)
                        for each, text, many in zip(ids, texts, votes, strict=True)
                    ),
                    state=state,
                    results=shown,
                    least_assurance=0,
                    opened_at="2026-11-26T12:00:00+00:00",
                    closes_at="2026-11-26T12:30:10+00:00" if base == "cast" else None,
                    ends_at="2026-11-26T12:30:00+00:00" if base == "cast" else None,
                    closed_at=None,
                    total=total,
                    void_reason="写错了" if state == "void" else "",
                    poll_kind=kind,
                    fewest=1 + number % 2 if kind == "multiple" else 1,
                    most=2 if kind == "multiple" else 1,
                    electorate=("all", "members", "codes", "roll")[number % 4],
                    rule=rule,
                    outcome=outcome,
                )
            )
    return found


def by_the_page(poll: protocol.PollObject) -> dict[str, Any]:
    """What the page without script says of it."""
    (view,) = poll_views.poll_views([poll], protocol.Mine(), [], [])
    return {
        "hidden": poll_views.why_hidden(poll),
        "how_many": view.how_many,
        "voters": view.voters,
        "options": [row.text for row in view.rows],
        "verdict": view.verdict,
        "notes": view.notes,
        "percents": ["" if row.percent is None else f"{row.percent}%" for row in view.rows],
    }


def test_script_and_page_say_the_same_of_every_poll(tmp_path: Path) -> None:
    (tmp_path / "poll-words.mjs").write_text(
        SOURCE.read_text(encoding="utf-8")
        .replace("../broadcast/i18n.js", "./i18n.mjs")
        .replace("./view.js", "./view.mjs"),
        encoding="utf-8",
    )
    (tmp_path / "i18n.mjs").write_text(I18N, encoding="utf-8")
    (tmp_path / "view.mjs").write_text(VIEW, encoding="utf-8")
    (tmp_path / "run.mjs").write_text(RUN, encoding="utf-8")
    cases = polls()
    done = subprocess.run(
        [npm.node(), "run.mjs"],
        cwd=tmp_path,
        input=msgspec.json.encode(cases).decode(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for poll, words in zip(cases, said, strict=True):
        assert words == by_the_page(poll), poll
    told = {words["verdict"] for words in said}
    assert any(each.startswith("通过") for each in told)
    assert any("没有结论" in each for each in told)
