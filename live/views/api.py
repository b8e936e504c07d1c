"""What pages fetch and post without a socket: the same state, the same commands, the same refusals; no rules here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from uuid import UUID

import msgspec
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from broadcast import registry
from broadcast.access import Ability, Actor, can, may_watch_replay
from broadcast.errors import BroadcastError, NotAllowed, NotFound, TooMany
from broadcast.identity import actor_of_request
from live import allowance, answers, commands, process, protocol, queries, shelf, text
from live.process import Live
from live.protocol import BadFrame
from live.queries import Door, item, queues

View = Callable[..., Awaitable[HttpResponse]]
Address = Callable[..., Any]
_STATUS = {"too_big": 413}
_MARKS_A_PAGE = 500


def _refusing(view: View) -> Address:
    """Answer every refusal as the wire's Refused, with the HTTP status of the error."""

    @wraps(view)
    async def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return await view(request, *args, **kwargs)
        except Exception as error:
            refusal = answers.expected(error)
            command_id = getattr(request, "command_id", "")
            response = _json(protocol.encode(answers.refused(command_id, refusal)))
            response.status_code = _STATUS.get(refusal.code, refusal.status)
            if "retry_after_seconds" in refusal.data:
                response["Retry-After"] = str(refusal.data["retry_after_seconds"])
            return response

    return answered


