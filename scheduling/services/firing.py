"""Does what is due, exactly once however many schedulers run; an airing's state moves only in broadcast.lifecycle."""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError, Conflict, IllegalTransition
from broadcast.models import Airing
from broadcast.services import episodes
from scheduling import plans
from scheduling.models import AiringPlan, Firing
from scheduling.plans import Due
from scheduling.queries import due as reading
from scheduling.services import ledger, notices

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15
AGAIN_SECONDS = 5
# An act that fails by a fault of the house, not by a refusal, is tried so often.
MOST_FAULTS = 5
# A draft that nobody announced is told of on the day it should have gone out, not for ever.
_DRAFT_IS_OLD = dt.timedelta(days=1)
_A, _O, _S = Firing.Action, Firing.Outcome, Airing.State
_NODE = f"{socket.gethostname()[:40]}:{os.getpid()}"


def tick() -> int:
    """Do everything that is due now; returns how many acts were done. Safe to run in any number of processes at once."""
    done = 0
    now = clock.now()
    for due, plan in reading.undone(now):
        if plans.unannounced(due.action, plan.airing):
            _leave_draft(due, plan.airing, now)
            continue
        firing = _claim(due)
        done += firing is not None and _act(firing)
    done += _retake()
    for plan, _left in reading.unsettled(clock.now()):
        ledger.settle(plan.airing_id)
    return done


def _leave_draft(due: Due, airing: Airing, now: dt.datetime) -> None:
    """Nobody announced it: wait for that as long as the act may be late, then note it, on the day itself loudly."""
    if now <= due.last:
        return
    old = now > airing.planned_end + _DRAFT_IS_OLD
    outcome = _O.TOO_LATE if due.action == _A.START and not old else _O.SKIPPED
    ledger.note(due, outcome, _("没有预告，不会自动开播"))


def _claim(due: Due) -> Firing | None:
    """The ledger row of this act, if we were the first to write it."""
    now = clock.now()
    firing, new = Firing.objects.get_or_create(
        airing_id=due.airing_id,
        action=due.action,
        subject=due.subject,
        due_at=due.at,
        defaults={
            "claimed_at": now,
            "lease_until": now + dt.timedelta(seconds=LEASE_SECONDS),
            "node": _NODE,
        },
    )
    return firing if new else None


def _act(firing: Firing) -> bool:
    """Do the act and note its outcome; a fault of the house leaves the claim for another try. Returns whether it was done."""
    try:
        return _act_once(firing)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # The others of this tick are not to wait for one that cannot be done.
        logger.exception("due act failed action=%s airing=%s", firing.action, firing.airing_id)
        if firing.attempt >= MOST_FAULTS:
            Firing.objects.filter(pk=firing.pk, attempt=firing.attempt, outcome=_O.CLAIMED).update(
                outcome=_O.FAILED, reason=_("系统故障，请查看日志")
            )
        return False


def _act_once(firing: Firing) -> bool:
    """Act and outcome in one transaction: both stand or neither."""
    with transaction.atomic():
        mine = (
            Firing.objects.select_for_update().filter(pk=firing.pk, attempt=firing.attempt, outcome=_O.CLAIMED).first()
        )
        if mine is None:  # our lease ran out and another scheduler has it
            return False
        found = reading.still_due(mine)
        if found is None:
            # The plan changed. The row goes, so that the act is due again when the plan is changed back.
            mine.delete()
            return False
        now = clock.now()
        mine.outcome, mine.reason = _outcome(mine, *found, now)
        if mine.outcome == _O.CLAIMED:
            mine.lease_until = now + dt.timedelta(seconds=AGAIN_SECONDS)
        mine.fired_at = now if mine.outcome == _O.FIRED else None
        mine.save(update_fields=["outcome", "reason", "lease_until", "fired_at"])
    level = logging.INFO if mine.outcome in {_O.FIRED, _O.SKIPPED} else logging.WARNING
    words = "due act action=%s subject=%s airing=%s due=%s outcome=%s %s"
    logger.log(level, words, mine.action, mine.subject, mine.airing_id, mine.due_at, mine.outcome, mine.reason)
    return mine.outcome == _O.FIRED


