"""The first frame of a partner's page: its user's signed token where our own pages have a cookie; what a token is worth, others say.

Such a page opens the socket with `?introduce=1` and sends `{"type": "introduce", "token": …}`: the partner's own token, or the one that
it was given for it (here or by POST /account/partner). The answer is `{"type": "introduced", "token": …, "assurance": …, "name": …}`; then
all goes on as for everybody. A cookie that comes along means nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from broadcast import bearer
from broadcast.access import Actor
from broadcast.errors import NotAllowed
from broadcast.identity import Identity, Visitor
from broadcast.services import partners
from live import answers, protocol
from live.process import Live

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
# Who has said nothing yet holds a connection and counts nowhere else.
WAITING_MOST = 500

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


_decoder = msgspec.json.Decoder(protocol.Introduce)
_waiting = 0


def is_wanted(scope: dict[str, Any]) -> bool:
    """Whether this socket says who it is by its first frame."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return bool(settings.PARTNERS) and query.get("introduce") == ["1"]


async def hear(live: Live, visitor: Visitor, receive: Receive, send: Send) -> Visitor | int:
    """The visitor as the partner says, else the code to close with: NOT_ALLOWED only where the token is no good, FULL for whatever may
    be better next time (a crowd, nothing said in time, trouble of ours)."""
    global _waiting
    if _waiting >= WAITING_MOST:
        return protocol.CloseCode.FULL
    _waiting += 1
    try:
        message = await asyncio.wait_for(receive(), PATIENCE_SECONDS)
        who = await _identity(live, visitor, message)
    except TimeoutError:
        return protocol.CloseCode.FULL
    except NotAllowed as refusal:
        with translation.override(visitor.language):
            error = NotAllowed(_("合作平台的登录已过期，请回到原来的应用重新打开。"), **refusal.data)
        with contextlib.suppress(Exception):
            await _tell(send, answers.refused("", error))
        return protocol.CloseCode.NOT_ALLOWED
    except Exception as error:
        logger.warning("nobody introduced error=%s", type(error).__name__)
        return protocol.CloseCode.FULL
    finally:
        _waiting -= 1
    await _tell(send, protocol.Introduced(bearer.sign(who), bearer.SECONDS, int(who.assurance), who.name))
    return replace(visitor, identity=who)


async def _identity(live: Live, visitor: Visitor, message: dict[str, Any]) -> Identity:
    text = message.get("text") or ""
    try:
        if len(text) > protocol.MAX_FRAME_BYTES:
            raise msgspec.ValidationError("too long")
        token = _decoder.decode(text).token
    except msgspec.MsgspecError as bad:
        raise NotAllowed(cause="introduction") from bad
    known = bearer.read(token)
    if known is not None:
        return known
    who = Actor(address=visitor.address, port=visitor.port, device=visitor.device, device_id=visitor.device_id)
    return await live.entering.run(partners.enter, who, token)


async def _tell(send: Send, frame: Any) -> None:
    await send({"type": "websocket.send", "text": protocol.encode(frame).decode()})
