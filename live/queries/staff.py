"""What staff see of an airing: everything, or what changed since a number of the staff lane; never for the public."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Count, Q

from broadcast import clock, registry
from broadcast.access import Actor
from broadcast.models import Airing
from live import protocol, wording
from live.models import Comment, Item, Poll, Question, Room
from live.queries import calls, outcome, visible, voices
from live.queries.public import public_objects
from live.queries.staff_polls import staff_poll

logger = logging.getLogger(__name__)

# Of each kind: what waits for somebody, and of the rest the newest; older ones are read page by page (`queues.page`).
OPEN_SHOWN = 10_000
DECIDED_SHOWN = 300


class StaffView(StrEnum):
    """How much of the staff lane somebody sees."""

    DESK = "desk"
    HOST = "host"
    CALLS = "calls"

    @property
    def has_polls(self) -> bool:
        """Control room and call desk; a host's tablet has none."""
        return self is not StaffView.HOST


def staff_seq(airing_id: UUID) -> int:
    """The newest number of the staff lane; 0 when there is no room yet."""
    return Room.objects.filter(pk=airing_id).values_list("staff_seq", flat=True).first() or 0


def staff_snapshot(actor: Actor, airing_id: UUID, view: StaffView) -> protocol.StaffSnapshot:
    """All that this view of the airing works with. What is newer than its `seq` may already be in it, never the reverse."""
    seq = staff_seq(airing_id)
    airing = Airing.objects.select_related("episode__programme").get(pk=airing_id)
    return protocol.StaffSnapshot(
        seq=seq,
        at=wording.iso(clock.now()),
        items=tuple(_snapshot_items(airing_id, view)),
        polls=staff_polls(airing_id) if view.has_polls else (),
        calls=calls.staff_calls(airing_id, screening=view is StaffView.CALLS),
        panels=panels(airing, actor),
        public=tuple(public_objects(airing, ahead=True)),
    )


def staff_change(airing_id: UUID, after: int, view: StaffView) -> protocol.StaffChange:
    """Items and polls that changed after that number; panels are each actor's own and added by whoever sends it."""
    seq = staff_seq(airing_id)
    items: list[protocol.StaffItem] = []
    for model in _models(view):
        changed = model.objects.filter(room=airing_id, staff_seq__gt=after)
        items += staff_items(airing_id, _visible(changed, model, view, changes=True).order_by("pk"), view)
    changed_polls = Poll.objects.filter(room=airing_id, staff_seq__gt=after).values_list("pk", flat=True)
    return protocol.StaffChange(
        seq=seq,
        after=after,
        at=wording.iso(clock.now()),
        items=tuple(items),
        polls=staff_polls(airing_id, set(changed_polls)) if changed_polls and view.has_polls else (),
        calls=calls.staff_calls(airing_id, screening=view is StaffView.CALLS, after=after),
    )


def staff_polls(airing_id: UUID, only: Iterable[int] | None = None) -> tuple[protocol.StaffPoll, ...]:
    """The polls of an airing with their counts."""
    rows = Poll.objects.filter(room=airing_id).select_related("room__airing", "roll", outcome.BESIDE)
    rows = rows.prefetch_related("options", outcome.BESIDE_MANY)
    # One that was thrown away is told as a change alone.
    wanted = rows.exclude(state=Poll.State.DISCARDED) if only is None else rows.filter(pk__in=list(only))
    found = list(wanted)
    behalf = calls.shown_on_behalf(found)
    return tuple(staff_poll(poll, behalf.get(poll.pk, 0)) for poll in found)


def open_polls(airing_id: UUID) -> tuple[protocol.StaffPoll, ...]:
    """Those whose counts move."""
    running = Poll.objects.filter(room=airing_id, state=Poll.State.OPEN).values_list("pk", flat=True)
    return staff_polls(airing_id, running) if running else ()


def supported(airing_id: UUID) -> tuple[protocol.StaffItem, ...]:
    """The public questions, whose supports move."""
    rows = visible.public_items(Question, airing_id)
    return tuple(staff_items(airing_id, _visible(rows, Question, StaffView.DESK).order_by("pk")))


