"""What a house remembers."""

from __future__ import annotations

import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from broadcast.house.places import Places, free_port, port_is_free


def test_secrets_are_kept_and_private(tmp_path: Path) -> None:
    house = Places(tmp_path / "var")
    secret = house.secret("database")
    assert len(secret) >= 50
    assert Places(tmp_path / "var").secret("database") == secret
    assert house.secret("other") != secret
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    house = Places(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: house.secret("database"), range(8)))) == 1


def test_a_port_stays_until_another_is_asked_for(tmp_path: Path) -> None:
    house = Places(tmp_path)
    first = house.port("postgres")
    assert Places(tmp_path).port("postgres") == first
    second = house.new_port("postgres")
    assert house.port("postgres") == second


def test_taken_ports_are_seen() -> None:
    number = free_port()
    with socket.create_server(("127.0.0.1", number)):
        assert not port_is_free(number)
    assert port_is_free(number)


def test_two_folders_are_two_houses(tmp_path: Path) -> None:
    assert Places(tmp_path / "a").house_id != Places(tmp_path / "b").house_id
