"""What staff see of venues, and what of them counts: heads apart from who watches online, confirmed ballots on paper; writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from broadcast.models import Airing
from live.models import HeadCount, PaperCount, Poll, Venue
from live.queries.entered import Entered

# Pages touch no table.
PaperState = PaperCount.State


@dataclass(frozen=True)
class Heads:
    """The last count of a venue in a show."""

    people: int
    at: dt.datetime
    by: str


def entered(poll_ids: Sequence[int]) -> Mapping[int, Sequence[Entered]]:
    """By poll, the counts that two people agreed on (`queries.entered` asks)."""
    rows = PaperCount.objects.filter(poll__in=poll_ids, state=PaperCount.State.CONFIRMED).order_by("venue__name", "pk")
    found: dict[int, list[Entered]] = {}
    for paper in rows.select_related("venue"):
        votes = {int(option): int(n) for option, n in paper.votes.items()}
        found.setdefault(paper.poll_id, []).append(Entered(paper.venue.name, votes, paper.total))
    return found


def venues(programme_id: int) -> list[Venue]:
    """Those of a programme that stand, by name."""
    return list(Venue.objects.filter(programme=programme_id, removed_at=None).select_related("source"))


def venue(venue_id: int) -> Venue | None:
    """One, with the source of its code, removed or not."""
    return Venue.objects.select_related("source").filter(pk=venue_id).first()


def heads(airing_id: UUID) -> dict[int, Heads]:
    """By venue, the last count of this show."""
    rows = (
        HeadCount.objects.filter(room=airing_id).order_by("venue_id", "-pk").distinct("venue_id").select_related("by")
    )
    return {row.venue_id: Heads(row.people, row.at, str(row.by or "")) for row in rows}


def present(airing_id: UUID) -> tuple[int, int]:
    """How many people, at how many venues with anybody, by the last counts."""
    return sum_of(heads(airing_id))


def sum_of(counted: Mapping[int, Heads]) -> tuple[int, int]:
    """How many people, at how many venues with anybody."""
    counts = [each.people for each in counted.values() if each.people]
    return sum(counts), len(counts)


def papers(airing: Airing) -> list[PaperCount]:
    """Every entry for the polls of a show, the newest first."""
    rows = PaperCount.objects.filter(poll__room=airing.pk).order_by("-pk")
    return list(rows.select_related("poll", "venue", "entered_by", "confirmed_by", "withdrawn_by"))


def open_polls(airing_id: UUID) -> list[Poll]:
    """The polls that take counts now, with their options: none that asks who votes (`services.on_behalf.hold_for_counts`)."""
    found = Poll.objects.filter(room=airing_id, state=Poll.State.OPEN, electorate=Poll.Electorate.ALL)
    return list(found.exclude(secrecy=Poll.Secrecy.NAMED).prefetch_related("options"))
