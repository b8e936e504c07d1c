"""docker/compose.yaml says what it must: who can be reached, what each may do, and settings under which Django is content.

No engine runs here. What can be known without one is: the file itself, and our processes in its environment.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from broadcast import env
from broadcast.__main__ import _OWN
from broadcast.house import connections
from broadcast.house.places import ROOT

DOCKER = ROOT / "docker"
OURS = {"setup", "web", "edge", "worker", "tick", "recorder"}
_SHORT = re.compile(r"\$\{(\w+):-([^}]*)\}")


def read(environ: dict[str, str]) -> dict[str, Any]:
    """As compose reads it: variables put in, anchors merged, `$$` a dollar."""
    text = _SHORT.sub(lambda found: environ.get(found[1]) or found[2], (DOCKER / "compose.yaml").read_text())
    assert "${" not in text
    return dict(yaml.safe_load(text.replace("$$", "$")))


@pytest.fixture(scope="module")
def filled() -> dict[str, str]:
    """example.env as an operator would fill it in."""
    lines = [line for line in (DOCKER / "example.env").read_text().splitlines() if line and not line.startswith("#")]
    values = dict(line.split("=", 1) for line in lines)
    return {name: value or "填好" for name, value in values.items()}


@pytest.fixture(scope="module")
def composed(filled: dict[str, str]) -> dict[str, Any]:
    return read(filled)


@pytest.fixture(scope="module")
def services(composed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(composed["services"])


def seconds(words: str) -> int:
    return int(words.removesuffix("s"))


def test_nothing_is_published_but_nginx_and_the_gates_for_streams(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert published == {"nginx": ["80:80", "443:443"], "recorder": ["9000-9015:9000-9015/udp", "1935:19350"]}


def test_who_needs_no_way_out_has_none(services: dict[str, dict[str, Any]], composed: dict[str, Any]) -> None:
    assert composed["networks"]["inside"]["internal"] is True
    for name in ("postgres", "valkey", "s3"):
        assert services[name]["networks"] == ["inside"]
    # nginx reaches those it passes requests to, and neither database nor bus.
    assert set(services["nginx"]["networks"]) == {"front"}
    address = services["nginx"]["networks"]["front"]["ipv4_address"]
    assert {service["environment"]["YISHI_PROXIES"] for name, service in services.items() if name in OURS} == {address}


def test_every_container_is_kept_in(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert not service.get("privileged"), name
    for name in OURS:
        assert "cap_add" not in services[name], name


def test_whoever_serves_is_watched(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"setup"}


def test_all_of_ours_are_one_image_and_another_command(services: dict[str, dict[str, Any]]) -> None:
    assert len({services[name]["image"] for name in OURS}) == 1
    commands = {name: services[name]["command"] for name in OURS - {"setup"}}
    assert len({tuple(command) for command in commands.values()}) == len(commands)
    for name, command in commands.items():
        if command[0] == "broadcast":
            done = subprocess.run(
                [sys.executable, "-m", "broadcast", command[1], "--help"], capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, (name, done.stderr)
            # Options of ours, and no others.
            assert all(word in done.stdout for word in command if word.startswith("--")), (name, done.stdout)


def test_a_stop_waits_until_all_viewers_were_sent_elsewhere(services: dict[str, dict[str, Any]]) -> None:
    for name in ("web", "edge"):
        drain = int(services[name]["environment"]["YISHI_DRAIN_SECONDS"])
        assert seconds(services[name]["stop_grace_period"]) >= drain + 10


def test_how_many_edges_is_one_number(filled: dict[str, str]) -> None:
    for number in ("2", "5"):
        assert read({**filled, "EDGES": number})["services"]["edge"]["deploy"]["replicas"] == int(number)
    assert "server edge:8000 resolve;" in (DOCKER / "nginx" / "nginx.conf").read_text()


def test_the_connections_are_enough_for_the_edges_of_the_example(filled: dict[str, str]) -> None:
    assert connections.needed(int(filled["EDGES"]) + 1) <= int(filled["POSTGRES_CONNECTIONS"])
    # What the composition's comment promises.
    assert connections.needed(6 + 1) <= 200


def test_what_is_mounted_is_there(services: dict[str, dict[str, Any]], composed: dict[str, Any]) -> None:
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if not source.startswith("."):
                assert source in composed["volumes"]
            elif source != "./tls":
                assert (DOCKER / source).exists(), source


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path, composed: dict[str, Any]) -> None:
    script = Path(shutil.copy(DOCKER / "secrets.sh", tmp_path))
    subprocess.run([script], check=True)
    made = {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}
    assert {f"./secrets/{name}" for name in made} == {each["file"] for each in composed["secrets"].values()}
    assert len(made["secret_key"]) >= 50
    assert made["postgres_password"] in made["database_url"]
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    subprocess.run([script], check=True)
    assert made == {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}
    ignored = (ROOT / ".gitignore").read_text() + (DOCKER / "Dockerfile.dockerignore").read_text()
    assert ignored.count("docker/secrets") == ignored.count("docker/.env") == 2


@pytest.fixture(scope="module")
def production(
    services: dict[str, dict[str, Any]], filled: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The environment of the web's container, but for where the servers are."""
    folder = tmp_path_factory.mktemp("secrets")
    told = {**filled, **services["web"]["environment"], "YISHI_VAR": str(tmp_path_factory.mktemp("var"))}
    for name in services["web"]["secrets"]:
        (folder / name).write_text(env.read("DATABASE_URL") if name == "database_url" else "0123456789abcdef" * 4)
    told = {name: value.replace("/run/secrets/", f"{folder}/") for name, value in told.items()}
    told["YISHI_BUS_URL"] = env.read("BUS_URL")
    told["YISHI_STATIC_ROOT"] = os.environ.get("YISHI_STATIC_ROOT", f"{os.environ['YISHI_VAR']}/static")
    return {"PATH": os.environ["PATH"], **{name: value for name, value in told.items() if name.startswith("YISHI_")}}


def test_every_variable_is_one_of_ours(production: dict[str, str]) -> None:
    assert env.unknown(production) == []
    for name in env.VARIABLES:
        env.read(name.removeprefix(env.PREFIX), production)


def test_django_finds_nothing_to_say_about_the_deployment(production: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "broadcast", "check", "--deploy", "--fail-level", "WARNING"],
        env=production, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_own_commands_it_uses_are_there() -> None:
    assert "alive" in _OWN
