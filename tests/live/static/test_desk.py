"""The desk's queues in the browser, run by node: where an item stands for whom, what may be done with it, and what a mask hides."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "staff" / "desk-queues.js"
SCRIPT = """
import * as queues from "./queues.mjs";
const [name, ...values] = JSON.parse(process.argv[2]);
console.log(JSON.stringify(queues[name](...values)));
"""
INDEX = """
import { QueueIndex } from "./queues.mjs";
const items = new Map();
const index = new QueueIndex({ id: 1, lead: false });
const get = (key) => items.get(key);
const put = (item) => { items.set(`${item.kind}:${item.id}`, item); index.put(`${item.kind}:${item.id}`, item); };
const plain = { kind: "comment", mask: [], hits: [], claim: null, reports: 0, appeal: "", similar: null, decided_by: "", decided_at: null };
for (let id = 1; id <= 10000; id += 1) {
  put({ ...plain, id, state: id % 10 ? "pending" : "held", at: `2026-11-22T10:${String(id % 60).padStart(2, "0")}`, since: "" });
}
put({ ...plain, id: 7, state: "approved", at: "2026-11-22T10:07", since: "", decided_by: "甲", decided_at: "2026-11-22T11:00" });
put({ ...plain, id: 8, state: "pending", at: "2026-11-22T09:00", since: "", similar: 9 });
console.log(JSON.stringify({
  todo: index.count("todo"), held: index.count("held").count, shown: index.count("public"),
  first: index.sorted("todo", get, () => true)[0], alike: index.alike(items.get("comment:9")), again: index.has("todo", "comment:7"),
}));
"""
WORKED = """
import * as queues from "./queues.mjs";
import { QueueIndex } from "./queues.mjs";
const [many, seed] = JSON.parse(process.argv[2]);
let state = seed;
const chance = (most) => { state = (state * 1103515245 + 12345) % 2147483648; return Math.floor(state / 65536) % most; };
const items = new Map();
const index = new QueueIndex({ id: 1, lead: true });
const plain = { kind: "comment", mask: [], claim: null, decided_by: "", decided_at: null, similar: null };
const states = ["pending", "held", "second", "escalated", "approved", "rejected", "withdrawn"];
const rules = [{ code: "R-1", name: "一" }, { code: "R-2", name: "二" }];
const wrong = [];
for (let step = 0; step < many; step += 1) {
  const id = chance(40);
  const hits = rules.filter(() => chance(2)).map((rule) => ({ ...rule, false: !chance(4) }));
  const stands = { state: states[chance(states.length)], reports: chance(3) ? 0 : 1, appeal: chance(4) ? "" : "open" };
  const item = { ...plain, ...stands, id, hits, first_by_id: chance(2),
    at: `2026-11-22T1${chance(3)}`, since: chance(2) ? `2026-11-22T2${chance(3)}` : "", appeal_due: `2026-11-23T0${chance(9)}` };
  items.set(`comment:${id}`, item);
  index.put(`comment:${id}`, item);
  for (const [queue, keys] of index.sets) {
    const here = [...items.values()].filter((each) => queues.queuesOf(each, index.me).includes(queue));
    const times = queues.isWaiting(queue) ? here.map((each) => queues.since(each, queue)).sort() : [];
    const counted = {};
    for (const each of here) for (const hit of queues.standing(each)) counted[hit.code] = (counted[hit.code] || 0) + 1;
    const told = Object.fromEntries(index.rules(queue).map((rule) => [rule.code, rule.count]));
    const said = [index.count(queue), keys.size, Object.entries(told).sort()];
    const wanted = [{ count: here.length, oldest: times[0] || null }, here.length, Object.entries(counted).sort()];
    if (JSON.stringify(said) !== JSON.stringify(wanted)) wrong.push([step, queue, said, wanted]);
  }
}
console.log(JSON.stringify(wrong.slice(0, 3)));
"""
ME = {"id": 1, "lead": False}
LEADER = {"id": 1, "lead": True}
NOW = 1_800_000_000_000


def item(**more: Any) -> dict[str, Any]:
    plain = {"kind": "comment", "id": 1, "state": "pending", "text": "请问物业", "mask": [], "hits": [], "claim": None}
    return {**plain, "reports": 0, "appeal": "", "first_by_id": None, "decided_by": "", "decided_at": None, **more}


@pytest.fixture
def node(tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "queues.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")

    def run(*values: Any, script: str = SCRIPT) -> Any:
        (tmp_path / "run.mjs").write_text(script, encoding="utf-8")
        command = [npm.node(), "run.mjs", json.dumps(values)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    return run


def test_what_waits_is_to_do_but_not_ones_own_first_review(node: Callable[..., Any]) -> None:
    assert node("queuesOf", item(), ME) == ["todo", "pending"]
    assert node("queuesOf", item(state="second", first_by_id=1), ME) == ["second"]
    assert node("queuesOf", item(state="second", first_by_id=2), ME) == ["todo", "second"]
    assert node("queuesOf", item(state="escalated"), ME) == ["escalated"]


def test_what_is_public_is_to_do_only_while_reported(node: Callable[..., Any]) -> None:
    seen = {"state": "approved", "decided_by": "甲", "decided_at": "2026-11-22T10:00"}
    assert node("queuesOf", item(**seen), ME) == ["public"]
    assert node("queuesOf", item(**seen, reports=2), ME) == ["public", "todo", "reported"]
    assert node("queuesOf", item(state="approved"), ME) == ["public", "unseen"]
    assert node("queuesOf", item(state="rejected", appeal="open"), ME) == ["rejected", "appeals"]


def test_nothing_may_be_done_to_what_somebody_else_has(node: Callable[..., Any]) -> None:
    claim = {"user": 2, "name": "乙", "until": "2027-01-15T08:01:00Z"}
    assert node("allowed", item(claim=claim), ME, NOW) == []
    assert "approve" in node("allowed", item(claim=claim), ME, NOW + 120_000)
    assert "approve" in node("allowed", item(claim={**claim, "user": 1}), ME, NOW)


def test_what_was_escalated_is_decided_by_the_duty_leader_alone(node: Callable[..., Any]) -> None:
    assert node("allowed", item(state="escalated"), ME, NOW) == []
    assert node("allowed", item(state="escalated"), LEADER, NOW) == ["approve", "reject"]
    assert node("allowed", item(state="second", first_by_id=1), LEADER, NOW) == []


def test_a_mask_is_what_rules_would_mask_else_all_they_found_and_never_what_was_called_wrong(
    node: Callable[..., Any],
) -> None:
    hold = {"action": "hold", "spans": [[0, 2]], "false": False}
    mask = {"action": "mask", "spans": [[2, 4]], "false": False}
    assert node("proposedMask", item(hits=[hold])) == [[0, 2]]
    assert node("proposedMask", item(hits=[hold, mask])) == [[2, 4]]
    assert node("proposedMask", item(hits=[{**hold, "false": True}])) == []
    assert node("tidy", [[3, 5], [0, 2], [1, 3]]) == [[0, 5]]


def test_spans_count_code_points_as_the_server_does(node: Callable[..., Any]) -> None:
    assert node("masked", "😀好😀", [[0, 1], [2, 3]]) == "■好■"
    assert node("points", "😀好😀", 3) == 2


def test_ten_thousand_items_are_counted_and_ordered_as_they_change(node: Callable[..., Any]) -> None:
    found = node(script=INDEX)
    assert found["todo"] == {"count": 9_999, "oldest": "2026-11-22T09:00"}
    assert found["held"] == 1_000
    assert found["shown"] == {"count": 1, "oldest": None}
    assert found["first"] == "comment:8"
    assert found["alike"] == ["comment:8"]
    assert found["again"] is False


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_counts_oldest_and_rules_of_each_queue_are_those_of_its_items_after_any_changes(
    node: Callable[..., Any], seed: int
) -> None:
    assert node(400, seed, script=WORKED) == []
