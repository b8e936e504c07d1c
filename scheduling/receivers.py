"""What scheduling does when an airing moved; the tick would find the same a second later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from broadcast.models import Airing
from scheduling.services import ledger


def airing_moved(airing_id: UUID, before: str, after: str, **_more: Any) -> None:
    """An airing that is over needs none of its planned acts any more."""
    if after in {Airing.State.ENDED, Airing.State.CANCELLED}:
        ledger.settle(airing_id)
