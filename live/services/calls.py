"""Takes calls through the desk: ringing, screened, waiting, on air, over; whose number it is, and blocks, are callers'.

Rows are locked first (by number), then the room, then the audit chain: always in this order.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing
from broadcast.services import codes, moments
from live import hints, protocol, telephony, text
from live.models import Call
from live.services import callers, rooms

S = Call.State
# From where each state can be reached off the air, by the screener.
FROM: dict[str, frozenset[str]] = {
    S.RINGING: frozenset({S.CALLBACK, S.DROPPED}),
    S.SCREENED: frozenset({S.WAITING}),
    S.WAITING: frozenset({S.SCREENED}),
    S.CALLBACK: frozenset({S.RINGING, S.SCREENED, S.WAITING, S.DROPPED}),
    S.DROPPED: frozenset({S.RINGING, S.SCREENED, S.WAITING, S.CALLBACK}),
    S.REFUSED: frozenset({S.RINGING, S.SCREENED, S.WAITING, S.CALLBACK}),
    # Dealt with without going on air: answered at the desk, referred, or called back after the show.
    S.ENDED: frozenset({S.SCREENED, S.WAITING, S.CALLBACK}),
}
_SHOW_ONLY = frozenset({S.RINGING, S.SCREENED, S.WAITING})
_OVER = frozenset({Airing.State.ENDED, Airing.State.CANCELLED})
_FIELDS = {"name": 40, "district": 40, "topic": 200, "note": 300, "line": 24}


class Stale(Conflict):
    """Somebody else changed this call meanwhile; data: call, version, state, by. What was typed is still the page's."""

    code = "stale"


def log(actor: Actor, airing_id: UUID, command: protocol.LogCall) -> dict[str, Any]:
    """A call rings. A retry of the command returns the first one. An adapter of the telephone system calls this as the house."""
    with transaction.atomic():
        airing = callers.screening(actor, airing_id)
        if airing.state in _OVER:
            raise IllegalTransition(_("节目已经结束。"), state=airing.state)
        rooms.ensure([airing_id])
        sequence = rooms.next_staff_seq([airing_id])[airing_id]
        known = Call.objects.filter(room=airing_id, command_id=command.id).first()
        if known is not None:
            return told(known)
        row = Call(room_id=airing_id, command_id=command.id, created_at=clock.now(), screener_id=actor.user_id)
        for name in ("line", "name", "district", "topic"):
            setattr(row, name, _clean(getattr(command, name), name))
        callers.set_number(row, command.number)
        row.staff_seq = sequence
        row.save()
        audit.record(actor, "call.log", f"call:{row.pk}", airing=airing, after={"line": row.line})
        hints.hint(airing_id, "staff")
        return told(row)


def screen(actor: Actor, airing_id: UUID, command: protocol.ScreenCall) -> dict[str, Any]:
    """Write down what the caller says; ringing → screened. Words can be put right afterwards too, since the replay shows the topic.

    Compare-and-set on the version. The audit names fields, never words.
    """
    with transaction.atomic():
        airing = callers.screening(actor, airing_id)
        row = _locked(airing_id, command.call)
        if row.is_over and command.number is not None:
            raise IllegalTransition(_("这个来电已经处理完，号码不能再改。"), state=row.state)
        changed = _write(row, command)
        if not changed and row.state != S.RINGING:
            return told(row)
        _require_version(row, command.version)
        before = row.state
        if row.state == S.RINGING:
            row.state, row.screened_at = S.SCREENED, clock.now()
        row.screener_id = actor.user_id
        _save(actor, airing, row, "screen", before, {"fields": sorted(changed)})
        return told(row)


def move(actor: Actor, airing_id: UUID, command: protocol.MoveCall) -> dict[str, Any]:
    """Another state, off the air (`FROM`). Whoever waits was told of the recording and is not blocked. Repeating changes nothing."""
    with transaction.atomic():
        airing = callers.screening(actor, airing_id)
        row, to = _locked(airing_id, command.call), S(command.to)
        if row.state == to:
            return told(row)
        _require_version(row, command.version)
        if row.state not in FROM[to]:
            raise _illegal(row)
        if airing.state in _OVER and to in _SHOW_ONLY:
            raise IllegalTransition(_("节目已经结束。回拨以后，记为已结束。"), state=airing.state)
        if to == S.WAITING:
            _require_ready(row)
            last = Call.objects.filter(room=airing_id, state=S.WAITING).aggregate(last=Max("position"))["last"]
            row.position = (last or 0) + 1
        before, now = row.state, clock.now()
        row.state, row.ended_at = to, now if to in Call.OVER else None
        row.screener_id = actor.user_id
        _save(actor, airing, row, "pass", before)
        tell_telephone(row, before, actor.name)
        return told(row)


