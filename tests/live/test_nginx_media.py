"""Recordings behind a real nginx: kept as long as the origin says, and not a moment longer, whatever happens to the origin."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.live import nginx
from tests.live.nginx import VISITOR, Front
from tests.live.test_nginx import connect

SEGMENT = "/media/airings/x/live/aaaaaaaaaaaaaaaaaaaaaa.ts"
KEPT_SECONDS = 1


class Origin(ThreadingHTTPServer):
    """Says of a segment what archive/views.py says, with a shorter time; `answers` is what it does with the next request."""

    answers = "given"
    asked = 0


class _Handler(BaseHTTPRequestHandler):
    server: Origin
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.answers == "away":
            self.close_connection = True
            return
        if self.server.answers == "slow":
            time.sleep(1)
        given = self.server.answers == "given"
        self.send_response(200 if given else 404)
        if given:
            self.send_header("Cache-Control", f"public, max-age=3600, s-maxage={KEPT_SECONDS}, immutable")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"data")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def front(origin: Origin, tmp_path: Path) -> Iterator[Front]:
    if nginx.program() is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    running = Front(origin.server_port, tmp_path / "nginx").start()
    yield running
    running.stop()


def status(front: Front) -> int:
    way = connect(front.port, VISITOR, front.tls)
    way.request("GET", SEGMENT, headers={"Host": "127.0.0.1"})
    found = way.getresponse().status
    way.close()
    return found


@pytest.mark.parametrize("answers", ["gone", "away", "slow"])
def test_a_segment_whose_time_is_over_is_not_served_from_the_cache(front: Front, origin: Origin, answers: str) -> None:
    assert status(front) == 200
    before = origin.asked
    assert status(front) == 200
    assert origin.asked == before, "it is kept"
    origin.answers = answers
    # nginx counts whole seconds.
    time.sleep(KEPT_SECONDS + 1.1)
    found: list[int] = []
    # Many at once: while one asks the origin, the others get nothing old.
    asking = [threading.Thread(target=lambda: found.append(status(front))) for _each in range(6)]
    for each in asking:
        each.start()
    for each in asking:
        each.join(30)
    assert len(found) == 6
    assert 200 not in found
