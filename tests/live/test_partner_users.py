"""A partner's page beside ours: who its user is comes with the first frame, or with a header; one person, one ballot."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import OperationalError

from broadcast.identity import COOKIE, Visitor
from broadcast.models import Participant
from live import introduction
from live.models import Ballot, BallotCast
from live.process import Live
from live.protocol import CloseCode
from tests.live import making
from tests.live.sockets import Server, Socket

KEY = ed25519.Ed25519PrivateKey.generate()
ORIGIN, HOUSE = "https://app.example", "https://house.example"
FEW = {"YISHI_LIMITS": "sockets_person=2"}
new_show, new_poll = sync_to_async(making.make_show), sync_to_async(making.make_poll)


def token(subject: str = "user-1", **claims: Any) -> str:
    now = int(time.time())
    told = {"iss": "city-app", "aud": HOUSE, "sub": subject, "iat": now, "exp": now + 300, "jti": uuid.uuid4().hex}
    return jwt.encode(told | claims, KEY, algorithm="EdDSA", headers={"kid": "k1"})


def post(server: Server, path: str, bearer: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}", "Origin": ORIGIN}
    return httpx.post(f"{server.http}{path}", json=body, headers=headers, timeout=10)


async def introduced(socket: Socket, text: str) -> dict[str, Any]:
    await socket.send_raw(json.dumps({"type": "introduce", "token": text}))
    return await socket.wait(lambda frame: frame["type"] in {"introduced", "error"})


async def test_trouble_of_ours_sends_nobody_away_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a refused token never comes back; whoever only came at a bad moment must."""
    told: list[dict[str, Any]] = []

    async def send(frame: dict[str, Any]) -> None:
        told.append(frame)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.receive", "text": json.dumps({"type": "introduce", "token": "x"})}

    async def silence() -> dict[str, Any]:
        await asyncio.sleep(3_600)
        return {}

    def trouble(*_given: object) -> None:
        raise OperationalError("the database is away")

    live, visitor = Live(), Visitor(None, "zh-hans", "192.0.2.1", 1, "", "")
    try:
        assert await introduction.hear(live, visitor, receive, send) == CloseCode.NOT_ALLOWED
        assert len(told) == 1
        monkeypatch.setattr(introduction, "PATIENCE_SECONDS", 0.01)
        assert await introduction.hear(live, visitor, silence, send) == CloseCode.FULL
        monkeypatch.setattr(introduction.partners, "enter", trouble)
        assert await introduction.hear(live, visitor, receive, send) == CloseCode.FULL
        monkeypatch.setattr(introduction, "WAITING_MOST", 0)
        assert await introduction.hear(live, visitor, receive, send) == CloseCode.FULL
    finally:
        await live.entering.close()
    assert len(told) == 1


async def test_a_partners_user_watches_votes_and_stays_one(servers: Callable[..., Server], tmp_path: Path) -> None:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    file = tmp_path / "partners.toml"
    file.write_text(
        f'[city-app]\nname = "城市客户端"\n[[city-app.keys]]\nid = "k1"\nkey = """{public}"""', encoding="utf-8"
    )
    show = await new_show()
    poll, options = await new_poll(show)
    server = servers({"YISHI_PARTNERS": str(file), "YISHI_ORIGINS": ORIGIN, "YISHI_PUBLIC_URL": HOUSE, **FEW})
    path = f"/live/airings/{show.id}/socket?introduce=1"
    guest = await sync_to_async(making.make_viewer)(0)
    consents = {**settings.CONSENT_VERSIONS, "age": "over"}

    # A guest's cookie that comes along means nothing: this is the partner's user.
    async with Socket(server, path, f"{COOKIE}={making.cookie(guest)}", origin=ORIGIN) as socket:
        first = await introduced(socket, token())
        assert (first["type"], first["assurance"]) == ("introduced", 10)
        await socket.shows("airing")
        assert (await socket.ask("poll.vote", poll=poll, options=options[:1]))["code"] == "consent_needed"
        agreed = await sync_to_async(post)(server, "/account/consent", first["token"], consents)
        assert (agreed.status_code, agreed.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
        assert "set-cookie" not in agreed.headers
        assert (await socket.ask("poll.vote", poll=poll, options=options[:1]))["type"] == "ack"

    # Back with the token it was given; and, on another device, with a new one of the partner's, by POST.
    async with Socket(server, path, origin=ORIGIN) as socket:
        again = await introduced(socket, first["token"])
        assert again["name"] == first["name"]
    entered = await sync_to_async(post)(server, "/account/partner", token(), {})
    sent = {"type": "poll.vote", "id": making.command_id(), "poll": poll, "options": options[1:2]}
    voted = await sync_to_async(post)(server, f"/live/airings/{show.id}/commands", entered.json()["token"], sent)
    assert voted.json()["type"] == "ack"
    assert await Participant.objects.filter(partner="city-app").acount() == 1
    ballot = await Ballot.objects.aget(poll=poll)
    assert (list(ballot.options), await BallotCast.objects.filter(poll=poll).acount()) == (options[1:2], 2)

    # One person holds so many sockets, also where the handshake did not say who it is.
    async with (
        Socket(server, path, origin=ORIGIN) as one,
        Socket(server, path, origin=ORIGIN) as two,
        Socket(server, path, origin=ORIGIN) as third,
    ):
        for socket in (one, two):
            await introduced(socket, first["token"])
            await socket.shows("airing")
        await introduced(third, first["token"])
        assert await third.closed() == CloseCode.FULL
        assert int(third.close_reason) > 0

    # What must not work.
    used = token()
    assert (await sync_to_async(post)(server, "/account/partner", used, {})).status_code == 200
    for wrong in (used, token(aud="https://elsewhere.example"), making.cookie(guest), ""):
        async with Socket(server, path, f"{COOKIE}={making.cookie(guest)}", origin=ORIGIN) as socket:
            assert (await introduced(socket, wrong))["type"] == "error"
            assert await socket.closed() == CloseCode.NOT_ALLOWED
    forged = await sync_to_async(post)(server, f"/live/airings/{show.id}/commands", "forged", sent)
    assert forged.status_code == 403