def put_on_air(actor: Actor, airing_id: UUID, command: protocol.PutCallOnAir) -> dict[str, Any]:
    """waiting → on air, for whoever hosts or runs the show; the call that is there ends. Marks moments: the call is a chapter."""
    with transaction.atomic():
        airing = _on_stage(actor, airing_id)
        # Two who put different calls on air come one after the other: the second sees, and ends, what the first put there.
        codes.lock(f"call.air:{airing_id}")
        rows = Call.objects.select_for_update(of=("self",)).filter(room=airing_id).order_by("pk")
        found = {row.pk: row for row in (rows.filter(pk=command.call) | rows.filter(state=S.ON_AIR))}
        row = found.get(command.call)
        if row is None:
            raise _missing()
        if row.state == S.ON_AIR:
            return told(row)
        _require_version(row, command.version)
        if airing.state != Airing.State.ON_AIR:
            raise IllegalTransition(_("还没有开播，来电不能接进直播。"), state=airing.state)
        if row.state != S.WAITING:
            raise _illegal(row)
        _require_ready(row)
        for other in found.values():
            if other.state == S.ON_AIR:
                _leave(actor, airing, other, S.ENDED)
        row.state, row.on_air_at = S.ON_AIR, clock.now()
        _save(actor, airing, row, "air", S.WAITING)
        moments.mark(airing, "call.start", at=row.on_air_at, data={"call": row.pk})
        tell_telephone(row, S.WAITING, actor.name)
        return told(row)


def end(actor: Actor, airing_id: UUID, command: protocol.EndCall) -> dict[str, Any]:
    """Off the air: over, fallen, or waiting again; by host, who runs the show, or screener. Marks a moment."""
    with transaction.atomic():
        airing = _on_stage(actor, airing_id, Ability.SCREEN_CALLS)
        row = _locked(airing_id, command.call)
        if row.state == command.to:
            return told(row)
        _require_version(row, command.version)
        if row.state != S.ON_AIR:
            raise _illegal(row)
        _leave(actor, airing, row, command.to)
        return told(row)


def refer(actor: Actor, airing_id: UUID, command: protocol.ReferCall) -> dict[str, Any]:
    """Note the case's number at the 12345 line, at any time; the last one stands."""
    with transaction.atomic():
        airing = callers.screening(actor, airing_id)
        row = _locked(airing_id, command.call)
        referral = _clean(command.referral, "referral", 40)
        if row.referral == referral:
            return told(row)
        row.referral = referral
        _save(actor, airing, row, "refer", row.state, {"fields": ["referral"]})
        return told(row)


def take_callbacks(actor: Actor, airing_id: UUID, command: protocol.TakeCallbacks) -> dict[str, Any]:
    """Whether listeners may ask on the page to be called back, from now on in this show."""
    with transaction.atomic():
        airing = callers.screening(actor, airing_id)
        room = rooms.ensure([airing_id])[airing_id]
        if room.takes_callbacks is not command.on:
            before, room.takes_callbacks = room.takes_callbacks, command.on
            room.save(update_fields=["takes_callbacks"])
            rooms.next_staff_seq([airing_id], panels=True)
            audit.record(actor, "call.takes", f"airing:{airing_id}", airing=airing, before=before, after=command.on)
            hints.hint(airing_id, "staff", "airing")
    return {"on": command.on}


def leave_air(actor: Actor, airing: Airing) -> int:
    """The show is over: the call on air ends, who was not put through is to be called back, what only rang is gone."""
    after = {S.ON_AIR: S.ENDED, S.WAITING: S.CALLBACK, S.SCREENED: S.CALLBACK, S.RINGING: S.DROPPED}
    with transaction.atomic():
        open_ = Call.objects.select_for_update(of=("self",)).filter(room=airing.pk, state__in=list(after))
        rows = list(open_.order_by("pk"))
        for row in rows:
            _leave(actor, airing, row, after[S(row.state)])
    return len(rows)


