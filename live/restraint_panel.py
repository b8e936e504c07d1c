"""What the desk sees of the emergency switch and of mutes and bans: what stands, and what the actor may do about it; staff only."""

from __future__ import annotations

from typing import Any

from broadcast.access import Ability, Actor, can
from broadcast.models import Airing
from live import wording
from live.models import Sanction, Withdrawal
from live.queries import restraint, sanctions, visible
from live.services.sanctions import may_impose
from live.services.withdrawals import may_hide

SHOWN = 100


def panel(airing: Airing, actor: Actor) -> dict[str, Any]:
    """Standing withdrawals and sanctions that reach this show; empty for those who do not see the desk."""
    programme = airing.episode.programme_id
    if not (can(actor, Ability.SEE_DESK, programme) or can(actor, Ability.MODERATE, programme)):
        return {}
    return {
        "withdrawals": [_withdrawal(actor, airing, each) for each in visible.standing_withdrawals(airing.pk)],
        "sanctions": [_sanction(actor, programme, each) for each in sanctions.reaching_room(airing)[:SHOWN]],
        "may": {
            "mute": can(actor, Ability.MODERATE, programme),
            "ban": can(actor, Ability.LEAD, programme),
            "withdraw_author": may_hide(actor, airing, Withdrawal.Scope.AUTHOR, everywhere=False),
            "withdraw_everything": may_hide(actor, airing, Withdrawal.Scope.EVERYTHING, everywhere=False),
            "house": may_hide(actor, airing, Withdrawal.Scope.EVERYTHING, everywhere=True),
        },
    }


def _withdrawal(actor: Actor, airing: Airing, row: Withdrawal) -> dict[str, Any]:
    return {
        "id": row.pk,
        "scope": row.scope,
        "where": "room" if row.room_id else "house",
        "author": row.participant.display_name if row.participant else "",
        "sender": str(row.participant_id) if row.participant_id else "",
        "by": str(row.by) if row.by else "",
        "at": wording.iso(row.at),
        "reason": row.reason,
        "reason_name": restraint.reason_name(row.reason),
        "note": row.note,
        "may_restore": may_hide(actor, airing, row.scope, everywhere=row.room_id is None),
    }


def _sanction(actor: Actor, programme_id: int, row: Sanction) -> dict[str, Any]:
    return {
        "id": row.pk,
        "measure": row.kind,
        "scope": row.scope,
        "where": row.where,
        "sender": str(row.participant_id) if row.participant_id else "",
        "author": row.participant.display_name if row.participant else "",
        "by": str(row.by) if row.by else "",
        "at": wording.iso(row.at),
        "until": wording.iso_or_none(row.until),
        "reason": row.reason,
        "reason_name": restraint.reason_name(row.reason),
        "note": row.note,
        "may_lift": may_impose(actor, programme_id, row),
    }
