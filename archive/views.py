"""The authorised way to media files: checks who may watch, then hands out bytes; it decides nothing about delay or cuts."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from archive import clips, rung_names, writer
from archive.editing import public
from archive.storage import serving
from archive.variants import SOUND
from broadcast import access, clock
from broadcast.access import Ability, Actor
from broadcast.identity import actor_of_request
from broadcast.models import Airing, Episode, Programme

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPE = "video/mp2t"
_NAME = re.compile(r"^[0-9a-f]{20}\.ts$")
_FILLER = re.compile(r"^filler-(picture|sound)-(\d{3})\.ts$")
_PART = re.compile(r"^parts/(\d{3,5})/((?:sound/|\d{2,4}p/)?\d{6})\.ts$")
_RUNG = re.compile(r"^(index|master|sound|\d{2,4}p)$")
_RIGHTS_SECONDS = 1.0
_GRACE_SECONDS = 60
_KEPT_RIGHTS = 512


@dataclass(frozen=True)
class Rights:
    """What is true of an airing's media for somebody, for a second. `open_*`: for everybody, so proxies may keep it."""

    live: bool
    replay: bool
    everything: bool
    open_live: bool
    open_replay: bool


_rights: dict[tuple[UUID, int | None], tuple[float, Rights | None]] = {}


async def rights(request: HttpRequest, airing_id: UUID) -> Rights:
    """Rights of whoever asks, kept in this process for one second. Raises Http404 when the airing is not for them at all.

    Nobody's session is read for what everybody may see.
    """
    public = await _cached(airing_id, None, Actor())
    signed_in = settings.SESSION_COOKIE_NAME in request.COOKIES
    if signed_in:
        user = await request.auser()
        if user.is_authenticated:
            actor = await sync_to_async(actor_of_request)(request)
            own = await _cached(airing_id, actor.user_id, actor)
            if own is not None:
                return own
    if public is None:
        raise Http404
    return public


async def _cached(airing_id: UUID, user_id: int | None, actor: Actor) -> Rights | None:
    key = (airing_id, user_id)
    known = _rights.get(key)
    now = time.monotonic()
    if known and now - known[0] < _RIGHTS_SECONDS:
        return known[1]
    found = await sync_to_async(_look_up)(airing_id, actor)
    if len(_rights) >= _KEPT_RIGHTS:
        _rights.clear()
    # Counted from before the question, so that nothing older than a second is ever believed.
    _rights[key] = (now, found)
    return found


def _look_up(airing_id: UUID, actor: Actor) -> Rights | None:
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    if airing is None or not access.may_watch(actor, airing):
        return None
    staff = access.can(actor, Ability.WATCH_INTERNAL, airing.episode.programme_id)
    if airing.episode.publication == Episode.Publication.WITHDRAWN and not staff:
        return None
    hidden = not staff and public.is_hidden(airing)
    replay = access.may_watch_replay(actor, airing) and not hidden
    everybody = airing.episode.programme.audience == Programme.Audience.PUBLIC and not staff
    live = staff or (_still_live(airing) and not hidden) or replay
    return Rights(live, replay, staff, everybody and live, everybody and replay)


def _still_live(airing: Airing) -> bool:
    """On air, or ended so lately that the delayed picture and what players hold of it are not over."""
    if airing.state == Airing.State.ON_AIR:
        return True
    if airing.state != Airing.State.ENDED or airing.actual_end is None:
        return False
    return (clock.now() - airing.actual_end).total_seconds() < airing.delay_seconds + _GRACE_SECONDS


def forget_rights() -> None:
    """Forget what is kept, for tests."""
    _rights.clear()


def _folder(airing_id: UUID) -> Path:
    return Path(settings.MEDIA_ROOT) / "airings" / str(airing_id)


async def live_playlist(request: HttpRequest, airing_id: UUID, rung: str) -> HttpResponse:
    """The public line, delayed, with its DVR window: the source (`index`), one of the rungs, the sound, or the list of them."""
    found = await rights(request, airing_id)
    if not found.live:
        raise Http404
    return await _playlist(request, airing_id, writer.LIVE, rung, shared=found.open_live)


