"""A caller's number at the call desk, run by node: what is shown of it, and what is sent when its field was emptied or typed anew."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests import npm

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
globalThis.document = { documentElement: { lang: "zh-Hans" } };
const { numberToSend, shownNumber } = await import("./live/staff/call-words.js");
const call = { has_number: true, tail: "5678" };
console.log(JSON.stringify({
  known: shownNumber(call, "+8613900005678"),
  unasked: shownNumber(call, undefined),
  replaced: shownNumber({ ...call, tail: "1111" }, "+8613900005678"),
  masked: shownNumber({ ...call, has_number: false }, "+8613900005678"),
  untouched: numberToSend(null, "+8613900005678"),
  emptiedUnseen: numberToSend("", ""),
  emptiedSeen: numberToSend("", "+8613900005678"),
  typed: numberToSend("13900001111", ""),
}));
"""


def test_a_number_is_shown_while_it_is_the_calls_and_erased_only_by_who_saw_it(tmp_path: Path) -> None:
    for name in ("live/static/live/staff/call-words.js", "broadcast/static/broadcast/i18n.js"):
        target = tmp_path / name.split("/static/")[1]
        target.parent.mkdir(parents=True)
        shutil.copyfile(ROOT / name, target)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.js").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([npm.node(), "run.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "known": "+8613900005678",
        "unasked": "",
        "replaced": "",
        "masked": "",
        "untouched": None,
        "emptiedUnseen": None,
        "emptiedSeen": "",
        "typed": "13900001111",
    }
