"""The browser's link to the room, run by node with a server that answers when the test says so: one's own words never vanish."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import npm

SOURCES = Path(__file__).resolve().parents[3] / "live" / "static" / "live"
HEAD = """
import { createLink } from "./socket.js";
import { createStore } from "./store.js";
const sockets = [];
globalThis.location = { href: "http://house/", protocol: "http:" };
globalThis.addEventListener = () => {};
globalThis.document = { hidden: false, addEventListener() {} };
globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 0;
  constructor() { sockets.push(this); }
  open() { this.readyState = 1; this.onopen(); }
  say(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
  close() { this.readyState = 3; }
  send() {}
};
// Questions for one's own, each answered by hand; other addresses are not there.
const asked = [];
globalThis.fetch = (url) => url === "/mine"
  ? new Promise((done) => asked.push((items) => done({ ok: true, json: async () => ({ type: "mine", whole: true, items }) })))
  : Promise.reject(new Error("not there"));
const item = (id, state = "pending") => ({ kind: "comment", id, text: "好", state, at: "2026-11-21T03:00:00.000Z", mask: [] });
const store = createStore({ objects: [], mine: {} });
const link = createLink({ urls: { socket: "/socket", state: "/state", mine: "/mine" }, store, onReply() {} });
const settled = () => new Promise((done) => setTimeout(done, 5));
const own = () => [...store.state.mine.items.values()].map((each) => [each.id, each.state]).sort();
const tell = (found) => console.log(JSON.stringify(found));
link.start();
sockets[0].open();
"""


@pytest.fixture
def run(tmp_path):
    for name in ("socket.js", "store.js", "reducer.js"):
        shutil.copy(SOURCES / name, tmp_path / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def run(script):
        (tmp_path / "run.js").write_text(HEAD + script + "\nprocess.exit(0);\n", encoding="utf-8")
        done = subprocess.run(
            [npm.node(), "run.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_word_that_was_acknowledged_while_ones_own_was_asked_for_does_not_vanish(run):
    found = run("""
      store.mine({ items: [item(7)] });
      asked[0]([]);
      await settled();
      const meanwhile = own();
      asked[1]([item(7), item(6, "approved")]);
      await settled();
      tell({ meanwhile, now: own(), asked: asked.length });
    """)
    assert found == {"meanwhile": [[7, "pending"]], "now": [[6, "approved"], [7, "pending"]], "asked": 2}


def test_an_answer_that_a_later_one_outran_changes_nothing(run):
    found = run("""
      link.fetchMine();
      asked[1]([item(7, "approved")]);
      await settled();
      asked[0]([item(7)]);
      await settled();
      tell({ now: own(), asked: asked.length });
    """)
    assert found == {"now": [[7, "approved"]], "asked": 2}


def test_a_support_given_meanwhile_stays(run):
    found = run("""
      store.supported(3, true);
      asked[0]([]);
      await settled();
      tell({ supports: [...store.state.mine.supports], asked: asked.length });
    """)
    assert found == {"supports": [3], "asked": 2}


def test_what_was_taken_back_is_gone_when_nothing_newer_came(run):
    found = run("""
      asked[0]([item(7)]);
      await settled();
      link.fetchMine();
      asked[1]([]);
      await settled();
      tell(own());
    """)
    assert found == []


def test_words_told_again_and_again_end_the_asking(run):
    found = run("""
      for (let n = 0; n < 20 && n < asked.length; n += 1) {
        sockets[0].say({ type: "mine", items: [item(n)] });
        asked[n]([]);
        await settled();
      }
      tell({ own: own().length, asked: asked.length });
    """)
    assert found == {"own": 5, "asked": 5}
