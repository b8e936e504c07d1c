"""What tests alone use of the npm lock file (acorn, axe-core) and the node that runs it; installed once, into `var/parser`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from broadcast.house import vendor
from broadcast.house.places import Places

ROOT = Path(__file__).resolve().parents[1]


def installed() -> tuple[Path, str]:
    """The `node_modules` of the lock file with its packages for tests, and node. Without npm or its registry it says what is wanted."""
    places = Places(ROOT / "var")
    work, lock = places.var / "parser", (ROOT / "package-lock.json").read_text()
    stamp = work / "stamp.json"
    if not stamp.exists() or json.loads(stamp.read_text())["lock"] != lock:
        work.mkdir(parents=True, exist_ok=True)
        search = vendor.run_npm(places, work)
        stamp.write_text(json.dumps({"lock": lock, "search": search}))
    return work / "node_modules", node(json.loads(stamp.read_text())["search"])


def node(search: str = "") -> str:
    """The node that npm stands on: the machine's, or that of the package which `./yishi test` installs where there is none."""
    places = [search] if search else [found for _npm, found in vendor.npms()]
    found = next((found for each in places if (found := shutil.which("node", path=each))), None)
    assert found, f"node was not found in {places}: install npm, or the lock file `node`"
    return found
