"""Reads which reminders an airing wants and when: people who come, and people who have not answered; the ledger keeps what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from broadcast.models import Airing
from scheduling.models import Invitation, Seat

# Before the planned start: who comes is reminded, who has not answered is asked again.
COMES = dt.timedelta(hours=24)
ANSWERS = dt.timedelta(hours=72)
Due = tuple[str, dt.datetime]
_S = Invitation.State


def due(airing: Airing) -> list[Due]:
    """Of one airing; see `due_for`."""
    return due_for([airing]).get(airing.pk, [])


def due_for(airings: Sequence[Airing]) -> dict[UUID, list[Due]]:
    """By airing, (subject, when) in order of time, also those that are past. Two queries, however many airings.

    A guest who agreed after the time of the reminder, or was asked after it, is not reminded of what they have just read.
    """
    wanted = [each for each in airings if each.kind == Airing.Kind.PREMIERE]
    if not wanted:
        return {}
    taken = Seat.objects.filter(episode__in={each.episode_id for each in wanted}, person__isnull=False)
    seats = list(taken.values_list("pk", "episode_id"))
    rows = Invitation.objects.filter(seat__in=[pk for pk, _episode in seats], state__in=Invitation.LIVING)
    asked = {each.seat_id: each for each in rows}
    found: dict[UUID, list[Due]] = {}
    for airing in wanted:
        here = [_due(airing, seat, asked.get(seat)) for seat, episode in seats if episode == airing.episode_id]
        found[airing.pk] = sorted((each for each in here if each is not None), key=lambda each: (each[1], each[0]))
    return found


def _due(airing: Airing, seat: int, asked: Invitation | None) -> Due | None:
    comes, answers = airing.planned_start - COMES, airing.planned_start - ANSWERS
    if asked is None:
        return f"seat:{seat}", comes
    subject = f"invitation:{asked.pk}"
    if asked.state == _S.ACCEPTED:
        return (subject, comes) if asked.answered_at is None or asked.answered_at < comes else None
    return (subject, answers) if asked.made_at < answers else None
