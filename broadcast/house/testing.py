"""`test`: every check and test there is, as a person and as CI run them; it judges nothing itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broadcast.house.environment import completed
from broadcast.house.places import ROOT

# It takes less than fifteen minutes on two cores; what takes so much longer has hung.
LIMIT_SECONDS = 25 * 60
# They start a whole house and look at how fast it mends itself.
ALONE = ("tests/journeys/test_kill.py", "tests/broadcast/house/test_up.py")
PROGRAMS = ("chromium", "ffmpeg", "icecast2")  # named as their packages are
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


def main(arguments: Sequence[str]) -> int:
    """Run all checks, then pytest with the arguments (`--long` is pytest's too). Returns 1 when anything failed."""
    started = time.monotonic()
    words = list(arguments)
    limit = None if "--long" in words else LIMIT_SECONDS
    results = [_system_packages()]
    environ = completed(os.environ)
    results += [_check(step, environ) for step in _steps()]
    closing = []
    for name, chosen in _runs(words):
        spent = time.monotonic() - started
        tests, said = _pytest(name, chosen, None if limit is None else max(60.0, limit - spent))
        results.append(tests)
        closing.append(said)
    _say("")
    for each in results:
        sign = "✓" if each.passed else "✗"
        _say(f"{sign} {each.name} ({each.seconds:.0f} s){': ' + each.note if each.note else ''}")
    _say(f"  {time.monotonic() - started:.0f} s")
    # Last, so that whoever reads only the end of the log sees what the tests said.
    for said in closing:
        _say(said)
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
    _say(f"[·] {step.name}")
    try:
        done = subprocess.run(
            step.command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
        )
    except subprocess.TimeoutExpired:
        return Result(step.name, False, time.monotonic() - started, "not finished after 300 s")
    if done.returncode != 0:
        _say((done.stdout + done.stderr).rstrip())
    return Result(step.name, done.returncode == 0, time.monotonic() - started)


def _runs(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The runs of pytest, each with a name: what stands processes of its own beside one another, then what wants the machine alone.

    Somebody who names tests or options gets one run with just these.
    """
    if [word for word in words if word != "--long"]:
        return [("pytest", list(words))]
    together = [f"--ignore={each}" for each in ALONE] + [
        "-n",
        "auto",
        "--maxprocesses=4",
        "--dist=loadfile",
        "--no-loadscope-reorder",
    ]
    return [("pytest", [*words, *together]), ("pytest, whole houses", [*words, *ALONE])]


def _pytest(name: str, arguments: Sequence[str], seconds: float | None) -> tuple[Result, str]:
    """Run pytest, its output passed on as it comes; returns its result and its closing line."""
    started = time.monotonic()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("YISHI_")}
    environ.update({name: os.environ[name] for name in ("YISHI_FFMPEG",) if name in os.environ})
    command = [sys.executable, "-m", "pytest", *arguments]
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
    return Result(name, process.returncode == 0 and not late, time.monotonic() - started, note), closing


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
    missing = [name for name in PROGRAMS if not shutil.which(name)]
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
