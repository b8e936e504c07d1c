"""The public page of one clip: player, where it comes from, share and download; rights are asked of the replay, it writes nothing."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from archive.clipping import queries
from archive.models import Clip
from archive.transcripts import public
from broadcast import queries as catalogue
from broadcast.access import may_watch_replay
from broadcast.errors import NotFound
from broadcast.identity import actor_of_request

_OTHERS = 6


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, while the clip is published and the reader may have the replay. Raises NotFound."""
    clip = queries.public().filter(pk=pk).select_related("airing__episode__programme").first()
    if clip is None or not may_watch_replay(actor_of_request(request), clip.airing):
        raise NotFound(_("没有这个片段，或者它已经撤下。"))
    episode, airing = clip.airing.episode, clip.airing
    others = [each for each in queries.replay_media(airing, False)["clips"] if each["id"] != clip.pk]
    whole = reverse("episode", args=[episode.programme.slug, episode.key])
    asked = {"airing": airing.pk, "t": int(clip.second)}
    words = public.signed(airing) is not None and not clip.captions
    context = {
        "clip": clip,
        "title": clip.shown_title,
        "episode": episode,
        "episode_title": catalogue.title_of(episode),
        "programme": episode.programme,
        "airing": airing,
        "whole": f"{whole}?{urlencode(asked)}",
        "tall": clip.shape == Clip.Shape.TALL,
        "video": reverse("clips:video", args=[clip.pk]),
        "poster": reverse("clips:poster", args=[clip.pk]),
        "captions": reverse("clips:captions", args=[clip.pk]) if words else "",
        "size": round(clip.files[queries.VIDEO]["size"] / 1_048_576, 1),
        "width": clip.facts.get("width"),
        "height": clip.facts.get("height"),
        "site_url": request.build_absolute_uri("/").rstrip("/"),
        "address": request.build_absolute_uri(reverse("clips:show", args=[clip.pk])),
        "others": others[:_OTHERS],
    }
    response = render(request, "archive/clip.html", context)
    # Asked for anew each time: what is withdrawn is gone at once.
    response["Cache-Control"] = "private, no-cache"
    return response
