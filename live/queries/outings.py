"""The outings beside one: those of the same programme to which an open question can go on, and a page's address; it must not write."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from broadcast.models import Airing, Episode

MOST = 20


def later(airing: Airing) -> list[Airing]:
    """Other premieres of the programme that are to come or on, the next first."""
    rows = Airing.objects.filter(
        episode__programme=airing.episode.programme_id,
        kind=Airing.Kind.PREMIERE,
        state__in=[Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR],
        planned_start__gt=airing.planned_start,
    )
    rows = rows.exclude(pk=airing.pk).exclude(episode__publication=Episode.Publication.WITHDRAWN)
    return list(rows.select_related("episode__programme").order_by("planned_start")[:MOST])


def address(airing: Airing, **query: str) -> str:
    """The page of this outing."""
    episode = airing.episode
    path = reverse("episode", args=[episode.programme.slug, episode.key])
    return f"{path}?{urlencode({'airing': str(airing.pk), **query})}"
