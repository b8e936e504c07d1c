"""Starting, recognising and ending processes, with real ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from broadcast.house import processes


def shell(log: Path, script: str, **environ: str) -> subprocess.Popen[bytes]:
    return processes.start(["/bin/sh", "-c", script], log=log, environ={"PATH": os.defpath, **environ})


def test_a_process_is_recognised_by_more_than_its_number(tmp_path: Path) -> None:
    child = shell(tmp_path / "log", "exec sleep 60")
    identity = processes.identify(child.pid)
    assert identity is not None
    assert identity.alive
    assert not replace(identity, started=identity.started + 1).alive
    assert not replace(identity, boot="another").alive
    processes.stop(child, signal.SIGTERM, patience_seconds=2)
    assert not identity.alive


def test_one_that_ignores_term_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = shell(log, "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    while "ready" not in processes.tail(log):
        time.sleep(0.02)
    began = time.monotonic()
    processes.stop(child, signal.SIGTERM, patience_seconds=0.3)
    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 3


def test_stopping_takes_what_the_child_started_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = shell(log, "sleep 61 & echo started; wait", **{processes.MARK: "family"})
    while "started" not in processes.tail(log):
        time.sleep(0.02)
    assert len(processes.marked("family")) == 2
    processes.stop(child, signal.SIGTERM, patience_seconds=2)
    deadline = time.monotonic() + 2
    while processes.marked("family") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes.marked("family") == []


def test_the_mark_finds_only_its_own_house(tmp_path: Path) -> None:
    child = shell(tmp_path / "log", "exec sleep 60", **{processes.MARK: "this-house"})
    deadline = time.monotonic() + 2
    while not processes.marked("this-house") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [each.pid for each in processes.marked("this-house")] == [child.pid]
    assert processes.marked("this") == []
    processes.end(processes.marked("this-house"), patience_seconds=2)
    assert child.wait(20) == -signal.SIGTERM


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from broadcast.house import processes\n"
        "child = processes.start(['/bin/sleep', '62'], log=Path(sys.argv[1]), environ={})\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    identity = processes.identify(int(parent.stdout.readline()))
    assert identity is not None
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 2
    while identity.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not identity.alive


@pytest.mark.parametrize("content", ["", "one\n", "\n".join(str(number) for number in range(100))])
def test_tail_gives_the_last_lines(tmp_path: Path, content: str) -> None:
    log = tmp_path / "log"
    log.write_text(content)
    assert processes.tail(log, 3).splitlines() == content.splitlines()[-3:]


def test_tail_of_a_missing_log_is_empty(tmp_path: Path) -> None:
    assert processes.tail(tmp_path / "none") == ""
