"""申诉: an author asks for another look at what was refused or withdrawn, once; somebody else than who decided answers."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing
from live import hints, protocol, text, wording
from live.models import Appeal, Item, Question
from live.queries import reason_list
from live.services import items, rooms
from live.services.batch import Answer, Batch, Write

TEXT_MOST = 300


class SamePerson(NotAllowed):
    """Whoever decided must not answer the appeal against it; data: by (name)."""

    code = "same_person"


def take(batch: Batch) -> None:
    """Accept appeals, one for each item; the same words again get the first answer."""
    writes = batch.of(protocol.AppealItem)
    if not writes:
        return
    names = reason_list.names()
    for write in writes:
        write.check(partial(_take, batch, names))


def _take(batch: Batch, names: dict[str, str], write: Write) -> None:
    command = write.command
    if not isinstance(command, protocol.AppealItem):
        raise TypeError(command)
    words = _cleaned(command.text)
    row = items.held(batch, write.airing_id, command.kind, command.item)
    if row is None or row.author_id != write.participant.pk:
        raise NotFound(_("没有找到这一条。"))
    appeal = Appeal.objects.filter(kind=command.kind, item=row.pk).first()
    if appeal is None:
        if not wording.may_appeal(row):
            raise IllegalTransition(_("这一条不能申诉：它没有被退回或撤下。"), state=row.state)
        appeal = _made(write, row, words)
        batch.keep(write, f"appeal:{appeal.pk}")
        batch.number(row)
        batch.hint(write.airing_id, "staff")
    elif appeal.text != words:
        raise IllegalTransition(_("每条只能申诉一次，您的申诉已经收到。"), state=row.state)
    shown = wording.my_item(row, names, appeal)
    write.answer = Answer(
        {"kind": command.kind, "item": row.pk, "due": wording.iso(appeal.due_at)}, protocol.Mine(items=(shown,))
    )


def _cleaned(raw: str) -> str:
    try:
        return text.clean(raw, TEXT_MOST)
    except text.BadText as error:
        if error.code == "empty":
            raise InvalidInput(_("请写明为什么要再看一次。"), field="text", cause="empty") from error
        raise InvalidInput(
            _("最多 %(most)s 个字，现在有 %(length)s 个。") % {"most": TEXT_MOST, "length": error.length},
            field="text",
            cause="too_long",
        ) from error


def _made(write: Write, row: items.Row, words: str) -> Appeal:
    now = clock.now()
    against = {
        "state": row.state,
        "reason": row.reason,
        "note": row.note,
        "by": row.decided_by_id,
        "at": wording.iso_or_none(row.decided_at),
    }
    appeal = Appeal.objects.create(
        room_id=row.room_id,
        kind=wording.kind_of(row),
        item=row.pk,
        by_id=write.participant.pk,
        text=words,
        at=now,
        due_at=now + dt.timedelta(hours=write.airing.episode.programme.appeal_hours),
        against=against,
    )
    row.appeal, row.waiting_since, row.version = Item.AppealState.OPEN, now, row.version + 1
    row.save(update_fields=["appeal", "waiting_since", "version"])
    return appeal


def decide(actor: Actor, airing_id: UUID, command: protocol.DecideAppeal) -> dict[str, Any]:
    """Answer an open appeal. Granted: the item becomes public. Refused: it stays, and the author reads `note`.

    Raises Conflict when somebody answered first or the item moved, SamePerson for who decided before, InvalidInput without words
    of refusal, NotAllowed where a programme looks twice and no duty leader grants it. Locks the item; audited; the author is told.
    It is no decision that `items.undo` takes back.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        require(actor, Ability.MODERATE, airing.episode.programme_id)
        row = items.lock(airing_id, command.kind, command.item)
        appeal = Appeal.objects.filter(room=airing_id, kind=command.kind, item=command.item).first()
        if row is None or appeal is None:
            raise NotFound(_("没有找到这一条。"))
        after = Item.AppealState.GRANTED if command.granted else Item.AppealState.REFUSED
        if appeal.state == after and appeal.decided_by_id == actor.user_id and row.appeal == after:
            return _told(row)
        _check(actor, airing, row, appeal, command)
        before = {"state": row.state, "version": row.version, "appeal": row.appeal}
        _answer(actor, appeal, command, after)
        _apply(actor, row, after, rooms.next_staff_seq([airing_id])[airing_id])
        audit.record(
            actor,
            f"{command.kind}.appeal_{'grant' if command.granted else 'refuse'}",
            f"{command.kind}:{row.pk}",
            airing=airing,
            before=before,
            after={"state": row.state, "version": row.version, "appeal": row.appeal},
            personal={"text": row.text, "author": row.author_name, "note": command.note, "appeal": appeal.text},
            about=[row.author_id],
        )
        hints.hint(airing_id, "staff", "own", *([f"{command.kind}s", "counts"] if command.granted else []))
    return _told(row)


