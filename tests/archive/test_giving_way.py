"""Checks of fillers and readings of what is kept give way to a show on air like steps do."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import fillers, fixity, sandbox, tasks
from archive.fixity import Tally
from archive.sandbox import Bounds
from archive.steps import gate
from broadcast import lifecycle
from broadcast.access import HOUSE

from .making import make_airing

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What began to work."""
    found: list[str] = []
    monkeypatch.setattr(fillers, "check", lambda _id: found.append("filler") or "ready")

    def keep(_id: uuid.UUID, told: Callable[[float], object]) -> Tally:
        found.append("reading")
        told(0.5)
        found.append("read")
        return Tally()

    monkeypatch.setattr(fixity, "keep", keep)
    return found


def test_they_wait_while_a_show_needs_the_machine(
    media_root: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "recording_here", lambda: True)
    monkeypatch.setattr(gate, "is_idle", lambda: False)
    monkeypatch.setattr(tasks, "_GATE_SECONDS", 0.0)
    airing = make_airing()
    assert tasks.check_filler(1) == "ready"
    assert tasks.keep(str(airing.pk)) == ""
    assert begun == ["filler", "reading", "read"]
    lifecycle.start(HOUSE, airing.pk)
    assert tasks.check_filler(1) == ""
    assert tasks.keep(str(airing.pk)) == "on_air"
    assert begun == ["filler", "reading", "read"]


def test_a_reading_ends_when_a_show_begins(media_root: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, False])
    monkeypatch.setattr(gate, "open_now", lambda: next(answers))
    monkeypatch.setattr(tasks, "_GATE_SECONDS", 0.0)
    assert tasks.keep(str(uuid.uuid4())) == "on_air"
    assert begun == ["reading"]


def test_one_at_a_time_of_each_kind_beside_the_steps(media_root: Path, begun: list[str]) -> None:
    with gate.place(gate.FILLERS) as mine, gate.place() as step:
        assert mine
        assert step
        assert tasks.check_filler(1) == ""
        assert tasks.keep(str(uuid.uuid4())) == ""


def test_what_runs_in_the_sandbox_is_nice(tmp_path: Path) -> None:
    bounds = Bounds(memory=1 << 30, file=1 << 20, cpu_seconds=5, wall_seconds=10.0)
    result = sandbox.run(["/usr/bin/python3", "-c", "import os; print(os.nice(0))"], tmp_path, bounds)
    assert int(result.output) >= 10
