"""The launcher's decisions; that it installs is seen in every run of `./yishi test`."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher as a module, over a `var` of its own, on a machine that has neither ffmpeg nor npm."""
    for name in ("YISHI_DATABASE_URL", "YISHI_BUS_URL", "YISHI_FFMPEG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("YISHI_VAR", str(tmp_path / "var"))
    loader = SourceFileLoader("launcher", str(ROOT / "yishi"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module.shutil, "which", lambda name, **_: None)
    return module


def test_up_on_an_empty_machine_needs_servers_and_node(launcher: ModuleType) -> None:
    assert launcher.locks_for("up") == ["base", "embedded", "node"]


def test_up_with_servers_of_ones_own_needs_only_the_base(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_DATABASE_URL", "postgresql://x")
    monkeypatch.setenv("YISHI_BUS_URL", "redis://x")
    monkeypatch.setattr(launcher.shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    assert launcher.locks_for("up") == ["base"]


def test_other_commands_need_only_the_base(launcher: ModuleType) -> None:
    assert launcher.locks_for("doctor") == ["base"]
    assert launcher.locks_for("test") == ["base", "embedded", "edge", "dev", "asr", "node"]
    assert launcher.locks_for("edge", "--port", "8001") == ["base", "edge"]
    assert "edge" in launcher.locks_for("up", "--edges", "2")
    assert "edge" in launcher.locks_for("up", "--edges=2")


def fake_environment(launcher: ModuleType, locks: list[str]) -> None:
    launcher.PYTHON.parent.mkdir(parents=True)
    launcher.PYTHON.symlink_to("/bin/sh")
    stamp = {"python": launcher.interpreter(), "locks": {lock: launcher.digest(lock) for lock in locks}}
    launcher.STAMP.write_text(json.dumps(stamp))


def test_an_environment_is_fresh_while_locks_and_python_stay(launcher: ModuleType) -> None:
    assert not launcher.is_fresh(["base"])
    fake_environment(launcher, ["base", "dev"])
    assert launcher.is_fresh(["base"])
    assert launcher.is_fresh(["base", "dev"])
    assert not launcher.is_fresh(["base", "embedded"])


def test_it_is_stale_when_a_lock_or_the_python_changed(launcher: ModuleType) -> None:
    fake_environment(launcher, ["base"])
    stamp = json.loads(launcher.STAMP.read_text())
    launcher.STAMP.write_text(json.dumps(stamp | {"locks": {"base": "0" * 64}}))
    assert not launcher.is_fresh(["base"])
    launcher.STAMP.write_text(json.dumps(stamp | {"python": "another"}))
    assert not launcher.is_fresh(["base"])
    launcher.STAMP.write_text("torn")
    assert not launcher.is_fresh(["base"])


def test_a_folder_that_cannot_be_written_is_named(launcher: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file in the way")
    with pytest.raises(launcher.Failure, match=str(tmp_path / "var")):
        launcher.ensure_environment(["base"])


def test_an_old_python_can_read_it_far_enough_to_say_that_it_is_too_old() -> None:
    ast.parse((ROOT / "yishi").read_text(), feature_version=(3, 7))


def test_ci_runs_what_a_person_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "./yishi test" in script
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")]).returncode == 0
