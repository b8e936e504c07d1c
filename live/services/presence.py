"""Who sits at a desk and looks at what: renewed by their page, forgotten when it stops; nothing of it is audited."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from broadcast import clock
from broadcast.access import Ability, Actor, can, require
from live import hints, protocol
from live.models import Presence
from live.services import claims, rooms

FORGOTTEN_AFTER = dt.timedelta(days=1)


def look(actor: Actor, airing_id: UUID, command: protocol.LookAt) -> dict[str, Any]:
    """Remember that the actor is here, looking at this item or at none; a claim of theirs on it lives on. Raises NotAllowed, NotFound."""
    airing = rooms.airing_of(airing_id)
    programme_id = airing.episode.programme_id
    require(actor, Ability.SEE_DESK, programme_id)
    if actor.user_id is None:
        return {}  # a job of the house sits at no desk
    now = clock.now()
    seen = {"at": now, "kind": command.kind or "", "item": command.item if command.kind else None}
    _row, made = Presence.objects.update_or_create(room_id=airing_id, user_id=actor.user_id, defaults=seen)
    if made:
        Presence.objects.filter(room=airing_id, at__lt=now - FORGOTTEN_AFTER).delete()
    hints.hint(airing_id, "desk")
    if command.kind and command.item and can(actor, Ability.MODERATE, programme_id):
        claims.prolong(actor, airing_id, command.kind, command.item)
    return {}
