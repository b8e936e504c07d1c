"""The doctor warns before the processes find no connection to the database."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from broadcast import env
from broadcast.house import connections
from broadcast.house.diagnosis import OK, WARNING, Situation
from broadcast.house.places import Places
from live import process

HERE = Situation(Places(Path(os.environ["YISHI_VAR"])), frozenset())


def test_it_counts_the_threads_that_live_has() -> None:
    kept = process.READ_THREADS + process.COMPOSE_THREADS + 1 + process.WRITE_LANES
    assert kept == connections.LIVE_THREADS


@pytest.mark.parametrize(
    ("allowed", "running", "level"), [(42, 1, OK), (41, 1, WARNING), (41, 0, WARNING), (152, 6, OK)]
)
def test_each_process_has_its_connections_and_something_is_left(allowed: int, running: int, level: str) -> None:
    found = connections.judged(allowed, running)
    assert found.level == level
    assert (f"{connections.needed(max(1, running)) + 10}" in found.mend) == (level == WARNING)


def test_it_knows_processes_by_the_name_of_their_connections(django_db_setup: None) -> None:
    def running() -> str:
        (found,) = connections.room(HERE)
        return found.found.rpartition("; ")[2]

    url = env.read("DATABASE_URL")
    before = int(running().split()[0])
    with psycopg.connect(url, application_name=f"{connections.NAME}7@one"):
        with psycopg.connect(url, application_name=f"{connections.NAME}7@two"):
            assert running() == f"{before + 2} run now"
        with psycopg.connect(url, application_name=f"{connections.NAME}7@one"):
            assert running() == f"{before + 1} run now"
