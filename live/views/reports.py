"""The page on which an item is reported, for browsers without script and for pages that have none; what is sent goes by `forms.act`."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import queries as catalogue
from broadcast.access import may_watch
from broadcast.errors import NotFound
from broadcast.identity import actor_of_request
from live import text
from live.queries import reason_list, voices
from live.views import room


@require_safe
def page(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """The item (`?kind=&item=`) as the public reads it, and the reasons to choose from."""
    actor = actor_of_request(request)
    found = room.find_episode(slug, key)
    airing = room.choose_airing(request, actor, found)
    if airing is None or not may_watch(actor, airing):
        return room.closed(request, actor, found, airing)
    kind, number = request.GET.get("kind", ""), text.whole(request.GET.get("item", ""))
    shown = voices.as_reported(airing, kind, number) if number else None
    if shown is None:
        raise NotFound(_("没有这一条，可能已经撤下。"))
    context = {
        "programme": found.programme,
        "episode": found,
        "airing": airing,
        "title": catalogue.title_of(found),
        "kind": kind,
        "item": shown,
        "reasons": reason_list.offered(found.programme_id),
        "new_id": secrets.token_urlsafe(12),
        "tab": "talk" if kind == "comment" else "ask",
        "back": f"{reverse('episode', args=[slug, key])}?airing={airing.pk}&tab={'talk' if kind == 'comment' else 'ask'}",
    }
    response = render(request, "live/report.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response
