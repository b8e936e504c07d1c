"""The public addresses of captions and transcript: whoever may have the replay may have its signed words; it decides no right."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from archive import views
from archive.transcripts import formats, public, webvtt
from broadcast import file_names
from broadcast.models import Airing


async def captions(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """The signed words as WebVTT, by seconds of the public replay; 404 where nothing is signed."""
    _language, lines = await _lines(request, airing_id)
    return _answer(request, webvtt.write(lines), "text/vtt; charset=utf-8")


async def transcript(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """The same as {"language", "lines": [{"start", "end", "speaker", "text"}]}."""
    language, lines = await _lines(request, airing_id)
    rows = [{"start": each.start, "end": each.end, "speaker": each.speaker, "text": each.text} for each in lines]
    body = json.dumps({"language": language, "lines": rows}, ensure_ascii=False)
    return _answer(request, body, "application/json")


async def words(request: HttpRequest, airing_id: UUID, form: str) -> HttpResponse:
    """The same to be read or taken along: as txt, srt or vtt; 404 for other forms."""
    if form not in formats.FORMS:
        raise Http404
    _language, lines = await _lines(request, airing_id)
    # As text it is to be read in the browser, without scripts too; asked for with `download` it is a file.
    answer = _answer(request, formats.FORMS[form].write(lines), f"{formats.FORMS[form].media_type}; charset=utf-8")
    name = await sync_to_async(_name)(airing_id, form)
    header = content_disposition_header("download" in request.GET, name)
    if header:
        answer["Content-Disposition"] = header
    return answer


async def _lines(request: HttpRequest, airing_id: UUID) -> tuple[str, list[public.Line]]:
    """Staff too get what is public, nothing else: drafts are on the editor's page."""
    found = await views.rights(request, airing_id)
    if not found.replay:
        raise Http404
    said = await sync_to_async(_read)(airing_id)
    if said is None:
        raise Http404
    return said


def _read(airing_id: UUID) -> tuple[str, list[public.Line]] | None:
    airing = Airing.objects.filter(pk=airing_id).first()
    signed = public.signed(airing) if airing is not None else None
    return (signed.language, public.lines(signed.airing)) if signed is not None else None


def _name(airing_id: UUID, form: str) -> str:
    return file_names.of_airing(Airing.objects.select_related("episode__programme").get(pk=airing_id), form)


def _answer(request: HttpRequest, text: str, kind: str) -> HttpResponse:
    """Asked for anew each time: what is withdrawn is gone for those too who have had it."""
    content = text.encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    same = request.headers.get("If-None-Match") == tag
    response = HttpResponse(b"" if same else content, content_type=kind, status=304 if same else 200)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response
