"""Caption lines as pages fetch them: all that is public as JSON or WebVTT, and the captioner's page with its list; no rules here."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from broadcast import clock, file_names
from broadcast.access import Ability, Actor, can, may_watch, may_watch_replay, require
from broadcast.errors import NotFound
from broadcast.identity import actor_of_request
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff
from live import captions as lines
from live import wording
from live.protocol import MediaObject
from live.queries import behind, captions, public_groups


@require_safe
def published(request: HttpRequest, airing_id: UUID) -> HttpResponseBase:
    """Every public line, in order of the studio's time: while the show runs up to where its picture is, then with the replay."""
    airing = _watched(request, airing_id)
    body = msgspec.json.encode({"lines": captions.objects(captions.public_lines(airing))})
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    found: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    response = found if found is not None else HttpResponse(body, content_type="application/json")
    # Kept by the reader's browser alone, who may watch it, and asked about each time: what is withheld is gone at the next look.
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    return response


@require_safe
def webvtt(request: HttpRequest, airing_id: UUID) -> HttpResponse:
    """The same as WebVTT, counted from the start of the show; for whoever may watch."""
    airing = _watched(request, airing_id)
    rows = captions.public_lines(airing) if airing.actual_start else []
    told = lines.vtt(
        [lines.Line(row.at, row.text, row.until) for row in rows], airing.actual_start or airing.planned_start
    )
    response = HttpResponse(told, content_type="text/vtt; charset=utf-8")
    name = file_names.of_airing(airing, "vtt")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


@ensure_csrf_cookie
@for_staff
@require_safe
def desk(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The captioner's page; its script writes by commands and reads the list below."""
    airing = _worked(actor, airing_id)
    programme, episode = airing.episode.programme, airing.episode
    base = f"/live/airings/{airing.pk}"
    page = {
        "airing": str(airing.pk),
        "title": episode.title,
        "number": episode.number,
        "programme": programme.name,
        "delay_seconds": airing.delay_seconds,
        "me": {"id": actor.user_id, "name": actor.name},
        "csrf": get_token(request),
        "urls": {
            "lines": reverse("live-staff-captions", args=[airing.pk]),
            "vtt": reverse("live-captions-vtt", args=[airing.pk]),
            "commands": f"{base}/commands",
            "login": reverse("account:login"),
            "home": reverse("staff:home"),
        },
    }
    context = {"airing": airing, "episode": episode, "programme": programme, "page": page}
    return render(request, "live/staff/captions.html", context)


@for_staff
@require_safe
def worked_on(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The newest lines with where each stands, and what of the show the captioner must know."""
    airing = _worked(actor, airing_id)
    groups = public_groups(airing.pk, ["media"]) or {}
    media = next((each for each in groups.get("media", []) if isinstance(each, MediaObject)), None)
    told: dict[str, Any] = {
        "lines": captions.staff_lines(airing),
        "total": captions.total(airing.pk),
        "state": airing.state,
        "started_at": wording.iso_or_none(airing.actual_start),
        "seen": wording.iso_or_none(behind.seen_until(airing)),
        "delay_seconds": airing.delay_seconds,
        "playlist": media.playlist if media else None,
        "media": media.state if media else "none",
        "now": wording.iso(clock.now()),
    }
    response = HttpResponse(msgspec.json.encode(told), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def _watched(request: HttpRequest, airing_id: UUID) -> Airing:
    """The airing, where the reader may hear it: while its delayed picture runs whoever may watch, afterwards with the replay."""
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    actor = actor_of_request(request)
    over = airing is not None and airing.state == Airing.State.ENDED and behind.seen_until(airing) is None
    if airing is None or not (may_watch_replay(actor, airing) if over else may_watch(actor, airing)):
        raise NotFound(_("没有这一场。"))
    return airing


def _worked(actor: Actor, airing_id: UUID) -> Airing:
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    programme = airing.episode.programme_id
    if not can(actor, Ability.RUN, programme):
        require(actor, Ability.CAPTION, programme)
    return airing
