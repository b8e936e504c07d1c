"""The lock files: whole, agreeing with each other, and silent about where packages come from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from broadcast.house.vendor import LIBRARIES

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)


def pins(lock: Path) -> dict[tuple[str, str], str]:
    return {(name, marker or ""): version for name, version, marker in PIN.findall(lock.read_text())}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_release_is_pinned_with_hashes(lock: Path) -> None:
    for entry in re.split(r"\n(?=\S)", lock.read_text().strip()):
        assert PIN.match(f"{entry.splitlines()[0]}"), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_address_stands_in_a_lock(lock: Path) -> None:
    assert not re.search(r"://|--index|--find-links|(?<![\w/])/\w+/", lock.read_text())


def test_no_two_locks_disagree() -> None:
    agreed: dict[tuple[str, str], str] = {}
    for lock in LOCKS:
        for key, version in pins(lock).items():
            assert agreed.setdefault(key, version) == version, f"{lock.stem}: {key}"


def test_each_named_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"base": project["dependencies"], **project["optional-dependencies"]}
    for group, wanted in groups.items():
        locked = {name for name, _ in pins(ROOT / "requirements" / "base.lock")}
        locked |= {name for name, _ in pins(ROOT / "requirements" / f"{group}.lock")}
        names = {re.split(r"[\[<>=~ ]", each)[0].lower() for each in wanted}
        assert names <= locked, f"{names - locked} of {group}: run requirements/lock.py"


def test_the_browser_libraries_are_locked_without_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    served = {name for name, entry in packages.items() if not entry.get("dev")}
    assert {f"node_modules/{library.source.split('/')[0]}" for library in LIBRARIES} == served
