"""The browser's outbox, run by node with a server that forgets, refuses or falls silent: nothing is lost, nothing is sent under two ids."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "outbox.js"
HEAD = """
import { createOutbox } from "./outbox.mjs";
const kept = new Map(Object.entries(JSON.parse(process.argv[2] || "{}")));
globalThis.sessionStorage = { getItem: (key) => kept.get(key) || null, setItem: (key, text) => kept.set(key, text) };
const posts = [];
let answer = (command) => ({ type: "ack", id: command.id, result: {} });
globalThis.fetch = async (url, options) => {
  const command = JSON.parse(options.body);
  posts.push(command);
  const found = answer(command);
  if (found instanceof Error) throw found;
  return { status: 200, json: async () => found };
};
const listeners = [];
const store = {
  state: { entries: [], objects: new Map(), mine: { items: new Map(), ballots: new Map(), supports: new Set() } },
  set(changes) { store.state = { ...store.state, ...changes }; },
  mine(frame) { for (const item of frame.items) store.state.mine.items.set(`${item.kind}:${item.id}`, item); },
  now: () => Date.now(),
};
const needs = [];
const make = () => createOutbox({
  airing: "a", urls: { commands: "/commands" }, store, token: () => "t", onNeed: (entry, refusal) => needs.push(refusal.code),
});
const sent = [];
let open = false;
const link = { isOpen: () => open, send: (command) => open && (sent.push(command), true), fetchMine() {} };
const later = (ms) => new Promise((done) => setTimeout(done, ms));
const ids = (list) => list.map((command) => command.id);
const tell = (found) => console.log(JSON.stringify(found));
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "outbox.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")

    def run(script, kept=None):
        (tmp_path / "run.mjs").write_text(HEAD + script + "\nprocess.exit(0);\n", encoding="utf-8")
        command = [npm.node(), "run.mjs", json.dumps(kept or {})]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_an_unanswered_command_is_sent_again_under_the_same_id(run):
    found = run("""
      let left = 2;
      answer = (command) => (left-- > 0 ? new Error("network") : { type: "ack", id: command.id, result: { item: 5 } });
      const outbox = make(); outbox.attach(link);
      outbox.add({ type: "comment.post", text: "好" });
      while (store.state.entries.length) { outbox.flush(); await later(20); }
      tell({ ids: [...new Set(ids(posts))].length, posts: posts.length, items: [...store.state.mine.items.keys()] });
    """)
    assert found == {"ids": 1, "posts": 3, "items": ["comment:5"]}


def test_a_socket_that_breaks_before_the_answer_leads_to_the_same_command_again(run):
    found = run("""
      const outbox = make(); outbox.attach(link);
      open = true;
      outbox.add({ type: "poll.vote", poll: 1, options: [2] });
      open = false;
      outbox.reopened();
      await later(50);
      tell({ sent: ids(sent), posts: ids(posts), left: store.state.entries.length });
    """)
    assert found["sent"] == found["posts"]
    assert found["left"] == 0


def test_the_last_choice_replaces_one_that_was_not_sent(run):
    found = run("""
      answer = () => new Error("network");
      const outbox = make(); outbox.attach(link);
      outbox.add({ type: "comment.post", text: "占着线" });
      for (const option of [1, 2, 3]) outbox.add({ type: "poll.vote", poll: 7, options: [option] });
      outbox.add({ type: "poll.vote", poll: 8, options: [9] });
      tell(store.state.entries.map((entry) => entry.command.options || entry.command.text));
    """)
    assert found == ["占着线", [3], [9]]


def test_what_needs_an_identity_waits_and_goes_out_afterwards(run):
    found = run("""
      let verified = false;
      answer = (command) => verified
        ? { type: "ack", id: command.id, result: { item: 1 } }
        : { type: "error", id: command.id, code: "assurance_too_low", message: "先验证", data: {} };
      const outbox = make(); outbox.attach(link);
      outbox.add({ type: "comment.post", text: "好" });
      await later(30);
      const held = store.state.entries[0];
      verified = true;
      outbox.resend(held.id);
      await later(30);
      tell({ held: held.state, text: held.command.text, needs, left: store.state.entries.length });
    """)
    assert found == {"held": "held", "text": "好", "needs": ["assurance_too_low"], "left": 0}


def test_a_refusal_stays_with_its_words_and_blocks_nothing(run):
    found = run("""
      answer = (command) => command.text === "坏"
        ? { type: "error", id: command.id, code: "invalid_input", message: "太长了", data: {} }
        : { type: "ack", id: command.id, result: { item: 2 } };
      const outbox = make(); outbox.attach(link);
      outbox.add({ type: "comment.post", text: "坏" });
      outbox.add({ type: "comment.post", text: "好" });
      await later(50);
      tell(store.state.entries.map((entry) => [entry.state, entry.error]));
    """)
    assert found == [["refused", "太长了"]]


def test_after_a_reload_the_same_command_goes_on_but_an_old_one_asks_first(run):
    entry = {"command": {"type": "comment.post", "text": "好"}, "state": "sending"}
    kept = [entry | {"id": "fresh-0001", "at": 4_102_444_800_000}, entry | {"id": "old-00000001", "at": 0}]
    found = run(
        """
      const outbox = make(); outbox.attach(link); outbox.flush();
      await later(50);
      tell({ posts: ids(posts), left: store.state.entries.map((each) => [each.id, each.state]) });
    """,
        {"yishi.outbox.a": json.dumps(kept)},
    )
    assert found == {"posts": ["fresh-0001"], "left": [["old-00000001", "unsent"]]}


def test_likes_travel_together(run):
    found = run("""
      const outbox = make(); outbox.attach(link);
      for (let n = 0; n < 30; n += 1) outbox.like();
      await later(2200);
      tell(posts.map((command) => [command.type, command.count]));
    """)
    assert found == [["like.add", 20]]


def test_a_stale_identity_is_renewed_and_the_command_sent_once_more_under_its_id(run):
    found = run("""
      let renewals = 0;
      let good = false;
      answer = (command) => (good ? { type: "ack", id: command.id, result: { item: 5 } }
        : { type: "error", id: command.id, code: "identity_stale", message: "refresh", data: {} });
      const outbox = createOutbox({
        airing: "a", urls: { commands: "/commands" }, store, token: () => "t", onNeed() {},
        onStale: async () => { renewals += 1; good = renewals > 0; return true; },
      });
      outbox.attach(link);
      outbox.add({ type: "comment.post", text: "好" });
      await later(50);
      tell({ renewals, ids: [...new Set(ids(posts))].length, posts: posts.length, left: store.state.entries.length });
    """)
    assert found == {"renewals": 1, "ids": 1, "posts": 2, "left": 0}


def test_an_identity_that_stays_stale_is_shown_and_not_tried_for_ever(run):
    found = run("""
      let renewals = 0;
      answer = (command) => ({ type: "error", id: command.id, code: "identity_stale", message: "refresh", data: {} });
      const outbox = createOutbox({
        airing: "a", urls: { commands: "/commands" }, store, token: () => "t", onNeed() {},
        onStale: async () => { renewals += 1; return true; },
      });
      outbox.attach(link);
      outbox.add({ type: "comment.post", text: "好" });
      await later(50);
      const [entry] = store.state.entries;
      tell({ renewals, posts: posts.length, state: entry.state, error: entry.error });
    """)
    assert found == {"renewals": 1, "posts": 2, "state": "refused", "error": "refresh"}