@require_safe
@_refusing
async def state(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """The public state, the same bytes that sockets start with. Where the airing is for everybody, `live.overflow` answers before
    this does; a room that is not has an address of its own, which no proxy keeps."""
    live = _live(request)
    door = await _door(request, live, airing_id)
    found = await (live.state(airing_id) if live else _compute(airing_id))
    if found is None:
        raise NotFound(_("没有这一场。"))
    tag, pace = shelf.tag_of(found), live.pace() if live else ""
    known = shelf.is_known(tag, request.headers.get("If-None-Match", ""))
    response = HttpResponse(status=304) if known else HttpResponse(found.snapshot(), content_type="application/json")
    headers = shelf.public_headers(tag, pace) if door.is_public else shelf.private_headers(tag, pace)
    for name, value in headers.items():
        response[name] = value
    return response


@require_safe
@_refusing
async def mine(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """What belongs to this browser's participant, whole."""
    live = _live(request)
    actor = await _actor(request)
    door = await _door(request, live, airing_id)
    return _json(protocol.encode(await _read(live, queries.mine_of, door.airing, actor)))


@require_safe
@_refusing
async def comments(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """Public comments older than `before`."""
    live = _live(request)
    await _door(request, live, airing_id)
    before = request.GET.get("before", "")
    number = text.whole(before) or 0
    found, more = await _read(live, queries.older_comments, airing_id, number)
    return _json(msgspec.json.encode({"comments": found, "more": more}))


@require_POST
@_refusing
async def command(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """One command as JSON, for browsers without a socket and for staff; answered with Ack or Refused."""
    live = _live(request)
    actor = await _actor(request)
    try:
        sent: Any = protocol.decode(request.body, staff=True)
    except BadFrame as bad:
        request.command_id = bad.command_id  # type: ignore[attr-defined]
        raise answers.Unreadable(bad) from bad
    request.command_id = sent.id  # type: ignore[attr-defined]
    if live is not None and type(sent) in commands.AUDIENCE:
        wait = allowance.sent.take(allowance.sender(_brought(request), actor.address), 1, len(request.body))
        if wait:
            raise TooMany(_("操作太快了，请稍等一下再试。"), retry_after_seconds=wait)
        outcome = await live.batcher.submit(actor, airing_id, sent)
        if isinstance(outcome, BroadcastError):
            raise outcome
        result = outcome.result
    else:
        result = await _read(live, commands.perform, actor, airing_id, sent)
    return _json(protocol.encode(answers.ack(sent.id, result)))


@require_safe
@_refusing
async def timeline(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """The marks of a replay, from every app that has some; for whoever may play it. With `limit` a page of them, from the
    `from`th on, and `next` where there are more."""
    live = _live(request)
    actor = await _actor(request)
    door = await _door(request, live, airing_id)
    found = await _read(live, _marks, actor, door)
    if "limit" not in request.GET:
        return _json(msgspec.json.encode({"marks": found}))
    first = text.whole(request.GET.get("from", "")) or 0
    last = first + min(max(1, text.whole(request.GET["limit"]) or 1), _MARKS_A_PAGE)
    return _json(msgspec.json.encode({"marks": found[first:last], "next": last if last < len(found) else None}))


@require_safe
@_refusing
async def staff_snapshot(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """The staff's whole view, for whoever has a part of the staff lane."""
    live = _live(request)
    actor = await _actor(request)
    asked = request.GET.get("view", "")
    return _json(protocol.encode(await _read(live, _staff_snapshot, actor, airing_id, asked)))


@require_safe
@_refusing
async def staff_items(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """A page of one of the desk's queues, or of what was looked for in it: `items`, and `next` for `before`."""
    asked = queues.Asked(
        queue=request.GET.get("queue", ""),
        words=request.GET.get("q", "")[:100],
        kind=request.GET.get("kind", ""),
        sender=request.GET.get("sender", ""),
        rule=text.whole(request.GET.get("rule", "")),
        before=request.GET.get("before", ""),
        most=text.whole(request.GET.get("limit", "")) or queues.PAGE,
    )
    items, more = await _read(_live(request), _desk_page, await _actor(request), airing_id, asked)
    return _json(msgspec.json.encode({"items": items, "next": more}))


@require_safe
@_refusing
async def staff_item(request: HttpRequest, airing_id: UUID, kind: str, number: int) -> HttpResponse:
    """One item with its sender's history, similar ones and what was done to it."""
    found = await _read(_live(request), _desk_item, await _actor(request), airing_id, kind, number)
    return _json(msgspec.json.encode(found))


def _desk_page(actor: Actor, airing_id: UUID, asked: queues.Asked) -> Any:
    _require_desk(actor, airing_id)
    return queues.page(airing_id, asked, actor.user_id)


def _desk_item(actor: Actor, airing_id: UUID, kind: str, number: int) -> Any:
    _require_desk(actor, airing_id)
    found = item.detail(airing_id, kind, number) if kind in item.MODELS else None
    if found is None:
        raise NotFound(_("没有找到这一条。"))
    return found


def _require_desk(actor: Actor, airing_id: UUID) -> None:
    if _staff_view(actor, airing_id) is not queries.StaffView.DESK:
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"))


def _staff_view(actor: Actor, airing_id: UUID, asked: str = "") -> queries.StaffView | None:
    door = queries.door(airing_id)
    if door is None:
        raise NotFound(_("没有这一场。"))
    return queries.staff_view(actor, door.airing, asked)


def _marks(actor: Actor, door: Door) -> list[dict[str, Any]]:
    if not may_watch_replay(actor, door.airing):
        raise NotFound(_("回看还没有公开。"))
    staff = can(actor, Ability.WATCH_INTERNAL, door.airing.episode.programme_id)
    found = [mark for _name, marks in registry.timeline for mark in marks(door.airing, staff)]
    return sorted(found, key=lambda mark: str(mark["at"]))


def _staff_snapshot(actor: Actor, airing_id: UUID, asked: str) -> protocol.StaffSnapshot:
    view = _staff_view(actor, airing_id, asked)
    if view is None:
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"))
    return queries.staff_snapshot(actor, airing_id, view)


def _brought(request: HttpRequest) -> UUID | None:
    """The participant that the browser brought along; the one it was given just now is as good as none."""
    return None if request.identity_is_new else request.identity.participant_id  # type: ignore[attr-defined]


def _live(request: HttpRequest) -> Live | None:
    """The process's Live, where the request runs on the server's own event loop; a plain WSGI call has none."""
    return process.current() if isinstance(request, ASGIRequest) else None


async def _door(request: HttpRequest, live: Live | None, airing_id: UUID) -> Door:
    door = await (live.door(airing_id) if live else sync_to_async(queries.door)(airing_id))
    if door is None or not (door.is_public or await _read(live, queries.may_enter, await _actor(request), door)):
        raise NotFound(_("没有这一场。"))
    return door


async def _actor(request: HttpRequest) -> Actor:
    # request.user asks the database.
    actor: Actor = await sync_to_async(actor_of_request)(request)
    return actor


async def _read(live: Live | None, work: Callable[..., Any], *args: Any) -> Any:
    if live is None:
        return await sync_to_async(work)(*args)
    return await live.reading.run(_in_language, translation.get_language(), work, *args)


def _in_language(language: str | None, work: Callable[..., Any], *args: Any) -> Any:
    """The request's language, in a thread that knows no request."""
    with translation.override(language):
        return work(*args)


async def _compute(airing_id: UUID) -> Any:
    from live import state as states

    def look() -> Any:
        door = queries.door(airing_id)
        if door is None:
            return None
        return states.State(0, 0, "", 500, states.encoded(queries.public_objects(door.airing)))

    return await sync_to_async(look)()


def _json(body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response
