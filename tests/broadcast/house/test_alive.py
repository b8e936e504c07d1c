"""Whether a process works can be asked from outside, without loading it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from broadcast.house import alive


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the beats lie."""
    monkeypatch.setenv("YISHI_VAR", str(tmp_path))
    return tmp_path / "run"


def test_who_beats_works_until_it_was_silent_too_long(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert alive.main(["tick"]) == 1
    alive.beat("tick")
    assert (alive.main(["tick"]), alive.main(["recorder"])) == (0, 1)
    long_ago = time.time() - alive.FRESH_SECONDS - 5
    os.utime(run / "tick.beat", (long_ago, long_ago))
    assert alive.main(["tick"]) == 1
    assert "last heard of 35 s ago" in capsys.readouterr().out


def test_a_disk_that_takes_no_beat_stops_nobody(run: Path) -> None:
    run.write_text("no folder")
    alive.beat("tick")
    assert alive.main(["tick"]) == 1


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        behind_tls = self.headers["X-Forwarded-Proto"] == "https" and self.headers["Host"] == "localhost"
        self.send_response(200 if behind_tls and self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_an_address_must_answer_and_well(web: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert alive.main([f"http://127.0.0.1:{web}/healthz"]) == 0
    assert alive.main([f"http://127.0.0.1:{web}/elsewhere"]) == 1
    assert "it answers 503" in capsys.readouterr().out
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert alive.main([f"http://127.0.0.1:{port}/healthz"]) == 1
