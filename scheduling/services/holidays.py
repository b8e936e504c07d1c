"""Enters days of the mainland's calendar by hand: a year that the lists do not hold yet, or a day that is otherwise; it moves no airing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Programme
from scheduling.models import Holiday

FIRST, LAST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
MOST_DAYS = 60


@dataclass(frozen=True)
class Span:
    """The same kind of day from `first` to `last`, both included."""

    first: dt.date
    last: dt.date
    kind: str
    name: str = ""


def may_enter(actor: Actor) -> bool:
    """Days count for all programmes: whoever produces in all of them, and the system administrator."""
    return actor.house or any(each in actor.grants.get(None, ()) for each in (Ability.PRODUCE, Ability.ADMINISTER))


def enter(actor: Actor, spans: Sequence[Span]) -> int:
    """Write the days of all spans, all or none; a day entered before is overwritten. Returns how many. Audited.

    Drafts follow within a minute; what is announced stays until people decide. Raises NotAllowed, InvalidInput (data: field, line from 1).
    """
    _require(actor)
    rows: dict[dt.date, Holiday] = {}
    for line, span in enumerate(spans, start=1):
        _check(span, line)
        for each in range((span.last - span.first).days + 1):
            day = span.first + dt.timedelta(days=each)
            if day in rows:
                raise InvalidInput(_("%(day)s 写了两次。") % {"day": day}, field="first", line=line)
            rows[day] = Holiday(date=day, kind=span.kind, name=span.name.strip())
    with transaction.atomic():
        _lock()
        before = dict(Holiday.objects.filter(date__in=rows).values_list("date", "kind"))
        Holiday.objects.bulk_create(
            rows.values(), update_conflicts=True, update_fields=["kind", "name"], unique_fields=["date"]
        )
        after = {str(day): row.kind for day, row in rows.items()}
        audit.record(
            actor, "holiday.enter", "holidays", before={str(day): kind for day, kind in before.items()}, after=after
        )
    return len(rows)


def remove(actor: Actor, day: dt.date) -> None:
    """Take back what was entered of one day; the published list says again what it is. Audited."""
    _require(actor)
    with transaction.atomic():
        _lock()
        found = Holiday.objects.filter(date=day).first()
        if found is None:
            return
        found.delete()
        audit.record(actor, "holiday.remove", "holidays", before={str(day): found.kind})


def _require(actor: Actor) -> None:
    if not may_enter(actor):
        raise NotAllowed(_("您没有这项权限，请联系管理员。"))


def _lock() -> None:
    """One after the other, by a lock that hurts nobody else: two who enter the same days must not meet in the middle."""
    list(Programme.objects.select_for_update(of=("self",)).order_by("pk")[:1])


def _check(span: Span, line: int) -> None:
    if not FIRST <= span.first <= LAST or not FIRST <= span.last <= LAST:
        raise InvalidInput(_("日期要在 2000 年到 2099 年之间。"), field="first", line=line)
    if span.last < span.first:
        raise InvalidInput(_("结束日期早于开始日期。"), field="last", line=line)
    if (span.last - span.first).days >= MOST_DAYS:
        raise InvalidInput(_("一次最多 %(most)s 天。") % {"most": MOST_DAYS}, field="last", line=line)
    if span.kind not in Holiday.Kind.values:
        raise InvalidInput(_("请选择放假、上班还是平常。"), field="kind", line=line)
    if len(span.name.strip()) > 40:
        raise InvalidInput(_("名称最多 40 个字。"), field="name", line=line)
