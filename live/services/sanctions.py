"""Mutes and bans of a participant, a device or a network, with reason and end; what they stop is `queries.restraint`'s to say."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, EvidenceRecord
from broadcast.sealing import unseal
from broadcast.services import codes
from live import hints, protocol, wording
from live.models import Comment, Question, Reason, Room, Sanction
from live.services import rooms

Scope, Kind = Sanction.Scope, Sanction.Kind
Row = Comment | Question
# A moderator alone may give so much; more is the duty leader's.
ALONE = dt.timedelta(days=7)
# An address may be a whole carrier's: those it hits unawares are not kept out for long.
NETWORK_MOST = dt.timedelta(hours=24)


class NoEvidence(NotFound):
    """The device or network is not known: the evidence is past its time, or the browser brought no token."""

    code = "no_evidence"


def impose(actor: Actor, airing_id: UUID, command: protocol.ImposeSanction) -> dict[str, Any]:
    """Mute or ban whoever wrote an item, its device or its network. The same measure on the same target ends the one before it.

    Raises NotFound, NotAllowed, NoEvidence, InvalidInput (field: seconds, reason). Audited; in force from the commit on.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        codes.lock(f"sanction:{actor.user_id}:{command.id}")
        known = Sanction.objects.filter(by=actor.user_id, command_id=command.id).first() if actor.user_id else None
        if known is not None:
            return _told(known)
        _require_terms(command)
        _require(actor, airing.episode.programme_id, _asked(command))
        item = _item(airing_id, command)
        row = _row(actor, airing, item, command)
        codes.lock(f"sanction:{row.scope}:{row.participant_id or row.device or row.network}")
        _replace(actor, airing, row)
        row.save()
        _record(actor, airing, row, "sanction.impose", command.note, item)
        _tell(airing, row)
    return _told(row)


def lift(actor: Actor, airing_id: UUID | None, command: protocol.LiftSanction) -> dict[str, Any]:
    """End a sanction before its time: whoever may impose it may. Repeating changes nothing. `airing_id` None: from the list of all."""
    with transaction.atomic():
        row = Sanction.objects.select_for_update().filter(pk=command.sanction).first()
        if row is None:
            raise NotFound(_("没有找到这条限制。"))
        place = airing_id or row.room_id
        airing = rooms.airing_of(place) if place else None
        _require_reach(actor, airing, row)
        if row.lifted_at is None:
            row.lifted_by_id, row.lifted_at, row.lift_note = actor.user_id, clock.now(), command.note
            row.save(update_fields=["lifted_by", "lifted_at", "lift_note"])
            _record(actor, airing, row, "sanction.lift", command.note, None)
            _tell(airing, row)
    return {"sanction": row.pk, "lifted": True}


def may_impose(actor: Actor, programme_id: int | None, asked: Sanction) -> bool:
    """Whether the actor may impose or lift such a one; `programme_id` None: of all programmes."""
    ability = _needed(asked)
    if programme_id is None or (asked.room_id is None and asked.programme_id is None):
        return ability in actor.grants.get(None, ())
    return can(actor, ability, programme_id)


def _needed(asked: Sanction) -> Ability:
    """Moderating is enough for a mute of one person or device for some days; all else is the duty leader's."""
    is_long = asked.until is None or asked.until - asked.at > ALONE
    return Ability.LEAD if asked.kind == Kind.BAN or asked.scope == Scope.NETWORK or is_long else Ability.MODERATE


def _require(actor: Actor, programme_id: int | None, asked: Sanction) -> None:
    if may_impose(actor, programme_id, asked):
        return
    if programme_id is None or (asked.room_id is None and asked.programme_id is None):
        raise NotAllowed(_("对全部节目的限制，要有全部节目的权限。请联系值班负责人。"), ability=str(_needed(asked)))
    if _needed(asked) == Ability.LEAD and can(actor, Ability.MODERATE, programme_id):
        raise NotAllowed(
            _("封禁、按网段限制，以及超过 7 天的禁言，由值班负责人决定。可以先禁言，再上报。"),
            ability=str(Ability.LEAD),
        )
    require(actor, _needed(asked), programme_id)


def _require_reach(actor: Actor, airing: Airing | None, row: Sanction) -> None:
    """Its own programme's people lift it; one of the whole house, those of all programmes."""
    programme = row.programme_id or (row.room.airing.episode.programme_id if row.room_id and row.room else None)
    if airing is not None and programme is not None and airing.episode.programme_id != programme:
        raise NotFound(_("没有找到这条限制。"))
    _require(actor, programme, row)


def _require_terms(command: protocol.ImposeSanction) -> None:
    if not Reason.objects.filter(pk=command.reason).exists():
        raise InvalidInput(_("没有这个理由，请从列表里选。"), field="reason")
    if command.scope == "network" and (command.seconds is None or command.seconds > NETWORK_MOST.total_seconds()):
        raise InvalidInput(_("一个网段后面可能有很多人，最长限制 24 小时。"), field="seconds")


