"""What a podcast leads to beside sound and chapters: the words of an episode and the cover; it decides no right but asks the feed's."""

from __future__ import annotations

import json
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from archive.models import PodcastCover, PodcastFeed
from archive.podcasts import covers, items
from archive.podcasts.answers import tagged
from archive.transcripts import public, subrip, webvtt
from archive.transcripts.lines import Line
from broadcast.errors import NotFound
from broadcast.models import Programme

_TYPES = {"vtt": "text/vtt; charset=utf-8", "srt": "application/x-subrip; charset=utf-8", "json": "application/json"}


@require_safe
def transcript(request: HttpRequest, airing_id: UUID, form: str) -> HttpResponseBase:
    """The signed words of a released replay, by seconds of it, as podcast players read them."""
    airing = items.released().filter(pk=airing_id).first()
    found = items.playable([airing]) if airing is not None else []
    if not found or not found[0].language:
        raise NotFound()
    lines = public.lines(found[0].airing)
    written = {"vtt": webvtt.write, "srt": subrip.write, "json": _segments}[form](lines)
    return tagged(request, written.encode(), _TYPES[form])


def _segments(lines: list[Line]) -> str:
    """As the podcast namespace writes them."""
    rows = [
        {"speaker": each.speaker, "startTime": each.start, "endTime": each.end, "body": each.text} for each in lines
    ]
    shown = [{name: value for name, value in row.items() if value != ""} for row in rows]
    return json.dumps({"version": "1.0.0", "segments": shown}, ensure_ascii=False)


@require_safe
def cover(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The cover of a podcast that is published: staff's, or one of its name."""
    feed = (
        PodcastFeed.objects.select_related("programme")
        .filter(programme__slug=slug, is_published=True, programme__audience=Programme.Audience.PUBLIC)
        .first()
    )
    if feed is None:
        raise NotFound()
    return tagged(request, picture(feed), "image/jpeg")


def picture(feed: PodcastFeed) -> bytes:
    """Its cover as it is now."""
    own = PodcastCover.objects.filter(feed=feed).values_list("picture", flat=True).first()
    return bytes(own) if own is not None else covers.drawn(feed.programme.slug, feed.title, settings.COMMITTEE_NAME)


def cover_address(feed: PodcastFeed) -> str:
    """Where it is, another address for other bytes: directories fetch a cover anew only then."""
    return f"{reverse('podcasts:cover', args=[feed.programme.slug])}?v={covers.digest_of(picture(feed))}"


urlpatterns = [
    path("podcasts/covers/<slug:slug>.jpg", cover, name="cover"),
    *(
        path(f"podcasts/transcripts/<uuid:airing_id>.{form}", transcript, {"form": form}, name=f"transcript-{form}")
        for form in _TYPES
    ),
]
