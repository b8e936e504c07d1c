"""The doctor says what it found, what it expected and how to mend it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from broadcast import registry
from broadcast.house import diagnosis, production
from broadcast.house.diagnosis import BAD, OK, WARNING, Finding, Situation
from broadcast.house.places import Places, free_port
from broadcast.registry import Registry

HERE = Situation(Places(Path(os.environ["YISHI_VAR"])), frozenset())


def only(findings: list[Finding], name: str) -> Finding:
    return next(each for each in findings if each.name == name)


def test_an_unknown_variable_is_named_with_its_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_DATABSE_URL", "postgresql://x")
    found = only(list(diagnosis.variables(HERE)), "YISHI_DATABSE_URL")
    assert (found.level, found.mend) == (WARNING, "use YISHI_DATABASE_URL")


def test_a_bad_value_is_named_with_the_form_it_should_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_WEB_PORT", "eight thousand")
    found = only(list(diagnosis.variables(HERE)), "YISHI_WEB_PORT")
    assert found.level == BAD
    assert "eight thousand" in found.found
    assert found.expected == "a port"


def test_a_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_SECRET_KEY", "short")
    assert "short" not in str(list(diagnosis.variables(HERE)))


@pytest.mark.django_db
def test_the_servers_of_this_run_are_found_good_but_not_durable() -> None:
    findings = list(diagnosis.database(HERE))
    assert only(findings, "database").level == OK
    durability = only(findings, "durability")
    assert (durability.level, "fsync=off" in durability.found) == (BAD, True)
    assert {each.name: each.level for each in diagnosis.redis_servers(HERE)} == {"bus": OK, "broker": OK, "cache": OK}


def test_a_server_that_is_away_is_a_finding_not_a_crash(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("YISHI_DATABASE_URL", f"postgresql://a:b@127.0.0.1:{free_port()}/c")
    settings.BUS_URL = f"redis://127.0.0.1:{free_port()}/0"
    told = Situation(HERE.places, frozenset({"YISHI_DATABASE_URL"}))
    database = only(list(diagnosis.database(told)), "database")
    assert (database.level, database.mend) == (BAD, "start it, or correct YISHI_DATABASE_URL")
    bus = only(list(diagnosis.redis_servers(HERE)), "bus")
    assert (bus.level, bus.mend) == (BAD, "run ./yishi up")


def test_a_taken_port_is_bad_unless_we_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("YISHI_WEB_PORT", str(other.getsockname()[1]))
        found = only(list(diagnosis.ports(HERE)), "web port")
    assert (found.level, "YISHI_WEB_PORT" in found.mend) == (BAD, True)


def test_a_full_disk_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**8}))
    assert only(list(diagnosis.disk(HERE)), "disk").level == BAD


def test_apps_add_what_they_check(monkeypatch: pytest.MonkeyPatch) -> None:
    checks: Registry[Any] = Registry("doctor check")
    checks.register("carriage", lambda: [("a broken wheel", "four wheels", "mend it"), ("a road", "a road", "")])
    monkeypatch.setattr(registry, "doctor_checks", checks)
    found = list(diagnosis.registered(HERE))
    assert [(each.level, each.found) for each in found] == [(BAD, "a broken wheel"), (OK, "a road")]


def test_a_public_house_must_show_what_the_law_wants(settings: Any) -> None:
    settings.DEMO, settings.DEBUG = False, False
    assert {each.level for each in production.footer(HERE) if each.mend} == {BAD}
    settings.DEMO = True
    assert {each.level for each in production.footer(HERE) if each.mend} == {WARNING}


def test_debug_is_never_good(settings: Any) -> None:
    settings.DEBUG = True
    assert next(production.switches(HERE)).level == BAD


def test_a_short_secret_key_is_bad(settings: Any) -> None:
    settings.SECRET_KEY = "change me"
    assert next(production.secret_key(HERE)).level == BAD


def test_for_machines_it_speaks_json_and_by_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "broadcast", "doctor", "--json"], capture_output=True, text=True, timeout=60
    )
    findings = json.loads(done.stdout)
    assert {"name", "level", "found", "expected", "mend"} == set(findings[0])
    assert done.returncode == (1 if any(each["level"] == BAD for each in findings) else 0)
    assert all(each["mend"] or each["expected"] for each in findings if each["level"] == BAD)
