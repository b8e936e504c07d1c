"""Writes what the house shall do by itself for an airing, and notes in the ledger; the due acts themselves are services.firing's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Airing
from scheduling import plans
from scheduling.models import AiringPlan, Firing, Slot
from scheduling.plans import Due
from scheduling.queries import due as reading

_O = Firing.Outcome
# Least and most of each number of a plan.
LIMITS = {
    "announce_hours_before": (0, plans.MOST_ANNOUNCE_HOURS),
    "open_minutes_before": (0, 24 * 60),
    "publish_minutes_after": (0, 14 * 24 * 60),
    "start_late_seconds": (0, 4 * 3600),
}
_BY_SLOT = ("auto_announce", "auto_start", "auto_end", "auto_publish", "auto_remind", "announce_hours_before")
FLAGS = ("auto_announce", "auto_open", "auto_start", "auto_end", "auto_publish", "auto_remind")


def set_plan(actor: Actor, airing_id: UUID, *, reason: str = "", **facts: bool | int) -> AiringPlan:
    """Say what the house does by itself for this airing (fields of AiringPlan). Audited; takes effect from the next tick.

    Needs PRODUCE. Raises InvalidInput naming the field.
    """
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        for name, value in facts.items():
            _check(name, value)
        plan = AiringPlan.objects.filter(airing=airing).first() or AiringPlan(airing=airing)
        before = facts_of(plan) if plan.pk else None
        for name, value in facts.items():
            setattr(plan, name, value)
        plan.save()
        audit.record(
            actor,
            "airing.plan",
            f"airing:{airing.pk}",
            airing=airing,
            reason=reason,
            before={name: before[name] for name in facts if name in before} if before else None,
            after=dict(facts),
        )
        return plan


def plan_by_slot(slot: Slot, airing: Airing) -> AiringPlan:
    """The plan that a slot's airing begins with; for slots, inside the transaction that makes the airing."""
    return AiringPlan.objects.create(airing=airing, **by_slot(slot))


def by_slot(slot: Slot) -> dict[str, Any]:
    """What a slot says of the plans of its airings, by column."""
    return {name: getattr(slot, name) for name in _BY_SLOT}


def seen(actor: Actor, firing_id: int) -> Firing:
    """Say that one has seen what went wrong here; staff are told no more. Needs RUN. Audited; a second one changes nothing."""
    with transaction.atomic():
        firing = Firing.objects.select_for_update().filter(pk=firing_id).first()
        if firing is None:
            raise NotFound(_("没有这条记录。"))
        airing = Airing.objects.select_related("episode").get(pk=firing.airing_id)
        require(actor, Ability.RUN, airing.episode.programme_id)
        if firing.seen_at is None:
            firing.seen_at, firing.seen_by_id = clock.now(), actor.user_id
            firing.save(update_fields=["seen_at", "seen_by"])
            after = {"action": firing.action, "due_at": firing.due_at.isoformat(), "outcome": firing.outcome}
            audit.record(actor, "firing.seen", f"firing:{firing.pk}", airing=airing, after=after)
        return firing


def settle(airing_id: UUID) -> int:
    """Note in the ledger the acts that an ended or cancelled airing will not need any more; returns how many."""
    plan = AiringPlan.objects.select_related("airing").filter(airing_id=airing_id).first()
    if plan is None or plan.airing.state not in plans.OVER:
        return 0
    known = reading.keys_of([airing_id])
    rest = [each for each in plans.wanted(plan) if each.key not in known and each.action not in plans.AFTER_END]
    return _note(rest, _O.SKIPPED, str(plan.airing.state))


def note(due: Due, outcome: str, reason: str) -> None:
    """Put into the ledger what is not done and why, unless something stands there already."""
    _note([due], outcome, reason)


def facts_of(plan: AiringPlan) -> dict[str, Any]:
    """The plan as plain data."""
    return {name: getattr(plan, name) for name in (*FLAGS, *LIMITS)}


def _note(acts: Iterable[Due], outcome: str, reason: str) -> int:
    now = clock.now()
    rows = [
        Firing(
            airing_id=each.airing_id,
            action=each.action,
            subject=each.subject,
            due_at=each.at,
            claimed_at=now,
            lease_until=now,
            outcome=outcome,
            reason=reason[:200],
        )
        for each in acts
    ]
    Firing.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _check(name: str, value: bool | int) -> None:
    if name in FLAGS and isinstance(value, bool):
        return
    if name in LIMITS and type(value) is int:
        least, most = LIMITS[name]
        if least <= value <= most:
            return
        raise InvalidInput(_("请填 %(least)s 到 %(most)s 之间的数。") % {"least": least, "most": most}, field=name)
    raise InvalidInput(_("自动执行没有这一项。"), field=name)
