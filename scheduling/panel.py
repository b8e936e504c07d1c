"""What the control room sees and may ask of scheduling: the airing's plan, what is due, what went wrong, the ledger; it decides nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast import registry
from broadcast.access import Actor
from broadcast.errors import NotFound
from broadcast.models import Airing
from scheduling.models import AiringPlan, Firing
from scheduling.queries import alarms, due, rundown
from scheduling.services import ledger


def register() -> None:
    """Called once when the app is ready."""
    registry.control_panels.register("schedule", panel)
    registry.control_panels.register("rundown", rundown_panel)
    for name, flags in ACTS.items():
        registry.staff_acts.register(name, _act(flags))
    registry.staff_acts_on.register("firing.seen", _seen)


def rundown_panel(airing: Airing, _actor: Actor) -> dict[str, Any]:
    """The lines of the running order, so that the control room counts over and under as the run-down's page does."""
    return rundown.lines_of(airing)


def panel(airing: Airing, _actor: Actor) -> dict[str, Any]:
    """The plan with what it still wants, and what was done, with times in ISO 8601 UTC."""
    plan = AiringPlan.objects.filter(airing=airing).first()
    done = Firing.objects.filter(airing=airing)
    return {
        "auto_open": plan is not None and plan.auto_open,
        "auto_start": plan is not None and plan.auto_start,
        "auto_end": plan is not None and plan.auto_end,
        "due": [
            {"action": each.action, "words": str(Firing.Action(each.action).label), "at": each.at.isoformat()}
            for each in due.ahead(airing.pk)
        ],
        "alarms": [
            {"firing": each.firing_id, "what": each.what, "why": each.why, "at": each.at.isoformat()}
            for each in alarms.of_airing(airing)
        ],
        "ledger": [
            {
                "action": each.action,
                "due_at": each.due_at.isoformat(),
                "fired_at": each.fired_at.isoformat() if each.fired_at else None,
                "outcome": each.outcome,
                "reason": each.reason,
            }
            for each in done
        ],
    }


# Staff acts: name → the flags they set.
ACTS: dict[str, dict[str, bool]] = {
    "plan.auto_start": {"auto_open": True, "auto_start": True},
    "plan.auto_end": {"auto_end": True},
    "plan.manual": {"auto_open": False, "auto_start": False, "auto_end": False},
}


def _act(flags: dict[str, bool]) -> Any:
    def perform(actor: Actor, airing_id: UUID, reason: str) -> dict[str, Any]:
        plan = ledger.set_plan(actor, airing_id, reason=reason, **flags)
        return {"auto_open": plan.auto_open, "auto_start": plan.auto_start, "auto_end": plan.auto_end}

    return perform


def _seen(actor: Actor, airing_id: UUID, subject: str, _reason: str) -> dict[str, Any]:
    """`firing.seen:12`: somebody of the show has seen what went wrong."""
    if not subject.isdigit() or not Firing.objects.filter(pk=int(subject), airing_id=airing_id).exists():
        raise NotFound(_("没有这条记录。"))
    return {"firing": ledger.seen(actor, int(subject)).pk}
