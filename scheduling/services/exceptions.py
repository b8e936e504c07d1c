"""Makes single occurrences of a slot other than the rule says: skipped, moved, a rerun, on air all the same; it changes no rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, may_be_rerun, require
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Programme
from broadcast.services import timing
from scheduling import recurrence
from scheduling.models import Occurrence, Slot, SlotException
from scheduling.queries import coming
from scheduling.services import making, numbering

_K, _C = SlotException.Kind, SlotException.Cause
LONGEST = 24 * 60


@dataclass(frozen=True)
class Word:
    """What is said of one occurrence; as SlotException's columns."""

    kind: str
    reason: str
    moved_to: dt.datetime | None = None
    minutes: int | None = None
    cause: str = _C.PERSON
    preempted_by: UUID | None = None
    rerun_of: UUID | None = None


def skip(actor: Actor, slot_id: int, original: dt.datetime, reason: str) -> SlotException:
    """Leave out one occurrence; its airing, where there is one, is cancelled, and its number goes to the next."""
    return say(actor, slot_id, original, Word(_K.SKIP, reason))


def move(
    actor: Actor, slot_id: int, original: dt.datetime, to: dt.datetime, reason: str, minutes: int | None = None
) -> SlotException:
    """Let one occurrence begin at another time, and last so long; its identity stays. Raises IllegalTransition once it has begun."""
    return say(actor, slot_id, original, Word(_K.MOVE, reason, moved_to=to, minutes=minutes))


def rerun(actor: Actor, slot_id: int, original: dt.datetime, reason: str, of: UUID | None = None) -> SlotException:
    """Play an earlier airing again in its place: `of`, or the newest whose replay is out when the time comes."""
    return say(actor, slot_id, original, Word(_K.RERUN, reason, rerun_of=of))


def air(actor: Actor, slot_id: int, original: dt.datetime, reason: str) -> SlotException:
    """Let one occurrence go out as the rule says, whatever the holidays say."""
    return say(actor, slot_id, original, Word(_K.AIR, reason))


def as_usual(actor: Actor, slot_id: int, original: dt.datetime, reason: str = "") -> None:
    """Take back what was said of one occurrence: rule and holidays decide again. What was cancelled is made anew."""
    with transaction.atomic(), audit.at_the_end():
        slot = locked(actor, slot_id, original)
        found = slot.exceptions.filter(original_start=original).first()
        if found is None:
            return
        before = _facts(found)
        found.delete()
        audit.record(actor, "slot.as_usual", f"slot:{slot.pk}", reason=reason, before=before)
        making.apply(actor, making.locked(slot.pk), original, reason)


def move_airing(actor: Actor, airing_id: UUID, start: dt.datetime, end: dt.datetime, reason: str = "") -> None:
    """Give any airing other times: of a slot's occurrence this is `move`, of another one `timing.move`; drafts keep their order."""
    occurrence = Occurrence.objects.filter(airing=airing_id).first()
    minutes = round((end - start).total_seconds() / 60)
    if occurrence is not None and not Airing.objects.filter(pk=airing_id, state=Airing.State.ON_AIR).exists():
        move(actor, occurrence.slot_id, occurrence.original_start, start, reason, minutes)
        return
    with transaction.atomic(), audit.at_the_end():
        numbering.hold(Programme.objects.filter(episodes__airings=airing_id))
        airing = timing.move(actor, airing_id, start, end, reason)
        numbering.renumber(airing.episode.programme_id)


def say(actor: Actor, slot_id: int, original: dt.datetime, word: Word) -> SlotException:
    """Write what is said of one occurrence and do it, in one transaction. Locks slot and programme; audited.

    Raises NotFound, InvalidInput (data: field) where the slot has nothing at that time, or it makes no sense; IllegalTransition for an
    airing that has begun; Conflict where somebody or something would be in two places.
    """
    with transaction.atomic(), audit.at_the_end():
        slot = locked(actor, slot_id, original)
        _check(slot, original, word)
        exception, _new = SlotException.objects.update_or_create(
            slot=slot,
            original_start=original,
            defaults={
                "kind": word.kind,
                "moved_to": word.moved_to,
                "minutes": word.minutes,
                "cause": word.cause,
                "preempted_by_id": word.preempted_by,
                "rerun_of_id": word.rerun_of,
                "reason": word.reason[:200],
            },
        )
        audit.record(actor, f"slot.{word.kind}", f"slot:{slot.pk}", reason=word.reason, after=_facts(exception))
        making.apply(actor, making.locked(slot.pk), original, word.reason)
        return exception


def locked(actor: Actor, slot_id: int, original: dt.datetime) -> Slot:
    """The slot, locked, that has an occurrence then; the right to produce checked. Raises NotFound, InvalidInput."""
    if not Slot.objects.filter(pk=slot_id).exists():
        raise NotFound(_("没有这个时段。"))
    slot = making.locked(slot_id)
    require(actor, Ability.PRODUCE, slot.programme_id)
    moment = dt.timedelta(microseconds=1)
    if not any(recurrence.starts(coming.rule_of(slot), original, original + moment)):
        raise InvalidInput(_("这个时段在那个时间没有节目。"), field="original_start")
    return slot


def _check(slot: Slot, original: dt.datetime, word: Word) -> None:
    now = clock.now()
    start = word.moved_to or original
    if word.kind == _K.MOVE and start < now:
        raise InvalidInput(_("不能移到已经过去的时间。"), field="to")
    if word.kind == _K.MOVE and abs(start - original) > coming.FAR:
        raise InvalidInput(
            _("一次最多移 %(days)s 天；更远的请停这一次，另建一期。") % {"days": coming.FAR.days}, field="to"
        )
    if word.minutes is not None and not 1 <= word.minutes <= LONGEST:
        raise InvalidInput(_("时长要在 1 分钟到 24 小时之间。"), field="minutes")
    if word.kind != _K.MOVE and original < now and not _stands(slot, original):
        raise IllegalTransition(_("这一次已经过去，不能再改。"))
    if word.rerun_of is not None:
        source = Airing.objects.select_related("episode").filter(pk=word.rerun_of).first()
        same = source is not None and source.episode.programme_id == slot.programme_id
        if source is None or not same or not may_be_rerun(source):
            raise InvalidInput(_("只能重播同一个节目里回看已经公开的往期。"), field="rerun_of")


def _stands(slot: Slot, original: dt.datetime) -> bool:
    """Whether its airing is still to come, having been moved on."""
    state = Airing.State
    rows = slot.occurrences.filter(original_start=original, airing__planned_end__gt=clock.now())
    return rows.filter(airing__state__in=[state.PLANNED, state.WAITING]).exists()


def _facts(exception: SlotException) -> dict[str, object]:
    return {
        "original": exception.original_start.isoformat(),
        "kind": str(exception.kind),
        "to": exception.moved_to.isoformat() if exception.moved_to else None,
        "minutes": exception.minutes,
        "cause": str(exception.cause),
        "by": str(exception.preempted_by_id) if exception.preempted_by_id else None,
    }
