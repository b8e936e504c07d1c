"""Carries the occurrences that are made, and what was said of them, from a slot's old times to its new ones; it changes no rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from broadcast import lifecycle
from broadcast.access import Actor
from broadcast.models import Airing
from broadcast.services import airings
from scheduling.foreseen import Foreseen
from scheduling.models import AiringPlan, Occurrence, Slot, SlotException
from scheduling.queries import coming, days
from scheduling.services import booking, drafts, following, ledger, numbering

_S = Airing.State
# An occurrence goes with its slot to the same local day, else so many days away at most.
NEAR = dt.timedelta(days=6)


@dataclass(frozen=True)
class Taken:
    """What stood at one original start of the old slot."""

    original: dt.datetime
    airing_id: UUID | None
    said: SlotException | None
    # A holiday made it what it is.
    by_holiday: bool = False
    left_out: str = ""


def take(slot: Slot, since: dt.datetime) -> list[Taken]:
    """Everything of the slot that is still to come from `since` on, taken off the slot: made airings, and exceptions by people.

    Locks the slot's airings that are not over, all at once: later ones would be wanted while the first have people and feeds.
    """
    _hold(slot)
    rows = slot.occurrences.filter(original_start__gte=since)
    made = {each.original_start: each for each in rows}
    said = {each.original_start: each for each in slot.exceptions.filter(original_start__gte=since)}
    rows.delete()
    slot.exceptions.filter(original_start__gte=since).delete()
    people = {start: each for start, each in said.items() if each.cause != SlotException.Cause.HOLIDAY}
    return [
        Taken(
            start,
            made[start].airing_id if start in made else None,
            people.get(start),
            start in said and start not in people,
            made[start].left_out if start in made else "",
        )
        for start in sorted({*made, *people})
    ]


def put(actor: Actor, taken: Sequence[Taken], slot: Slot, since: dt.datetime, reason: str) -> None:
    """Hang it on the slot as it is now, each at its new original start, and let the airings go there; what has none is cancelled."""
    slot = coming.slots().get(pk=slot.pk)
    last = taken[-1].original + NEAR if taken else since
    foreseen = {each.original: each for each in coming.of_slot(slot, since - NEAR, last + NEAR, days.known())}
    foreseen = {start: each for start, each in foreseen.items() if start >= since or each.start >= since}
    pairs = _pairs(taken, sorted(foreseen), slot.zone)
    for each in taken:
        original = pairs.get(each.original)
        _put_one(actor, each, slot, foreseen[original] if original is not None else None, reason)
    slot = coming.slots().get(pk=slot.pk)  # with the exceptions that came along
    by_original = {each.original: each for each in coming.of_slot(slot, since - NEAR, last + NEAR, days.known())}
    rows = slot.occurrences.filter(original_start__in=list(by_original)).select_related("airing__episode")
    made = list(rows.order_by("original_start"))
    if any(by_original[each.original_start].start > each.airing.planned_start for each in made):
        made.reverse()  # who goes on does not run into the one before, which still stands there
    for there in made:
        _go(actor, slot, there, by_original[there.original_start], reason)


def drop(actor: Actor, slot: Slot, after: dt.datetime, reason: str) -> int:
    """Cancel what was made of the slot for `after` and later; returns how many. Numbers go to the drafts that stay. Locks as `take`."""
    _hold(slot)
    rows = Airing.objects.filter(occurrence__slot=slot, occurrence__original_start__gte=after)
    found = list(rows.filter(state__in=[_S.PLANNED, _S.WAITING]).order_by("planned_start"))
    for airing in found:
        lifecycle.cancel(actor, airing.pk, reason)
    numbering.renumber(slot.programme_id)
    return len(found)


def _hold(slot: Slot) -> None:
    rows = Airing.objects.select_for_update(of=("self",)).filter(occurrence__slot=slot)
    list(rows.exclude(state__in=[_S.ENDED, _S.CANCELLED]).order_by("pk").values("pk"))


def _pairs(taken: Sequence[Taken], new: Sequence[dt.datetime], zone: str) -> dict[dt.datetime, dt.datetime]:
    """Old original start → new one: first the same local day, then the nearest that is free and near."""
    local = ZoneInfo(zone)
    by_day = {each.astimezone(local).date(): each for each in new}
    found: dict[dt.datetime, dt.datetime] = {}
    for each in taken:
        same = by_day.get(each.original.astimezone(local).date())
        if same is not None and same not in found.values():
            found[each.original] = same
    for each in taken:
        if each.original in found:
            continue
        free = [start for start in new if start not in found.values() and abs(start - each.original) <= NEAR]
        if free:
            found[each.original] = min((abs(start - each.original), start) for start in free)[1]
    return found


def _put_one(actor: Actor, each: Taken, slot: Slot, there: Foreseen | None, reason: str) -> None:
    airing = Airing.objects.filter(pk=each.airing_id).first() if each.airing_id else None
    if there is None:
        if airing is not None and airing.state in {_S.PLANNED, _S.WAITING}:
            lifecycle.cancel(actor, airing.pk, reason)
        return
    # What a holiday had cancelled goes out again where the new day is none: made anew, with the number that it gave back.
    is_free = each.by_holiday and airing is not None and airing.state == _S.CANCELLED
    if airing is not None and not (is_free and there.airs and each.said is None):
        Occurrence.objects.create(slot=slot, original_start=there.original, airing=airing, left_out=each.left_out)
        if is_free:
            drafts.note(slot, there)
    if each.said is not None:
        each.said.pk, each.said.slot, each.said.original_start = None, slot, there.original
        each.said.save(force_insert=True)


def _go(actor: Actor, slot: Slot, there: Occurrence, foreseen: Foreseen, reason: str) -> None:
    """Time, feed, studio and what the house does by itself become the slot's, while the airing is still to come."""
    airing = there.airing
    if airing.state != _S.PLANNED:
        return
    if following.obey(actor, slot, there, foreseen, reason) is not None:
        drafts.note(slot, foreseen)
    airing.refresh_from_db()
    if airing.state != _S.PLANNED or airing.kind == Airing.Kind.RERUN:
        return
    airings.use_feed(actor, airing.pk, slot.feed_id)
    booking.set_studio(actor, airing.pk, slot.studio_id)
    AiringPlan.objects.filter(airing=airing).update(**ledger.by_slot(slot))
