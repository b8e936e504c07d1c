"""Lets what was made of an occurrence become what is foreseen by now; by itself it changes nothing that the public knows."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from broadcast import lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.models import Airing, Episode
from broadcast.services import timing
from scheduling.foreseen import Foreseen, Verdict
from scheduling.models import Occurrence, Slot, SlotException
from scheduling.services import drafts, titles

_S, _K = Airing.State, Airing.Kind


def differs(slot: Slot, there: Occurrence, foreseen: Foreseen) -> bool:
    """Whether days that became known make of a draft something else than it is. False for what people decided, and what is public.

    Asks no query where the slot's exceptions are prefetched.
    """
    if foreseen.cause in {SlotException.Cause.PERSON, SlotException.Cause.PREEMPTION}:
        return False
    noted = _noted(slot, foreseen.original)
    if foreseen.verdict == Verdict.AIR and noted is None:
        return False
    return _is_draft(there.airing) and _differs(there.airing, foreseen, noted)


def follow(slot: Slot, there: Occurrence, foreseen: Foreseen) -> Occurrence | None:
    """Do it, and note the holiday; None when the occurrence is to be made anew. Under the slot's lock."""
    kept = obey(HOUSE, slot, there, foreseen, foreseen.reason or _("节假日安排有变"))
    if foreseen.cause == SlotException.Cause.HOLIDAY and kept is not None:
        drafts.note(slot, foreseen)
    elif foreseen.cause != SlotException.Cause.HOLIDAY:
        slot.exceptions.filter(original_start=foreseen.original, cause=SlotException.Cause.HOLIDAY).delete()
    return kept


def obey(actor: Actor, slot: Slot, there: Occurrence, foreseen: Foreseen, reason: str) -> Occurrence | None:
    """Make the airing what is foreseen; None when it was put away and another is to be made. Raises IllegalTransition once it has begun.

    A cancelled airing stays cancelled: what goes out after all is made anew, with the number that it gave back.
    """
    airing = there.airing
    if foreseen.verdict == Verdict.SKIP:
        _cancel(actor, airing, reason)
        return there
    if foreseen.verdict == Verdict.RERUN or airing.kind == _K.RERUN or airing.state == _S.CANCELLED:
        is_rerun = airing.kind == _K.RERUN and airing.state == _S.PLANNED
        if foreseen.verdict == Verdict.RERUN and is_rerun and _plays(slot, airing, foreseen.original):
            _move(actor, airing, foreseen, reason)
            return there
        _cancel(actor, airing, reason)
        there.delete()
        return None
    _move(actor, airing, foreseen, reason)
    return there


def _plays(slot: Slot, airing: Airing, original: dt.datetime) -> bool:
    """Whether it plays again what people chose for it; where they chose nothing, whatever it plays is right."""
    said = slot.exceptions.filter(original_start=original, rerun_of__isnull=False).select_related("rerun_of").first()
    wanted = said.rerun_of if said is not None else None
    return wanted is None or airing.rerun_of_id == (wanted.rerun_of_id or wanted.pk)


def _cancel(actor: Actor, airing: Airing, reason: str) -> None:
    if airing.state != _S.CANCELLED:
        lifecycle.cancel(actor, airing.pk, reason)


def _move(actor: Actor, airing: Airing, foreseen: Foreseen, reason: str) -> None:
    if (airing.planned_start, airing.planned_end) == (foreseen.start, foreseen.end):
        return
    before = airing.planned_start
    timing.move(actor, airing.pk, foreseen.start, foreseen.end, reason)
    retitle(airing.episode_id, before)


def retitle(episode_id: int, before: dt.datetime) -> None:
    """Let a title made of the old day say the new one."""
    episode = Episode.objects.get(pk=episode_id)
    if titles.follow(episode, episode.number, before):
        episode.save(update_fields=["title"])


def _noted(slot: Slot, original: dt.datetime) -> SlotException | None:
    found = (each for each in slot.exceptions.all() if each.original_start == original)
    return next((each for each in found if each.cause == SlotException.Cause.HOLIDAY), None)


def _is_draft(airing: Airing) -> bool:
    return airing.announced_at is None and airing.state in {_S.PLANNED, _S.CANCELLED}


def _differs(airing: Airing, foreseen: Foreseen, noted: SlotException | None) -> bool:
    if foreseen.verdict == Verdict.SKIP:
        return airing.state != _S.CANCELLED
    if foreseen.verdict == Verdict.RERUN:
        return airing.kind != _K.RERUN and airing.state == _S.PLANNED
    if airing.state == _S.CANCELLED or airing.kind == _K.RERUN:
        return noted is not None and noted.kind in {Verdict.SKIP, Verdict.RERUN}
    # Moved by hand without a word to the slot: it stays where people put it.
    house_put_it = airing.planned_start in {foreseen.original, noted.moved_to if noted else None}
    return house_put_it and airing.planned_start != foreseen.start
