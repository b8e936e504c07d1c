"""What people, seats, bookings and notices hang into the registries of the ground floor; it decides nothing."""

from __future__ import annotations

from typing import Any

from broadcast import registry
from broadcast.access import Ability, Actor, can
from broadcast.models import Airing, Episode
from scheduling.queries import seats as seat_queries
from scheduling.queries import warnings
from scheduling.services import booking, guest_data, notices


def register() -> None:
    """Called once when the app is ready."""
    registry.airing_placed.register("scheduling.booking", placed)
    registry.reconcilers.register("scheduling.booking", booking.reconcile)
    registry.reconcilers.register("scheduling.notices", notices.reconcile)
    registry.personal_data.register("guests", guest_data.sections)
    registry.personal_erase.register("guests", guest_data.forget)
    registry.episode_cards.register("seats", seats_card)
    registry.episode_cards.register("warnings", warnings_card)


def placed(airing: Airing) -> None:
    """Bookings follow the airing; whoever counts on one that is cancelled is told."""
    booking.keep(airing)
    if airing.state == Airing.State.CANCELLED and airing.kind != Airing.Kind.FILLER:
        notices.cancelled(airing)


def seats_card(episode: Episode, airing: Airing | None, actor: Actor) -> tuple[str, dict[str, Any]] | None:
    """Who sits at the table and what they answered."""
    rows = seat_queries.of_episode(episode.pk)
    context = {
        "episode": episode,
        "airing": airing,
        "rows": rows,
        "open": sum(1 for row in rows if not row.is_sure),
        "may_produce": can(actor, Ability.PRODUCE, episode.programme_id),
    }
    return "scheduling/staff/_seats_card.html", context


def warnings_card(episode: Episode, airing: Airing | None, actor: Actor) -> tuple[str, dict[str, Any]] | None:
    """What is to be looked at before the show; no card where there is nothing."""
    if airing is None or not can(actor, Ability.PRODUCE, episode.programme_id):
        return None
    found = warnings.for_airings([airing]).get(airing.pk, [])
    return ("scheduling/staff/_warnings_card.html", {"warnings": found}) if found else None
