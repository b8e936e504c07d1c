"""The database server of the house: durable settings, recovery, and what killed servers leave behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from broadcast.house import processes
from broadcast.house.places import Places
from broadcast.house.postgres import Postgres, ServerFailed
from tests.broadcast.house.patience import soon


@pytest.fixture
def server() -> Iterator[Postgres]:
    # Servers of root run under another account, which may not enter pytest's own private folder.
    folder = Path(tempfile.mkdtemp(prefix="yishi-house-"))
    folder.chmod(0o711)
    yield Postgres(Places(folder / "var"))
    shutil.rmtree(folder)


def start(server: Postgres) -> int:
    server.prepare()
    process = processes.start(
        server.command(),
        log=server.places.logs / "postgres.log",
        environ={"PATH": os.defpath},
        account=server.account,
        death_signal=server.stop_signal,
        folder=server.data,
    )
    deadline = time.monotonic() + 20
    while not server.answers():
        assert process.poll() is None, processes.tail(server.places.logs / "postgres.log")
        assert time.monotonic() < deadline
        time.sleep(0.02)
    _started.append(process)
    return process.pid


_started: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    while _started:
        processes.stop(_started.pop(), signal.SIGINT, patience_seconds=5)


def test_an_acknowledged_row_survives_kill_9_and_the_server_is_soon_back(server: Postgres) -> None:
    pid = start(server)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept select generate_series(1, 10000)")
    os.kill(pid, signal.SIGKILL)
    _started.pop().wait()
    began = time.monotonic()
    for _ in range(20):
        try:
            start(server)
            break
        except AssertionError:
            time.sleep(0.1)
    assert time.monotonic() - began < soon()
    with psycopg.connect(server.url) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row == (10000,)


def test_it_is_durable_and_listens_on_loopback_only(server: Postgres) -> None:
    start(server)
    with psycopg.connect(server.url) as connection:
        values = [
            connection.execute(f"show {name}").fetchone()[0]  # type: ignore[index]
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "server_encoding")
        ]
        superuser = connection.execute("select usesuper from pg_user where usename = current_user").fetchone()
    assert values == ["on", "on", "on", "127.0.0.1", "UTF8"]
    assert superuser == (False,)


def test_a_wrong_password_is_refused(server: Postgres) -> None:
    start(server)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url.replace("yishi:", "yishi:x"))


def test_the_pid_file_of_a_machine_that_lost_power_is_no_hindrance(server: Postgres) -> None:
    start(server)
    processes.stop(_started.pop(), signal.SIGINT, patience_seconds=5)
    # Our own number: a living process, but no server of this folder.
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    assert server.running() is None
    start(server)
    assert server.running() is not None


def test_data_of_another_release_is_refused_with_a_way_out(server: Postgres) -> None:
    server.prepare()
    (server.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServerFailed, match=r"15.*18.*dump"):
        server.prepare()


def test_a_half_made_cluster_is_made_anew(server: Postgres) -> None:
    server.places.prepare()
    half = server.data.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    start(server)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change accounts")
def test_root_never_runs_it_as_root_nor_opens_a_closed_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("closed")
    home.chmod(0o700)
    server = Postgres(Places(home / "var"))
    pid = start(server)
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert home.stat().st_mode & 0o777 == 0o700
    assert not server.data.is_relative_to(home)
    assert (home / "var" / "postgres").resolve() == server.data
    processes.stop(_started.pop(), signal.SIGINT, patience_seconds=5)
    shutil.rmtree(server.data.parent)
