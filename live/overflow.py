"""The overflow lane: the public state by GET, raw ASGI before the framework, the same bytes as on sockets; no rules here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from live import process, shelf
from live.shelf import Headers

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_PATH = re.compile(r"/live/airings/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/state")


class PublicState:
    """Answers GET …/state where the airing is for everybody; all else goes on to `application`."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = (
            _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} else None
        )
        if path is None or not await _answer(UUID(path[1]), scope, send):
            await self._application(scope, receive, send)


async def _answer(airing_id: UUID, scope: dict[str, Any], send: Any) -> bool:
    """Send the state. False, and nothing sent, where somebody has to be asked who they are, or where there is nothing."""
    live = process.current()
    try:
        door = await live.door(airing_id)
        state = await live.state(airing_id) if door is not None and door.is_public else None
    except Exception:
        # The framework's view asks once more and words the refusal.
        return False
    if state is None:
        return False
    ready = live.shelf.ready(airing_id, state)
    asked = {bytes(name): bytes(value).decode("latin-1") for name, value in scope["headers"]}
    headers = shelf.public_headers(ready.tag, live.pace(), asked.get(b"x-cache-clock", ""))
    if shelf.is_known(ready.tag, asked.get(b"if-none-match", "")):
        await _send(send, 304, headers, b"", scope["method"])
        return True
    body = ready.plain
    if shelf.accepts_gzip(asked.get(b"accept-encoding", "")):
        body, headers["Content-Encoding"] = ready.gzipped, "gzip"
    headers |= {
        "Content-Type": "application/json",
        "X-Content-Type-Options": "nosniff",
        "Content-Length": str(len(body)),
    }
    await _send(send, 200, headers, body, scope["method"])
    return True


async def _send(send: Any, status: int, headers: Headers, body: bytes, method: str) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
