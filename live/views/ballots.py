"""The published list of a closed poll's ballots, for anybody to recount, and the names of a named poll's; no rules here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast.identity import actor_of_request
from live.queries.named import named_ballots, named_poll
from live.queries.verify import listed_poll, published_list
from live.views.poll_views import option_words


@require_safe
def published(request: HttpRequest, poll_id: int) -> HttpResponse:
    """The list as JSON (docs/decisions/0020), or 404: no such poll for this reader, or nothing of it is published."""
    found = listed_poll(actor_of_request(request), poll_id)
    if found is None:
        return HttpResponse(_("这个投票没有公布选票名单。"), status=404, content_type="text/plain; charset=utf-8")
    poll, is_public = found
    response = HttpResponse("".join(published_list(poll)), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="yishi-poll-{poll.pk}.json"'
    # Short, since a poll may still be voided; the list itself never changes.
    response["Cache-Control"] = "public, max-age=60" if is_public else "private, no-cache"
    return response


@require_safe
def names(request: HttpRequest, poll_id: int) -> HttpResponse:
    """Who voted how: a page for browsers, else JSON {"poll", "question", "ballots": [{"name", "options", "texts"}]}; 404 where that is
    not public."""
    found = named_poll(actor_of_request(request), poll_id)
    if found is None:
        return HttpResponse(_("这个投票没有公布姓名。"), status=404, content_type="text/plain; charset=utf-8")
    poll, is_public = found
    cached = "public, max-age=60" if is_public else "private, no-cache"
    if "text/html" in request.headers.get("Accept", ""):
        return _names_page(request, poll)
    ballots = [{"name": each.name, "options": each.options, "texts": each.texts} for each in named_ballots(poll)]
    response = JsonResponse({"poll": poll.pk, "question": poll.question, "ballots": ballots})
    response["Cache-Control"], response["Vary"] = cached, "Accept"
    return response


def _names_page(request: HttpRequest, poll: Any) -> HttpResponse:
    episode = poll.room.airing.episode
    rows = [(each.name, [option_words(poll.kind, text) for text in each.texts]) for each in named_ballots(poll)]
    back = f"{reverse('episode', args=[episode.programme.slug, episode.key])}?airing={poll.room_id}&tab=vote"
    context = {"poll": poll, "programme": episode.programme, "rows": rows, "back": back}
    response = render(request, "live/poll_names.html", context)
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept"])
    return response
