"""`test`: checks run beside the tests, and whatever fails is told by name and by the exit code."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path

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
    assert together.beside
    assert alone.beside
    assert testing._runs(["tests/live"]) == [Run("pytest", ["tests/live"])]


@pytest.fixture
def two_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A checkout with a steady test and one that fails the first time. Returns the arguments of the run beside others."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:django\n")
    (tmp_path / "test_two.py").write_text(
        textwrap.dedent("""
            import pathlib

            def test_steady():
                with pathlib.Path("ran").open("a") as ran:
                    ran.write("steady ")

            def test_hurried():
                seen = pathlib.Path("seen")
                tries = len(seen.read_text()) + 1 if seen.exists() else 1
                seen.write_text("x" * tries)
                assert tries > TRIES, "too slow"
        """)
    )
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    monkeypatch.setattr(testing, "_steps", list)
    monkeypatch.setattr(testing, "_system_packages", lambda: testing.Result("system packages", True, 0))
    arguments = ["-n", "2"]
    monkeypatch.setattr(testing, "_runs", lambda words: [Run("pytest", arguments, beside=True)])
    return arguments


def _fails(folder: Path, times: int) -> None:
    file = folder / "test_two.py"
    file.write_text(file.read_text().replace("TRIES", str(times)))


@pytest.mark.usefixtures("two_tests")
def test_what_fails_beside_others_and_passes_alone_is_named_and_does_not_fail_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails(tmp_path, 1)
    assert testing.main([]) == 0
    said = capsys.readouterr().out
    assert "unsteady: test_two.py::test_hurried failed beside others, passed alone" in said
    assert "AssertionError: too slow" in said, "its first failure is still to be read"
    assert "1 failed, 1 passed" in said
    assert (tmp_path / "ran").read_text() == "steady ", "what passed is not run again"


@pytest.mark.usefixtures("two_tests")
def test_what_fails_twice_has_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _fails(tmp_path, 2)
    assert testing.main([]) == 1
    said = capsys.readouterr().out
    assert "\u2717 pytest (" in said
    assert "\u2717 pytest, once more alone (" in said
    assert "unsteady" not in said
    assert (tmp_path / "seen").read_text() == "xx", "no third time"


@pytest.mark.usefixtures("two_tests")
def test_a_skipped_second_time_is_no_pass(tmp_path: Path) -> None:
    file = tmp_path / "test_two.py"
    file.write_text(
        file.read_text().replace(
            'assert tries > TRIES, "too slow"', "assert tries > 1\n    import pytest; pytest.skip()"
        )
    )
    assert testing.main([]) == 1


@pytest.mark.usefixtures("two_tests")
def test_when_many_fail_something_is_broken_and_nothing_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails(tmp_path, 1)
    monkeypatch.setattr(testing, "AGAIN_MOST", 0)
    assert testing.main([]) == 1
    assert "once more" not in capsys.readouterr().out


def test_who_names_tests_is_told_of_their_first_failure(
    two_tests: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails(tmp_path, 1)
    monkeypatch.setattr(testing, "_runs", lambda words: [Run("pytest", two_tests)])
    assert testing.main([]) == 1
