"""A child and its end: each rung of the ladder, what a recorder's crash leaves, and when a sender is given up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive import runner
from archive.runner import Run
from archive.watching import Progress, Watch, receiving
from broadcast.house import processes

from .making import eventually

STUBBORN = """
import signal, sys, time, subprocess
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"])
print("child", child.pid, file=sys.stderr, flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(7)
"""


def living(pid: int) -> bool:
    found = processes.identify(pid)
    return found is not None and found.alive


@pytest.mark.parametrize(
    ("ignores", "status"), [([], 7), (["SIGINT"], -signal.SIGTERM), (["SIGINT", "SIGTERM"], -signal.SIGKILL)]
)
async def test_each_rung_of_the_ladder_and_the_whole_group_goes(
    ignores: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who listens to the first word is given time to answer it, however busy the machine is.
    monkeypatch.setattr(runner, "_STEP_SECONDS", 1.5 if ignores else 6.0)
    heard: list[str] = []
    run = Run([sys.executable, "-c", STUBBORN, *ignores], name="stubborn", on_words=heard.append)
    await run.start()
    await eventually(lambda: heard)
    grandchild = int(heard[0].split()[1])
    assert living(grandchild)
    ended = await run.stop()
    assert (ended.code, ended.status) == ("stopped", status)
    await eventually(lambda: not living(grandchild))
    assert not living(run.pid)


async def test_a_hard_stop_asks_nobody() -> None:
    run = Run([sys.executable, "-c", STUBBORN, "SIGINT", "SIGTERM"], name="stubborn")
    await run.start()
    assert (await run.stop(hard=True)).status == -signal.SIGKILL


async def test_one_stopped_before_or_while_it_starts_does_not_slip_away() -> None:
    early = Run([sys.executable, "-c", "import time; time.sleep(60)"], name="early")
    assert (await early.stop()).code == "stopped"
    with pytest.raises(ProcessLookupError):
        await early.start()
    assert early.pid == 0
    starting = Run([sys.executable, "-c", "import time; time.sleep(60)"], name="starting")
    begun = asyncio.create_task(starting.start())
    await asyncio.sleep(0)
    ended = await starting.stop(hard=True)
    await begun
    assert ended.status == -signal.SIGKILL
    assert not living(starting.pid)


def test_only_the_very_child_of_the_crashed_recorder_is_ended(tmp_path: Path) -> None:
    ours, strangers = (subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2))
    try:
        runner.remember(tmp_path, ours.pid)
        # The kernel gave this number to somebody else since, before or after a boot.
        identity = processes.identify(strangers.pid)
        assert identity is not None
        reused = {"pid": identity.pid, "started": identity.started - 100, "boot": identity.boot}
        (tmp_path / f"{strangers.pid}.json").write_text(json.dumps(reused))
        booted = {"pid": identity.pid, "started": identity.started, "boot": "00000000-0000-0000-0000-000000000000"}
        (tmp_path / "1.json").write_text(json.dumps(booted))
        (tmp_path / "2.json").write_text("torn")
        (tmp_path / "3.json").write_text(json.dumps({"pid": "4", "started": None}))
        assert runner.end_orphans(tmp_path) == 1
        ours.wait(10)
        assert strangers.poll() is None
        assert list(tmp_path.iterdir()) == []
    finally:
        for each in (ours, strangers):
            each.kill()
            each.wait()


def test_a_child_dies_with_its_recorder_even_before_it_is_noted(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from archive.runner import Run\n"
        "async def main():\n"
        "    run = Run(['sleep', '60'], name='x')\n"
        "    await run.start()\n"
        "    print(run.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, cwd=Path.cwd())
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while living(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not living(pid)
    assert done.returncode == -signal.SIGKILL
    assert os.getpid() != pid


def moved(**facts: float | bool) -> Progress:
    return Progress(frames=25, out_time_us=1, **{"moved_at": 100.0, "moved_first": 90.0, "frames_at": 100.0, **facts})


@pytest.mark.parametrize(
    ("watch", "progress", "now", "code"),
    [
        (receiving(), Progress(), 1e6, ""),
        (receiving(), Progress(begun_at=100.0), 114.0, ""),
        (receiving(), Progress(begun_at=100.0, bytes_at=115.9), 116.0, "no_frames"),
        (receiving(), moved(), 109.0, ""),
        (receiving(), moved(bytes_at=101.0), 111.0, "stalled"),
        (receiving(), moved(bytes_at=110.0), 111.0, "no_frames"),
        (receiving(ends_when_silent=True), moved(), 111.0, "no_frames"),
        (receiving(), moved(moved_at=111.0, has_picture=True), 111.5, "no_picture"),
        (receiving(), moved(moved_at=111.0, has_picture=True, frames_at=None), 111.5, "no_picture"),
        (receiving(), moved(moved_at=111.0, frames_at=None), 111.5, ""),
        (receiving(sound_only=True), moved(moved_at=111.0, has_picture=True), 111.5, ""),
        (receiving(sound_only=True), moved(moved_at=111.0, frames_at=111.0), 111.5, "picture_back"),
        (Watch(stale=None), moved(), 1e6, ""),
    ],
)
def test_why_a_sender_is_given_up(watch: Watch, progress: Progress, now: float, code: str) -> None:
    assert watch.verdict(progress, now) == code
