"""`test`: every check and test there is, as a person and as CI run them; it judges nothing itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from broadcast.house.environment import completed
from broadcast.house.places import ROOT

# It takes 20 to 30 minutes on two cores; what takes so much longer has hung.
LIMIT_SECONDS = 45 * 60
CHECK_SECONDS = 20 * 60
# So many may have been too slow for a busy machine; of more, something is broken.
AGAIN_MOST = 5
# Each starts a whole house and looks at how fast it mends itself: beside one another, and nobody else.
ALONE = ("tests/journeys/test_kill.py", "tests/broadcast/house/test_up.py")
# pytest's exit code for failed tests; others mean that it could not do its work.
TESTS_FAILED = 1
# The program and the Debian package that brings it.
PROGRAMS = {"chromium": "chromium", "ffmpeg": "ffmpeg", "icecast2": "icecast2", "nginx": "nginx-light"}
# Servers' programs are there, but not for everybody's PATH.
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
_CLOSING = re.compile(r"\d+ (?:passed|failed|error|skipped|deselected)")


@dataclass(frozen=True)
class Step:
    """One check: a command whose exit code says whether it passed."""

    name: str
    command: Sequence[str]


@dataclass
class Result:
    name: str
    passed: bool
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class Run:
    """One run of pytest; `alone` when nothing else may be under way, `beside` when its tests run beside one another."""

    name: str
    arguments: Sequence[str]
    alone: bool = False
    beside: bool = False


@dataclass(frozen=True)
class Told:
    """What a run of pytest said: its closing line, and the tests that failed where tests are all that failed."""

    result: Result
    closing: str
    failed: tuple[str, ...] = ()


def main(arguments: Sequence[str]) -> int:
    """Run all checks and beside them pytest with the arguments (`--long` is pytest's too). Returns 1 when anything failed."""
    started = time.monotonic()
    words = list(arguments)
    limit = None if "--long" in words else LIMIT_SECONDS
    environ = completed(os.environ)
    tests: list[Told] = []
    # One after another beside the tests, which wait more than they compute.
    beside = ThreadPoolExecutor(1)
    try:
        checks = [beside.submit(_check, step, environ) for step in _steps()]
        packages = _system_packages()
        runs = _runs(words)
        for run in runs:
            if run.alone:
                wait(checks)
            tests.append(_pytest(run, _left(limit, started)))
        wait(checks)
        tests = _asked_again(runs, tests, limit, started)
        results = [packages, *(each.result() for each in checks), *(each.result for each in tests)]
    finally:
        beside.shutdown(cancel_futures=True)
    _say("")
    for each in results:
        sign = "✓" if each.passed else "✗"
        _say(f"{sign} {each.name} ({each.seconds:.0f} s){': ' + each.note if each.note else ''}")
    _say(f"  {time.monotonic() - started:.0f} s")
    # Last, so that whoever reads only the end of the log sees what the tests said.
    for told in tests:
        _say(told.closing)
    return 0 if all(each.passed for each in results) else 1


def _steps() -> list[Step]:
    python = [sys.executable, "-W", "ignore", "-m"]
    imports = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return [
        Step("ruff check", [*python, "ruff", "check", "."]),
        Step("mypy", [*python, "mypy"]),
        Step("import contracts", [sys.executable, "-c", imports]),
        Step("migrations", [*python, "broadcast", "makemigrations", "--check", "--dry-run"]),
        Step("protocol documents", [*python, "broadcast", "protocol", "--check"]),
        Step("configuration documents", [*python, "broadcast", "configuration", "--check"]),
    ]


def _check(step: Step, environ: Mapping[str, str]) -> Result:
    started = time.monotonic()
    # Tests have deadlines, checks have none.
    polite = ["nice"] if shutil.which("nice") else []
    try:
        done = subprocess.run(
            [*polite, *step.command],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Result(step.name, False, time.monotonic() - started, f"not finished after {CHECK_SECONDS} s")
    seconds = time.monotonic() - started
    passed = done.returncode == 0
    _say(f"[{'✓' if passed else '✗'}] {step.name} ({seconds:.0f} s)")
    if not passed:
        _say((done.stdout + done.stderr).rstrip())
    return Result(step.name, passed, seconds)


def _runs(words: Sequence[str]) -> list[Run]:
    """The runs of pytest: what stands processes of its own beside one another, then what wants the machine alone.

    Somebody who names tests or options gets one run with just these.
    """
    if [word for word in words if word != "--long"]:
        return [Run("pytest", list(words))]
    together = [f"--ignore={each}" for each in ALONE]
    together += ["-n", str(workers()), "--dist=loadfile", "--no-loadscope-reorder", "--durations=12"]
    houses = [*ALONE, "-n", str(len(ALONE)), "--dist=loadfile"]
    return [
        Run("pytest", [*words, *together], beside=True),
        Run("pytest, whole houses", [*words, *houses], alone=True, beside=True),
    ]


def _asked_again(runs: Sequence[Run], tests: Sequence[Told], limit: float | None, started: float) -> list[Told]:
    """What was said in the end: tests that failed beside others are run once more, one after another, nothing else under way.

    A run passes if all that failed in it pass by themselves; they are named all the same. What fails twice has failed.
    """
    again = [each for run, told in zip(runs, tests, strict=True) if run.beside for each in told.failed]
    broken = any(not told.result.passed and not told.failed for told in tests)
    if broken or not 0 < len(again) <= AGAIN_MOST:
        return list(tests)
    _say(f"[·] 单独再试 · once more, alone: {', '.join(again)}")
    options = ["--long"] if any("--long" in run.arguments for run in runs) else []
    second = _pytest(Run("pytest, once more alone", [*options, *again]), _left(limit, started))
    # A test skipped this time has not passed; nor have those of a run that did not come to its end.
    told_all = (second.result.passed or second.failed) and "skipped" not in second.closing
    unsteady = set(again) - set(second.failed) if told_all else set()
    return [*(_forgiven(told, unsteady) for told in tests), second]


def _forgiven(told: Told, unsteady: set[str]) -> Told:
    """The same run, with its unsteady tests named, and passed where nothing else failed in it."""
    names = [each for each in told.failed if each in unsteady]
    if not names:
        return told
    note = "; ".join(f"unsteady: {each} failed beside others, passed alone" for each in names)
    return replace(told, result=replace(told.result, passed=len(names) == len(told.failed), note=note))


def _left(limit: float | None, started: float) -> float | None:
    """How many seconds there are still; a minute at least."""
    return None if limit is None else max(60.0, limit - (time.monotonic() - started))


def workers() -> int:
    """How many tests run at once: one more than there are processors, since most of them wait for media to come."""
    return min(4, len(os.sched_getaffinity(0)) + 1)


def _pytest(run: Run, seconds: float | None) -> Told:
    """Run pytest, its output passed on as it comes."""
    with tempfile.TemporaryDirectory(prefix="yishi-test-") as remembered:
        return _pytest_in(Path(remembered), run, seconds)


def _pytest_in(remembered: Path, run: Run, seconds: float | None) -> Told:
    started = time.monotonic()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("YISHI_")}
    environ.update({name: os.environ[name] for name in ("YISHI_FFMPEG",) if name in os.environ})
    # What failed is remembered for this run by itself.
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={remembered}", *run.arguments]
    closing = ""
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        if seconds is not None:
            # SIGINT, so that pytest still stops its servers and says what failed.
            signal.signal(signal.SIGALRM, lambda *_: process.send_signal(signal.SIGINT))
            signal.alarm(int(seconds))
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            _say(line)
            closing = line if _CLOSING.search(line) else closing
    signal.alarm(0)
    late = seconds is not None and time.monotonic() - started >= seconds
    note = f"stopped after {seconds:.0f} s: too slow" if late else ""
    result = Result(run.name, process.returncode == 0 and not late, time.monotonic() - started, note)
    failed = _failed(remembered) if process.returncode == TESTS_FAILED and not late else ()
    return Told(result, closing, failed)


def _failed(remembered: Path) -> tuple[str, ...]:
    """The tests that pytest remembers as failed (what `--last-failed` reads)."""
    file = remembered / "v" / "cache" / "lastfailed"
    return tuple(json.loads(file.read_text("utf-8"))) if file.exists() else ()


def _system_packages() -> Result:
    """Try to install what tests of the whole need; where that may not be done, those tests are skipped, except in CI."""
    started = time.monotonic()
    missing = _missing()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _say(f"[·] 安装系统软件 · installing {', '.join(missing)}")
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *command], env=environ, stdin=subprocess.DEVNULL, capture_output=True)
        missing = _missing()
    if not missing:
        return Result("system packages", True, time.monotonic() - started)
    needed = "tests that need them are skipped; install them: apt-get install " + " ".join(missing)
    _say(f"[!] 缺少 · missing: {', '.join(missing)}; {needed}")
    return Result("system packages", os.environ.get("CI") != "true", time.monotonic() - started, needed)


def _missing() -> list[str]:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program, path=PLACES)]
    if not _has_chinese_font():
        missing += ["fontconfig", "fonts-noto-cjk"]
    return missing


def _has_chinese_font() -> bool:
    program = shutil.which("fc-list")
    if program is None:
        return False
    return bool(subprocess.run([program, ":lang=zh-cn"], capture_output=True, text=True).stdout.strip())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
