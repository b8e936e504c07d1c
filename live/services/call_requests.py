"""A listener's wish, made on the page, to be called back: makes it and takes it back; what becomes of it is calls'."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import clock, evidence
from broadcast.access import Actor, may_watch, require_assurance
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound, TooMany
from broadcast.models import Participant, User
from broadcast.models.catalogue import Assurance
from broadcast.sealing import unseal
from broadcast.services import identity
from live import hints, text
from live.models import Call, Room
from live.queries import calls as reading
from live.queries import restraint
from live.services import callers, calls, rooms

# Of one show; a desk that has this many to call back cannot do more.
MOST_OPEN = 100
_OPEN = (Call.State.CALLBACK, Call.State.RINGING, Call.State.SCREENED, Call.State.WAITING, Call.State.ON_AIR)


@dataclass(frozen=True)
class Wish:
    """What the listener wrote; `command_id` is the form's, so that sending it twice is one wish."""

    command_id: str
    name: str
    district: str
    topic: str


def ask(actor: Actor, airing_id: UUID, wish: Wish) -> Call:
    """The wish of a verified phone, as a call to be called back; who has one that is open already is answered with that.

    Raises NotFound, IllegalTransition, AssuranceTooLow, ConsentNeeded, NotAllowed (sanctions, blocked number), InvalidInput
    (field), TooMany. Locks the participant lightly, then the room. Evidence is kept.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        if not may_watch(actor, airing):
            raise NotFound(_("没有这一场。"))
        room = rooms.ensure([airing_id])[airing_id]
        if not reading.takes_callbacks(airing, room):
            raise IllegalTransition(_("现在不接受回拨登记。"), state=airing.state)
        person = _person(actor)
        found = restraint.reaching(actor, airing_id, airing.episode.programme_id, restraint.standing([actor]))
        restraint.require_free(found, to_speak=True)
        number = _number(person)
        # One at a time in a room: two taps, or two tabs, are one wish, and the bound below is exact.
        sequence = rooms.next_staff_seq([airing_id])[airing_id]
        own = Call.objects.filter(room=airing_id, participant=person.pk, state__in=_OPEN).first()
        if own is not None:
            return own
        again = Call.objects.filter(room=airing_id, command_id=wish.command_id).first()
        if again is not None:
            return _own(again, person)
        row = _row(airing_id, person, wish)
        callers.set_number(row, number)
        if reading.standing_block(row.number_digest) is not None:
            raise NotAllowed(_("这个号码暂时不接入。有疑问请按页脚的联系方式与我们联系。"))
        _require_room(room)
        row.staff_seq = sequence
        row.save()
        evidence.keep([(actor, "call.request", f"call:{row.pk}", airing_id)])
        hints.hint(airing_id, "staff")
        return row


def take_back(actor: Actor, airing_id: UUID) -> Call:
    """The listener does not want to be called any more; from the air it cannot be taken. Repeating changes nothing."""
    with transaction.atomic():
        own = Call.objects.select_for_update(of=("self",)).filter(room=airing_id, participant=actor.participant_id)
        row = own.order_by("-pk").first() if actor.participant_id else None
        if row is None:
            raise NotFound(_("没有找到您的登记。"))
        if row.state in Call.OVER:
            return row
        if row.state == Call.State.ON_AIR:
            raise IllegalTransition(_("正在直播中，挂断电话就可以。"), state=row.state)
        before = row.state
        row.state, row.ended_at = Call.State.DROPPED, clock.now()
        row.version += 1
        row.staff_seq = rooms.next_staff_seq([airing_id])[airing_id]
        row.save(update_fields=["state", "ended_at", "version", "staff_seq"])
        evidence.keep([(actor, "call.take_back", f"call:{row.pk}", airing_id)])
        calls.tell_telephone(row, before)
        hints.hint(airing_id, "staff")
        return row


def _person(actor: Actor) -> identity.Standing:
    """The participant by the row, not by the token: verified, and agreed to the documents in force."""
    require_assurance(actor, Assurance.PHONE)
    rows = identity.standing([actor.participant_id] if actor.participant_id else [])
    row = rows.get(actor.participant_id) if actor.participant_id else None
    identity.require_current(actor, row)
    agreed = identity.require_agreed(row)
    require_assurance(Actor(assurance=agreed.assurance), Assurance.PHONE)
    return agreed


def _number(person: identity.Standing) -> str:
    user_id = Participant.objects.filter(pk=person.pk).values_list("user", flat=True).first()
    sealed = User.objects.filter(pk=user_id).values_list("phone_sealed", flat=True).first() if user_id else None
    if sealed is None:
        raise InvalidInput(_("您的账号没有验证过手机号，我们没有可以回拨的号码。"), field="number")
    return str(unseal(sealed))


def _own(row: Call, person: identity.Standing) -> Call:
    if row.participant_id != person.pk:
        raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="id")
    return row


def _row(airing_id: UUID, person: identity.Standing, wish: Wish) -> Call:
    found = {"name": _clean(wish.name, 40, "name"), "topic": _clean(wish.topic, 200, "topic")}
    district = _clean(wish.district, 40, "district") if wish.district.strip() else ""
    return Call(
        room_id=airing_id,
        participant_id=person.pk,
        command_id=wish.command_id,
        state=Call.State.CALLBACK,
        district=district,
        created_at=clock.now(),
        **found,
    )


def _clean(raw: str, most: int, field: str) -> str:
    words = {"name": _("请写怎么称呼您，最多 40 个字。"), "topic": _("请写想说什么，最多 200 个字。")}
    try:
        return text.clean(raw, most)
    except text.BadText as error:
        message = words.get(field) or _("写得太长了，请短一些。")
        raise InvalidInput(message, field=field, cause=error.code) from error


def _require_room(room: Room) -> None:
    if Call.objects.filter(room=room, state=Call.State.CALLBACK).count() >= MOST_OPEN:
        raise TooMany(_("登记的人已经很多，暂时不再接受。也可以在页面上提问。"), retry_after_seconds=300)
