"""Regular times: previews them, makes their airings two weeks ahead, skips and moves single occurrences; it starts nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle
from broadcast.access import HOUSE, Ability, Actor, require
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.services import episodes, timing
from scheduling import recurrence
from scheduling.models import AiringPlan, Occurrence, Slot, SlotException

logger = logging.getLogger(__name__)

AHEAD = dt.timedelta(days=14)
EVERY = dt.timedelta(minutes=1)
_looked_at: dt.datetime | None = None


def rule_of(slot: Slot) -> recurrence.Rule:
    """The slot as a pure rule."""
    return recurrence.Rule(slot.first_date, slot.local_time, slot.zone, slot.rule, slot.minutes)


def preview(slot: Slot, after: dt.datetime, before: dt.datetime) -> Iterator[recurrence.Occurrence]:
    """What the slot gives in [after, before), exceptions applied. Raises InvalidInput (field: rule) for a rule that cannot be read."""
    moved = {each.original_start: each.moved_to for each in slot.exceptions.all()}
    try:
        yield from recurrence.occurrences(rule_of(slot), after, before, moved)
    except recurrence.BadRule as error:
        raise InvalidInput(_("这条规则读不懂：%(why)s") % {"why": error}, field="rule") from error


def materialise(ahead: dt.timedelta = AHEAD) -> int:
    """Make a numbered draft and its airing for each coming occurrence that has none; returns how many. Nothing is announced.

    Safe in any number of processes: the slot's row is locked, and the original start is unique.
    """
    made = 0
    for slot_id in Slot.objects.filter(is_active=True, programme__is_active=True).values_list("pk", flat=True):
        try:
            made += _materialise(slot_id, ahead)
        except BroadcastError as refusal:  # one slot that people must mend holds up no other
            logger.warning("slot gives no airings slot=%s: %s", slot_id, refusal)
    return made


def _materialise(slot_id: int, ahead: dt.timedelta) -> int:
    now = clock.now()
    with transaction.atomic():
        slot = Slot.objects.select_for_update(of=("self",)).select_related("programme").get(pk=slot_id)
        known = set(slot.occurrences.filter(original_start__gte=now).values_list("original_start", flat=True))
        missing = [each for each in preview(slot, now, now + ahead) if each.original not in known]
        for occurrence in missing:
            _make(slot, occurrence)
        return len(missing)


def reconcile() -> int:
    """`materialise` for the tick: at most once a minute in one process."""
    global _looked_at
    now = clock.now()
    if _looked_at is not None and abs(now - _looked_at) < EVERY:
        return 0
    made = materialise()
    _looked_at = now
    return made


def skip(actor: Actor, slot_id: int, original_start: dt.datetime, reason: str) -> SlotException:
    """Leave out one occurrence; its airing, where there is one, is cancelled."""
    with transaction.atomic():
        exception, airing_id = _except(actor, slot_id, original_start, SlotException.Kind.SKIP, None, reason)
        if airing_id is not None:
            lifecycle.cancel(actor, airing_id, reason)
        return exception


def move(actor: Actor, slot_id: int, original_start: dt.datetime, to: dt.datetime, reason: str) -> SlotException:
    """Let one occurrence begin at another time; number and identity stay. Raises IllegalTransition once its airing has begun."""
    with transaction.atomic():
        exception, airing_id = _except(actor, slot_id, original_start, SlotException.Kind.MOVE, to, reason)
        if airing_id is not None:
            timing.move(actor, airing_id, to, to + dt.timedelta(minutes=exception.slot.minutes), reason)
        return exception


def _except(
    actor: Actor, slot_id: int, original_start: dt.datetime, kind: str, to: dt.datetime | None, reason: str
) -> tuple[SlotException, UUID | None]:
    slot = Slot.objects.select_for_update().filter(pk=slot_id).first()
    if slot is None:
        raise NotFound(_("没有这个时段。"))
    require(actor, Ability.PRODUCE, slot.programme_id)
    moment = dt.timedelta(microseconds=1)
    if not any(recurrence.occurrences(rule_of(slot), original_start, original_start + moment)):
        raise InvalidInput(_("这个时段在那个时间没有节目。"), field="original_start")
    exception, _new = SlotException.objects.update_or_create(
        slot=slot, original_start=original_start, defaults={"kind": kind, "moved_to": to, "reason": reason[:200]}
    )
    after = {"original": original_start.isoformat(), "to": to.isoformat() if to else None}
    audit.record(actor, f"slot.{kind}", f"slot:{slot.pk}", reason=reason, after=after)
    airing_id = slot.occurrences.filter(original_start=original_start).values_list("airing_id", flat=True).first()
    return exception, airing_id


def _make(slot: Slot, occurrence: recurrence.Occurrence) -> None:
    plan = episodes.EpisodePlan(
        programme=slot.programme_id,
        title=_("话题待定"),
        start=occurrence.start,
        end=occurrence.end,
        number=episodes.next_number(slot.programme),
        feed=slot.feed_id,
    )
    airing = episodes.create(HOUSE, plan).airings.get()
    Occurrence.objects.create(slot=slot, original_start=occurrence.original, airing=airing)
    AiringPlan.objects.create(airing=airing, auto_start=slot.auto_start, auto_end=slot.auto_end)
