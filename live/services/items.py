"""Holds the items that a batch's commands name: each locked once, always in the same order; it must not change one."""

from __future__ import annotations

from uuid import UUID

from live import protocol
from live.models import Comment, Question
from live.services.batch import Batch

ItemModel = type[Comment] | type[Question]
Row = Comment | Question
MODELS: dict[str, ItemModel] = {"comment": Comment, "question": Question}
_NAMING = (protocol.ReportItem, protocol.AppealItem, protocol.RetractItem)


def hold(batch: Batch) -> None:
    """Lock what is reported, appealed about or taken back, comments before questions and by number, so that nobody waits in a ring."""
    named: dict[str, set[int]] = {kind: set() for kind in MODELS}
    for command in _NAMING:
        for write in batch.of(command):
            named[write.command.kind].add(write.command.item)  # type: ignore[union-attr]
    for kind, model in MODELS.items():
        if named[kind]:
            rows = model.objects.select_for_update(of=("self",)).filter(pk__in=named[kind]).order_by("pk")
            batch.held.update({(kind, row.pk): row for row in rows})


def held(batch: Batch, airing_id: UUID, kind: str, item: int) -> Row | None:
    """The locked item, where it is one of this airing."""
    row = batch.held.get((kind, item))
    return row if row is not None and row.room_id == airing_id else None


def lock(airing_id: UUID, kind: str, item: int) -> Row | None:
    """One item of the airing for a staff act, locked until commit."""
    # No row of another table is read along: it would be as it was before the wait for the lock.
    rows = MODELS[kind].objects.select_for_update(of=("self",))
    found: Row | None = rows.filter(pk=item, room=airing_id).first()
    return found
