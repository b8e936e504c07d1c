"""Lets a special take the place of one occurrence: it is skipped or moved, and all concerned are told; it makes no special."""

from __future__ import annotations

import datetime as dt
import logging
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.models import Airing
from broadcast.templatetags.staff import when
from scheduling.models import Notice, SlotException
from scheduling.queries import coming
from scheduling.services import exceptions, making, notices

logger = logging.getLogger(__name__)
_K, _S = SlotException.Kind, Airing.State
EVERY = dt.timedelta(minutes=1)
_looked_at: dt.datetime | None = None


def preempt(
    actor: Actor,
    slot_id: int,
    original: dt.datetime,
    by: UUID | None,
    reason: str,
    to: dt.datetime | None = None,
) -> SlotException:
    """Skip one occurrence, or move it `to` another time, for a special. One transaction with the notices; see `exceptions.say`.

    `by` is the special's airing, None where it is not made yet, since feed and studio are free for it only now. Raises InvalidInput
    (field: by) where the special is over, or does not touch the occurrence's time.
    """
    if not reason.strip():
        raise InvalidInput(_("请写明为什么让播，相关的人会收到。"), field="reason")
    with transaction.atomic(), audit.at_the_end():
        exceptions.locked(actor, slot_id, original)
        special = _special(slot_id, original, by) if by is not None else None
        concerned = _airing(slot_id, original)
        if concerned is not None:  # before it goes, while the seats are known and nothing else was told
            words = _told(concerned, special, concerned.planned_start, to, reason)
            told = Notice.Kind.PREEMPTED if to is None else Notice.Kind.MOVED
            notices.tell_all(actor, concerned, told, words, to)
        kind = _K.MOVE if to is not None else _K.SKIP
        word = exceptions.Word(kind, reason, moved_to=to, cause=SlotException.Cause.PREEMPTION, preempted_by=by)
        found = exceptions.say(actor, slot_id, original, word)
        return found


def reconcile() -> int:
    """`give_back` for the tick: at most once a minute in one process, since one that cannot be given back is tried again and again."""
    global _looked_at
    now = clock.now()
    if _looked_at is not None and abs(now - _looked_at) < EVERY:
        return 0
    _looked_at = now
    return give_back()


def give_back() -> int:
    """Let occurrences be as usual again whose special was cancelled while they were still to come; returns how many."""
    now = clock.now()
    rows = SlotException.objects.filter(
        slot__is_active=True,
        cause=SlotException.Cause.PREEMPTION,
        preempted_by__state=_S.CANCELLED,
        original_start__gt=now,
    )
    done = 0
    for slot_id, original in list(rows.values_list("slot_id", "original_start")):
        try:
            exceptions.as_usual(HOUSE, slot_id, original, _("让播的特别节目取消了"))
            done += 1
        except BroadcastError as refusal:  # it has begun elsewhere, or its place is taken
            logger.warning("not given back slot=%s original=%s: %s", slot_id, original, refusal)
    return done


def candidates(slot_id: int, original: dt.datetime) -> list[Airing]:
    """Airings still to come that touch the occurrence's time: what it may give way to."""
    span = _span(slot_id, original)
    if span is None:
        return []
    others = Airing.objects.filter(
        state__in=[_S.PLANNED, _S.WAITING], planned_start__lt=span[1], planned_end__gt=span[0]
    ).exclude(occurrence__slot=slot_id, occurrence__original_start=original)
    return list(
        others.exclude(kind=Airing.Kind.REHEARSAL).select_related("episode__programme").order_by("planned_start")
    )


def _special(slot_id: int, original: dt.datetime, by: UUID) -> Airing:
    found = next((each for each in candidates(slot_id, original) if each.pk == by), None)
    if found is None:
        raise InvalidInput(_("这一场不在同一时间，或者已经结束，不用为它让播。"), field="by")
    return found


def _span(slot_id: int, original: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    airing = _airing(slot_id, original)
    if airing is not None:
        return airing.planned_start, airing.planned_end
    slot = coming.slots().filter(pk=slot_id).first()
    foreseen = making.at(slot, original) if slot is not None else None
    return (foreseen.start, foreseen.end) if foreseen is not None else None


def _airing(slot_id: int, original: dt.datetime) -> Airing | None:
    rows = Airing.objects.filter(occurrence__slot=slot_id, occurrence__original_start=original)
    return rows.exclude(state=_S.CANCELLED).select_related("episode__programme").first()


def _told(airing: Airing, special: Airing | None, before: dt.datetime, to: dt.datetime | None, reason: str) -> str:
    words = {
        "programme": airing.episode.programme.name_zh,
        "before": when(before),
        "after": when(to),
        "special": special.episode.title if special else reason,
        "reason": reason,
    }
    if to is not None:
        return _("%(programme)s原定 %(before)s 的一期为“%(special)s”让播，改到 %(after)s。原因：%(reason)s") % words
    return _("%(programme)s原定 %(before)s 的一期为“%(special)s”让播，这一次不播。原因：%(reason)s") % words
