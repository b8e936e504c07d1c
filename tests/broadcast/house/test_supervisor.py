"""Supervision watched from outside: real processes, real kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broadcast.house import processes
from tests.broadcast.house.patience import soon

SCRIPT = Path(__file__).with_name("supervised.py")
Start = Callable[..., "Watched"]


class Watched:
    """The supervisor's process and what it said."""

    def __init__(self, folder: Path, commands: tuple[str, ...]) -> None:
        self.folder = folder
        self.said = folder / "said"
        with self.said.open("wb") as out:
            self.process = subprocess.Popen([sys.executable, str(SCRIPT), str(folder), *commands], stdout=out)
        self.wait_for(lambda: "running" in self.said.read_text())

    def pid(self, name: str) -> int:
        self.wait_for((self.folder / f"{name}.pid").exists)
        return int((self.folder / f"{name}.pid").read_text())

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    @property
    def living(self) -> list[int]:
        return [each.pid for each in processes.marked(self.folder.name)]

    def wait_for(self, happened: Callable[[], bool], seconds: float = 20.0) -> float:
        """Returns how long it took."""
        began = time.monotonic()
        while not happened():
            assert time.monotonic() - began < seconds, self.said.read_text()
            time.sleep(0.01)
        return time.monotonic() - began

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)
        self.process.wait(10)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Start]:
    started: list[Watched] = []

    def start(*commands: str) -> Watched:
        started.append(Watched(tmp_path, commands))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        processes.end(processes.marked(tmp_path.name), patience_seconds=1)


def test_a_killed_child_is_back_within_two_seconds(supervise: Start) -> None:
    house = supervise("web=exec sleep 60")
    for _ in range(2):
        before = house.pid("web")
        os.kill(before, signal.SIGKILL)
        assert house.wait_for(lambda: house.pid("web") != before) < soon()  # noqa: B023
    house.stop()


def test_one_that_keeps_dying_young_is_not_restarted_in_a_busy_loop(supervise: Start) -> None:
    house = supervise("bad=echo tried; exit 3")
    time.sleep(3)
    house.stop()
    assert 4 <= house.log("bad").count("tried") <= 6
    assert "exit 3" in house.said.read_text()
    assert "bad | tried" in house.said.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_leaves_nothing(supervise: Start, number: signal.Signals) -> None:
    house = supervise("web=sleep 60 & setsid sleep 60 & wait", "stubborn=trap '' TERM; while :; do sleep 0.1; done")
    house.wait_for(lambda: len(house.living) >= 5)
    house.stop(number)
    assert house.process.returncode == 0
    assert house.living == []
    assert f"asked by {number.name}" in house.said.read_text()


def test_what_uses_the_servers_ends_before_them(supervise: Start) -> None:
    stamp = "trap 'date +%s%N > $0.ended; exit 0' TERM; while :; do sleep 0.05; done"
    house = supervise(
        f"server={stamp.replace('$0', 'server')}",
        f"web={stamp.replace('$0', 'web').replace('date', 'sleep 0.3; date')}",
    )
    time.sleep(0.3)
    house.stop()
    server, web = (int((house.folder / f"{name}.ended").read_text()) for name in ("server", "web"))
    assert web < server


def test_a_second_ctrl_c_hurries(supervise: Start) -> None:
    house = supervise(*(f"slow{number}=trap '' TERM; while :; do sleep 0.1; done" for number in range(2)))
    house.process.send_signal(signal.SIGINT)
    house.wait_for(lambda: "asked by" in house.said.read_text())
    house.process.send_signal(signal.SIGINT)
    house.process.wait(1.0)
    assert house.living == []


def test_what_a_killed_child_leaves_behind_is_ended(supervise: Start) -> None:
    house = supervise("recorder=setsid sleep 60 & exec sleep 61")
    house.wait_for(lambda: len(house.living) == 2)
    left = set(house.living)
    os.kill(house.pid("recorder"), signal.SIGKILL)
    house.wait_for(lambda: not left & set(house.living), 3)
    house.wait_for(lambda: len(house.living) == 2)
    house.stop()


def test_children_die_when_the_supervisor_is_killed(supervise: Start) -> None:
    house = supervise("web=exec sleep 60", "worker=exec sleep 60")
    house.wait_for(lambda: len(house.living) == 2)
    house.process.kill()
    house.process.wait()
    house.wait_for(lambda: house.living == [], 2)
