"""Makes one airing of a slot: a numbered draft by its template, or a rerun; it puts nobody and nothing in two places."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import transaction

from broadcast import audit, lifecycle
from broadcast.access import HOUSE, may_be_rerun
from broadcast.errors import Conflict
from broadcast.models import Airing, Appearance
from broadcast.rundown_lines import FOLLOW, LinePlan
from broadcast.services import airings, episodes, rundown
from scheduling.foreseen import Foreseen, Verdict
from scheduling.models import AiringPlan, Booking, Occurrence, Slot, SlotException
from scheduling.services import booking, ledger, seats, templates, titles

logger = logging.getLogger(__name__)

# Among so many of the latest one looks for what may be played again.
_LOOKED_AT = 30


def make(slot: Slot, foreseen: Foreseen) -> Airing | None:
    """The airing of one occurrence, in one transaction; None where a rerun is wanted and nothing may be played again yet.

    Where host, feed or studio are wanted elsewhere at that time, the draft is made without them (`Occurrence.left_out`, tried again by
    `complete`): an occurrence with something missing is seen and mended, one that is not there is missed.
    """
    with transaction.atomic(), audit.at_the_end():
        is_rerun = foreseen.verdict == Verdict.RERUN
        airing, left_out = (_rerun(slot, foreseen), "") if is_rerun else _premiere(slot, foreseen)
        if airing is None:
            return None
        Occurrence.objects.create(slot=slot, original_start=foreseen.original, airing=airing, left_out=left_out)
        plan = ledger.plan_by_slot(slot, airing)
        if airing.kind == Airing.Kind.RERUN:  # nobody sits at the desk for a rerun
            AiringPlan.objects.filter(pk=plan.pk).update(auto_announce=True, auto_start=True, auto_end=True)
        note(slot, foreseen)
        return airing


def note(slot: Slot, foreseen: Foreseen) -> None:
    """Note what a holiday did to an occurrence that was made, so that it can be taken back when the days are otherwise."""
    if foreseen.cause != SlotException.Cause.HOLIDAY:
        return
    SlotException.objects.update_or_create(
        slot=slot,
        original_start=foreseen.original,
        defaults={
            "kind": foreseen.verdict,
            "moved_to": foreseen.start if foreseen.verdict == Verdict.MOVE else None,
            "cause": SlotException.Cause.HOLIDAY,
            "reason": foreseen.reason[:200],
        },
    )


def complete(slot: Slot, there: Occurrence) -> None:
    """Give a draft what was left out of it, as far as it is free by now; what people put there meanwhile stays. Under the slot's lock."""
    lifecycle.locked_episode(there.airing.episode_id)
    there.refresh_from_db()
    still = []
    for what in there.left_out.split():
        try:
            with transaction.atomic(), audit.at_the_end():
                _GIVE[what](slot, lifecycle.locked(there.airing_id))
            logger.info("draft completed with %s slot=%s at=%s", what, slot.pk, there.original_start)
        except Conflict:
            still.append(what)
    there.left_out = " ".join(still)
    there.save(update_fields=["left_out"])


def _give_feed(slot: Slot, airing: Airing) -> None:
    if airing.feed_id is None and slot.feed_id is not None:
        airings.use_feed(HOUSE, airing.pk, slot.feed_id)


def _give_studio(slot: Slot, airing: Airing) -> None:
    if slot.studio_id is not None and not Booking.objects.filter(airing=airing, studio__isnull=False).exists():
        booking.set_studio(HOUSE, airing.pk, slot.studio_id)


def _give_host(slot: Slot, airing: Airing) -> None:
    host = slot.template.host_id if slot.template else None
    if host is None or airing.episode.appearances.filter(role=Appearance.Role.HOST).exists():
        return
    empty = airing.episode.seats.filter(role=Appearance.Role.HOST, person=None).first()
    seat = empty or seats.add(HOUSE, airing.episode_id, Appearance.Role.HOST)
    seats.put(HOUSE, seat.pk, host)


_GIVE: dict[str, Callable[[Slot, Airing], None]] = {
    "feed": _give_feed,
    "guests": _give_host,
    "studio": _give_studio,
}


def _premiere(slot: Slot, foreseen: Foreseen) -> tuple[Airing, str]:
    """The draft, and what was left out of it."""
    host = slot.template.host if slot.template else None
    wanted: dict[str, Any] = {"guests": host, "feed": slot.feed_id, "studio": slot.studio_id}
    left_out: list[str] = []
    for _each in range(len(wanted)):
        try:
            with transaction.atomic(), audit.at_the_end():
                return _draft(slot, foreseen, wanted), " ".join(left_out)
        except Conflict as clash:
            field = clash.data.get("field")
            logger.warning("draft without %s slot=%s at=%s: %s", field, slot.pk, foreseen.start, clash)
            if wanted.get(field or "") is None:
                raise
            wanted[str(field)] = None
            left_out.append(str(field))
    return _draft(slot, foreseen, wanted), " ".join(left_out)


def _draft(slot: Slot, foreseen: Foreseen, wanted: dict[str, Any]) -> Airing:
    number = episodes.next_number(slot.programme)
    template, host = slot.template, wanted["guests"]
    plan = episodes.EpisodePlan(
        programme=slot.programme_id,
        title=titles.made(template, number, foreseen.start, slot.zone),
        description=template.description if template else "",
        start=foreseen.start,
        end=foreseen.end,
        number=number,
        feed=wanted["feed"],
        guests=[episodes.GuestPlan(Appearance.Role.HOST, person=host.pk)] if host else [],
    )
    airing = episodes.create(HOUSE, plan).airings.select_related("episode__programme").get()
    if template is not None:
        rundown.revise(HOUSE, airing.pk, airing.episode.rundown_version, lines_of(slot, foreseen.end - foreseen.start))
        wants = [(seat.role, seat.hint) for seat in template.seats.all() for _each in range(seat.count)]
        seats.lay(airing.episode, wants)
    if wanted["studio"] is not None:
        booking.set_studio(HOUSE, airing.pk, wanted["studio"])
    return airing


def lines_of(slot: Slot, length: dt.timedelta) -> list[LinePlan]:
    """The template's segments as lines of a run-down; a start beyond the airing's length follows the segment before."""
    rows = slot.template.segments.select_related("role").order_by("position") if slot.template else ()
    lines = [templates.line_of(each) for each in rows]
    beyond = length.total_seconds()
    return [
        replace(each, start=FOLLOW, offset=None, wait=None) if each.offset is None or each.offset >= beyond else each
        for each in lines
    ]


def _rerun(slot: Slot, foreseen: Foreseen) -> Airing | None:
    said = slot.exceptions.filter(original_start=foreseen.original).select_related("rerun_of").first()
    source = (
        said.rerun_of
        if said is not None and said.rerun_of is not None
        else next(iter(rerunnable(slot.programme_id)), None)
    )
    if source is None:
        logger.warning("nothing to rerun slot=%s at=%s", slot.pk, foreseen.start)
        return None
    return airings.rerun(HOUSE, source.pk, foreseen.start, foreseen.end)


def rerunnable(programme_id: int) -> list[Airing]:
    """What of a programme may go out again, the latest first."""
    ended = Airing.objects.filter(
        episode__programme=programme_id, state=Airing.State.ENDED, kind=Airing.Kind.PREMIERE
    ).select_related("episode__programme")
    return [each for each in ended.order_by("-actual_end")[:_LOOKED_AT] if may_be_rerun(each)]
