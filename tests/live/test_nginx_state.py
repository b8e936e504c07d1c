"""The overflow lane behind a real nginx: the origin's work does not grow with those who ask, nobody's own is kept, nothing is kept long."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broadcast.identity import COOKIE
from broadcast.models import Episode, Programme
from broadcast.models.catalogue import Assurance
from live import state as states
from tests.live import making, nginx
from tests.live.nginx import PROXY, VISITOR, Front
from tests.live.relay import Relay
from tests.live.sockets import Server
from tests.live.test_nginx import connect

# What browsers of all ages send.
ENCODINGS = ("gzip, deflate, br, zstd", "gzip, deflate, br", "gzip;q=1.0, identity; q=0.5", "GZIP", "br;q=1, gzip")


@pytest.fixture
def web(servers: Callable[..., Server]) -> Server:
    return servers({"YISHI_BEHIND_TLS": "1", "YISHI_PROXIES": PROXY})


@pytest.fixture
def relay(web: Server) -> Iterator[Relay]:
    running = Relay(web.port)
    yield running
    running.close()


@pytest.fixture
def front(relay: Relay, tmp_path: Path) -> Iterator[Front]:
    if nginx.program() is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    running = Front(relay.port, tmp_path / "nginx").start()
    yield running
    running.stop()


class Browser:
    """One that keeps its connection."""

    def __init__(self, front: Front) -> None:
        self._way = connect(front.port, VISITOR, front.tls)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer, its body read and kept as `.content`."""
        self._way.request("GET", path, headers={"Host": "127.0.0.1", **headers})
        answer = self._way.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined]
        return answer


def body(answer: http.client.HTTPResponse) -> bytes:
    found: bytes = answer.content  # type: ignore[attr-defined]
    return gzip.decompress(found) if answer.getheader("Content-Encoding") == "gzip" else found


def state_of(show: making.Show) -> str:
    return f"/live/airings/{show.id}/state"


def crowd(front: Front, path: str, browsers: int, seconds: float) -> tuple[int, float]:
    """So many browsers ask as fast as they can, each with its own cookie, encoding and query; returns answers and how long it took."""
    answers = []
    began = time.monotonic()

    def ask(number: int) -> None:
        browser = Browser(front)
        headers = {"Cookie": f"{COOKIE}=guest-{number}", "Accept-Encoding": ENCODINGS[number % len(ENCODINGS)]}
        while time.monotonic() < began + seconds:
            answers.append(browser.get(f"{path}?n={number}", **headers).status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(browsers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(answers) == {200}
    return len(answers), time.monotonic() - began


def test_the_origin_is_asked_once_a_second_however_many_ask(front: Front, relay: Relay) -> None:
    show = making.make_show()
    path = state_of(show)
    Browser(front).get(path, **{"Accept-Encoding": "gzip"})
    asked = []
    for browsers in (1, 12):
        before = relay.asked.total()
        answers, seconds = crowd(front, path, browsers, 2.5)
        asked.append(relay.asked.total() - before)
        # One for each second that began, and one that was on its way.
        assert asked[-1] <= seconds + 2, f"{answers} answers, {asked[-1]} requests to the origin in {seconds:.1f} s"
        assert answers > 20 * asked[-1]
    assert set(relay.asked) == {path}, "neither queries nor others' spelling reach it"


def test_it_is_the_same_state_in_both_forms_and_not_sent_twice(front: Front) -> None:
    show = making.make_show()
    browser = Browser(front)
    deadline = time.monotonic() + 60
    while True:
        packed = browser.get(state_of(show), **{"Accept-Encoding": ENCODINGS[0]})
        plain = browser.get(state_of(show), **{"Accept-Encoding": "gzip;q=0, identity"})
        if states.loaded(body(packed)).position == states.loaded(body(plain)).position > (0, 1):
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert packed.getheader("Content-Encoding") == "gzip"
    assert plain.getheader("Content-Encoding") is None
    assert body(packed) == body(plain)
    assert packed.getheader("Cache-Control") == "public, max-age=1, stale-while-revalidate=1, stale-if-error=60"
    assert "poll=" in str(packed.getheader("Yishi-Pace"))
    assert packed.getheader("Set-Cookie") is None
    for _try in range(50):
        last = browser.get(state_of(show))
        again = browser.get(state_of(show), **{"If-None-Match": str(last.getheader("ETag"))})
        if again.status == 304:
            assert body(again) == b""
            return
    pytest.fail("the same state was always sent whole")


def test_while_the_origin_is_away_the_last_state_is_served(front: Front, relay: Relay) -> None:
    show = making.make_show()
    browser = Browser(front)
    before = json.loads(body(browser.get(state_of(show))))
    for fault in (relay.cut, relay.hang):
        fault()
        # Longer than it may be served without asking.
        time.sleep(2.2)
        began = time.monotonic()
        answer = browser.get(state_of(show))
        assert answer.status == 200
        assert json.loads(body(answer))["objects"] == before["objects"]
        assert time.monotonic() - began < 15
    relay.restore()


def test_what_was_withdrawn_leaves_the_cache(front: Front) -> None:
    show = making.make_show()
    browser = Browser(front)
    assert "第" in body(browser.get(state_of(show))).decode()
    Episode.objects.filter(pk=show.episode.pk).update(publication=Episode.Publication.WITHDRAWN)
    deadline = time.monotonic() + 30
    while True:
        answer = browser.get(state_of(show))
        if answer.status == 404 or json.loads(body(answer))["objects"][0].get("withdrawn"):
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_room_for_some_is_never_kept_and_has_its_own_address(front: Front, relay: Relay) -> None:
    show = making.make_show(audience=Programme.Audience.MEMBERS)
    member = making.make_viewer(Assurance.MEMBER)
    cookies = {"Cookie": f"{COOKIE}={making.cookie(member)}"}
    browser = Browser(front)
    # No visitor's cookie goes with the public address, so nobody's state can come back by it.
    assert browser.get(state_of(show), **cookies).status == 404
    private = f"{state_of(show)}/private"
    statuses = {browser.get(private).status, browser.get(private, **{"Cookie": f"{COOKIE}=forged"}).status}
    assert statuses == {404}
    before = relay.asked[private]
    for _each in range(3):
        answer = browser.get(private, **cookies)
        assert "public" not in str(answer.getheader("Cache-Control"))
    assert relay.asked[private] == before + 3, "each was asked of the origin"
    mine = f"/live/airings/{show.id}/mine"
    for _each in range(2):
        browser.get(mine, **cookies)
    assert relay.asked[mine] == 2
