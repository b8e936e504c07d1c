"""Whoever reads the audit reads words: every act that the code records by name has them, and every noun of the others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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


@cache
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


def lacking(act: str, is_whole: bool) -> list[str]:
    """What of the act is said as it is written, for want of words."""
    noun, _dot, verb = act.partition(".")
    said = act_in_words(act if is_whole else noun)
    parts = said.split(" · ") if is_whole else [said]
    return [f"{act}: {word}" for word in (noun, verb if is_whole else "") if word and word in parts]


def test_every_act_has_words() -> None:
    with translation.override("zh-hans"):
        found = [each for act, is_whole in everywhere() for each in lacking(act, is_whole)]
    assert found == [], "no word for these in broadcast/audit_words.py"


def test_an_act_without_words_is_found() -> None:
    with translation.override("zh-hans"):
        assert lacking("nothing_of_ours.undone", True) == [
            "nothing_of_ours.undone: nothing_of_ours",
            "nothing_of_ours.undone: undone",
        ]
