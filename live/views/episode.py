"""The address of an episode: which page answers there, the room of its airing or the released replay; it draws neither."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from broadcast.access import may_watch
from broadcast.identity import actor_of_request
from live.views import replay, room


@gzip_page  # a slow net waits for every kilobyte of it; Django masks the form's token and varies the length
@require_safe
def episode(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """The page. `?airing=` is another outing of the same episode, `?t=` a second of its replay, `?tab=` a panel of its room."""
    actor = actor_of_request(request)
    found = room.find_episode(slug, key)
    airing = room.choose_airing(request, actor, found)
    if airing is None or not may_watch(actor, airing):
        return room.closed(request, actor, found, airing)
    # Whoever takes part, or looks for what they wrote, is in the room, whatever plays there.
    if request.GET.keys() & {"tab", "again", "reply"}:
        return room.page(request, actor, airing)
    return replay.page(request, actor, airing) or room.page(request, actor, airing)
