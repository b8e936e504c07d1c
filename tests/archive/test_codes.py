"""Every stable code that the recorder says has a word for people: no page shows one bare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.steps import view
from archive.storage import base as storage_base
from broadcast.errors import BroadcastError
from broadcast.house.places import ROOT

SCRIPT = (ROOT / "live/static/live/staff/control-words.js").read_text()
# Of connections that ended as they should, or of which nobody is told.
SILENT = {"gone", "ended", "changed", "asked", "stopped", "fenced_out"}


def words(function: str) -> set[str]:
    """The codes that a function of the script has words for."""
    body = SCRIPT.split(f"function {function}(", 1)[1].split("\n}", 1)[0]
    return set(re.findall(r"^\s+(\w+): t\(", body, re.MULTILINE))


def said(module: str, *calls: str, returns: str = "", assigned: str = "") -> Iterator[str]:
    """Codes that a module hands to these calls, assigns to this attribute, or returns from this function."""
    for node in ast.walk(ast.parse((ROOT / f"archive/{module}.py").read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found = node.args[:1] if name in calls else []
        elif isinstance(node, ast.Assign) and assigned:
            targets = [each for target in node.targets for each in getattr(target, "elts", [target])]
            named = any(isinstance(each, ast.Attribute) and each.attr == assigned for each in targets)
            found = [node.value] if named else []
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == returns:
            found = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
        else:
            continue
        for each in found:
            yield from _codes(each)


def _codes(node: ast.AST) -> Iterator[str]:
    """Strings that an expression may come to; not those that it only compares with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)
    elif isinstance(node, ast.BoolOp | ast.Tuple):
        for each in getattr(node, "values", None) or getattr(node, "elts", []):
            yield from _codes(each)


FEED = {
    *said("doors", "refused_one", assigned="problem", returns="explain"),
    *said("fetching", "_refuse", "refused_one", "Forbidden", assigned="problem"),
    *said("pull", "Forbidden"),
    *said("watching", returns="verdict"),
    *said("session", returns="problem"),
    *said("rtmp", "BadRtmp"),
    *said("rtmp_peer", "BadRtmp", "Refused"),
    *said("rtmp_gate", "BadRtmp", "Refused", "_count"),
    # Said in ways that the sweep does not read: exceptions by name, a dictionary's key.
    "bad_command",
    "timeout",
    "crowded",
    "port_in_use",
}
ENDS = {*said("runner", returns="_explained"), *said("watching", returns="verdict"), "recorder_died"}
PUSH = {
    *(code for code, _pattern in __import__("archive.sending", fromlist=["_SAID"])._SAID),
    *said("sending", returns="explain"),
    *said("push_child", "stop", returns="run"),
    *said("pusher", "_move", assigned="problem"),
    *said("runner", returns="_explained"),
    "failed",
    "secret_unreadable",
    "unreported",
}
STATES = {"waiting", "connecting", "sending", "retrying", "done", "off"}


def test_the_sweep_finds_what_it_is_for() -> None:
    assert {"wrong_key", "address_private", "source_moved", "no_picture", "line_frozen", "oversize", "busy"} <= FEED
    assert {"killed", "wrong_passphrase", "picture_back"} <= ENDS
    assert {"stalled", "no_answer", "refused"} <= PUSH


@pytest.mark.parametrize("code", sorted(FEED - SILENT - {"picture_back"}))
def test_problems_of_feeds_have_words(code: str) -> None:
    assert code in words("feedProblem")


@pytest.mark.parametrize("code", sorted(ENDS))
def test_ends_of_connections_have_words(code: str) -> None:
    assert code in words("endWord") | words("feedProblem")


@pytest.mark.parametrize("code", sorted(PUSH - SILENT - STATES - {"bad_input"}))
def test_problems_of_sendings_have_words(code: str) -> None:
    assert code in words("pushProblem")


def storage_codes() -> set[str]:
    """Of all errors of storage, and what shelf.py says of others."""
    kinds = [
        each for each in vars(storage_base).values() if isinstance(each, type) and issubclass(each, BroadcastError)
    ]
    return {each.code for each in kinds if each.__module__ == storage_base.__name__} | {"storage_failed"}


@pytest.mark.parametrize("code", sorted(storage_codes()))
def test_problems_of_stores_have_words(code: str) -> None:
    assert code in words("storeProblem")


STEPS = {
    code
    for file in sorted(Path(ROOT / "archive/steps").glob("*.py"))
    for code in said(f"steps/{file.stem}", "StepFailed", "_kill", "_give_up", assigned="_why")
} | {*said("fixity", assigned="problem"), *(storage_codes() - {"storage_failed"}), "error", "disk", "worker_lost"}


@pytest.mark.parametrize("code", sorted(STEPS - SILENT))
def test_problems_of_steps_have_words(code: str) -> None:
    assert code in view.problems()


def test_reasons_for_nothing_to_do_have_words() -> None:
    found = set()
    for file in sorted(Path(ROOT / "archive/steps").glob("*.py")):
        found |= set(re.findall(r'"skipped": "(\w+)"', file.read_text()))
    assert found
    assert found <= set(view.skipped())


def test_levels_of_the_disk_have_words() -> None:
    shown = (ROOT / "live/static/live/staff/control-feed.js").read_text()
    levels = re.search(r"^OK, .* = (.*)$", (ROOT / "archive/disk.py").read_text(), re.MULTILINE)
    assert levels
    for level in re.findall(r'"(\w+)"', levels[1]):
        assert re.search(rf"^\s+{level}: \[", shown, re.MULTILINE)
