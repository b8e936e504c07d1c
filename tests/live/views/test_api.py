"""The programs' interface: whoever posts commands has an allowance, as on a socket, and nobody else's."""

from __future__ import annotations

import asyncio
import secrets

import httpx
from asgiref.sync import sync_to_async

from broadcast.identity import COOKIE
from live.allowance import BURST
from tests.live import making
from tests.live.sockets import Server

POSTS = 100


async def test_posted_commands_have_an_allowance_for_each_sender(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    eager, other = [await sync_to_async(making.make_viewer)() for _each in range(2)]
    csrf = secrets.token_hex(16)

    async def like(browser: httpx.AsyncClient, viewer: making.Actor) -> httpx.Response:
        cookies = f"{COOKIE}={making.cookie(viewer)}; csrftoken={csrf}"
        return await browser.post(
            f"{server.http}/live/airings/{show.id}/commands",
            json={"type": "like.add", "id": making.command_id(), "count": 1},
            headers={"Cookie": cookies, "X-CSRFToken": csrf},
        )

    async with httpx.AsyncClient(timeout=60) as browser:
        answers = await asyncio.gather(*(like(browser, eager) for _each in range(POSTS)))
        assert (await like(browser, other)).status_code == 200
    codes = [each.status_code for each in answers]
    assert set(codes) == {200, 429}
    assert BURST <= codes.count(200) < POSTS
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.json()["code"] == "too_many"
    assert refused.json()["data"]["retry_after_seconds"] >= 1
