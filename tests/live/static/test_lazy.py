"""Modules that come later, run by node: what failed once is asked for under another address, and what came is not asked for again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests import npm

SOURCE = Path(__file__).resolve().parents[3] / "live" / "static" / "live" / "lazy.js"
# It fails under its own address and the first other one, and like a browser node keeps a failure.
LATE = """
globalThis.tried = [...(globalThis.tried || []), new URL(import.meta.url).search];
if (!import.meta.url.endsWith("?again=2")) throw new Error("no net");
export const words = "there";
"""
HEAD = """
import { ask, keepAsking, modulesAt } from "./lazy.mjs";
const plain = () => import("./late.mjs");
const failed = async () => ask("late", plain).then(() => false, () => true);
"""


def told(tmp_path: Path, story: str) -> Any:
    (tmp_path / "lazy.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "late.mjs").write_text(LATE, encoding="utf-8")
    (tmp_path / "run.mjs").write_text(HEAD + story, encoding="utf-8")
    done = subprocess.run(
        [npm.node(), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_try_has_an_address_that_never_failed(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        modulesAt({ late: "./late.mjs" });
        const refused = [await failed(), await failed()];
        const came = await ask("late", plain);
        const same = (await ask("late", plain)) === came;
        console.log(JSON.stringify({ refused, words: came.words, same, tried }));
        """,
    )
    assert found == {"refused": [True, True], "words": "there", "same": True, "tried": ["", "?again=1", "?again=2"]}


def test_askers_at_the_same_time_share_one_try(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        modulesAt({ late: "./late.mjs" });
        const refused = await Promise.all([failed(), failed()]);
        console.log(JSON.stringify({ refused, tried }));
        """,
    )
    assert found == {"refused": [True, True], "tried": [""]}


def test_it_is_asked_for_until_it_is_there(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        const pauses = [];
        globalThis.setTimeout = (call, ms) => (pauses.push(ms), queueMicrotask(call));
        modulesAt({ late: "./late.mjs" });
        const came = await keepAsking("late", plain);
        console.log(JSON.stringify({ words: came.words, pauses }));
        """,
    )
    assert found == {"words": "there", "pauses": [1_000, 2_000]}
