"""`test`: checks run beside the tests, and whatever fails is told by name and by the exit code."""

from __future__ import annotations

import sys
import time

import pytest

from broadcast.house import testing
from broadcast.house.places import ROOT
from broadcast.house.testing import Run, Step

# Its limit and that of the run under test would share one alarm clock.
pytestmark = pytest.mark.timeout(120, method="thread")
GOOD = [sys.executable, "-c", "pass"]


@pytest.fixture
def tests_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of a run of pytest inside a run of pytest."""
    monkeypatch.setattr(testing, "_runs", lambda words: [Run("pytest", ["--version"])])


@pytest.mark.usefixtures("tests_pass")
def test_a_failing_check_fails_all_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [sys.executable, "-c", "print('line 7 is wrong'); raise SystemExit(3)"]
    monkeypatch.setattr(testing, "_steps", lambda: [Step("first", bad), Step("second", GOOD)])
    assert testing.main([]) == 1
    said = capsys.readouterr().out
    assert "line 7 is wrong" in said
    assert "\u2717 first (" in said
    assert "\u2713 second (" in said
    assert "\u2713 pytest (" in said


@pytest.mark.usefixtures("tests_pass")
def test_a_check_that_hangs_is_ended_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "CHECK_SECONDS", 1)
    monkeypatch.setattr(
        testing, "_steps", lambda: [Step("hangs", [sys.executable, "-c", "import time; time.sleep(90)"])]
    )
    began = time.monotonic()
    assert testing.main([]) == 1
    assert time.monotonic() - began < 60
    assert "not finished after 1 s" in capsys.readouterr().out


def test_a_failing_run_of_tests_fails_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(testing, "_steps", lambda: [Step("first", GOOD)])
    monkeypatch.setattr(testing, "_runs", lambda words: [Run("pytest", ["--no-such-option"])])
    assert testing.main([]) == 1
    said = capsys.readouterr().out
    assert "\u2717 pytest (" in said
    assert "\u2713 first (" in said


def test_what_wants_the_machine_alone_comes_last_and_only_there() -> None:
    together, alone = testing._runs([])
    assert alone.alone
    assert not together.alone
    for file in testing.ALONE:
        assert f"--ignore={file}" in together.arguments
        assert file in alone.arguments
        assert (ROOT / file).exists()
    assert [each.arguments for each in testing._runs(["tests/live"])] == [["tests/live"]]
