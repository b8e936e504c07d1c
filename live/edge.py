"""The audience's socket, raw ASGI: identity from the cookie, commands to the group commit, frames by the hub; no rules, no framework."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import BroadcastError, TooMany
from broadcast.identity import Identity, actor_of_scope, address_of_scope, identity_of_scope, language_of_scope
from broadcast.services.identity import seat_of
from live import answers, process, protocol
from live.allowance import Sender, network, sent
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
    airing_id: UUID = scope["url_route"]["kwargs"]["airing_id"]
    if (await receive())["type"] != "websocket.connect":
        return
    live = process.current()
    actor = actor_of_scope(scope)
    who = identity_of_scope(scope)
    sender = sender_of(scope, who)
    # Before anything that costs: whoever finds no room here polls, and is told when to try again.
    window = live.admission.refuse(sender)
    code = CloseCode.FULL if window else await _refusal(live, who, airing_id)
    await send({"type": "websocket.accept"})
    if code is not None:
        await send({"type": "websocket.close", "code": code, "reason": str(window or "")})
        return
    live.admission.enter(sender)
    try:
        await _Visit(live, actor, who, airing_id, send, sender).stay(scope, receive)
    finally:
        live.admission.leave(sender)


def sender_of(scope: dict[str, Any], who: Identity | None) -> Sender:
    """Whom limits know this socket by. Whoever brings no identity can send nothing, so only the address counts."""
    return Sender(str(who.participant_id) if who else "", network(address_of_scope(scope)), partner_of(scope))


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

    def __init__(
        self, live: Live, actor: Actor | None, who: Identity | None, airing_id: UUID, send: Send, sender: Sender
    ) -> None:
        self._live, self._actor, self._who, self._airing_id = live, actor, who, airing_id
        self._seat = Seat(send, seat_of(who.participant_id, who.generation) if who else "")
        self._language = ""
        self._sender = sender
        self._under_way = 0
        self._strikes = 0

    async def stay(self, scope: dict[str, Any], receive: Receive) -> None:
        """Take a seat and listen until the peer goes."""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        self._language = language_of_scope(scope)
        try:
            audience = await self._live.audience(self._airing_id)
        except Exception as error:
            logger.warning("no state to show airing=%s error=%s", self._airing_id, error)
            audience = None
        if audience is None:
            self._seat.close(CloseCode.FULL)
            return
        self._seat.left = lambda: audience.leave(self._seat)
        self._live.guard.enter(self._airing_id, self._seat, self._who)
        audience.enter(self._seat, _whole(query, "epoch"), _whole(query, "seq"))
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                if message["type"] == "websocket.receive":
                    self._heard(message)
        finally:
            self._seat.closed = True
            self._live.guard.leave(self._airing_id, self._seat)
            audience.leave(self._seat)

    def _heard(self, message: dict[str, Any]) -> None:
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
        if self._actor is None:
            self._refuse(command.id, lambda: NoIdentity(_("浏览器没有带上身份，请刷新页面后再试。")))
            return
        self._under_way += 1
        told = self._live.batcher.submit(self._actor, self._airing_id, command)
        told.add_done_callback(lambda done: self._told(command.id, done))

    def _told(self, command_id: str, done: asyncio.Future[Answer | BroadcastError]) -> None:
        self._under_way -= 1
        if done.cancelled():
            return
        outcome = done.result()
        if isinstance(outcome, BroadcastError):
            self._seat.tell(_text(answers.refused(command_id, outcome)))
            return
        self._seat.tell(_text(answers.ack(command_id, outcome.result)))
        if outcome.mine is not None:
            self._seat.tell(_text(outcome.mine))

    def _refuse(self, command_id: str, worded: Callable[[], BroadcastError]) -> None:
        self._strikes += 1
        with translation.override(self._language):
            error = worded()
        self._seat.tell(_text(answers.refused(command_id, error)))
        if self._strikes > STRIKES:
            self._seat.close(CloseCode.TOO_FAST)


def _whole(query: dict[str, list[str]], name: str) -> int:
    value = query.get(name, [""])[-1]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 17 else 0


def _text(frame: Any) -> str:
    return protocol.encode(frame).decode()
