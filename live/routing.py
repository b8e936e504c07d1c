"""The sockets' addresses and what every handshake passes: origin first, then the session for staff; it decides nothing else."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.conf import settings
from django.urls import path
from pypinyin import constants as _constants  # noqa: F401  # its tables, loaded now: no comment waits for them (live.rules.sounds)

from live.consumer import StaffConsumer
from live.edge import audience_socket
from live.origin import OriginGate
from live.overflow import PublicState
from live.overlay_consumer import OverlayConsumer

_AUDIENCE = re.compile(r"/live/airings/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/socket")


class _Application:
    """Keeps URLRouter from taking a plain function for something else."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._application(scope, receive, send)


# URLRouter takes any ASGI application where Django's types ask for a view.
_path: Any = path
_routes = URLRouter(
    [
        _path("live/airings/<uuid:airing_id>/socket", _Application(audience_socket)),
        _path("live/airings/<uuid:airing_id>/staff", AuthMiddlewareStack(StaffConsumer.as_asgi())),
        _path("overlay/<str:token>/socket", OverlayConsumer.as_asgi()),
    ]
)


def _sockets(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    """The audience's address at once, which nearly all ask for: routers between would be kept as long as the socket."""
    found = _AUDIENCE.fullmatch(scope["path"])
    if found is None:
        return _unknown(scope, receive, send)
    scope["url_route"] = {"args": (), "kwargs": {"airing_id": UUID(found[1])}}
    return audience_socket(scope, receive, send)


async def _unknown(scope: Any, receive: Any, send: Any) -> None:
    """An address that is no socket is refused as such, not as a fault."""
    try:
        await _routes(scope, receive, send)
    except ValueError as error:
        if "No route found" not in str(error):
            raise
        await send({"type": "websocket.close", "code": 4004})


# Goes before the pages: what everybody asks for comes first.
http = PublicState
websocket = OriginGate(_sockets, settings.ALLOWED_ORIGINS)
