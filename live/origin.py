"""Which pages may open a socket: those of the very host that was asked, and the origins that the settings name; nobody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


class OriginGate:
    """Refuses the handshake (HTTP 403) of a page from elsewhere. A program without a browser sends its own host as origin."""

    def __init__(self, application: Any, allowed: Iterable[str]) -> None:
        self._application = application
        self._allowed = frozenset(_normal(origin) for origin in allowed)

    # Not itself a coroutine: each one below a socket would be kept as long as the socket.
    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Pass on or refuse."""
        headers = dict(scope.get("headers") or ())
        if self.allows(headers.get(b"origin", b""), headers.get(b"host", b"")):
            passed_on: Awaitable[None] = self._application(scope, receive, send)
            return passed_on
        return _refuse(receive, send)

    def allows(self, origin: bytes, host: bytes) -> bool:
        """Whether the Origin is the asked host's own, that host being one we answer to, or an allowed one."""
        hosts = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
        return _fits(origin.decode("latin-1"), host.decode("latin-1"), tuple(hosts), self._allowed)


async def _refuse(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4003})


@lru_cache(maxsize=1_000)
def _fits(origin: str, host: str, hosts: tuple[str, ...], allowed: frozenset[str]) -> bool:
    """Remembered: all pages of a house come from a few origins."""
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return False
    if _normal(origin) in allowed:
        return True
    asked = urlsplit(f"//{host}")
    name = f"[{asked.hostname}]" if ":" in (asked.hostname or "") else (asked.hostname or "")
    return validate_host(name, hosts) and parts.netloc.rpartition("@")[2].lower() == host.lower()


def partner_of(scope: dict[str, Any]) -> str:
    """The site whose page asks, where it is another than the one that is asked; empty for our own."""
    headers = dict(scope.get("headers") or ())
    return _partner(headers.get(b"origin", b"").decode("latin-1"), headers.get(b"host", b"").decode("latin-1"))


@lru_cache(maxsize=1_000)
def _partner(page: str, host: str) -> str:
    origin = _normal(page)
    return "" if urlsplit(origin).netloc == host.lower() else origin


def _normal(origin: str) -> str:
    parts = urlsplit(origin.lower())
    return f"{parts.scheme}://{parts.netloc}"
