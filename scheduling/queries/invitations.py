"""Reads invitations: by their link, with the airing they ask to, and what a briefing says; they are answered elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from broadcast.models import Airing, Appearance
from broadcast.sealing import digest, unseal
from scheduling.letters import EARLY
from scheduling.models import Booking, Invitation
from scheduling.queries import rundown

PURPOSE = "invitation"
_COMING = [Airing.State.PLANNED, Airing.State.WAITING]
_KINDS = [Airing.Kind.PREMIERE, Airing.Kind.REHEARSAL]


def by_token(token: str) -> Invitation | None:
    """The invitation behind a link, whatever became of it."""
    return (
        Invitation.objects.select_related("person", "seat__episode__programme", "made_by")
        .filter(token_digest=digest(PURPOSE, token))
        .first()
    )


def token_of(invitation: Invitation) -> str:
    """The token of its link again, to be copied."""
    return str(unseal(invitation.sealed_token))


def coming(episode_id: int) -> Airing | None:
    """The airing that guests are asked to: the first premiere that has not begun; a rehearsal only where there is no premiere."""
    rows = Airing.objects.filter(episode=episode_id, state__in=_COMING, kind__in=_KINDS).select_related(
        "episode__programme"
    )
    found = sorted(rows, key=lambda each: (each.kind != Airing.Kind.PREMIERE, each.planned_start))
    return found[0] if found else None


def shown(episode_id: int) -> Airing | None:
    """`coming`, else the last premiere: what a page about an episode's guests speaks of."""
    found = coming(episode_id)
    if found is not None:
        return found
    rows = Airing.objects.filter(episode=episode_id, kind__in=_KINDS).select_related("episode__programme")
    return rows.order_by("-planned_start").first()


def place_of(airing: Airing | None) -> str:
    """Studio and where it is; empty where none is booked."""
    if airing is None:
        return ""
    row = Booking.objects.filter(airing=airing, studio__isnull=False).select_related("studio").first()
    if row is None or row.studio is None:
        return ""
    return "，".join(each for each in (row.studio.name, row.studio.place) if each)


@dataclass(frozen=True)
class Briefing:
    """What a guest should know before they come."""

    airing: Airing | None
    arrive: dt.datetime | None
    place: str
    segments: list[dict[str, Any]]
    others: list[Appearance]


def briefing(invitation: Invitation) -> Briefing:
    """When, where, with whom, about what, in which order, at the times of the run-down; of others only those who appear."""
    episode = invitation.seat.episode
    airing = shown(episode.pk)
    rows: list[dict[str, Any]] = []
    if airing is not None:
        printed = rundown.printed(airing, *rundown.laid(airing, planned=True))
        rows = [{"segment": row["segment"], "at": row["planned"]} for row in printed if not row["segment"].is_floating]
    others = episode.appearances.select_related("person").exclude(person=invitation.person_id)
    return Briefing(
        airing=airing,
        arrive=airing.planned_start - EARLY if airing else None,
        place=place_of(airing),
        segments=rows,
        others=list(others),
    )
