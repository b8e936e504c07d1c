"""The emergency switch: hides all that one author or the public wrote, everywhere at once, and back; it never changes an item's state."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, Participant
from broadcast.services import codes
from live import hints, protocol
from live.models import Comment, Question, Reason, Room, Withdrawal
from live.services import rooms

Scope = Withdrawal.Scope
# Items that are numbered anew in one transaction: moderators at work wait no longer than that takes.
AT_ONCE = 1_000
# What is told: whatever may show citizens' words, and that something ceased to be public.
TOLD = ("withdrawn", "comments", "questions", "counts", "staff", "own")


def make(actor: Actor, airing_id: UUID, command: protocol.WithdrawMany) -> dict[str, Any]:
    """Hide all of one author or of everybody, in this show or (`where` house) in all. Returns its id and how many items that hides here.

    Raises NotFound, NotAllowed, InvalidInput for an unknown reason. It stands from the commit on, for what comes later too.
    Audited; the items it hides are numbered anew afterwards, so that desks and authors hear of it.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        # A page that hears nothing sends the same again by POST: two at once would hide twice, and one restoring bring back nothing.
        codes.lock(f"withdrawal:{actor.user_id}:{command.id}")
        row = Withdrawal.objects.filter(by=actor.user_id, command_id=command.id).first() if actor.user_id else None
        if row is None:
            _require(actor, airing, command.scope, everywhere=command.where == "house")
            row = _insert(actor, airing, command)
            _record(actor, airing, row, "withdrawal.make", command.note)
            _tell(row)
    hides = _hidden_by(row, airing_id)
    _number(row)
    return {"withdrawal": row.pk, "scope": row.scope, "where": _where(row), "hidden": hides}


def of_author(actor: Actor, author: Participant, note: str) -> int:
    """Hide all that one author wrote, in all shows, by an order that was allowed elsewhere (withdrawal by person); returns its id.

    Call inside a transaction. Audited.
    """
    row = Withdrawal.objects.create(
        scope=Scope.AUTHOR, participant=author, reason="", note=note[:200], by_id=actor.user_id, at=clock.now()
    )
    _record(actor, None, row, "withdrawal.make", note)
    _tell(row)
    return row.pk


def restore(
    actor: Actor, airing_id: UUID | None, command: protocol.RestoreMany, *, allowed: bool = False
) -> dict[str, Any]:
    """Bring back what a withdrawal hid; what another one hides stays hidden. Whoever may hide may bring back. Repeating changes nothing.

    `airing_id` None: from the list of all. `allowed`: elsewhere, by whoever may withdraw people.
    """
    with transaction.atomic():
        found = Withdrawal.objects.select_for_update(of=("self",)).filter(pk=command.withdrawal)
        row = (found.filter(Q(room=airing_id) | Q(room=None)) if airing_id else found).first()
        if row is None:
            raise NotFound(_("没有找到这次撤下。"))
        place = row.room_id or airing_id
        airing = rooms.airing_of(place) if place else None
        if not allowed:
            _require(actor, airing, row.scope, everywhere=row.room_id is None)
        if row.restored_at is None:
            row.restored_by_id, row.restored_at, row.restore_note = actor.user_id, clock.now(), command.note
            row.save(update_fields=["restored_by", "restored_at", "restore_note"])
            _record(actor, airing, row, "withdrawal.restore", command.note)
            _tell(row)
    _number(row)
    return {"withdrawal": row.pk, "restored": True}


def may_hide(actor: Actor, airing: Airing | None, scope: str, *, everywhere: bool) -> bool:
    """Whether the actor may hide, and bring back, in this show, or everywhere: for that the ability in all programmes."""
    needed = (Ability.LEAD, Ability.RUN) if scope == Scope.EVERYTHING else (Ability.LEAD,)
    if everywhere or airing is None:
        return any(each in actor.grants.get(None, ()) for each in needed)
    if scope == Scope.AUTHOR:
        needed = (Ability.LEAD, Ability.MODERATE)
    return any(can(actor, each, airing.episode.programme_id) for each in needed)


