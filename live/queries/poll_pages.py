"""What the staff pages of polls offer and list: the polls of an airing in their order, and what a new one may be about; reads alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from broadcast.models import Airing, Segment
from live import protocol
from live.models import Poll, Question
from live.queries.named import named_ballots
from live.queries.staff import staff_polls

# The words of a poll that forms offer; pages touch no table.
State, Kind, Results, Secrecy = Poll.State, Poll.Kind, Poll.Results, Poll.Secrecy
Electorate, Revote = Poll.Electorate, Poll.Revote
EARLIER_SHOWN = 50
ASKED_SHOWN = 100


def listed(airing: Airing) -> list[protocol.StaffPoll]:
    """All polls of the airing in the order in which they are meant to come; void rounds stand where they stood."""
    return sorted(staff_polls(airing.pk), key=lambda poll: (poll.position, poll.id))


def one(airing: Airing, poll_id: int) -> protocol.StaffPoll | None:
    """One poll of the airing; None when it is not there."""
    return next(iter(staff_polls(airing.pk, {poll_id})), None)


def heads(poll_ids: Iterable[int]) -> dict[int, str]:
    """The head of the chain of each poll that is over, by its id."""
    rows = Poll.objects.filter(pk__in=list(poll_ids)).values_list("pk", "result")
    return {pk: str((result or {}).get("head", "")) for pk, result in rows}


def names(poll: protocol.StaffPoll) -> list[tuple[str, list[int]]] | None:
    """Who voted how in a named poll that is over; None where that is never told, or not yet."""
    if poll.state != "closed" or poll.secrecy != "named":
        return None
    return [(row.name, list(row.options)) for row in named_ballots(Poll.objects.get(pk=poll.id))]


def earlier(airing: Airing) -> QuerySet[Poll]:
    """Closed polls of the same programme, the newest first: what a rating may be compared with. Those of rehearsals in rehearsals alone."""
    programme = airing.episode.programme_id
    found = Poll.objects.filter(room__airing__episode__programme=programme, state=Poll.State.CLOSED)
    if airing.kind != Airing.Kind.REHEARSAL:
        found = found.exclude(room__airing__kind=Airing.Kind.REHEARSAL)
    return found.select_related("room__airing__episode").order_by("-closed_at")[:EARLIER_SHOWN]


def asked(airing: Airing) -> QuerySet[Question]:
    """Questions that were on air or answered, the newest first: whose answer may be rated."""
    states = [state for state in ("on_air", "answered", "promised", "queued") if state in Question.State.values]
    return Question.objects.filter(room=airing.pk, state__in=states).order_by("-pk")[:ASKED_SHOWN]


def segments(airing: Airing) -> QuerySet[Segment]:
    """The run-down."""
    return Segment.objects.filter(episode=airing.episode_id).select_related("role").order_by("position")
