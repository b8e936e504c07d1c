"""The documents speak of what is there: files they name exist, decisions are numbered without gaps, the README stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broadcast import registry, signals

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = re.compile(
    r"`((?:broadcast|live|scheduling|archive|tests|docs|docker|requirements)/[\w./-]+\.(?:py|md|js|css|html|toml|lock|yaml|conf))`"
)
LINKED = re.compile(r"\]\(((?!http)[^)#]+)\)")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_and_linked_files_exist(path: Path) -> None:
    text = path.read_text()
    gone = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    gone += [name for name in LINKED.findall(text) if not (path.parent / name).exists()]
    assert gone == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def test_every_fact_stands_in_the_table_of_facts() -> None:
    facts = [name for name, value in vars(signals).items() if isinstance(value, signals.Signal)]
    assert facts
    assert [name for name in facts if f"| {name} |" not in str(signals.__doc__)] == []


def test_every_registry_is_filled_by_somebody() -> None:
    registries = {name: value for name, value in vars(registry).items() if isinstance(value, registry.Registry)}
    assert [name for name, value in registries.items() if not list(value)] == []
