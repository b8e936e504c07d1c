"""The episode's page once its replay is released: picture or sound, and what was asked, answered and promised; it decides no rights."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from broadcast import queries as catalogue
from broadcast import registry, replay_times
from broadcast.access import Ability, Actor, can, may_watch_replay, replay_is_released
from broadcast.models import Airing
from live import queries
from live.protocol import Mine
from live.queries import contents as told
from live.views import hall as halls
from live.views import later, room, sharing

_LONGEST = 100_000


def page(request: HttpRequest, actor: Actor, airing: Airing) -> HttpResponse | None:
    """The page, or None while the replay is not released, not written yet, or not for this reader."""
    if airing.state != Airing.State.ENDED or not replay_is_released(airing) or not may_watch_replay(actor, airing):
        return None
    names = room.names_of(airing)
    hall = halls.arrange(halls.named(queries.public_objects(airing), names))
    if hall.mode != "replay" or hall.media is None or not hall.media.replay:
        return None
    response = render(request, "live/replay.html", _context(request, actor, airing, hall, names))
    response["Cache-Control"] = "private, no-cache"
    return response


def _context(
    request: HttpRequest, actor: Actor, airing: Airing, hall: halls.Hall, names: dict[str, dict[str, str]]
) -> dict[str, Any]:
    staff = can(actor, Ability.WATCH_INTERNAL, airing.episode.programme_id)
    media: dict[str, Any] = {"spans": []}
    for _name, function in registry.replay_media:
        media.update(function(airing, staff))
    found = told.contents(airing, media["spans"], names["segments"])
    here = _here(airing, request)
    length = replay_times.length(media["spans"])
    second = asked_second(request.GET.get("t", ""))
    # At the very end there is nothing to be seen.
    second = min(second, max(0, int(length) - 1)) if length else second
    return {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "title": catalogue.title_of(airing.episode),
        "points": [line.strip() for line in airing.episode.description.splitlines() if line.strip()],
        "share": sharing.of_replay(request, airing, media, length),
        "hall": hall,
        "mode": "replay",
        "audio": bool(hall.media and hall.media.media_kind == "audio"),
        "contents": found,
        "questions": {question.id: question for question in hall.questions},
        "polls": {view.poll.id: view for view in halls.poll_views(hall, Mine())},
        "media": media,
        "length": length,
        "second": second,
        # An address that something is added to.
        "base": f"{here}{'&' if '?' in here else '?'}",
        "boot": {
            "airing": str(airing.pk),
            "address": request.build_absolute_uri(here),
            "source": hall.replay,
            "delay": airing.delay_seconds,
            "second": second,
            "length": length,
            "media": {name: value for name, value in media.items() if name != "spans"},
            "spans": media["spans"],
            "chapters": [{"second": each.second, "title": each.title, "kind": each.kind} for each in found.chapters],
            "modules": later.addresses(),
            "urls": {
                "timeline": f"/live/airings/{airing.pk}/timeline",
                "captions": f"/media/airings/{airing.pk}/replay/captions.vtt",
                "transcript": f"/media/airings/{airing.pk}/replay/transcript.json",
                "report": f"{reverse('episode-report', args=_key(airing))}?{urlencode({'airing': airing.pk})}",
            },
        },
    }


def asked_second(text: str) -> int:
    """`?t=90`, `1m30s` or `1:30`: seconds; 0 for what is none of them."""
    words = text.strip().lower()[:12]
    parts = words.replace("h", ":").replace("m", ":").removesuffix("s").split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return 0
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return min(seconds, _LONGEST)


def _key(airing: Airing) -> list[Any]:
    return [airing.episode.programme.slug, airing.episode.number or airing.episode.slug]


def _here(airing: Airing, request: HttpRequest) -> str:
    """The page's address; with the airing where another one than the usual was asked for."""
    address = reverse("episode", args=_key(airing))
    return f"{address}?{urlencode({'airing': airing.pk})}" if request.GET.get("airing") else address
