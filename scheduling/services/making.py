"""Makes the airings that slots foresee, weeks ahead, and lets drafts follow holidays that become known; it announces and starts nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError
from broadcast.models import Airing, Programme
from scheduling import recurrence
from scheduling.foreseen import Foreseen, Verdict
from scheduling.holidays import Days
from scheduling.models import Occurrence, Slot
from scheduling.queries import coming, days
from scheduling.services import drafts, following, numbering

logger = logging.getLogger(__name__)

EVERY = dt.timedelta(minutes=1)
# A rerun is chosen late, so that it is a recent one.
RERUN_AHEAD = dt.timedelta(days=7)
_looked_at: dt.datetime | None = None


def materialise(ahead: dt.timedelta | None = None) -> int:
    """Make a numbered draft and its airing for each coming occurrence that has none; returns how many were made.

    `ahead` is how far to look, each slot's own weeks where None. Nothing is announced. Safe in any number of processes, and wherever it
    is killed: each occurrence is one transaction under its slot's lock, and the original start is unique.
    """
    slots = list(coming.slots())
    known, now = days.known(), clock.now()
    made_of = _made(slots, now)
    made = 0
    for slot in slots:
        try:
            made += _slot(slot, made_of[slot.pk], known, now, ahead)
        except (BroadcastError, recurrence.BadRule) as refusal:  # one slot that people must mend holds up no other
            logger.warning("slot gives no airings slot=%s: %s", slot.pk, refusal)
    for programme_id in sorted({slot.programme_id for slot in slots}):
        numbering.renumber(programme_id)
    return made


def reconcile() -> int:
    """`materialise` for the tick: at most once a minute in one process."""
    global _looked_at
    now = clock.now()
    if _looked_at is not None and abs(now - _looked_at) < EVERY:
        return 0
    made = materialise()
    _looked_at = now
    return made


def of_slot(slot_id: int, ahead: dt.timedelta | None = None) -> int:
    """`materialise` for one slot, inside a transaction that changed it."""
    slot = coming.slots().filter(pk=slot_id).first()
    if slot is None:
        return 0
    now = clock.now()
    try:
        made = _slot(slot, _made([slot], now)[slot.pk], days.known(), now, ahead)
    except recurrence.BadRule as refusal:
        logger.warning("slot gives no airings slot=%s: %s", slot.pk, refusal)
        made = 0
    numbering.renumber(slot.programme_id)
    return made


def _made(slots: Iterable[Slot], now: dt.datetime) -> defaultdict[int, dict[dt.datetime, Occurrence]]:
    """What has been made of each slot lately and from now on, by original start. One query."""
    rows = Occurrence.objects.filter(slot__in=list(slots), original_start__gte=now - coming.FAR)
    found: defaultdict[int, dict[dt.datetime, Occurrence]] = defaultdict(dict)
    for each in rows.select_related("airing__episode"):
        found[each.slot_id][each.original_start] = each
    return found


def _slot(
    slot: Slot, made_of: dict[dt.datetime, Occurrence], known: Days, now: dt.datetime, ahead: dt.timedelta | None
) -> int:
    until = now + (ahead if ahead is not None else dt.timedelta(weeks=slot.weeks_ahead))
    foreseen = [each for each in coming.of_slot(slot, now - coming.FAR, until, known) if each.start >= now]
    made = 0
    for each in foreseen:
        there = made_of.get(each.original)
        if there is not None and following.differs(slot, there, each):
            made += _one(slot.pk, each.original, follow=True)
        elif there is not None and _lacks(there):
            _complete(slot.pk, each.original)
        elif there is None and _wanted(each, now):
            made += _one(slot.pk, each.original, follow=False)
    return made


def _wanted(each: Foreseen, now: dt.datetime) -> bool:
    if each.verdict == Verdict.RERUN:
        return each.start < now + RERUN_AHEAD
    return each.airs


def _one(slot_id: int, original: dt.datetime, *, follow: bool) -> int:
    """Look again under the locks, since another process may have been quicker, and make it. A clash stops no other one."""
    try:
        with transaction.atomic(), audit.at_the_end():
            slot = locked(slot_id)
            foreseen = at(slot, original)
            there = slot.occurrences.select_related("airing__episode").filter(original_start=original).first()
            if follow and foreseen is not None and there is not None:
                if not following.differs(slot, there, foreseen):
                    return 0
                there = following.follow(slot, there, foreseen)
            if there is not None or foreseen is None or not _wanted(foreseen, clock.now()):
                return 0
            return drafts.make(slot, foreseen) is not None
    except BroadcastError as refusal:
        logger.warning("occurrence not made slot=%s original=%s: %s", slot_id, original, refusal)
        return 0


def _lacks(there: Occurrence) -> bool:
    """Whether it is a draft still, and was made without something."""
    airing = there.airing
    return bool(there.left_out) and airing.state == Airing.State.PLANNED and airing.announced_at is None


def _complete(slot_id: int, original: dt.datetime) -> None:
    with transaction.atomic(), audit.at_the_end():
        slot = locked(slot_id)
        there = slot.occurrences.select_related("airing__episode").filter(original_start=original).first()
        if there is not None and _lacks(there):
            drafts.complete(slot, there)


def locked(slot_id: int) -> Slot:
    """The slot with exceptions and dates, its own row and then its programme's locked until the transaction ends."""
    found = (
        Slot.objects.select_for_update(of=("self",)).select_related("programme", "template", "studio").get(pk=slot_id)
    )
    Programme.objects.select_for_update().get(pk=found.programme_id)
    return found


def at(slot: Slot, original: dt.datetime) -> Foreseen | None:
    """What the slot foresees for one original start; None where it has none then."""
    moment = dt.timedelta(microseconds=1)
    return next(iter(coming.of_slot(slot, original, original + moment, days.known())), None)


def apply(actor: Actor, slot: Slot, original: dt.datetime, reason: str) -> None:
    """Let what was made of an occurrence be what is foreseen by now, by whoever decided it; for exceptions, in their transaction."""
    foreseen = at(slot, original)
    there = slot.occurrences.select_related("airing__episode").filter(original_start=original).first()
    now = clock.now()
    if there is not None and foreseen is not None:
        there = following.obey(actor, slot, there, foreseen, reason)
        if there is not None:
            drafts.note(slot, foreseen)
    missing = there is None and foreseen is not None and _wanted(foreseen, now)
    if missing and foreseen is not None and now <= foreseen.start < now + dt.timedelta(weeks=slot.weeks_ahead):
        drafts.make(slot, foreseen)
    numbering.renumber(slot.programme_id)