def move(source_id: UUID, target_id: UUID) -> None:
    """Give the appeals of a merged participant to the survivor."""
    Appeal.objects.filter(by=source_id).update(by=target_id)


def _check(actor: Actor, airing: Airing, row: items.Row, appeal: Appeal, command: protocol.DecideAppeal) -> None:
    if row.version != command.version or appeal.state != Item.AppealState.OPEN or not _stands(row):
        raise Conflict(
            _("这条申诉已经有人处理过了，这一条现在是“%(state)s”。") % {"state": row.get_state_display()},
            kind=command.kind,
            item=row.pk,
            state=row.state,
            version=row.version,
        )
    if actor.user_id in {row.decided_by_id, row.first_by_id, appeal.against.get("by")}:
        raise SamePerson(_("这一条是您处理的，申诉要由别人答复。"), by=actor.name)
    if not command.granted and not command.note.strip():
        raise InvalidInput(_("请写一句答复，作者会看到。"), field="note")
    programme = airing.episode.programme
    if command.granted and programme.review_steps > 1 and not can(actor, Ability.LEAD, programme.pk):
        raise NotAllowed(_("这个节目要两人审核，申诉成立由值班长决定。"), ability=str(Ability.LEAD))


def _stands(row: items.Row) -> bool:
    """The decision appealed against is still in force."""
    return row.state in {Item.State.REJECTED, Item.State.WITHDRAWN}


def _answer(actor: Actor, appeal: Appeal, command: protocol.DecideAppeal, after: str) -> None:
    appeal.state, appeal.note = after, command.note.strip()
    appeal.decided_by_id, appeal.decided_at = actor.user_id, clock.now()
    appeal.save(update_fields=["state", "note", "decided_by", "decided_at"])


def _apply(actor: Actor, row: items.Row, after: str, seq: int) -> None:
    row.appeal, row.version, row.staff_seq = after, row.version + 1, seq
    row.waiting_since = row.claimed_by_id = row.claimed_until = None
    fields = ["appeal", "version", "staff_seq", "waiting_since", "claimed_by", "claimed_until"]
    if after == Item.AppealState.GRANTED:
        row.state_before, row.state = (
            row.state,
            row.came_back_as() if isinstance(row, Question) else Item.State.APPROVED,
        )
        row.reason = row.note = row.decided_command = ""
        row.decided_by_id, row.decided_at, row.public_at = actor.user_id, clock.now(), clock.now()
        fields += [
            "state",
            "state_before",
            "reason",
            "note",
            "decided_command",
            "decided_by",
            "decided_at",
            "public_at",
        ]
    row.save(update_fields=fields)


def _told(row: items.Row) -> dict[str, Any]:
    return {
        "kind": wording.kind_of(row),
        "item": row.pk,
        "state": row.state,
        "version": row.version,
        "appeal": row.appeal,
    }
