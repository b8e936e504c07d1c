"""The facts: what happened below, told upward after commit; a listener may be late, fail or miss one, so reconcile repairs.

| fact | sent by | when | listeners |
|---|---|---|---|
| airing_state_changed | broadcast.lifecycle | after an airing moved | live (room), archive (recording), scheduling (ledger) |
| rundown_changed | broadcast.services.rundown | a segment started, or the plan changed | live |
| episode_changed | broadcast.services.episodes | title, people, publication or sign-off changed | live, archive |
| recording_changed | archive | feed health, output (cut, resumed) or replay changed | live |
| participants_merged | broadcast.services.identity | a guest became an account | live |
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.dispatch import Signal

logger = logging.getLogger(__name__)

airing_state_changed = Signal()  # airing_id: UUID, before: str, after: str
rundown_changed = Signal()  # airing_id: UUID
episode_changed = Signal()  # episode_id: int
recording_changed = Signal()  # airing_id: UUID
participants_merged = Signal()  # source_id: UUID, target_id: UUID


def tell(fact: Signal, **data: Any) -> None:
    """Send `fact` after the surrounding transaction commits (at once outside one). A failing listener is logged and stops nobody."""

    def send() -> None:
        for receiver, answer in fact.send_robust(sender=None, **data):
            if isinstance(answer, Exception):
                logger.error("fact listener failed receiver=%s data=%s", receiver, data, exc_info=answer)

    transaction.on_commit(send)