def _require(actor: Actor, airing: Airing | None, scope: str, *, everywhere: bool) -> None:
    if may_hide(actor, airing, scope, everywhere=everywhere):
        return
    if everywhere or airing is None:
        raise NotAllowed(_("所有节目一起撤下或恢复，要有全部节目的权限。请联系值班负责人。"), ability=str(Ability.LEAD))
    require(actor, Ability.MODERATE if scope == Scope.AUTHOR else Ability.LEAD, airing.episode.programme_id)


def _insert(actor: Actor, airing: Airing, command: protocol.WithdrawMany) -> Withdrawal:
    if not Reason.objects.filter(pk=command.reason).exists():
        raise InvalidInput(_("没有这个理由，请从列表里选。"), field="reason")
    rooms.ensure([airing.pk])
    return Withdrawal.objects.create(
        scope=command.scope,
        room_id=airing.pk if command.where == "room" else None,
        participant_id=_author(airing.pk, command) if command.scope == "author" else None,
        reason=command.reason,
        note=command.note,
        by_id=actor.user_id,
        at=clock.now(),
        command_id=command.id,
    )


def _author(airing_id: UUID, command: protocol.WithdrawMany) -> UUID:
    if command.kind is None or command.item is None:
        raise InvalidInput(_("请指明是哪一条的作者。"), field="item")
    model: type[Comment] | type[Question] = Comment if command.kind == "comment" else Question
    found = model.objects.filter(pk=command.item, room=airing_id).values_list("author", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这一条。"))
    return found


def _where(row: Withdrawal) -> str:
    return "room" if row.room_id else "house"


def _record(actor: Actor, airing: Airing | None, row: Withdrawal, act: str, note: str) -> None:
    audit.record(
        actor,
        act,
        f"withdrawal:{row.pk}",
        airing=airing,
        reason=row.reason,
        before={"standing": act == "withdrawal.restore"},
        after={
            "standing": row.restored_at is None,
            "scope": row.scope,
            "where": _where(row),
            "participant": str(row.participant_id) if row.participant_id else None,
        },
        personal={"note": note},
        about=[row.participant_id] if row.participant_id else [],
    )


def _tell(row: Withdrawal) -> None:
    """The rooms that show it: their panels changed, and everything that the public wrote is looked at again."""
    for airing_id in rooms.next_staff_seq(_rooms(row), panels=True):
        hints.hint(airing_id, *TOLD)


def _rooms(row: Withdrawal) -> list[UUID]:
    """The show, or all that are open; what is over is looked at anew by whoever opens it, and by its mark (`queries.settled`)."""
    if row.room_id:
        return [row.room_id]
    return list(Room.objects.filter(is_open=True).values_list("pk", flat=True))


def _items(row: Withdrawal, model: type[Comment] | type[Question], airing_id: UUID) -> QuerySet[Any]:
    states = Question.PUBLIC if model is Question else (Comment.State.APPROVED,)
    rows = model.objects.filter(room=airing_id, state__in=states)
    return rows.filter(author=row.participant_id) if row.scope == Scope.AUTHOR else rows


def _hidden_by(row: Withdrawal, airing_id: UUID) -> int:
    return sum(_items(row, model, airing_id).count() for model in (Comment, Question))


def _number(row: Withdrawal) -> None:
    """Let the staff lane tell of each item again, in pieces; the public waits for none of it."""
    for airing_id in _rooms(row):
        for model in (Comment, Question):
            ids = list(_items(row, model, airing_id).order_by("pk").values_list("pk", flat=True))
            for first in range(0, len(ids), AT_ONCE):
                _number_some(model, airing_id, ids[first : first + AT_ONCE])


def _number_some(model: type[Comment] | type[Question], airing_id: UUID, ids: list[int]) -> None:
    with transaction.atomic():
        held = list(
            model.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
        )
        seq = rooms.next_staff_seq([airing_id])[airing_id]
        model.objects.filter(pk__in=held).update(staff_seq=seq)
        hints.hint(airing_id, "staff", "own")


__all__ = ["make", "may_hide", "of_author", "restore"]
