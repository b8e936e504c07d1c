"""What live hangs into the registries of the ground floor: marks of a replay, the move of a merged participant, its panel and acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from broadcast import registry
from broadcast.models import Airing
from live import demo, panel, queries, restraint_panel, telephony
from live.queries import calls, contents, desk, entered, follow, found, kept, personal, reach, replies, said, venues
from live.services import aftercare, forgetting, levels, person_withdrawal, rescans, rule_seeds, similar


def register() -> None:
    """Called once when the app is ready."""
    registry.participant_merge.register("live", aftercare.merge)
    registry.personal_data.register("live", personal.sections)
    registry.personal_erase.register("live", forgetting.forget)
    registry.timeline.register("live", timeline)
    found.register()
    person_withdrawal.register()
    registry.kept_documents.register("live", kept.documents)
    registry.said.register("live", said.said)
    registry.reach.register("live", reach.counted)
    registry.reconcilers.register("live", aftercare.reconcile)
    registry.reconcilers.register("rescans", rescans.work)
    registry.seeds.register("live", rule_seeds.seed)
    registry.reconcilers.register("similar", similar.look)
    entered.register("venues", venues.entered)
    registry.demo.register("live", demo.fill)
    registry.doctor_checks.register("telephony", telephony.check)
    registry.leaving.register("live", leaving)
    registry.control_panels.register("load", panel.load_panel)
    registry.control_panels.register("desk", desk.panel)
    registry.control_panels.register("calls", calls.panel)
    registry.control_panels.register("follow", follow.panel)
    registry.staff_alarms.register("replies", replies.alarm)
    registry.episode_cards.register("outcomes", follow.card)
    registry.control_panels.register("shield", restraint_panel.panel)
    registry.staff_acts_on.register("level.hold", levels.hold)
    registry.staff_acts.register("level.release", levels.release)


def leaving(stop_listening: Callable[[], None], gone: Callable[[], None]) -> Callable[[float], None]:
    """What a web process does before it ends."""
    from live import drain  # with all that a web process holds, which no other needs

    return drain.prepare(stop_listening, gone)


def timeline(airing: Airing, staff: bool) -> list[dict[str, Any]]:
    """Questions, polls and comments at their moment; what is not public now is not among them, for staff neither.

    What was edited out of the public's replay has no moment there; staff's replay holds it. Comments stay: they are of who watched.
    """
    marks = queries.marks(airing)
    spans = [] if staff or not marks else contents.cut_out(airing)
    return [mark for mark in marks if "comment" in mark or not contents.is_within(spans, mark["at"])]
