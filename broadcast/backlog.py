"""Lets a view that sends a large body see how much the server still holds for that peer; it sends nothing itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

SCOPE_KEY = "yishi.backlog"
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Backlog:
    """Puts into each request's scope a function that says how many bytes wait; None where the server does not tell.

    Daphne takes everything at once and keeps it in memory: a whole recording, for a slow phone.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self._application({**scope, SCOPE_KEY: _meter(send)}, receive, send)


def _meter(send: Any) -> Callable[[], int] | None:
    """Daphne hands out a partial over its connection, whose transport is Twisted's; other servers make a sender wait."""
    connection = send.args[0] if isinstance(send, partial) and send.args else None
    transport: Any = getattr(connection, "transport", None)
    if not hasattr(transport, "_tempDataLen"):
        return None
    return lambda: len(transport.dataBuffer) - int(transport.offset) + int(transport._tempDataLen)
