"""Hears the facts from below and lets rooms follow at once; a missed fact is repaired by reconcile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from broadcast import signals
from live import hints
from live.queries import doors
from live.services import aftercare, polls


def connect() -> None:
    """Called once when the app is ready."""
    signals.airing_state_changed.connect(_airing_state_changed, dispatch_uid="live.airing_state")
    signals.rundown_changed.connect(_rundown_changed, dispatch_uid="live.rundown")
    signals.episode_changed.connect(_episode_changed, dispatch_uid="live.episode")
    signals.recording_changed.connect(_recording_changed, dispatch_uid="live.recording")


def _airing_state_changed(airing_id: UUID, **_facts: Any) -> None:
    doors.forget(airing_id)
    aftercare.follow_airing(airing_id)
    hints.hint(airing_id, "airing", "media", "rundown", "polls", "questions")
    aftercare.panels_changed(airing_id)


def _rundown_changed(airing_id: UUID, **_facts: Any) -> None:
    hints.hint(airing_id, "rundown", "airing")
    # A segment began, perhaps with a poll.
    polls.open_due(airing_id)
    aftercare.panels_changed(airing_id)


def _episode_changed(episode_id: int, **_facts: Any) -> None:
    for airing_id in aftercare.airings_of(episode_id):
        doors.forget(airing_id)
        # Publication touches everything that may be seen.
        hints.hint(airing_id, "airing", "media", "rundown", "people", "comments", "questions", "polls", "counts")
        aftercare.panels_changed(airing_id)


def _recording_changed(airing_id: UUID, **_facts: Any) -> None:
    hints.hint(airing_id, "media")
    aftercare.panels_changed(airing_id)
