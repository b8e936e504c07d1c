"""The audience's socket, raw ASGI: identity from the cookie, commands to the group commit, frames by the hub; no rules, no framework."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from broadcast.errors import BroadcastError, TooMany
from broadcast.identity import Identity, Visitor, visitor_of_scope
from broadcast.services.identity import seat_of
from live import answers, introduction, process, protocol, text
from live.allowance import Sender, network, sent
from live.drain import BACK_WITHIN_MS
from live.hub import Audience
from live.origin import partner_of
from live.process import Live
from live.protocol import BadFrame, CloseCode
from live.seat import Seat
from live.services.audience import Answer, NoIdentity

logger = logging.getLogger(__name__)

UNDER_WAY_MOST = 16
STRIKES = 100

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def audience_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One connection from handshake to disconnect."""
    if (await receive())["type"] != "websocket.connect":
        return
    live = process.current()
    airing_id: UUID = scope["url_route"]["kwargs"]["airing_id"]
    visitor = visitor_of_scope(scope)
    sender = sender_of(scope, visitor)
    # Before anything that costs: whoever finds no room here polls, and is told when to try again.
    window = live.admission.refuse(sender)
    introduces = introduction.is_wanted(scope)
    code = CloseCode.FULL if window else None if introduces else await _refusal(live, visitor.identity, airing_id)
    await send({"type": "websocket.accept"})
    if code is None and introduces:
        heard = await introduction.hear(live, visitor, receive, send)
        if isinstance(heard, Visitor):
            visitor, sender = heard, sender_of(scope, heard)
            # At the entrance it was nobody: how many sockets the person holds can be asked only now.
            window = live.admission.too_many(sender)
            code = CloseCode.FULL if window else await _refusal(live, visitor.identity, airing_id)
        else:
            code = heard
    if code is not None:
        await send({"type": "websocket.close", "code": code, "reason": str(window or "")})
        return
    visit, position = _Visit(live, visitor, airing_id, send, sender), _position(scope)
    if isinstance(scope.get("headers"), list):
        # Nobody reads them after the handshake, and the server would keep them as long as the socket.
        scope["headers"].clear()
    if not await visit.begin(*position):
        return
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.receive":
                visit.heard(message)
    finally:
        visit.end()


def sender_of(scope: dict[str, Any], visitor: Visitor) -> Sender:
    """Whom limits know this socket by. Whoever brings no identity can send nothing, so only the address counts."""
    who = visitor.identity
    return Sender(str(who.participant_id) if who else "", network(visitor.address), partner_of(scope))


async def _refusal(live: Live, who: Identity | None, airing_id: UUID) -> int | None:
    """The close code for whoever may not stay; the page understands it only after the handshake."""
    try:
        door = await live.door(airing_id)
        if not await live.may_enter(who, door):
            return CloseCode.NOT_FOUND
    except Exception as error:
        # The database is away: whoever was here goes on by polling what is cached, and comes back.
        logger.warning("entrance closed airing=%s error=%s", airing_id, error)
        return CloseCode.FULL
    return None


class _Visit:
    """One socket while it is open."""

    __slots__ = ("_airing_id", "_audience", "_live", "_seat", "_sender", "_strikes", "_under_way", "_visitor")

    def __init__(self, live: Live, visitor: Visitor, airing_id: UUID, send: Send, sender: Sender) -> None:
        who = visitor.identity
        self._live, self._visitor, self._airing_id, self._sender = live, visitor, airing_id, sender
        self._seat = Seat(send, seat_of(who.participant_id, who.generation) if who else "", straight=settings.STRAIGHT)
        self._audience: Audience | None = None
        self._under_way = 0
        self._strikes = 0

    async def begin(self, epoch: int, seq: int) -> bool:
        """Take a seat. False, and the socket is closed, when there is no state to show."""
        try:
            self._audience = await self._live.audience(self._airing_id)
        except Exception as error:
            logger.warning("no state to show airing=%s error=%s", self._airing_id, error)
        if self._audience is None:
            self._seat.close(CloseCode.FULL)
            return False
        if self._live.is_leaving:
            # Let in before this process was told to leave; nobody would come by to send this one on.
            self._seat.close(CloseCode.MOVING, str(BACK_WITHIN_MS))
            return False
        self._seat.left = self._leave
        self._live.admission.enter(self._sender)
        self._live.guard.enter(self._airing_id, self._seat, self._visitor.identity)
        self._audience.enter(self._seat, epoch, seq)
        self._live.returning.tell(self._seat)
        return True

    def end(self) -> None:
        """The peer is gone."""
        self._seat.closed, self._seat.left = True, None
        self._live.admission.leave(self._sender)
        self._live.guard.leave(self._airing_id, self._seat)
        self._leave()

    def _leave(self) -> None:
        if self._audience is not None:
            self._audience.leave(self._seat)

    def heard(self, message: dict[str, Any]) -> None:
        """One frame. Nothing here waits: the answer comes when the commit is done."""
        if self._seat.closed:
            return
        try:
            if message.get("text") is None:
                raise BadFrame("binary", "text frames only")
            command: Any = protocol.decode(message["text"], staff=False)
        except BadFrame as bad:
            refused = bad
            self._refuse(bad.command_id, lambda: answers.Unreadable(refused))
            return
        # Whoever does not stop is sent away.
        wait = 1 if self._under_way >= UNDER_WAY_MOST else sent.take(self._sender, 1, len(message["text"]))
        if wait:
            self._refuse(command.id, lambda: TooMany(_("操作太快了，请稍等一下再试。"), retry_after_seconds=wait))
        else:
            self._submit(command)

    def _submit(self, command: protocol.AudienceCommand) -> None:
        actor = self._visitor.actor()
        if actor is None:
            self._refuse(command.id, lambda: NoIdentity(_("浏览器没有带上身份，请刷新页面后再试。")))
            return
        self._under_way += 1
        told = self._live.batcher.submit(actor, self._airing_id, command)
        told.add_done_callback(lambda done: self._told(command.id, done))

    def _told(self, command_id: str, done: asyncio.Future[Answer | BroadcastError]) -> None:
        self._under_way -= 1
        if done.cancelled():
            return
        outcome = done.result()
        if isinstance(outcome, BroadcastError):
            self._seat.tell(_text(answers.refused(command_id, outcome)))
            return
        told = _text(answers.ack(command_id, outcome.result))
        self._seat.tell(told, _text(outcome.mine)) if outcome.mine is not None else self._seat.tell(told)

    def _refuse(self, command_id: str, worded: Callable[[], BroadcastError]) -> None:
        self._strikes += 1
        with translation.override(self._visitor.language):
            error = worded()
        self._seat.tell(_text(answers.refused(command_id, error)))
        if self._strikes > STRIKES:
            self._seat.close(CloseCode.TOO_FAST)


def _position(scope: dict[str, Any]) -> tuple[int, int]:
    """(epoch, seq) that the browser has already; (0, 0) when it has nothing."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return _whole(query, "epoch"), _whole(query, "seq")


def _whole(query: dict[str, list[str]], name: str) -> int:
    return text.whole(query.get(name, [""])[-1]) or 0


def _text(frame: Any) -> str:
    return protocol.encode(frame).decode()
