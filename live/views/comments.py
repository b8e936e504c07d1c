"""Every public comment of an airing as plain pages, newest first: for who has no script, and for what the lot left out; no rules."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from broadcast import queries as catalogue
from broadcast.access import may_watch
from broadcast.errors import IdentityStale
from broadcast.identity import actor_of_request
from live import queries, text
from live.protocol import Mine
from live.views import room


@require_safe
def page(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Fifty comments; `?before=` (a comment's number) gives those before it, `?airing=` another outing of the episode."""
    actor = actor_of_request(request)
    found = room.find_episode(slug, key)
    airing = room.choose_airing(request, actor, found)
    if airing is None or not may_watch(actor, airing):
        return room.closed(request, actor, found, airing)
    before = request.GET.get("before", "")
    number = text.whole(before) or 0
    try:
        mine = queries.mine_of(airing, actor)
    except IdentityStale:
        mine = Mine()
    shown, more = queries.older_comments(airing.pk, number)
    context = {
        **room.reporting(mine),
        "episode": found,
        "programme": found.programme,
        "airing": airing,
        "title": catalogue.title_of(found),
        "comments": shown,
        "total": f"{queries.comments_total(airing.pk):,}",
        "first": number == 0,
        "before": shown[-1].id if more and shown else 0,
        "back": f"{reverse('episode', args=[slug, key])}?airing={airing.pk}&tab=talk",
    }
    response = render(request, "live/comments.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response
