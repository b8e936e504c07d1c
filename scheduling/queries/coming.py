"""What slots give in a span of time: their rows read as plans of scheduling.foreseen; it must not write."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable

from django.db.models import QuerySet

from scheduling import foreseen, recurrence
from scheduling.foreseen import Foreseen
from scheduling.holidays import Days
from scheduling.models import Slot, SlotException

# A holiday, a person or a special moves an occurrence hardly further than this.
FAR = dt.timedelta(days=40)
# So far ahead a preview looks for its airings, and so many it shows.
HORIZON = dt.timedelta(days=366 * 2)
MOST = 52


def slots(programme_ids: Iterable[int] | None = None) -> QuerySet[Slot]:
    """Slots that give airings, of these programmes or of all, with all that `of_slot` reads."""
    found = Slot.objects.filter(is_active=True, programme__is_active=True)
    if programme_ids is not None:
        found = found.filter(programme__in=list(programme_ids))
    return found.select_related("programme", "feed", "studio").prefetch_related("exceptions", "dates")


def plan_of(slot: Slot) -> foreseen.Plan:
    """The slot as the pure modules read it. No query where exceptions and dates are prefetched; a slot not saved yet has none.

    What the house itself noted of a holiday is left out: the days say it, and may say otherwise by now.
    """
    said = {
        each.original_start.astimezone(dt.UTC): foreseen.Said(
            each.kind, each.moved_to, each.minutes, each.cause, each.reason
        )
        for each in (slot.exceptions.all() if slot.pk else ())
        if each.cause != SlotException.Cause.HOLIDAY
    }
    policy = foreseen.Policy(slot.on_holiday, slot.on_workday, slot.move_days)
    return foreseen.Plan(rule_of(slot), policy, said)


def rule_of(slot: Slot) -> recurrence.Rule:
    """The slot's rule with its extra dates and its end."""
    extra = tuple(each.start for each in slot.dates.all()) if slot.pk else ()
    return recurrence.Rule(
        slot.first_date, slot.local_time, slot.zone, slot.rule, slot.minutes, extra=extra, until=slot.until
    )


def of_slot(slot: Slot, after: dt.datetime, before: dt.datetime, days: Days) -> list[Foreseen]:
    """Its occurrences by original start in [after, before), the skipped ones too. Raises recurrence.BadRule."""
    return list(foreseen.foresee(plan_of(slot), days, after, before))


def within(slot: Slot, after: dt.datetime, before: dt.datetime, days: Days) -> list[Foreseen]:
    """Those that begin in [after, before), or would have: one moved in or out of the span is among them."""
    found = of_slot(slot, after - FAR, before + FAR, days)
    return [each for each in found if after <= each.start < before or after <= each.original < before]


def next_ones(slot: Slot, after: dt.datetime, days: Days, most: int = MOST) -> list[Foreseen]:
    """The next `most` occurrences from `after` on, as far as `HORIZON`. Raises recurrence.BadRule."""
    return list(itertools.islice(foreseen.foresee(plan_of(slot), days, after, after + HORIZON), most))
