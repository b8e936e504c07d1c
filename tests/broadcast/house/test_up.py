"""The whole house: real servers and real children, killed in turn, from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from broadcast.house import processes
from broadcast.house.environment import completed
from broadcast.house.places import Places, free_port
from broadcast.house.state import State
from tests.broadcast.house.patience import soon

pytestmark = pytest.mark.timeout(400)


class Up:
    """One `up` over a folder and port of its own."""

    def __init__(self, var: Path) -> None:
        self.places = Places(var)
        self.port = free_port()
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("YISHI_")}
        self.environ |= {
            "YISHI_VAR": str(var),
            "YISHI_RTMP_PORT": str(free_port()),
            "YISHI_SRT_PORT_FIRST": str(free_port()),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        return [sys.executable, "-P", "-m", "broadcast", "up", "--no-demo", "--port", str(self.port)]

    @property
    def said(self) -> str:
        return (self.places.var / "said").read_text()

    def start(self) -> None:
        self.places.prepare()
        with (self.places.var / "said").open("wb") as out:
            self.process = subprocess.Popen(self.command(), env=self.environ, stdout=out, stderr=out, cwd="/")
        self.wait_for(lambda: "up in" in self.said, 300)

    def wait_for(self, happened: Callable[[], bool], seconds: float) -> float:
        began = time.monotonic()
        while not happened():
            assert self.process is None or self.process.poll() is None, self.said
            assert time.monotonic() - began < seconds, self.said
            time.sleep(0.02)
        return time.monotonic() - began

    def pid(self, name: str) -> int:
        return int(State(self.places).read()["children"][name]["pid"])

    @property
    def healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def urls(self) -> dict[str, str]:
        return completed(self.environ, self.places)

    @property
    def living(self) -> list[processes.Identity]:
        return State(self.places).left_behind()

    def kill(self, name: str) -> float:
        """kill -9; returns the seconds until another process stands in its place."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        return self.wait_for(lambda: self.pid(name) != before, 10)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="yishi-up-"))
    folder.chmod(0o711)
    house = Up(folder / "a folder with spaces")
    house.start()
    yield house
    if house.process and house.process.poll() is None:
        house.stop()
    processes.end(house.living)
    shutil.rmtree(folder, ignore_errors=True)


def query(up: Up, text: str) -> object:
    with psycopg.connect(up.urls["YISHI_DATABASE_URL"], connect_timeout=2) as connection:
        row = connection.execute(text).fetchone()  # type: ignore[call-overload]
    return row[0] if row else None


def answers(up: Up, text: str = "select 1") -> bool:
    try:
        return query(up, text) == 1
    except psycopg.Error:
        return False


def test_it_is_up_on_loopback_only(up: Up) -> None:
    assert up.healthy
    assert f"http://127.0.0.1:{up.port}/" in up.said
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True) if shutil.which("ss") else None
    if listening:
        assert f"0.0.0.0:{up.port}" not in listening.stdout


def test_a_second_up_is_refused_with_the_address_of_the_first(up: Up) -> None:
    second = subprocess.run(up.command(), env=up.environ, capture_output=True, text=True, timeout=120)
    assert second.returncode == 1
    assert f"already running: http://127.0.0.1:{up.port}/" in second.stdout
    assert up.healthy


@pytest.mark.parametrize("name", ["web", "worker", "tick", "recorder"])
def test_a_killed_process_is_back_within_two_seconds(up: Up, name: str) -> None:
    assert up.kill(name) < soon()
    up.wait_for(lambda: up.healthy, 60)


def test_the_database_is_back_within_two_seconds_with_all_that_was_acknowledged(up: Up) -> None:
    with psycopg.connect(up.urls["YISHI_DATABASE_URL"]) as connection:
        connection.execute("create table if not exists kept as select 1 as n")
    os.kill(up.pid("postgres"), signal.SIGKILL)
    assert up.wait_for(lambda: answers(up, "select n from kept"), 10) < soon()
    up.wait_for(lambda: up.healthy, 60)


def test_the_bus_is_back_within_two_seconds(up: Up) -> None:
    client = redis.Redis.from_url(up.urls["YISHI_BUS_URL"], retry=None)
    client.set("kept", "yes")
    time.sleep(1.5)  # written to disk every second
    os.kill(up.pid("valkey"), signal.SIGKILL)

    def back() -> bool:
        try:
            return client.get("kept") == b"yes"
        except redis.RedisError:
            return False

    assert up.wait_for(back, 10) < soon()


def test_after_kill_9_of_the_supervisor_the_next_up_goes_on_with_the_data(up: Up) -> None:
    assert up.process is not None
    before = up.living
    assert len(before) >= 5
    up.process.kill()
    up.process.wait()
    up.start()
    assert not [each for each in before if each.alive]
    assert up.healthy
    assert answers(up, "select n from kept")


def test_no_secret_stands_in_a_command_line(up: Up) -> None:
    secrets = json.loads((up.places.var / "secrets.json").read_text())
    assert {"secret_key", "postgres_yishi", "valkey"} <= set(secrets)
    lines = [Path(f"/proc/{each.pid}/cmdline").read_text() for each in up.living]
    assert not [line for line in lines for secret in secrets.values() if secret in line]


def test_doctor_sees_the_running_house(up: Up) -> None:
    command = [sys.executable, "-P", "-m", "broadcast", "doctor", "--json"]
    done = subprocess.run(command, env=up.environ, capture_output=True, text=True, timeout=120, cwd="/")
    levels = {each["name"]: each["level"] for each in json.loads(done.stdout)}
    for name in ("database", "durability", "migrations", "bus", "broker", "cache", "web port"):
        assert levels[name] == "ok", done.stdout
    # "changed since" when somebody edits a script while this runs.
    assert levels["static files"] in {"ok", "warning"}, done.stdout
    assert levels["footer"] == "bad", "no demo: what the law wants is missing"
    assert f"{up.port} in use while Yishi runs" in done.stdout
    assert done.returncode == 1


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_storm_of_kills_loses_nothing_that_was_acknowledged(up: Up) -> None:
    names = ["postgres", "valkey", "web", "worker", "tick", "recorder"]
    with psycopg.connect(up.urls["YISHI_DATABASE_URL"]) as connection:
        connection.execute("create table storm (n int primary key)")
    acknowledged = []
    for number in range(60):
        with contextlib.suppress(ProcessLookupError):
            os.kill(up.pid(random.choice(names)), signal.SIGKILL)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            with contextlib.suppress(psycopg.Error), psycopg.connect(up.urls["YISHI_DATABASE_URL"]) as connection:
                connection.execute("insert into storm values (%s)", [len(acknowledged) + number * 100_000])
                connection.commit()
                acknowledged.append(len(acknowledged) + number * 100_000)
    up.wait_for(lambda: up.healthy, 60)
    with psycopg.connect(up.urls["YISHI_DATABASE_URL"]) as connection:
        kept = {row[0] for row in connection.execute("select n from storm")}
    assert set(acknowledged) <= kept
    assert len(acknowledged) > 1000


def test_ctrl_c_leaves_nothing_and_says_so(up: Up) -> None:
    assert up.stop() == 0
    assert up.living == []
    assert up.said.rstrip().endswith("all stopped")
    assert not State(up.places).held


def test_a_taken_web_port_is_refused_with_a_way_out(up: Up) -> None:
    with socket.create_server(("127.0.0.1", up.port)):
        refused = subprocess.run(up.command(), env=up.environ, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1
    assert f"port {up.port} on 127.0.0.1 is taken" in refused.stdout
    assert "--port" in refused.stdout