async def live_file(request: HttpRequest, airing_id: UUID, name: str) -> HttpResponse:
    """A released segment, or one of the filler."""
    found = await rights(request, airing_id)
    if not found.live:
        raise Http404
    return await _segment(airing_id, name, shared=found.open_live)


async def replay_playlist(request: HttpRequest, airing_id: UUID, rung: str) -> HttpResponse:
    """The replay: everything for staff, growing while the show runs; for others, once released, without what was cut."""
    found = await rights(request, airing_id)
    if not found.replay:
        raise Http404
    name = writer.STAFF if _wants_everything(request, found) else writer.PUBLIC
    return await _playlist(request, airing_id, name, rung, shared=False)


async def _playlist(request: HttpRequest, airing_id: UUID, name: str, rung: str, *, shared: bool) -> HttpResponse:
    """One of the parallel playlists. Where there is no list of them, or no sound of its own, the source is all there is."""
    if not _RUNG.match(rung):
        raise Http404
    folder = _folder(airing_id)
    if rung == "index":
        return await _text(request, folder / name, PLAYLIST_TYPE, shared=shared)
    try:
        return await _text(request, folder / rung_names.playlist_file(name, rung), PLAYLIST_TYPE, shared=shared)
    except Http404:
        if rung not in {rung_names.MASTER, SOUND}:
            raise
    return await _text(request, folder / name, PLAYLIST_TYPE, shared=shared)


async def replay_spans(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """Where each stretch of programme time lies in the replay that the same person gets."""
    found = await rights(request, airing_id)
    if not found.replay:
        raise Http404
    name = writer.STAFF if _wants_everything(request, found) else writer.PUBLIC
    return await _text(
        request, _folder(airing_id) / name.replace(".m3u8", "-spans.json"), "application/json", shared=False
    )


def _wants_everything(request: HttpRequest, found: Rights) -> bool:
    """Staff see all, unless they ask for the public's version with ?as=public."""
    return found.everything and request.GET.get("as") != "public"


async def replay_file(request: HttpRequest, airing_id: UUID, name: str) -> HttpResponse:
    """A segment of the replay; parts as received are for staff alone."""
    found = await rights(request, airing_id)
    part = _PART.match(name)
    if part is not None:
        if not found.everything:
            raise Http404
        return await _bytes(_folder(airing_id) / "parts" / part[1] / f"{part[2]}.ts", shared=False)
    if not found.replay:
        raise Http404
    return await _segment(airing_id, name, shared=found.open_replay)


async def _segment(airing_id: UUID, name: str, *, shared: bool) -> HttpResponse:
    """Only names of our own making reach the disk."""
    filler = _FILLER.match(name)
    if filler is not None:
        return await _bytes(clips.filler_folder() / filler[1] / f"000{filler[2]}.ts", shared=True)
    if not _NAME.match(name):
        raise Http404
    return await _bytes(_folder(airing_id) / "public" / name, shared=shared)


async def _bytes(file: Path, *, shared: bool) -> HttpResponse:
    address = await serving.address(file, SEGMENT_TYPE)
    if address is not None:
        response: HttpResponse = HttpResponseRedirect(address)
        age = f"max-age={serving.REDIRECT_SECONDS}"
        response["Cache-Control"] = f"public, {age}" if shared else f"private, {age}"
        return response
    try:
        content = await serving.read(file)
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=SEGMENT_TYPE)
    # A proxy keeps it for a minute only, so that what is withdrawn is soon gone there too.
    response["Cache-Control"] = (
        "public, max-age=3600, s-maxage=60, immutable" if shared else "private, max-age=3600, immutable"
    )
    return response


async def _text(request: HttpRequest, file: Path, kind: str, *, shared: bool) -> HttpResponse:
    """A playlist, from memory as long as the file is the same, compressed where the browser takes that."""
    try:
        text = await serving.read_text(file)
    except FileNotFoundError as error:
        raise Http404 from error
    tag = f'"{text.tag}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    elif "gzip" in request.headers.get("Accept-Encoding", "") and len(text.plain) > 2_000:
        response = HttpResponse(text.packed, content_type=kind, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(text.plain, content_type=kind)
    response["ETag"] = tag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=1" if shared else "private, max-age=1"
    return response
