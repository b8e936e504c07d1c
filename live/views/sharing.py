"""What a chat shows of an episode's page that somebody shares there: words, picture and address; the same for every reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast.models import Airing
from broadcast.templatetags.wording import clock, day, weekday
from live.wording import iso

PICTURE = "broadcast/still.png"
_LENGTH = 120


def card(request: HttpRequest, airing: Airing, poster: str = "") -> dict[str, str]:
    """`description`, `image` (the poster where there is one) and `url`, both addresses whole; nothing that this reader chose.

    `is_still` says that it is the house's own picture, of a known size: a poster is as large as the recording.
    """
    episode = airing.episode
    number = _("第 %(number)s 期") % {"number": episode.number} if episode.number else ""
    start = airing.planned_start
    facts = (episode.programme.name, number, f"{day(start)} {weekday(start)} {clock(start)}")
    words = " ".join(line.strip() for line in episode.description.splitlines())
    whole = "  ".join(each for each in (" ".join(filter(None, facts)), words) if each)
    address = reverse("episode", args=[episode.programme.slug, episode.number or episode.slug])
    return {
        "description": whole if len(whole) <= _LENGTH else whole[: _LENGTH - 1] + "…",
        "image": request.build_absolute_uri(poster or static(PICTURE)),
        "is_still": "" if poster else "1",
        "url": request.build_absolute_uri(address),
    }


def of_replay(request: HttpRequest, airing: Airing, media: Mapping[str, Any], length: float) -> dict[str, str]:
    """The same of a replay, with what plays it elsewhere: `video` (MP4), or `audio` of a show without a picture, each where there is one;
    `seconds`, and when the show went out and its replay was released."""
    found = card(request, airing, str(media.get("poster", "")))
    kind = next((each for each in ("master", "sound") if media.get(each)), "")
    if kind:
        found["video" if kind == "master" else "audio"] = request.build_absolute_uri(str(media[kind]))
    times = {"published": airing.actual_start, "changed": airing.episode.signed_off_at}
    found |= {name: iso(at) for name, at in times.items() if at is not None}
    return found | ({"seconds": str(round(length))} if length else {})
