"""What is due, what was done, and what comes in the next hours with the reason; it changes nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from broadcast.models import Airing
from scheduling import plans
from scheduling.models import AiringPlan, Firing
from scheduling.plans import Due, Reminder
from scheduling.queries import reminders as reading

_S = Airing.State
# So far back an ended airing may still wait for its replay to be published, and its ledger to be settled.
_LOOK_BACK = dt.timedelta(days=60)
_SETTLE_BACK = dt.timedelta(days=2)


def undone(now: dt.datetime) -> list[tuple[Due, AiringPlan]]:
    """What is due and stands in no ledger row yet, oldest first; whether it may be done is the ledger's to say."""
    rows = list(living(now))
    reminders = reminders_of([plan.airing for plan in rows if plan.auto_remind])
    due = [(each, plan) for plan in rows for each in plans.wanted(plan, reminders[plan.airing_id]) if each.at <= now]
    known = keys_of({each.airing_id for each, _plan in due})
    return sorted(
        ((each, plan) for each, plan in due if each.key not in known), key=lambda pair: (pair[0].at, str(pair[0].key))
    )


def living(now: dt.datetime) -> QuerySet[AiringPlan]:
    """Plans of airings that are not over, or whose replay is still to be published."""
    published = Firing.objects.filter(airing=OuterRef("airing"), action=Firing.Action.PUBLISH)
    coming = Q(
        airing__planned_start__gte=now - _LOOK_BACK,
        airing__planned_start__lte=now + dt.timedelta(hours=plans.MOST_ANNOUNCE_HOURS),
    )
    before_end = Q(airing__state=_S.PLANNED) & coming | Q(airing__state__in=[_S.WAITING, _S.ON_AIR])
    after_end = Q(airing__state=_S.ENDED, auto_publish=True, airing__actual_end__gte=now - _LOOK_BACK) & ~Exists(
        published
    )
    return AiringPlan.objects.select_related("airing__episode__programme").filter(before_end | after_end)


def unsettled(now: dt.datetime) -> list[tuple[AiringPlan, list[Due]]]:
    """Airings that were over lately, with what their ledger does not say yet: the fact of their end was lost."""
    rows = AiringPlan.objects.select_related("airing").filter(
        Q(airing__state=_S.ENDED, airing__actual_end__gte=now - _SETTLE_BACK)
        | Q(airing__state=_S.CANCELLED, airing__planned_end__gte=now - _SETTLE_BACK)
    )
    found = [(plan, [each for each in plans.wanted(plan) if each.action not in plans.AFTER_END]) for plan in rows]
    known = keys_of({plan.airing_id for plan, _wanted in found})
    left = [(plan, [each for each in wanted if each.key not in known]) for plan, wanted in found]
    return [(plan, wanted) for plan, wanted in left if wanted]


def ahead(airing_id: UUID) -> list[Due]:
    """What the plan of one airing wants and the ledger does not have yet, in order of time."""
    plan = AiringPlan.objects.select_related("airing__episode").filter(airing_id=airing_id).first()
    if plan is None or plan.airing.state == _S.CANCELLED:
        return []
    known = keys_of({airing_id})
    reminders = reminders_of([plan.airing] if plan.auto_remind else [])
    wanted = plans.wanted(plan, reminders[airing_id], foreseen=True)
    over = plan.airing.state == _S.ENDED
    left = [each for each in wanted if each.key not in known and (not over or each.action in plans.AFTER_END)]
    return sorted(left, key=lambda each: each.at)


def still_due(firing: Firing) -> tuple[Due, AiringPlan] | None:
    """The act of this ledger row if the plan wants it still."""
    plan = AiringPlan.objects.select_related("airing__episode__programme").filter(airing_id=firing.airing_id).first()
    if plan is None:
        return None
    reminders = reminders_of([plan.airing] if firing.action == Firing.Action.REMIND and plan.auto_remind else [])
    key = (firing.airing_id, firing.action, firing.subject, firing.due_at)
    due = next((each for each in plans.wanted(plan, reminders[plan.airing_id]) if each.key == key), None)
    return (due, plan) if due is not None else None


def keys_of(airing_ids: Iterable[UUID]) -> set[tuple[UUID, str, str, dt.datetime]]:
    """What the ledger has of these airings."""
    ids = list(airing_ids)
    if not ids:
        return set()
    rows = Firing.objects.filter(airing_id__in=ids).values_list("airing_id", "action", "subject", "due_at")
    return set(rows)


def reminders_of(airings: Sequence[Airing]) -> defaultdict[UUID, list[Reminder]]:
    """Subject and time of each reminder these airings' people are to have."""
    return defaultdict(list, reading.due_for(airings))