def told(row: Call) -> dict[str, Any]:
    """What a command about a call is answered with."""
    return {"call": row.pk, "state": str(row.state), "version": row.version}


def _leave(actor: Actor, airing: Airing, row: Call, after: str) -> None:
    before, now = row.state, clock.now()
    row.state, row.ended_at = after, now if after in Call.OVER else None
    _save(actor, airing, row, "end", before)
    if before == S.ON_AIR:
        moments.mark(airing, "call.end", at=now, data={"call": row.pk}, public=False)
    tell_telephone(row, before, actor.name)


def _write(row: Call, command: protocol.ScreenCall) -> set[str]:
    """Take over what differs; returns the fields' names."""
    changed = set()
    for name in _FIELDS:
        value = _clean(getattr(command, name), name)
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed.add(name)
    if row.is_priority is not command.priority:
        row.is_priority = command.priority
        changed.add("priority")
    if command.notice and row.notice_given_at is None:
        row.notice_given_at = clock.now()
        changed.add("notice")
    if command.number is not None:
        before = row.number_digest
        callers.set_number(row, command.number)
        if row.number_digest != before:
            changed.add("number")
    return changed


def _require_ready(row: Call) -> None:
    if row.notice_given_at is None:
        raise InvalidInput(_("先告诉对方：通话会录音，并在节目里播出。勾上以后再接。"), field="notice")
    callers.require_unblocked(row)


def _on_stage(actor: Actor, airing_id: UUID, *also: Ability) -> Airing:
    airing = rooms.airing_of(airing_id)
    programme_id = airing.episode.programme_id
    if not any(can(actor, each, programme_id) for each in (Ability.HOST, Ability.RUN, *also)):
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"), ability=str(Ability.HOST))
    return airing


def _locked(airing_id: UUID, call_id: int) -> Call:
    row = Call.objects.select_for_update(of=("self",)).filter(pk=call_id, room=airing_id).first()
    if row is None:
        raise _missing()
    return row


def _missing() -> NotFound:
    return NotFound(_("没有找到这个来电。"))


def _illegal(row: Call) -> IllegalTransition:
    words = _("这个来电现在是“%(state)s”，不能这样操作。") % {"state": row.get_state_display()}
    return IllegalTransition(words, state=row.state)


def _require_version(row: Call, version: int) -> None:
    if row.version == version:
        return
    name = str(row.screener) if row.screener else ""
    words = _("%(name)s 刚改过这个来电。您填的还在，看过以后再按一次。") % {"name": name or _("别人")}
    raise Stale(words, call=row.pk, version=row.version, state=row.state, by=name)


def _clean(raw: str, field: str, most: int = 0) -> str:
    if not raw.strip():
        return ""
    try:
        return text.clean(raw, most or _FIELDS[field])
    except text.BadText as error:
        if error.code == "empty":
            return ""
        raise InvalidInput(_("写得太长了，请短一些。"), field=field, cause=error.code) from error


def _save(actor: Actor, airing: Airing, row: Call, verb: str, before: str, more: dict[str, Any] | None = None) -> None:
    row.version += 1
    row.staff_seq = rooms.next_staff_seq([airing.pk])[airing.pk]
    row.save()
    after = {"state": str(row.state), **(more or {})}
    audit.record(actor, f"call.{verb}", f"call:{row.pk}", airing=airing, before=str(before), after=after)
    hints.hint(airing.pk, "staff", *(["own"] if row.participant_id else []))


def tell_telephone(row: Call, before: str, by: str = "") -> None:
    """The telephone system follows what is committed; what it cannot do a person does by hand. `by`: staff; nobody for a listener."""
    event = telephony.Event(
        airing=str(row.room_id), call=row.pk, line=row.line, before=str(before), after=str(row.state), by=by
    )
    number = bytes(row.sealed_number) if row.sealed_number and row.state == S.RINGING else None
    transaction.on_commit(lambda: telephony.follow(event, number))
