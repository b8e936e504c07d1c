"""One decision about many items: each stands or falls by itself, all that stand are written together; it knows no rule of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from broadcast.access import Actor
from broadcast.errors import BroadcastError
from live import protocol
from live.services import deciding
from live.services.deciding import Wish


def decide_many(actor: Actor, airing_id: UUID, command: protocol.DecideItems) -> dict[str, Any]:
    """Decide them in one transaction. Returns `done` (kind, item, state, version) and `moved` (the same, with code and message).

    Raises InvalidInput for an unknown reason, NotAllowed; then nothing is done. A retry names the same ones as done, as long as
    nobody touched them since. One number of the staff lane, one audit entry an item.
    """
    wish = Wish(command.act, command.id, command.reason, command.note)
    versions = {(each.kind, each.item): each.version for each in reversed(command.items)}
    done: list[deciding.Row] = []
    moved: list[dict[str, Any]] = []
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        deciding.require_reason(desk, wish)
        rows = deciding.locked(desk, versions)
        changes = []
        for key in dict.fromkeys((each.kind, each.item) for each in command.items):
            row = rows.get(key)
            if row is not None and deciding.is_repeated(desk, row, wish):
                done.append(row)
                continue
            try:
                if row is None:
                    raise deciding.missing()
                changes.append((row, deciding.outcome(desk, row, wish, versions[key])))
                done.append(row)
            except BroadcastError as refusal:
                moved.append(deciding.refused(key, refusal))
        deciding.store(desk, wish, changes)
    return {"done": [deciding.told(row) for row in done], "moved": moved}
