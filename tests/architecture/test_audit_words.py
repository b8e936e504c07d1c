"""Whoever reads the audit reads words: every act that the code records by name has them, and every noun of the others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from broadcast.audit_words import act_in_words

ROOT = Path(__file__).resolve().parent.parent.parent


def recorded(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """The acts given to `audit.record`: the text, and whether it is whole (an f-string ends where it begins to vary)."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record" and len(node.args) > 1):
            continue
        act = node.args[1]
        for each in ast.walk(act) if isinstance(act, ast.IfExp) else [act]:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value:
                yield each.value, True
            elif isinstance(each, ast.JoinedStr) and isinstance(each.values[0], ast.Constant):
                yield str(each.values[0].value), False


def everywhere() -> list[tuple[str, bool]]:
    found = {
        each
        for app in ("broadcast", "live", "scheduling", "archive")
        for path in (ROOT / app).rglob("*.py")
        for each in recorded(ast.parse(path.read_text(encoding="utf-8")))
    }
    return sorted(found)


def test_there_are_acts_to_look_at() -> None:
    assert ("programme.close", True) in everywhere()
    assert len(everywhere()) > 80


@pytest.mark.parametrize(("act", "is_whole"), everywhere())
def test_every_act_has_words(act: str, is_whole: bool) -> None:
    noun, _dot, verb = act.partition(".")
    with translation.override("zh-hans"):
        said = act_in_words(act if is_whole else noun)
    parts = said.split(" · ") if is_whole else [said]
    assert noun not in parts, f"{act}: no word for “{noun}” in broadcast/audit_words.py"
    assert not (is_whole and verb in parts), f"{act}: no word for “{verb}” in broadcast/audit_words.py"
