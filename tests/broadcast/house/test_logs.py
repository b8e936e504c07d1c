"""Logs are kept short without losing the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcast.house import logs


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "ROTATE_AT_BYTES", 10)
    monkeypatch.setattr(logs, "ROTATE_AT_START_BYTES", 10)


@pytest.mark.usefixtures("short")
def test_a_long_log_is_put_away_while_its_writer_goes_on(tmp_path: Path) -> None:
    keeper = logs.Logs(tmp_path)
    keeper.begin("web")
    with keeper.file("web").open("ab", buffering=0) as writer:
        for number in range(5):
            writer.write(f"round {number}, long enough\n".encode())
            keeper.rotate()
        writer.write(b"new\n")
    assert keeper.file("web").read_text() == "new\n"
    assert [(tmp_path / f"web.log.{n}").read_text()[:7] for n in (1, 2, 3)] == ["round 4", "round 3", "round 2"]
    assert not (tmp_path / "web.log.4").exists()


@pytest.mark.usefixtures("short")
def test_a_restart_within_one_run_does_not_put_the_log_away(tmp_path: Path) -> None:
    keeper = logs.Logs(tmp_path)
    keeper.begin("web")
    keeper.file("web").write_text("the reason why it died\n")
    keeper.begin("web")
    assert "reason" in keeper.file("web").read_text()
