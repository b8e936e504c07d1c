"""Which pages may open a socket: those of the very host that was asked, and the origins that the settings name; nobody else's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


class OriginGate:
    """Refuses the handshake (HTTP 403) of a page from elsewhere. A program without a browser sends its own host as origin."""

    def __init__(self, application: Any, allowed: Iterable[str]) -> None:
        self._application = application
        self._allowed = {_normal(origin) for origin in allowed}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on or refuse."""
        if self.allows(dict(scope.get("headers") or ())):
            await self._application(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4003})

    def allows(self, headers: dict[bytes, bytes]) -> bool:
        """Whether the Origin is the asked host's own, that host being one we answer to, or an allowed one."""
        origin = headers.get(b"origin", b"").decode("latin-1")
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return False
        if _normal(origin) in self._allowed:
            return True
        host = headers.get(b"host", b"").decode("latin-1")
        asked = urlsplit(f"//{host}")
        hosts = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
        name = f"[{asked.hostname}]" if ":" in (asked.hostname or "") else (asked.hostname or "")
        return validate_host(name, hosts) and parts.netloc.rpartition("@")[2].lower() == host.lower()


def partner_of(scope: dict[str, Any]) -> str:
    """The site whose page asks, where it is another than the one that is asked; empty for our own."""
    headers = dict(scope.get("headers") or ())
    origin = _normal(headers.get(b"origin", b"").decode("latin-1"))
    return "" if urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1").lower() else origin


def _normal(origin: str) -> str:
    parts = urlsplit(origin.lower())
    return f"{parts.scheme}://{parts.netloc}"
