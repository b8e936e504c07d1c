"""Rooms stay small: files, functions and parameter lists have a hard cap, since averages never hurt anybody."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("broadcast", "live", "scheduling", "archive")
FILE_LINES = 320
FUNCTION_LINES = 60


def sources() -> list[Path]:
    return [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")) if "migrations" not in path.parts]


def scripts() -> list[Path]:
    return [path for name in PACKAGES for path in sorted((ROOT / name / "static").rglob("*.js"))]


@cache
def parsed() -> dict[str, tuple[str, ast.Module]]:
    """Every source by its name: what is written there, read and parsed once for all tests."""
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in sources()}
    assert len(texts) > 500
    return {name: (text, ast.parse(text)) for name, text in texts.items()}


def test_a_file_is_one_room() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources() + scripts()}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES} == {}


def test_a_function_fits_one_screen() -> None:
    functions = {
        f"{name}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, (_text, tree) in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > FUNCTION_LINES} == {}


def test_a_module_says_what_it_is_for() -> None:
    silent = [name for name, (text, tree) in parsed().items() if text.strip() and not ast.get_docstring(tree)]
    assert silent == [], "begin with one sentence: what it is for and what it must not do"
