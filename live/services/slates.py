"""Offers the host a choice of questions by a rule that anybody can repeat, and records it; it never puts one on the list."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import IllegalTransition
from live import hints, protocol, slate_rules
from live.models import Slate
from live.queries import slates
from live.services import questions, rooms

METHODS = {
    Slate.Method.SUPPORTS: slate_rules.most_supported,
    Slate.Method.RECENT: slate_rules.most_recent,
    Slate.Method.SPREAD: slate_rules.spread,
}


def offer(actor: Actor, airing_id: UUID, command: protocol.OfferSlate) -> dict[str, Any]:
    """Choose so many of the questions that are public and neither on air nor ended. For the host or whoever runs the show.

    A draw takes a new seed each time, which nobody can choose; seed and all candidates are kept, so the draw can be repeated and a
    draw that was not to somebody's liking stays on record. Audited. Raises IllegalTransition where there is nothing to choose.
    """
    with transaction.atomic():
        airing = questions.allowed(actor, airing_id)
        rooms.ensure([airing_id])
        known = Slate.objects.filter(room=airing_id, command_id=command.id).first()
        if known is not None:
            return slates.told(known)
        among = slates.candidates(airing_id)
        if not among:
            raise IllegalTransition(_("还没有可选的提问。"), state=airing.state)
        seed = secrets.token_hex(16) if command.method == "draw" else ""
        if seed:
            chosen = slate_rules.draw(seed, [each.id for each in among], command.size)
        else:
            chosen = METHODS[Slate.Method(command.method)](among, command.size)
        row = Slate.objects.create(
            room_id=airing_id,
            method=command.method,
            at=clock.now(),
            by_id=actor.user_id,
            size=command.size,
            seed=seed,
            chosen=chosen,
            among=sorted(each.id for each in among),
            command_id=command.id,
        )
        rooms.next_staff_seq([airing_id], panels=True)
        after = {"method": row.method, "size": row.size, "seed": seed, "chosen": chosen, "among": row.among}
        audit.record(actor, "slate.offer", f"slate:{row.pk}", airing=airing, after=after)
        hints.hint(airing_id, "staff")
        return slates.told(row)