def _asked(command: protocol.ImposeSanction) -> Sanction:
    """What is asked for, without a target yet: enough to tell who may do it."""
    now = clock.now()
    until = None if command.seconds is None else now + dt.timedelta(seconds=command.seconds)
    return Sanction(kind=command.measure, scope=command.scope, at=now, until=until, **_place(command, None))


def _place(command: protocol.ImposeSanction, airing: Airing | None) -> dict[str, Any]:
    if command.where == "house":
        return {"room_id": None, "programme_id": None}
    if command.where == "programme":
        return {"room_id": None, "programme_id": airing.episode.programme_id if airing else 0}
    return {"room_id": airing.pk if airing else UUID(int=0), "programme_id": None}


def _item(airing_id: UUID, command: protocol.ImposeSanction) -> Row:
    model: type[Comment] | type[Question] = Comment if command.kind == "comment" else Question
    found = model.objects.select_related("author").filter(pk=command.item, room=airing_id).first()
    if found is None:
        raise NotFound(_("没有找到这一条。"))
    return found


def _row(actor: Actor, airing: Airing, item: Row, command: protocol.ImposeSanction) -> Sanction:
    asked = _asked(command)
    row = Sanction(
        kind=asked.kind,
        scope=asked.scope,
        at=asked.at,
        until=asked.until,
        reason=command.reason,
        note=command.note,
        item_kind=command.kind,
        item=command.item,
        by_id=actor.user_id,
        command_id=command.id,
        **_place(command, airing),
    )
    if row.scope == Scope.PARTICIPANT:
        row.participant_id = item.author_id
    else:
        origin = _origin(item)
        row.device = str(origin.get("device_id") or "") if row.scope == Scope.DEVICE else ""
        row.network = network_of(str(origin.get("address") or "")) if row.scope == Scope.NETWORK else ""
        if not (row.device or row.network):
            raise NoEvidence(_("不知道这一条是从哪台设备或哪个网段来的，可以改为限制本人。"), scope=command.scope)
    return row


def _origin(item: Row) -> dict[str, Any]:
    """Where the item came from, by its sealed evidence. Nobody is shown it: it only becomes the sanction's target, and that is audited."""
    record = EvidenceRecord.objects.filter(ref=f"{wording.kind_of(item)}:{item.pk}").order_by("pk").first()
    return dict(unseal(bytes(record.sealed))) if record is not None else {}


def network_of(address: str) -> str:
    """The range that is one household's: an IPv4 address alone, of IPv6 the /64. Empty for what is no address, or this very machine."""
    try:
        found: Any = ipaddress.ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_loopback:
        return ""
    return str(ipaddress.ip_network((found, 64 if found.version == 6 else 32), strict=False))


def _replace(actor: Actor, airing: Airing, row: Sanction) -> None:
    """One measure, one target, one place: the newer one takes the place of the older."""
    same = Sanction.objects.select_for_update().filter(
        kind=row.kind,
        scope=row.scope,
        participant=row.participant_id,
        device=row.device,
        network=row.network,
        room=row.room_id,
        programme=row.programme_id,
        lifted_at=None,
    )
    for old in same.filter(Q(until=None) | Q(until__gt=row.at)):
        old.lifted_by_id, old.lifted_at, old.lift_note = actor.user_id, row.at, _("由新的一条代替")
        old.save(update_fields=["lifted_by", "lifted_at", "lift_note"])
        _record(actor, airing, old, "sanction.replace", "", None)


def _record(actor: Actor, airing: Airing | None, row: Sanction, act: str, note: str, item: Row | None) -> None:
    audit.record(
        actor,
        act,
        f"sanction:{row.pk}",
        airing=airing,
        reason=row.reason,
        about=[person] if (person := row.participant_id or (item.author_id if item else None)) else [],
        before={"standing": act != "sanction.impose"},
        after={
            "standing": row.lifted_at is None,
            "measure": row.kind,
            "scope": row.scope,
            "where": row.where,
            "until": wording.iso_or_none(row.until),
            "participant": str(row.participant_id) if row.participant_id else None,
            "item": f"{row.item_kind}:{row.item}" if row.item else None,
        },
        personal={
            "note": note,
            "device": row.device,
            "network": row.network,
            "author": item.author_name if item else "",
        },
    )


def _tell(airing: Airing | None, row: Sanction) -> None:
    """Desks see it in their panel; the page of whoever it concerns is told by its own lane."""
    reached = Room.objects.filter(is_open=True)
    if row.programme_id:
        reached = reached.filter(airing__episode__programme=row.programme_id)
    ids = {row.room_id} if row.room_id else set(reached.values_list("pk", flat=True))
    if airing is not None:
        ids.add(airing.pk)
    for airing_id in rooms.next_staff_seq([each for each in ids if each], panels=True):
        hints.hint(airing_id, "staff", "own")


def _told(row: Sanction) -> dict[str, Any]:
    return {
        "sanction": row.pk,
        "measure": row.kind,
        "scope": row.scope,
        "where": row.where,
        "until": wording.iso_or_none(row.until),
        "sender": str(row.participant_id) if row.participant_id else "",
    }
