"""What a chat shows of an episode's page that somebody shares there: words, picture and address; the same for every reader."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast.models import Airing
from broadcast.templatetags.wording import clock, day, weekday

PICTURE = "broadcast/still.png"
_LENGTH = 120


def card(request: HttpRequest, airing: Airing) -> dict[str, str]:
    """`description`, `image` and `url`, both addresses whole; without what this reader chose for themselves."""
    episode = airing.episode
    number = _("第 %(number)s 期") % {"number": episode.number} if episode.number else ""
    start = airing.planned_start
    facts = (episode.programme.name, number, f"{day(start)} {weekday(start)} {clock(start)}")
    words = " ".join(line.strip() for line in episode.description.splitlines())
    whole = "  ".join(each for each in (" ".join(filter(None, facts)), words) if each)
    address = reverse("episode", args=[episode.programme.slug, episode.number or episode.slug])
    return {
        "description": whole if len(whole) <= _LENGTH else whole[: _LENGTH - 1] + "…",
        "image": request.build_absolute_uri(static(PICTURE)),
        "url": request.build_absolute_uri(address),
    }
