"""Every variable is declared; a bad value says what was expected and never shows a secret; strangers are named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from broadcast import env


def test_a_bad_value_names_variable_value_and_form() -> None:
    with pytest.raises(env.BadVariable, match=r"YISHI_WEB_PORT is 'eight'; expected a port"):
        env.read("WEB_PORT", {"YISHI_WEB_PORT": "eight"})


def test_an_empty_value_is_the_default() -> None:
    assert env.read("WEB_PORT", {"YISHI_WEB_PORT": ""}) == 8000


def test_a_stranger_is_named_with_its_nearest_neighbour() -> None:
    assert env.unknown({"YISHI_DATABSE_URL": "x", "HOME": "/"}) == [("YISHI_DATABSE_URL", "YISHI_DATABASE_URL")]


@pytest.mark.parametrize("name", [variable.name for variable in env.VARIABLES.values() if variable.secret])
def test_a_secret_has_no_default(name: str) -> None:
    assert not env.read(name, {})


def test_the_production_profile_passes_djangos_own_deployment_check() -> None:
    production = {"YISHI_BEHIND_TLS": "1", "YISHI_HOSTS": "yishi.example.cn", "YISHI_DEMO": "0", "YISHI_DEBUG": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "broadcast", "check", "--deploy", "--fail-level", "WARNING"],
        env={**os.environ, **production},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "key"
    kept.write_text("from-a-file\n")
    told = {"YISHI_SECRET_KEY_FILE": str(kept)}
    assert env.read("SECRET_KEY", told) == "from-a-file"
    assert env.read("SECRET_KEY", {**told, "YISHI_SECRET_KEY": "said"}) == "said"
    assert env.unknown(told) == []
    assert env.unknown({"YISHI_WEB_PORT_FILE": str(kept)})[0][0] == "YISHI_WEB_PORT_FILE"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(env.BadVariable, match=r"YISHI_SECRET_KEY_FILE is .*expected a file that can be read"):
        env.read("SECRET_KEY", {"YISHI_SECRET_KEY_FILE": str(tmp_path / "none")})
