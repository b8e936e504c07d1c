"""Sends whoever scanned a printed code on to the show, and has it counted; it sets no cookie and decides no rights."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import sources
from broadcast.errors import NotFound
from broadcast.identity import actor_of_request
from broadcast.models import Airing
from broadcast.services import sources as services


@require_safe
def scan(request: HttpRequest, code: str) -> HttpResponse:
    """On to the page of the show, by its own address: who shares that carries the source no further. Only GET counts."""
    source = sources.find(code)
    if source is None:
        raise NotFound(_("没有这个二维码。请从首页找节目。"))
    airing = sources.leads_to(actor_of_request(request), source)
    if request.method == "GET":
        services.scanned(source, airing)
    response = redirect(_page(airing) if airing else reverse("programme", args=[source.programme.slug]))
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _page(airing: Airing) -> str:
    episode = airing.episode
    page = reverse("episode", args=[episode.programme.slug, episode.key])
    return f"{page}?airing={airing.pk}" if airing.kind == Airing.Kind.REHEARSAL else page
