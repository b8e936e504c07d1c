"""Callers' numbers: sealed, found again by a keyed digest, blocked over all shows, forgotten after the show; no call is moved here."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import HOUSE, Ability, Actor, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Airing
from broadcast.sealing import seal, unseal
from broadcast.services import codes, holds
from live import hints, protocol
from live.models import Call, CallBlock
from live.queries import calls as reading
from live.services import rooms

# Who still waits to be called back is called within a day, or not at all.
CALLBACK_KEPT = dt.timedelta(hours=24)
PIECE = 200
_NUMBER = re.compile(r"\d{3,20}")


def normalised(raw: str) -> str:
    """A number as it is kept: mobiles of the mainland as +86…, all others as their digits. Raises InvalidInput (field: number)."""
    try:
        return codes.normalised(raw)
    except InvalidInput:
        digits = re.sub(r"[\s\-()+]", "", unicodedata.normalize("NFKC", raw))
        if not (_NUMBER.fullmatch(digits) and digits.isascii()):
            raise InvalidInput(_("电话号码只写数字，3 到 20 位。"), field="number") from None
        return digits


def set_number(row: Call, raw: str) -> None:
    """Seal a number in the row, or take it away where `raw` is blank. Does not save."""
    if not raw.strip():
        row.sealed_number, row.number_digest, row.number_tail = None, "", ""
        return
    number = normalised(raw)
    row.sealed_number, row.number_tail = seal(number), number[-4:]
    row.number_digest = codes.phone_digest(number)


def reveal(actor: Actor, airing_id: UUID, command: protocol.RevealNumber) -> dict[str, Any]:
    """The whole number, for whoever screens. Audited each time. Raises NotFound where there is none, or it is forgotten."""
    with transaction.atomic():
        airing = screening(actor, airing_id)
        row = Call.objects.filter(pk=command.call, room=airing_id).first()
        if row is None or row.sealed_number is None:
            raise NotFound(_("没有留号码，或者节目结束后已经抹去。"))
        audit.record(actor, "call.number", f"call:{row.pk}", airing=airing)
        return {"call": row.pk, "number": unseal(row.sealed_number)}


def block(actor: Actor, airing_id: UUID, command: protocol.BlockCaller) -> dict[str, Any]:
    """Put the caller's number on the list, or change what stands there. Nobody is cut off by it: calls are moved by hand."""
    reason = command.reason.strip()
    if not reason:
        raise InvalidInput(_("请写明为什么不接入。"), field="reason")
    with transaction.atomic():
        airing = screening(actor, airing_id)
        found = Call.objects.filter(pk=command.call, room=airing_id).exclude(number_digest="").first()
        rows = _of_number(airing_id, found.number_digest) if found is not None else []
        row = next((each for each in rows if each.pk == command.call), None)
        if row is None:
            raise NotFound(_("这个来电没有号码，不能列入名单。"))
        now = clock.now()
        until = now + dt.timedelta(days=command.days) if command.days else None
        told = {"reason": reason, "until": until, "by_id": actor.user_id, "at": now, "number_tail": row.number_tail}
        CallBlock.objects.filter(number_digest=row.number_digest, lifted_at=None, until__lte=now).update(lifted_at=now)
        standing, _made = CallBlock.objects.update_or_create(
            number_digest=row.number_digest, lifted_at=None, defaults=told
        )
        _tell(actor, airing, row, "block", reason, {"block": standing.pk, "days": command.days})
        return {"block": standing.pk, "call": row.pk}


def unblock(actor: Actor, airing_id: UUID, command: protocol.UnblockCaller) -> dict[str, Any]:
    """Lift a block. Repeating changes nothing."""
    with transaction.atomic():
        airing = screening(actor, airing_id)
        found = CallBlock.objects.filter(pk=command.block).first()
        if found is None:
            raise NotFound(_("名单里没有这个号码。"))
        rows = _of_number(airing_id, found.number_digest)
        standing = CallBlock.objects.select_for_update().get(pk=found.pk)
        if standing.lifted_at is None:
            standing.lifted_at, standing.lifted_by_id = clock.now(), actor.user_id
            standing.save(update_fields=["lifted_at", "lifted_by"])
            _tell(actor, airing, rows[0] if rows else None, "unblock", "", {"block": standing.pk})
        return {"block": standing.pk}


def mask_due() -> int:
    """Forget the numbers of shows that are over: at once, of those who wait to be called back after a day. Returns how many.

    The keyed digest (abuse list, earlier calls) and the last four digits stay. What a legal hold keeps is left.
    """
    done = Q(state__in=Call.OVER) | Q(room__closed_at__lte=clock.now() - CALLBACK_KEPT)
    over = Call.objects.filter(room__airing__state__in=[Airing.State.ENDED, Airing.State.CANCELLED])
    due = over.filter(done, sealed_number__isnull=False).order_by("pk")
    if not due.exists():
        return 0
    with transaction.atomic():
        free = due.exclude(room__in=holds.guard().airings)
        # Rows before rooms, as every act on a call.
        keys = [(row.pk, row.room_id) for row in free.select_for_update(of=("self",))[:PIECE]]
        sequence = rooms.next_staff_seq({room for _pk, room in keys})
        for airing_id in {room for _pk, room in keys}:
            own = [pk for pk, room in keys if room == airing_id]
            Call.objects.filter(pk__in=own).update(
                sealed_number=None, masked_at=clock.now(), staff_seq=sequence[airing_id]
            )
            audit.record(HOUSE, "call.forget", f"airing:{airing_id}", after={"calls": own})
            hints.hint(airing_id, "staff")
    return len(keys)


def require_unblocked(row: Call) -> None:
    """Raise InvalidInput with the reason where the row's number is on the list."""
    standing = reading.standing_block(row.number_digest)
    if standing is not None:
        words = _("这个号码在不接入名单里：%(reason)s。先解除，再接入。") % {"reason": standing.reason}
        raise InvalidInput(words, field="number", block=standing.pk)


def _of_number(airing_id: UUID, digest: str) -> list[Call]:
    """The calls of a show with that number, locked."""
    rows = Call.objects.select_for_update(of=("self",)).filter(room=airing_id, number_digest=digest)
    return list(rows.order_by("pk"))


def screening(actor: Actor, airing_id: UUID) -> Airing:
    """The airing, for whoever may screen its calls. Raises NotAllowed, NotFound."""
    airing = rooms.airing_of(airing_id)
    require(actor, Ability.SCREEN_CALLS, airing.episode.programme_id)
    return airing


def _tell(actor: Actor, airing: Airing, row: Call | None, verb: str, reason: str, after: dict[str, Any]) -> None:
    """Every call of this show with that number shows the block: each gets the next number of the lane."""
    sequence = rooms.next_staff_seq([airing.pk], panels=True).get(airing.pk, 0)
    if row is not None:
        Call.objects.filter(room=airing.pk, number_digest=row.number_digest).update(staff_seq=sequence)
    target = f"call:{row.pk}" if row is not None else f"block:{after['block']}"
    audit.record(actor, f"call.{verb}", target, airing=airing, reason=reason, after=after)
    hints.hint(airing.pk, "staff")
