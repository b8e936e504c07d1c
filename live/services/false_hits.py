"""误报: keeps that a moderator found a rule wrong about an item, for the rule's figures; the item stays where it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import NotFound
from live import hints, protocol
from live.models import RuleHit
from live.services import items, rooms


def mark(actor: Actor, airing_id: UUID, command: protocol.MarkFalseHit) -> dict[str, Any]:
    """Say that the rule was wrong about this item, or (`on` false) that it was right after all. Again changes nothing.

    Locks the item; its version stays, for nothing of what is decided changes. Raises NotFound where the rule has no hit. Audited.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        require(actor, Ability.MODERATE, airing.episode.programme_id)
        row = items.lock(airing_id, command.kind, command.item)
        hit = next((each for each in row.hits if each["rule"] == command.rule), None) if row is not None else None
        if row is None or hit is None:
            raise NotFound(_("这一条没有被这条规则命中。"))
        if hit["false"] is not command.on:
            hit["false"] = command.on
            row.staff_seq = rooms.next_staff_seq([airing_id])[airing_id]
            row.save(update_fields=["hits", "staff_seq"])
            _keep(actor, command)
            audit.record(
                actor,
                "item.false_hit",
                f"{command.kind}:{command.item}",
                airing=airing,
                before={"rule": hit["code"], "false": not command.on},
                after={"rule": hit["code"], "false": command.on},
            )
            hints.hint(airing_id, "staff")
    return {"kind": command.kind, "item": command.item, "rule": command.rule, "false": command.on}


def _keep(actor: Actor, command: protocol.MarkFalseHit) -> None:
    hits = RuleHit.objects.filter(rule=command.rule, kind=command.kind, item=command.item)
    if command.on:
        hits.update(false_by=actor.user_id, false_at=clock.now())
    else:
        hits.update(false_by=None, false_at=None)
