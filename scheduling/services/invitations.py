"""Invites one person to one seat by a private link, and takes the answer, the guest's or one given by another way; it sends nothing."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle
from broadcast.access import Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Person
from broadcast.sealing import digest, seal
from scheduling.models import Invitation, Seat
from scheduling.queries import invitations as queries
from scheduling.services import seats

_S = Invitation.State
WORDS_MOST = 300
MESSAGE_MOST = 1000
# What a guest may answer from which state. An answer given again changes nothing.
ANSWERS: dict[str, tuple[frozenset[str], str]] = {
    "accept": (frozenset({_S.OPEN, _S.ALTERNATIVE}), _S.ACCEPTED),
    "decline": (frozenset({_S.OPEN, _S.ALTERNATIVE, _S.ACCEPTED}), _S.DECLINED),
    "other": (frozenset({_S.OPEN, _S.ALTERNATIVE, _S.ACCEPTED}), _S.ALTERNATIVE),
}


def make(actor: Actor, seat_id: int, person_id: int, message: str = "") -> Invitation:
    """Ask the person to take the place: it is kept for them and they are booked at once, so that nobody asks them elsewhere.

    Raises Conflict where the place is taken or the person wanted elsewhere, IllegalTransition when no airing is to come. Audited.
    """
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        seat = seats.locked(actor, seat_id)
        person = seats.taker(seat, person_id)
        if queries.coming(seat.episode_id) is None:
            raise IllegalTransition(_("这一期没有还没开始的场次，不能再邀请。"))
        if seat.person_id == person.pk:
            raise Conflict(_("%(name)s 已经在这一席。") % {"name": person.name}, person=person.pk)
        seat.person = person
        seat.save(update_fields=["person"])
        made = _create(actor, seat, person, token, message.strip()[:MESSAGE_MOST])
        lifecycle.placed_all(seat.episode)
        after = {"seat": seat.pk, "person": person.pk, "invitation": made.pk}
        audit.record(actor, "invitation.make", f"episode:{seat.episode_id}", after=after)
        return made


def _create(actor: Actor, seat: Seat, person: Person, token: str, message: str) -> Invitation:
    try:
        with transaction.atomic():
            return Invitation.objects.create(
                seat=seat,
                person=person,
                token_digest=digest(queries.PURPOSE, token),
                sealed_token=seal(token),
                message=message,
                made_by_id=actor.user_id,
                made_at=clock.now(),
            )
    except IntegrityError as error:
        raise Conflict(_("这一席刚刚给了别人。")) from error


def mark_sent(actor: Actor, invitation_id: int) -> None:
    """Note that the link was given to the guest by hand. Audited."""
    with transaction.atomic():
        found = _locked_by_staff(actor, invitation_id)
        found.sent_at = found.sent_at or clock.now()
        found.save(update_fields=["sent_at"])
        audit.record(actor, "invitation.sent", f"invitation:{found.pk}")


def confirm(actor: Actor, invitation_id: int, version: int) -> Invitation:
    """The guest said yes by another way, or their other time is agreed to. Raises Conflict when it changed meanwhile. Audited."""
    with transaction.atomic():
        found = _locked_by_staff(actor, invitation_id, version)
        if found.state not in {_S.OPEN, _S.ALTERNATIVE}:
            raise IllegalTransition(_("这份邀请现在是“%(state)s”。") % {"state": found.get_state_display()})
        _accepted(found)
        _save(found, _S.ACCEPTED)
        audit.record(actor, "invitation.confirm", f"invitation:{found.pk}")
        return found


def revoke(actor: Actor, invitation_id: int, version: int, reason: str = "") -> None:
    """Take it back: the link says so from now on, the place is free. Raises Conflict when it changed meanwhile. Audited."""
    with transaction.atomic():
        found = _locked_by_staff(actor, invitation_id, version)
        if found.state not in Invitation.LIVING:
            raise IllegalTransition(_("这份邀请现在是“%(state)s”。") % {"state": found.get_state_display()})
        _save(found, _S.REVOKED)
        _left(found)
        audit.record(actor, "invitation.revoke", f"invitation:{found.pk}", reason=reason)


def answer(
    actor: Actor, token: str, verb: str, *, words: str = "", alternative: dt.datetime | None = None
) -> Invitation:
    """What the guest says by the link: accept, decline or other (with a time). The same answer again changes nothing.

    Raises NotFound, InvalidInput (data: field), IllegalTransition once it was taken back or the show has begun. Audited without words.
    """
    if verb not in ANSWERS:
        raise InvalidInput(_("请选择一个答复。"), field="answer")
    if len(words) > WORDS_MOST:
        raise InvalidInput(_("最多 %(most)s 个字。") % {"most": WORDS_MOST}, field="words")
    allowed, after = ANSWERS[verb]
    with transaction.atomic():
        found = _locked_by_token(token)
        if found.state == after and (after != _S.ALTERNATIVE or found.alternative == alternative):
            return found
        _check_open(found, allowed)
        if after == _S.ALTERNATIVE:
            _check_time(alternative)
        found.answer = words.strip()
        found.alternative = alternative if after == _S.ALTERNATIVE else None
        if after == _S.ACCEPTED:
            _accepted(found)
        was = found.state
        _save(found, after)
        if after == _S.DECLINED:
            _left(found)
        elif was == _S.ACCEPTED:
            _not_sure(found)
        audit.record(actor, f"invitation.{verb}", f"invitation:{found.pk}")
        return found


def _check_open(found: Invitation, allowed: frozenset[str]) -> None:
    if found.state == _S.REVOKED:
        raise IllegalTransition(_("这份邀请已经收回，不能再答复。有疑问请联系编导。"))
    if queries.coming(found.seat.episode_id) is None:
        raise IllegalTransition(_("节目已经开始或取消，不能再答复。有疑问请联系编导。"))
    if found.state not in allowed:
        raise IllegalTransition(
            _("您已经答复过：%(state)s。改变主意请联系编导。") % {"state": found.get_state_display()}
        )


def _check_time(alternative: dt.datetime | None) -> None:
    if alternative is None:
        raise InvalidInput(_("请填写您方便的时间。"), field="alternative")
    if alternative <= clock.now():
        raise InvalidInput(_("请填写以后的时间。"), field="alternative")


def _accepted(found: Invitation) -> None:
    seats.appear(found.seat)
    lifecycle.placed_all(found.seat.episode)


def _left(found: Invitation) -> None:
    if found.seat.person_id == found.person_id:
        seats.leave(found.seat)
        lifecycle.placed_all(found.seat.episode)


def _not_sure(found: Invitation) -> None:
    """Accepted before, asks for another time now: the place stays theirs, but they are not among those who appear."""
    seat = found.seat
    seats.leave(seat)
    seat.person_id = found.person_id
    seat.save(update_fields=["person"])
    lifecycle.placed_all(seat.episode)


def _save(found: Invitation, state: str) -> None:
    found.state, found.answered_at, found.version = state, clock.now(), found.version + 1
    found.save(update_fields=["state", "answered_at", "answer", "alternative", "version"])


def _locked_by_staff(actor: Actor, invitation_id: int, version: int | None = None) -> Invitation:
    row = Invitation.objects.filter(pk=invitation_id).first()
    if row is None:
        raise NotFound(_("没有这份邀请。"))
    seat = seats.locked(actor, row.seat_id)
    found = _locked(row.pk, seat)
    if version is not None and found.version != version:
        raise Conflict(
            _("这份邀请刚刚变成“%(state)s”，请看过再决定。") % {"state": found.get_state_display()}, state=found.state
        )
    return found


def _locked_by_token(token: str) -> Invitation:
    row = queries.by_token(token)
    if row is None:
        raise NotFound(_("没有这份邀请，请检查链接是否完整。"))
    episode = lifecycle.locked_episode(row.seat.episode_id)
    seat = Seat.objects.select_for_update(of=("self",)).get(pk=row.seat_id)
    seat.episode = episode
    return _locked(row.pk, seat)


def _locked(pk: int, seat: Seat) -> Invitation:
    found = Invitation.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
    found.seat = seat
    return found
