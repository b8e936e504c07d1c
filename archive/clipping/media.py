"""The way to a clip's bytes: whoever may have the replay may have what is published of it, staff the drafts too; no rule of its own."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from archive import derivatives, views
from archive.clipping import burning, queries
from archive.models import Clip
from archive.transcripts import public, webvtt
from broadcast import file_names


@require_safe
async def video(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The MP4, whole or in ranges; `?download` names it."""
    clip = await _allowed(request, pk)
    response = await _file(request, clip, queries.VIDEO)
    header = content_disposition_header("download" in request.GET, f"{_name(clip)}.mp4")
    if header:
        response["Content-Disposition"] = header
    return response


@require_safe
async def poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture in its middle."""
    return await _file(request, await _allowed(request, pk), queries.POSTER)


@require_safe
async def captions(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The signed words as WebVTT, by seconds of the clip; 404 where nothing is signed."""
    clip = await _allowed(request, pk)
    text = await sync_to_async(_words)(clip)
    if text is None:
        raise Http404
    response = HttpResponse(text.encode(), content_type="text/vtt; charset=utf-8")
    response["Cache-Control"] = "private, no-cache"
    if "download" in request.GET:
        response["Content-Disposition"] = content_disposition_header(True, f"{_name(clip)}.vtt") or "attachment"
    return response


async def _allowed(request: HttpRequest, pk: int) -> Clip:
    """The clip, if it stands and is for them. Raises Http404."""
    clip = await queries.standing().filter(pk=pk).select_related("airing__episode__programme").afirst()
    if clip is None:
        raise Http404
    found = await views.rights(request, clip.airing_id)
    if not found.replay or not (found.everything or clip.state == Clip.State.PUBLISHED):
        raise Http404
    return clip


async def _file(request: HttpRequest, clip: Clip, name: str) -> HttpResponseBase:
    each = clip.files[name]
    return await derivatives.answer(request, derivatives.Held(each["key"], each["size"], each["digest"], each["type"]))


def _words(clip: Clip) -> str | None:
    if public.signed(clip.airing) is None:
        return None
    lines = public.lines(clip.airing)
    return webvtt.write(burning.within(lines, clip.second, clip.second + clip.seconds))


def _name(clip: Clip) -> str:
    return file_names.cleaned(clip.shown_title) or f"clip {clip.pk}"