def _outcome(firing: Firing, due: Due, plan: AiringPlan, now: dt.datetime) -> tuple[str, str]:
    """What becomes of the firing: nothing to do, not allowed, too late, or the act tried."""
    if why := plans.needless(due.action, plan.airing):
        return _O.SKIPPED, why
    if now > due.last:
        late = int((now - due.at).total_seconds())
        return _O.TOO_LATE, firing.reason or _("晚了 %(seconds)s 秒，请人工决定") % {"seconds": late}
    if why := plans.forbidden(due.action, plan.airing):
        return _O.FAILED, why
    return _try(due, plan.airing)


def _try(due: Due, airing: Airing) -> tuple[str, str]:
    """Do the act. A refusal that may pass (the feed is still used) leaves the claim for another try."""
    try:
        if due.action in {_A.OPEN_FEED, _A.START}:
            _clear(airing)
        with transaction.atomic():
            _VERBS[due.action](airing, due.subject)
    except Conflict as refusal:
        return _O.CLAIMED, refusal.message[:200]
    except IllegalTransition as refusal:
        return _O.SKIPPED, refusal.message[:200] if due.action == _A.REMIND else _("已经做过")
    except BroadcastError as refusal:
        return _O.FAILED, refusal.message[:200]
    return _O.FIRED, ""


def _clear(airing: Airing) -> None:
    """Close what stands in the way though its time is over: an airing that waits on one of the feeds and never began."""
    own = [key for key in (airing.feed_id, airing.backup_feed_id) if key is not None]
    stale = Airing.objects.filter(
        Q(feed__in=own) | Q(backup_feed__in=own), state=_S.WAITING, planned_end__lte=clock.now()
    ).exclude(pk=airing.pk)
    for other in stale.values_list("pk", flat=True):
        try:
            with transaction.atomic():
                lifecycle.close_feed(HOUSE, other)
        except IllegalTransition:  # somebody was quicker
            continue


def _retake() -> int:
    """Take up claims whose lease ran out: their scheduler died, or the act was to be tried again.

    A lease that ends further off than any lease lasts was given before the clock was set back.
    """
    done = 0
    now = clock.now()
    lease = dt.timedelta(seconds=LEASE_SECONDS)
    free = Q(lease_until__lte=now) | Q(lease_until__gt=now + 2 * lease)
    for firing in Firing.objects.filter(free, outcome=_O.CLAIMED).order_by("due_at")[:100]:
        taken = Firing.objects.filter(free, pk=firing.pk, attempt=firing.attempt, outcome=_O.CLAIMED).update(
            attempt=F("attempt") + 1, claimed_at=now, lease_until=now + lease, node=_NODE
        )
        if taken:
            firing.attempt += 1
            done += _act(firing)
    return done


def _announce(airing: Airing, _subject: str) -> None:
    episodes.announce(HOUSE, airing.pk)


def _open(airing: Airing, _subject: str) -> None:
    lifecycle.open_feed(HOUSE, airing.pk)


def _start(airing: Airing, _subject: str) -> None:
    lifecycle.start(HOUSE, airing.pk)


def _end(airing: Airing, _subject: str) -> None:
    lifecycle.end(HOUSE, airing.pk)


def _publish(airing: Airing, _subject: str) -> None:
    episodes.sign_off(HOUSE, airing.episode_id)


def _remind(airing: Airing, subject: str) -> None:
    notices.remind(airing.pk, subject)


_VERBS: dict[str, Callable[[Airing, str], None]] = {
    _A.ANNOUNCE: _announce,
    _A.OPEN_FEED: _open,
    _A.START: _start,
    _A.END: _end,
    _A.PUBLISH: _publish,
    _A.REMIND: _remind,
}
