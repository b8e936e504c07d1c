"""Puts single airings into the calendar and moves them there, each with all that it takes, or not at all; it makes no regular ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle
from broadcast.access import Ability, Actor, require
from broadcast.clock import ZONE
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Airing, Programme, Segment
from broadcast.rundown_lines import LinePlan, plan_of
from broadcast.services import airings, episodes
from scheduling import foreseen
from scheduling.models import Booking, Occurrence, Slot
from scheduling.queries import coming, days
from scheduling.services import booking, exceptions, making, numbering

LONGEST = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Wish:
    """A new episode with its first airing: when, who, in which studio, by which feed. Times are aware."""

    programme: int
    start: dt.datetime
    end: dt.datetime
    title: str = ""
    guests: Sequence[episodes.GuestPlan] = ()
    studio: int | None = None
    feed: int | None = None


def place(actor: Actor, wish: Wish) -> Airing:
    """A numbered draft with its airing; parts, minutes and timing of the run-down are the programme's usual ones.

    Raises Conflict (data: field, clashes) when somebody or something would be in two places, InvalidInput (data: field). Nothing is
    written then. Locks the programme, so that two producers get two numbers.
    """
    _check(wish.start, wish.end)
    if wish.end <= clock.now():
        raise InvalidInput(_("这个时间已经过去了。"), field="date")
    with transaction.atomic(), audit.at_the_end():
        programme = Programme.objects.select_for_update().filter(pk=wish.programme, is_active=True).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        require(actor, Ability.PRODUCE, programme.pk)
        plan = episodes.EpisodePlan(
            programme=programme.pk,
            title=wish.title.strip() or _("话题待定"),
            start=wish.start,
            end=wish.end,
            number=episodes.next_number(programme),
            feed=wish.feed,
            guests=wish.guests,
            segments=_usual_lines(programme),
        )
        airing = episodes.create(actor, plan).airings.get()
        if wish.studio is not None:
            booking.set_studio(actor, airing.pk, wish.studio)
        numbering.renumber(programme.pk)
        return airing


def move(
    actor: Actor,
    airing_id: UUID,
    start: dt.datetime,
    end: dt.datetime,
    was: tuple[dt.datetime, dt.datetime],
    reason: str = "",
) -> Airing:
    """Give an airing other times, unless it stands elsewhere by now than `was`, where the mover saw it: Conflict (data: start, end).

    Of a slot's occurrence this is "only this one": it keeps number and identity, and becomes as usual when it comes back.
    """
    _check(start, end)
    with transaction.atomic(), audit.at_the_end():
        slot, occurrence = _slot_of(airing_id)
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if (airing.planned_start, airing.planned_end) != was:
            raise _moved_meanwhile(airing)
        if start < clock.now() and start != airing.planned_start:
            raise InvalidInput(_("不能移到已经过去的时间。"), field="start")
        if slot and occurrence and _is_usual(slot, occurrence, start, end):
            exceptions.as_usual(actor, slot.pk, occurrence.original_start, reason)
        else:
            exceptions.move_airing(actor, airing_id, start, end, reason)
        airing.refresh_from_db()
        return airing


def rerun(actor: Actor, earlier_id: UUID, start: dt.datetime) -> Airing:
    """Let an airing's replay go out again at `start`, for as long as it ran. Raises NotFound, InvalidInput (data: field)."""
    earlier = Airing.objects.filter(pk=earlier_id).first()
    if earlier is None:
        raise NotFound(_("没有这一场。"))
    if start < clock.now():
        raise InvalidInput(_("这个时间已经过去了。"), field="date")
    ran = earlier.actual_end - earlier.actual_start if earlier.actual_start and earlier.actual_end else None
    length = max(ran or earlier.planned_end - earlier.planned_start, dt.timedelta(minutes=1))
    return airings.rerun(actor, earlier_id, start, start + length)


def rehearse(actor: Actor, airing_id: UUID, start: dt.datetime, end: dt.datetime) -> Airing:
    """A rehearsal of the airing's episode in its studio; raises as `airings.rehearse`."""
    _check(start, end)
    with transaction.atomic(), audit.at_the_end():
        _slot_of(airing_id)
        made = airings.rehearse(actor, airing_id, start, end)
        studio = Booking.objects.filter(airing=airing_id, studio__isnull=False).values_list("studio", flat=True).first()
        if studio is not None:
            booking.set_studio(actor, made.pk, studio)
        return made


def _slot_of(airing_id: UUID) -> tuple[Slot | None, Occurrence | None]:
    """The slot that the airing is an occurrence of, locked before the airing is, as everywhere; else its programme alone."""
    occurrence = Occurrence.objects.filter(airing=airing_id).first()
    if occurrence is not None:
        return making.locked(occurrence.slot_id), occurrence
    numbering.hold(Programme.objects.filter(episodes__airings=airing_id))
    return None, None


def _is_usual(slot: Slot, occurrence: Occurrence, start: dt.datetime, end: dt.datetime) -> bool:
    """Whether rule and holidays alone would have it there, so that nothing needs to be said of it any more."""
    plan = replace(coming.plan_of(slot), exceptions={})
    original = occurrence.original_start
    usual = next(foreseen.foresee(plan, days.known(), original, original + dt.timedelta(microseconds=1)), None)
    return usual is not None and usual.airs and (usual.start, usual.end) == (start, end)


def _check(start: dt.datetime, end: dt.datetime) -> None:
    if end <= start:
        raise InvalidInput(_("结束时间要晚于开始时间。"), field="end")
    if end - start > LONGEST:
        raise InvalidInput(_("一场最长 24 小时。"), field="end")


def _moved_meanwhile(airing: Airing) -> Conflict:
    local = airing.planned_start.astimezone(ZONE)
    words = _("有人刚把这一场改到 %(day)s %(time)s，您的改动没有保存。请看过再改。")
    return Conflict(
        words % {"day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"},
        start=airing.planned_start.isoformat(),
        end=airing.planned_end.isoformat(),
    )


def _usual_lines(programme: Programme) -> list[LinePlan]:
    """Parts, minutes and timing of the last episode that had some, without its words."""
    last = programme.episodes.filter(segments__isnull=False).order_by("-created_at").first()
    return [_usual(each) for each in last.segments.select_related("role")] if last else []


def _usual(segment: Segment) -> LinePlan:
    title = segment.role.name_zh if segment.role else segment.title
    return replace(plan_of(segment), pk=None, title=title, note="")
