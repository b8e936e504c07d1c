"""Does what is due, exactly once however many schedulers run; an airing's state moves only in broadcast.lifecycle."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle
from broadcast.access import HOUSE, Ability, Actor, require
from broadcast.errors import BroadcastError, Conflict, IllegalTransition
from broadcast.models import Airing
from scheduling.models import AiringPlan, Firing

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15
AGAIN_SECONDS = 5
_A, _O, _S = Firing.Action, Firing.Outcome, Airing.State

_VERBS: dict[str, Callable[[Actor, UUID], Airing]] = {
    _A.OPEN_FEED: lifecycle.open_feed,
    _A.START: lifecycle.start,
    _A.END: lifecycle.end,
}
# States from which an act still has something to do.
_NEEDED_IN: dict[str, frozenset[str]] = {
    _A.OPEN_FEED: frozenset({_S.PLANNED}),
    _A.START: frozenset({_S.PLANNED, _S.WAITING}),
    _A.END: frozenset({_S.ON_AIR}),
}
_OVER = frozenset({_S.ENDED, _S.CANCELLED})


@dataclass(frozen=True)
class Due:
    """An act that the plan wants at a time, and how late it may still be done."""

    airing_id: UUID
    action: str
    at: dt.datetime
    late_seconds: int
    state: str


def set_plan(actor: Actor, airing_id: UUID, *, reason: str = "", **flags: bool | int) -> AiringPlan:
    """Say what the house does by itself for this airing (fields of AiringPlan). Audited; takes effect from the next tick."""
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        plan, _new = AiringPlan.objects.update_or_create(airing=airing, defaults=flags)
        audit.record(actor, "airing.plan", f"airing:{airing.pk}", airing=airing, reason=reason, after=dict(flags))
        return plan


def ahead(airing_id: UUID) -> list[Due]:
    """What the plan wants and the ledger does not have yet, in order of time."""
    plan = AiringPlan.objects.select_related("airing").filter(airing_id=airing_id).first()
    if plan is None or plan.airing.state in _OVER:
        return []
    known = set(Firing.objects.filter(airing_id=airing_id).values_list("action", "due_at"))
    return sorted((each for each in _wanted(plan) if (each.action, each.at) not in known), key=lambda each: each.at)


def tick() -> int:
    """Do everything that is due now; returns how many acts were done. Safe to run in any number of processes at once."""
    done = 0
    for due in _undone():
        firing = _claim(due)
        done += firing is not None and _act(firing, due)
    return done + _retake()


def settle(airing_id: UUID) -> int:
    """Note in the ledger the acts that an ended or cancelled airing will not need any more; returns how many."""
    plan = AiringPlan.objects.select_related("airing").filter(airing_id=airing_id).first()
    if plan is None or plan.airing.state not in _OVER:
        return 0
    known = set(Firing.objects.filter(airing_id=airing_id).values_list("action", "due_at"))
    rest = [due for due in _wanted(plan) if (due.action, due.at) not in known]
    now = clock.now()
    Firing.objects.bulk_create(
        [
            Firing(
                airing_id=airing_id,
                action=due.action,
                due_at=due.at,
                claimed_at=now,
                lease_until=now,
                outcome=_O.SKIPPED,
                reason=str(plan.airing.state),
            )
            for due in rest
        ],
        ignore_conflicts=True,
    )
    return len(rest)


def _wanted(plan: AiringPlan) -> Iterator[Due]:
    airing = plan.airing

    def due(action: str, at: dt.datetime, late: int) -> Due:
        return Due(airing.pk, action, at, late, airing.state)

    if plan.auto_open and airing.feed_id is not None:
        before = dt.timedelta(minutes=plan.open_minutes_before)
        yield due(_A.OPEN_FEED, airing.planned_start - before, plan.open_late_seconds)
    if plan.auto_start:
        yield due(_A.START, airing.planned_start, plan.start_late_seconds)
    if plan.auto_end:
        yield due(_A.END, airing.planned_end, plan.end_late_seconds)


def _undone() -> list[Due]:
    """What is due and stands in no ledger row yet, oldest first."""
    now = clock.now()
    # Announced airings, and rehearsals, which are never announced. Over ones have been settled.
    plans = AiringPlan.objects.select_related("airing").filter(
        Q(airing__announced_at__isnull=False) | Q(airing__kind=Airing.Kind.REHEARSAL),
        airing__state__in=[_S.PLANNED, _S.WAITING, _S.ON_AIR],
        airing__planned_start__lte=now + dt.timedelta(days=1),
    )
    due = [each for plan in plans for each in _wanted(plan) if each.at <= now]
    ids = {each.airing_id for each in due}
    known = set(Firing.objects.filter(airing_id__in=ids).values_list("airing_id", "action", "due_at"))
    return sorted(
        (each for each in due if (each.airing_id, each.action, each.at) not in known), key=lambda each: each.at
    )


def _claim(due: Due) -> Firing | None:
    """The ledger row of this act, if we were the first to write it."""
    now = clock.now()
    firing, new = Firing.objects.get_or_create(
        airing_id=due.airing_id,
        action=due.action,
        due_at=due.at,
        defaults={"claimed_at": now, "lease_until": now + dt.timedelta(seconds=LEASE_SECONDS)},
    )
    return firing if new else None


def _act(firing: Firing, due: Due | None) -> bool:
    """Do the act and note its outcome in one transaction: both stand or neither. Returns whether something was done."""
    with transaction.atomic():
        mine = (
            Firing.objects.select_for_update().filter(pk=firing.pk, attempt=firing.attempt, outcome=_O.CLAIMED).first()
        )
        if mine is None:  # our lease ran out and another scheduler has it
            return False
        now = clock.now()
        mine.outcome, mine.reason = _outcome(mine, due, now)
        if mine.outcome == _O.CLAIMED:
            mine.lease_until = now + dt.timedelta(seconds=AGAIN_SECONDS)
        mine.fired_at = now if mine.outcome == _O.FIRED else None
        mine.save(update_fields=["outcome", "reason", "lease_until", "fired_at"])
    level = logging.INFO if mine.outcome in {_O.FIRED, _O.SKIPPED} else logging.WARNING
    logger.log(
        level,
        "due act action=%s airing=%s due=%s outcome=%s %s",
        mine.action,
        mine.airing_id,
        mine.due_at,
        mine.outcome,
        mine.reason,
    )
    return mine.outcome == _O.FIRED


def _outcome(firing: Firing, due: Due | None, now: dt.datetime) -> tuple[str, str]:
    """What becomes of the firing: nothing to do, too late, or the act tried."""
    if due is None:
        return _O.SKIPPED, _("计划已改")
    if due.state not in _NEEDED_IN[firing.action]:
        return _O.SKIPPED, _("已由人工完成")
    late = (now - firing.due_at).total_seconds()
    if late > due.late_seconds:
        return _O.TOO_LATE, firing.reason or _("晚了 %(seconds)s 秒，请人工决定") % {"seconds": int(late)}
    return _try(firing)


def _try(firing: Firing) -> tuple[str, str]:
    """Do the act. A refusal that may pass (the feed is still used) leaves the claim for another try."""
    try:
        with transaction.atomic():
            _VERBS[firing.action](HOUSE, firing.airing_id)
    except Conflict as refusal:
        return _O.CLAIMED, refusal.message[:200]
    except IllegalTransition:
        return _O.SKIPPED, _("已由人工完成")
    except BroadcastError as refusal:
        return _O.FAILED, refusal.message[:200]
    return _O.FIRED, ""


def _retake() -> int:
    """Take up claims whose lease ran out: their scheduler died, or the act was to be tried again."""
    done = 0
    now = clock.now()
    for firing in Firing.objects.filter(outcome=_O.CLAIMED, lease_until__lte=now).order_by("due_at")[:100]:
        taken = Firing.objects.filter(
            pk=firing.pk, attempt=firing.attempt, outcome=_O.CLAIMED, lease_until__lte=now
        ).update(attempt=F("attempt") + 1, claimed_at=now, lease_until=now + dt.timedelta(seconds=LEASE_SECONDS))
        if taken:
            firing.attempt += 1
            done += _act(firing, _still_due(firing))
    return done


def _still_due(firing: Firing) -> Due | None:
    plan = AiringPlan.objects.select_related("airing").filter(airing_id=firing.airing_id).first()
    wanted = _wanted(plan) if plan is not None else ()
    return next((each for each in wanted if (each.action, each.at) == (firing.action, firing.due_at)), None)
