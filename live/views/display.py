"""The page on the big screen of a hall, behind a signed link; it shows public objects alone and decides nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from broadcast import sources
from broadcast.models import Airing, Source
from broadcast.services import sources as source_services
from live.overlay_token import Link
from live.queries import overlay as overlays
from live.queries import venues
from live.views.overlay import kept_private


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Dark, for 1920 by 1080, with the venue's own code; where the link opens nothing it says what to do."""
    link = overlays.admitted(token)
    if link is None or link.kind != "hall":
        return kept_private(render(request, "live/display.html", {"page": None}, status=404))
    source, name = _source(link)
    address = sources.address(request, source)
    context = {
        "page": {"socket": f"/overlay/{token}/socket", "state": reverse("overlay-state", args=[token])},
        "venue": name,
        # segno's own drawing of an address that we made: nothing in it is anybody's.
        "picture": mark_safe(sources.picture(address, "svg", inline=True).decode()),
        "address": address.partition("://")[2],
    }
    return kept_private(render(request, "live/display.html", context))


def _source(link: Link) -> tuple[Source, str]:
    venue = venues.venue(link.venue) if link.venue else None
    if venue is not None:
        return venue.source, venue.name
    return source_services.of_show(Airing.objects.select_related("episode").get(pk=link.airing_id)), ""
