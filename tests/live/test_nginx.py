"""Behind nginx as docker/ configures it: who the visitor is, what a stranger may claim, sockets, the cache."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from asgiref.sync import sync_to_async

from broadcast.identity import COOKIE
from broadcast.models import EvidenceRecord
from broadcast.sealing import unseal
from live import overlay_token
from live.queries import overlay as overlays
from live.services import overlay
from tests.live import making, nginx
from tests.live.nginx import PROXY, STRANGER, VISITOR, Front
from tests.live.sockets import Server

FORGED = {
    "X-Forwarded-For": "198.51.100.66",
    "X-Real-Port": "666",
    "X-Real-IP": "198.51.100.66",
    "Forwarded": "for=198.51.100.66",
}
# The name that visitors know; nginx hands it on without the odd port of a test.
ORIGIN = "https://127.0.0.1"

new_show, new_viewer = sync_to_async(making.make_show), sync_to_async(making.make_viewer)


@pytest.fixture
def web(servers: Callable[..., Server]) -> Server:
    return servers({"YISHI_BEHIND_TLS": "1", "YISHI_PROXIES": PROXY})


@pytest.fixture
def front(web: Server, tmp_path: Path) -> Iterator[Front]:
    """nginx before the web process. Others may add their own requests."""
    if nginx.program() is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    running = Front(web.port, tmp_path / "nginx").start()
    yield running
    running.stop()


def connect(port: int, source: str, tls: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    """A connection from `source` whose own port is known."""
    if tls:
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=30, source_address=(source, 0), context=tls)
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))


def post_comment(way: http.client.HTTPConnection, show: making.Show, viewer: making.Actor) -> int:
    """Post a comment with forged headers; returns the port it came from."""
    way.connect()
    port = int(way.sock.getsockname()[1])
    body = json.dumps({"type": "comment.post", "id": making.command_id(), "text": "加装电梯"})
    csrf = secrets.token_hex(16)
    headers = {
        "Cookie": f"{COOKIE}={making.cookie(viewer)}; csrftoken={csrf}",
        "X-CSRFToken": csrf,
        "Content-Type": "application/json",
        "Origin": ORIGIN,
        "Host": "127.0.0.1",
        "X-Forwarded-Proto": "https",
    }
    way.request("POST", f"/live/airings/{show.id}/commands", body, {**headers, **FORGED})
    answer = way.getresponse()
    text = answer.read().decode()
    assert answer.status == 200, text
    assert json.loads(text)["type"] == "ack"
    return port


def told() -> list[dict[str, Any]]:
    """Unsealed evidence, oldest first."""
    return [unseal(each.sealed) for each in EvidenceRecord.objects.order_by("pk")]


def test_evidence_names_the_visitor_and_not_what_a_header_claims(front: Front, web: Server) -> None:
    show, viewer = making.make_show(), making.make_viewer()
    through = post_comment(connect(front.port, VISITOR, front.tls), show, viewer)
    # Past the proxy: the same claims, believed no more.
    past = post_comment(connect(web.port, STRANGER), show, viewer)
    assert [(each["address"], each["port"]) for each in told()] == [(VISITOR, through), (STRANGER, past)]


async def test_a_socket_goes_through_and_its_writes_name_the_visitor(front: Front) -> None:
    show, viewer = await new_show(), await new_viewer()
    async with websockets.connect(
        f"wss://127.0.0.1:{front.port}/live/airings/{show.id}/socket",
        additional_headers={"Cookie": f"{COOKIE}={making.cookie(viewer)}", **FORGED},
        origin=ORIGIN,  # type: ignore[arg-type]
        ssl=front.tls,
        local_addr=(VISITOR, 0),
        proxy=None,
    ) as browser:
        assert json.loads(await browser.recv())["type"] in {"hello", "snapshot"}
        sent = making.command_id()
        await browser.send(json.dumps({"type": "comment.post", "id": sent, "text": "加装电梯"}))
        while (frame := json.loads(await browser.recv())).get("id") != sent:
            pass
        assert frame["type"] == "ack"
        port = browser.local_address[1]
    assert [(each["address"], each["port"]) for each in await sync_to_async(told)()] == [(VISITOR, port)]
    token = await sync_to_async(overlay_link)(show)
    async with websockets.connect(
        f"wss://127.0.0.1:{front.port}/overlay/{token}/socket",
        origin=ORIGIN,  # type: ignore[arg-type]
        ssl=front.tls,
        proxy=None,
    ) as source:
        assert json.loads(await source.recv())["type"] == "overlay"


def overlay_link(show: making.Show) -> str:
    overlay.make_links(making.staff_actor(show.producer), show.id)
    return overlay_token.make(overlays.standing(show.id).links[0])


def test_no_log_has_an_address_that_lets_in_by_itself(front: Front) -> None:
    secret = secrets.token_hex(8)
    closed = [f"/invitations/{secret}/briefing", f"/calendar/private/{secret}.ics", f"/overlay/{secret}/socket"]
    closed += [f"/overlay/{secret}/state", f"/account/invitation/1/{secret}", f"/%69nvitations/{secret}/"]
    closed += [f"/account/social/oidc/back?code={secret}&state={secret}"]
    for address in closed:
        for port, tls in ((front.port, front.tls), (front.plain_port, None)):
            way = connect(port, VISITOR, tls)
            way.request("GET", address, headers={"Host": "127.0.0.1", "User-Agent": "walker"})
            way.getresponse().read()
            way.close()
    way = connect(front.port, VISITOR, front.tls)
    way.request("GET", "/i18n.json?last", headers={"Host": "127.0.0.1", "Referer": f"{ORIGIN}/invitations/{secret}/"})
    way.getresponse().read()
    log = front.folder / "access.log"
    deadline = time.monotonic() + 30
    while "/i18n.json?last" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "/i18n.json?last" in log.read_text()
    assert secret not in log.read_text()
    assert "walker" not in log.read_text(), "nor that somebody opened one"


async def test_a_page_from_elsewhere_gets_no_socket_here_either(front: Front) -> None:
    show = await new_show()
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with websockets.connect(
            f"wss://127.0.0.1:{front.port}/live/airings/{show.id}/socket",
            origin="https://evil.example",  # type: ignore[arg-type]
            ssl=front.tls,
            proxy=None,
        ):
            pass
    assert caught.value.response.status_code == 403


def test_pages_are_served_by_tls_alone(front: Front) -> None:
    plain = connect(front.plain_port, VISITOR)
    plain.request("GET", "/", headers={"Host": "127.0.0.1"})
    answer = plain.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, "https://127.0.0.1/")
    secure = connect(front.port, VISITOR, front.tls)
    secure.request("GET", "/", headers={"Host": "127.0.0.1"})
    page = secure.getresponse()
    assert page.status == 200
    assert "max-age" in (page.getheader("Strict-Transport-Security") or "")
    cookies = page.headers.get_all("Set-Cookie") or []
    assert cookies
    assert all("Secure" in each for each in cookies)
