"""Keeps rooms in step with their airings, after a fact or on reconcile: the same repairs either way, any number of times."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from broadcast.access import HOUSE
from broadcast.models import Airing
from live import hints
from live.models import Call, Comment, Poll, Question, Sanction, Support, Withdrawal
from live.services import appeals, callers, calls, chain, levels, moves, polls, questions, reports, rooms

_RUNNING = (Airing.State.WAITING, Airing.State.ON_AIR)
_OVER = (Airing.State.ENDED, Airing.State.CANCELLED)


def follow_airing(airing_id: UUID) -> int:
    """Make room, polls and question on air fit the airing's state. Returns how many repairs were made."""
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    if airing is None:
        return 0
    repairs = int(rooms.follow(airing))
    if airing.state in _OVER:
        repairs += polls.close_all(HOUSE, airing)
        repairs += questions.leave_air(HOUSE, airing)
        repairs += calls.leave_air(HOUSE, airing)
        repairs += levels.rest(airing_id)
    return repairs


def reconcile() -> int:
    """Find rooms that do not fit their airings, and polls whose time is over. Cheap when there is nothing to do."""
    stale = Airing.objects.filter(
        Q(state__in=_RUNNING, room__isnull=True)
        | Q(state__in=_RUNNING, room__is_open=False)
        | Q(state__in=_OVER, room__is_open=True)
        | Q(state__in=_OVER, room__questions__state=Question.State.ON_AIR)
        | Q(state__in=_OVER, room__calls__state__in=Call.OPEN)
        | Q(state__in=_OVER, room__polls__state=Poll.State.OPEN, room__polls__closes_at__isnull=True)
    )
    repairs = sum(follow_airing(airing_id) for airing_id in stale.values_list("pk", flat=True).distinct()[:100])
    chain.place_all()
    return repairs + callers.mask_due() + polls.open_due() + polls.freeze_due()


def panels_changed(airing_id: UUID) -> None:
    """Another app's part of the control room changed: number it on the staff lane and tell."""
    with transaction.atomic():
        if rooms.next_staff_seq([airing_id], panels=True):
            hints.hint(airing_id, "staff")


def merge(source_id: UUID, target_id: UUID) -> None:
    """Move what a merged participant said, asked, supported and voted to the survivor. Runs inside the merging transaction."""
    for model in (Comment, Question):
        taken = model.objects.filter(author=target_id).values("command_id")
        model.objects.filter(author=source_id).exclude(command_id__in=taken).update(author=target_id)
    doubled = Support.objects.filter(participant=target_id).values("question")
    Support.objects.filter(participant=source_id, question__in=doubled).delete()
    Support.objects.filter(participant=source_id).update(participant=target_id)
    moves.move_ballots(source_id, target_id)
    reports.move(source_id, target_id)
    appeals.move(source_id, target_id)
    Call.objects.filter(participant=source_id).update(participant=target_id)
    # Whoever is muted stays so with the account, and what is hidden stays hidden.
    Sanction.objects.filter(participant=source_id).update(participant=target_id)
    Withdrawal.objects.filter(participant=source_id).update(participant=target_id)


def airings_of(episode_id: int) -> list[UUID]:
    """The airings whose rooms show this episode."""
    return list(Airing.objects.filter(episode=episode_id).values_list("pk", flat=True))