def panels_seq(airing_id: UUID) -> int:
    """The staff lane's number at which panels changed last."""
    return Room.objects.filter(pk=airing_id).values_list("panels_seq", flat=True).first() or 0


def panels(airing: Airing, actor: Actor) -> dict[str, Any]:
    """What the other apps show to this actor in the control room. A part that fails is left out and logged."""
    shown: dict[str, Any] = {}
    for name, make in registry.control_panels:
        try:
            shown[name] = make(airing, actor)
        except Exception:
            logger.exception("control panel %s failed airing=%s", name, airing.pk)
    return shown


def panels_of(airing_id: UUID, actor: Actor) -> dict[str, Any]:
    """`panels`, by the airing's id, in the actor's language."""
    with actor.spoken_to():
        return panels(Airing.objects.select_related("episode__programme").get(pk=airing_id), actor)


def _models(view: StaffView) -> tuple[type[Comment] | type[Question], ...]:
    models: dict[StaffView, tuple[type[Comment] | type[Question], ...]] = {
        StaffView.DESK: (Comment, Question),
        StaffView.HOST: (Question,),
        StaffView.CALLS: (),
    }
    return models[view]


def _visible(rows: Any, model: type[Comment] | type[Question], view: StaffView, *, changes: bool = False) -> Any:
    """A host sees the questions that are public; among changes also those that just ceased to be, so that they leave the list."""
    if model is Question:
        rows = rows.select_related("person").annotate(support_count=Count("supports"))
    if view is StaffView.HOST:
        rows = rows.filter(public_at__isnull=False) if changes else rows.filter(state__in=Question.PUBLIC)
    return rows.select_related("decided_by", "claimed_by", "first_by", "author")


def desk_rows(model: type[Comment] | type[Question], airing_id: UUID) -> Any:
    """Rows of the airing with all that `staff_items` needs."""
    return _visible(model.objects.filter(room=airing_id), model, StaffView.DESK)


def _snapshot_items(airing_id: UUID, view: StaffView) -> list[protocol.StaffItem]:
    items: list[protocol.StaffItem] = []
    for model in _models(view):
        rows = _visible(model.objects.filter(room=airing_id), model, view)
        is_open = _is_open(model)
        items += staff_items(airing_id, rows.filter(is_open).order_by("pk")[:OPEN_SHOWN], view)
        items += staff_items(airing_id, rows.exclude(is_open).order_by("-pk")[:DECIDED_SHOWN], view)
    return items


def _is_open(model: type[Comment] | type[Question]) -> Q:
    """That somebody has to look at it: it waits, is reported, appealed about, or went out unseen. Public questions are at hand always."""
    waits = Q(state__in=Item.WAITING) | Q(appeal=Item.AppealState.OPEN)
    if model is Question:
        return waits | Q(state__in=Question.PUBLIC)
    unseen = Q(decided_by__isnull=True) | Q(open_reports__gt=0)
    return waits | (Q(state=Item.State.APPROVED) & unseen)


def staff_items(airing_id: UUID, found: Iterable[Any], view: StaffView = StaffView.DESK) -> list[protocol.StaffItem]:
    """Rows of one kind as staff see them: the desk knows what a withdrawal hides and why something is reported; for a host a hidden
    one is as if it had been taken down, words and all."""
    rows = list(found)
    hidden = visible.hidden_ids(airing_id, rows)
    for row in rows:
        row.is_hidden = row.pk in hidden
        if row.is_hidden and view is StaffView.HOST:
            row.state, row.text, row.mask = row.State.WITHDRAWN, "", []
    items = [wording.staff_item(row, getattr(row, "support_count", 0)) for row in rows]
    return _with_voices(rows, items) if view is StaffView.DESK else items


def _with_voices(rows: list[Any], items: list[protocol.StaffItem]) -> list[protocol.StaffItem]:
    told = voices.told_to_desk(rows)
    return [
        msgspec.structs.replace(
            item,
            report_reasons=found.report_reasons,
            appeal_text=found.appeal_text,
            appeal_due=wording.iso_or_none(found.appeal_due),
        )
        if (found := told.get((item.kind, item.id)))
        else item
        for item in items
    ]
