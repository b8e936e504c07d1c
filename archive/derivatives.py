"""Files made from recordings: which there are for whom, and the authorised way to their bytes, whole or in ranges; it makes none."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from archive import views
from archive.models import Derivative, Recording
from archive.steps import chosen
from archive.storage import Cold, kept, media
from broadcast import file_names
from broadcast.backlog import SCOPE_KEY
from broadcast.models import Airing

_CHUNK = 256 * 1024
# So much may wait in the server for one peer before the next piece is read.
_MOST_WAITING = 1 << 20
_PAUSE_SECONDS = 0.05
_STUCK_SECONDS = 60.0
_RANGE = re.compile(r"^bytes=([0-9]*)-([0-9]*)$")
_MOST_DIGITS = 18
_NAMED = {Derivative.Kind.MASTER, Derivative.Kind.SOUND, Derivative.Kind.ORIGINAL}


@dataclass(frozen=True)
class Held:
    """An object in storage, as it is served."""

    key: str
    size_bytes: int
    digest: str
    media_type: str


def shown(airing_id: UUID, *, everything: bool) -> list[Derivative]:
    """The files that there are for staff (`everything`), or for those who may see the public replay; of posters the last one counts.

    A public file of a replay that was written anew since holds what is withdrawn: it counts no more.
    """
    ready = Recording.objects.values_list("replay_ready_at", flat=True).filter(pk=airing_id).first()
    if ready is None:
        return []
    found = Derivative.objects.filter(recording_id=airing_id).order_by(chosen.LAST, "id")
    if not everything:
        found = found.filter(is_public=True)
    return [each for each in found if not each.is_public or each.made_at >= ready]


def name_of(derivative: Derivative) -> str:
    """Its name within the recording."""
    return derivative.key.rsplit("/", 1)[-1]


def address(derivative: Derivative) -> str:
    """Where it is had."""
    return reverse("media:derived", args=[derivative.recording_id, name_of(derivative)])


def find(airing_id: UUID, name: str, *, everything: bool) -> Derivative | None:
    """The file of that name, if it is for them."""
    return next((each for each in shown(airing_id, everything=everything) if name_of(each) == name), None)


def _find_titled(airing_id: UUID, name: str, everything: bool) -> tuple[Derivative, str] | None:
    derivative = find(airing_id, name, everything=everything)
    if derivative is None:
        return None
    airing = Airing.objects.select_related("episode__programme").get(pk=airing_id)
    words = [airing.episode.programme.name_zh, str(airing.episode.number or ""), airing.episode.title]
    title = file_names.cleaned(" ".join(word for word in words if word))
    return derivative, f"{title} {name}" if title else name


async def file(request: HttpRequest, airing_id: UUID, name: str) -> HttpResponseBase:
    """The file's bytes, or the one range asked for. Asks the rights of the replay; the sealed ones are for staff alone."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    found = await views.rights(request, airing_id)
    if not found.replay:
        raise Http404
    titled = await sync_to_async(_find_titled)(airing_id, name, found.everything)
    if titled is None:
        raise Http404
    derivative, title = titled
    held = Held(derivative.key, derivative.size_bytes, derivative.digest, derivative.media_type)
    response = await answer(request, held)
    if derivative.kind in _NAMED:
        header = content_disposition_header("download" in request.GET, title)
        if header:
            response["Content-Disposition"] = header
    return response


async def answer(request: HttpRequest, held: Held) -> HttpResponseBase:
    """An object's bytes, or the one range asked for. Whether one may have it is asked before."""
    response = await _answer(request, held)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{held.digest}"'
    # Asked for anew each time: what is withdrawn is gone for those too who have had it.
    response["Cache-Control"] = "private, no-cache"
    return response


async def _answer(request: HttpRequest, held: Held) -> HttpResponseBase:
    size, tag = held.size_bytes, f'"{held.digest}"'
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304)
    wanted = request.headers.get("Range")
    if wanted and request.headers.get("If-Range", tag) != tag:
        wanted = None
    span = span_of(wanted, size) if wanted else None
    if span == (0, 0):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, length = span or (0, size)
    headers = {"Content-Length": str(length)}
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    status = 206 if span is not None else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=held.media_type, headers=headers)
    try:
        stream = await asyncio.to_thread(_opened, held.key, start, length)
    except Cold:
        # Only staff come here: nothing public lies cold.
        words = _("这个文件在冷存储，先在录制页取回，再下载。")
        return HttpResponse(
            words, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "3600"}
        )
    backlog = getattr(request, "scope", {}).get(SCOPE_KEY)
    return StreamingHttpResponse(
        _pieces(stream, length, backlog), status=status, content_type=held.media_type, headers=headers
    )


def span_of(text: str, size: int) -> tuple[int, int] | None:
    """(start, length) of a Range header; None for what we do not serve in parts (then the whole is right); (0, 0): not satisfiable."""
    match = _RANGE.match(text.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        long = min(_whole(match[2]), size)
        return (size - long, long) if long else (0, 0)
    start = _whole(match[1])
    end = min(_whole(match[2]), size - 1) if match[2] else size - 1
    if match[2] and _whole(match[2]) < start:
        return None
    return (start, end - start + 1) if start < size else (0, 0)


def _whole(digits: str) -> int:
    """The number; one of thousands of digits, which int() refuses, is only known to be larger than any file."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _opened(key: str, start: int, length: int) -> BinaryIO:
    """The bytes from `start` on, from this machine's disk or the store."""
    try:
        stream = media().path(key).open("rb")
    except (FileNotFoundError, NotADirectoryError):
        store = kept()
        if store is None:
            raise Http404 from None
        try:
            return store.open(key, start, length)
        except FileNotFoundError as error:
            raise Http404 from error
    stream.seek(start)
    return stream


async def _pieces(stream: BinaryIO, length: int, backlog: Callable[[], int] | None) -> AsyncIterator[bytes]:
    """The bytes, no faster than the peer takes them."""
    try:
        while length > 0:
            if backlog is not None and not await _taken(backlog):
                return
            piece = await asyncio.to_thread(stream.read, min(_CHUNK, length))
            if not piece:
                return
            length -= len(piece)
            yield piece
    finally:
        stream.close()


async def _taken(backlog: Callable[[], int]) -> bool:
    """Wait until the peer has taken most of what it was sent; False for one that takes nothing for long."""
    least, moved = backlog(), time.monotonic()
    for waiting in iter(backlog, None):
        if waiting <= _MOST_WAITING:
            return True
        if waiting < least:
            least, moved = waiting, time.monotonic()
        if time.monotonic() - moved > _STUCK_SECONDS:
            return False
        await asyncio.sleep(_PAUSE_SECONDS)
    return False
