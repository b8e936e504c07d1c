"""Viewers' scripts and styles keep to the floor: iOS 14 and Chromium 86, which is what WeChat brings along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "broadcast/static/broadcast", ROOT / "live/static/live")
STAFF = re.compile(r"staff")
# Each came to Safari after 14.0 or to Chromium after 86.
TOO_NEW_SCRIPT = re.compile(
    r"\.at\(|structuredClone|Object\.hasOwn|randomUUID|\.findLast|AbortSignal\.(?:timeout|any)|\.to(?:Sorted|Reversed|Spliced)\("
    r"|^\s*#\w+|\?\?=|\|\|=|&&=|^await\b|\.showModal|Intl\.Segmenter|requestIdleCallback|\bstatic\s*\{"
)
TOO_NEW_STYLE = re.compile(r":has\(|(?<![-\w])inset:|:is\(|:where\(|@layer|@container|color-mix|overflow: clip")
FLEX = re.compile(r"display: (?:inline-)?flex[^}]*[ ;{]gap:|[ ;{]gap:[^}]*display: (?:inline-)?flex")


def files(suffix: str) -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted(folder.rglob(f"*.{suffix}"))
        if not STAFF.search(str(path.relative_to(ROOT)))
    ]


@pytest.mark.parametrize("path", files("js"), ids=lambda path: path.name)
def test_scripts_use_nothing_newer(path: Path) -> None:
    found = [line.strip() for line in path.read_text().splitlines() if TOO_NEW_SCRIPT.search(line)]
    assert found == []


@pytest.mark.parametrize("path", files("css"), ids=lambda path: path.name)
def test_styles_use_nothing_newer(path: Path) -> None:
    text = path.read_text()
    assert [line.strip() for line in text.splitlines() if TOO_NEW_STYLE.search(line)] == []
    assert [rule[:80] for rule in FLEX.findall(text)] == [], (
        "gaps in flex boxes came with Safari 14.1: use grid or margins"
    )


@pytest.mark.parametrize("path", files("css"), ids=lambda path: path.name)
def test_a_new_unit_or_ratio_has_an_old_one_before_it(path: Path) -> None:
    lone = [
        line.strip()
        for line in path.read_text().splitlines()
        if re.search(r"\d[dsl]vh", line) and not re.search(r"\d+vh;|\(\d+vh|100vh", line)
    ]
    assert lone == []
