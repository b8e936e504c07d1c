"""Moves the planned time of one airing; recurring times are scheduling's."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, lifecycle, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, InvalidInput
from broadcast.models import Airing

_MOVABLE_END = frozenset({Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR})


def move(actor: Actor, airing_id: UUID, start: dt.datetime, end: dt.datetime, reason: str = "") -> Airing:
    """Give the airing other planned times. On air only the end can still move. Audited; tells rundown_changed and episode_changed.

    Raises InvalidInput (field: end), IllegalTransition (data: state), and Conflict (`lifecycle.placed`).
    """
    if end <= start:
        raise InvalidInput(_("结束时间要晚于开始时间。"), field="end")
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.state not in _MOVABLE_END or (airing.state == Airing.State.ON_AIR and start != airing.planned_start):
            raise IllegalTransition(
                _("这一场现在是“%(state)s”，不能改时间。") % {"state": airing.get_state_display()}, state=airing.state
            )
        before = [airing.planned_start.isoformat(), airing.planned_end.isoformat()]
        airing.planned_start, airing.planned_end = start, end
        airing.save(update_fields=["planned_start", "planned_end"])
        lifecycle.placed(airing)
        after = [start.isoformat(), end.isoformat()]
        audit.record(
            actor, "airing.move", f"airing:{airing.pk}", airing=airing, reason=reason, before=before, after=after
        )
        signals.tell(signals.rundown_changed, airing_id=airing.pk)
        signals.tell(signals.episode_changed, episode_id=airing.episode_id)
        return airing
