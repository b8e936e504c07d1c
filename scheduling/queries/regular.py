"""The occurrences of slots that are no ordinary airings: skipped, moved away, replaced, or not made yet; it must not write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.clock import ZONE
from broadcast.models import Programme
from scheduling import recurrence
from scheduling.foreseen import Foreseen, Verdict
from scheduling.holidays import Days
from scheduling.models import Slot
from scheduling.queries import coming

Span = tuple[dt.datetime, dt.datetime]
# The slot and the original start: what an occurrence is known by.
Key = tuple[int, dt.datetime]


@dataclass(frozen=True)
class Regular:
    """An occurrence at [start, end). `struck` when it does not go out then; otherwise it is still to be made."""

    slot: Slot
    original: dt.datetime
    start: dt.datetime
    end: dt.datetime
    struck: bool
    words: str

    @property
    def key(self) -> Key:
        """Its identity, as in Occurrence."""
        return (self.slot.pk, self.original)


def regular(programmes: Collection[Programme], span: Span, days: Days, made: Collection[Key]) -> Iterator[Regular]:
    """What the slots of `programmes` say of [span), beside the airings `made` from them. Three queries, whatever is found."""
    for slot in coming.slots(each.pk for each in programmes):
        try:
            found = coming.within(slot, *span, days)
        except recurrence.BadRule:  # its own page says so
            continue
        for each in found:
            yield from _lines(slot, each, span, made)


def _lines(slot: Slot, each: Foreseen, span: Span, made: Collection[Key]) -> Iterator[Regular]:
    """A struck line where the rule had it, and one where it will be made."""
    if span[0] <= each.original < span[1]:
        if each.verdict == Verdict.SKIP:
            yield _struck(slot, each, _skipped(each))
        elif each.verdict == Verdict.MOVE and _day(each.start) != _day(each.original):
            yield _struck(slot, each, _moved(each))
    to_be_made = each.verdict != Verdict.SKIP and each.start > clock.now() and (slot.pk, each.original) not in made
    if to_be_made and span[0] <= each.start < span[1]:
        words = _("播重播，尚未排出") if each.verdict == Verdict.RERUN else _("按规则，尚未排出")
        yield Regular(slot, each.original, each.start, each.end, False, words)


def _struck(slot: Slot, each: Foreseen, words: str) -> Regular:
    end = each.original + dt.timedelta(minutes=slot.minutes)
    return Regular(slot, each.original, each.original, end, True, words)


def _skipped(each: Foreseen) -> str:
    if each.cause == "holiday":
        return _("%(why)s停播，不占期号") % {"why": each.reason or _("放假")}
    if each.cause == "preempt":
        return _("让播，不占期号")
    return _("停播：%(why)s") % {"why": each.reason} if each.reason else _("停播一次")


def _moved(each: Foreseen) -> str:
    day = f"{each.start.astimezone(ZONE):%m-%d}"
    if each.cause == "preempt":
        return _("让播，移到 %(day)s") % {"day": day}
    if each.cause == "holiday":
        return _("%(why)s，移到 %(day)s") % {"why": each.reason or _("放假"), "day": day}
    return _("移到 %(day)s") % {"day": day}


def _day(at: dt.datetime) -> dt.date:
    return at.astimezone(ZONE).date()
