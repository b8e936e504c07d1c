"""Casts a caller's vote through the way of every ballot, so that tally is recount; it must not change one that somebody cast themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, evidence
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing, Participant, User
from broadcast.models.catalogue import Assurance
from broadcast.services.identity import Standing
from live import hints, protocol
from live.models import Ballot, BallotCast, Call, CallVote, Poll
from live.services import ballots, rooms
from live.services.batch import Batch, Write

# No browser may choose "~" in a command id, so nothing that comes over the wire can pass for a vote of the desk.
MARK = "call~"
PARTNER = "telephone"


def vote(actor: Actor, airing_id: UUID, command: protocol.VoteForCaller) -> dict[str, Any]:
    """The caller's ballot in an open poll, in the caller's own name: one number, one ballot. Audited, without what was chosen.

    Locks the call, then the poll (shared), as every ballot does. The account of a number counts as the same person; where it voted
    by itself, that stands and this is refused. Raises IllegalTransition, NotFound, InvalidInput.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        require(actor, Ability.SCREEN_CALLS, airing.episode.programme_id)
        call = Call.objects.select_for_update(of=("self",)).filter(pk=command.call, room=airing_id).first()
        poll = Poll.objects.filter(pk=command.poll, room=airing_id).first()
        if call is None or poll is None:
            raise NotFound(_("没有找到这个来电或投票。"))
        if poll.least_assurance > Assurance.PHONE:
            raise IllegalTransition(_("这个投票要更高的身份验证，不能代投。"), state=poll.state)
        person = _person(call)
        _require_own(call, poll, person)
        answer = _cast(actor, airing, person, command)
        cast = BallotCast.objects.get(poll=poll, participant=person, command_id=MARK + command.id)
        CallVote.objects.update_or_create(
            call=call, poll=poll, defaults={"by_id": actor.user_id, "at": clock.now(), "cast": cast.pk}
        )
        call.staff_seq = rooms.next_staff_seq([airing_id])[airing_id]
        call.save(update_fields=["staff_seq"])
        audit.record(actor, "call.vote", f"call:{call.pk}", airing=airing, after={"poll": poll.pk, "cast": cast.pk})
        hints.hint(airing_id, "staff", "polls")
        return {"call": call.pk, "poll": answer["poll"]}


def _person(call: Call) -> Participant:
    """Who the caller is among participants: of the account with this number, else one made for the number."""
    if call.participant_id is not None:
        return Participant.objects.get(pk=call.participant_id)
    if call.number_digest:
        user = User.objects.filter(phone_digest=call.number_digest).first()
        own = Participant.objects.filter(user=user, merged_into=None).first() if user else None
        if own is not None:
            return own
    subject = call.number_digest or f"call-{call.pk}"
    made, _is_new = Participant.objects.get_or_create(
        partner=PARTNER,
        partner_subject=subject,
        defaults={"kind": Participant.Kind.PARTNER, "assurance": Assurance.PHONE, "created_at": clock.now()},
    )
    return made


def _require_own(call: Call, poll: Poll, person: Participant) -> None:
    ballot = Ballot.objects.filter(poll=poll, participant=person).values_list("cast", flat=True).first()
    if ballot is not None and not CallVote.objects.filter(poll=poll, cast=ballot).exists():
        raise IllegalTransition(_("这个号码的主人已经自己投过票，不再代投。"), state=poll.state)


def _cast(actor: Actor, airing: Airing, person: Participant, command: protocol.VoteForCaller) -> dict[str, Any]:
    """One ballot, by the rules of all ballots. The caller agreed to nothing on a page, so consents are not asked, nor invented;
    the evidence names the screener's account and address."""
    cast = protocol.CastVote(id=MARK + command.id, poll=command.poll, options=command.options)
    write = Write(replace(actor, participant_id=person.pk), airing.pk, cast)
    write.airing, write.room = airing, rooms.ensure([airing.pk])[airing.pk]
    write.participant = Standing(person.pk, Assurance.PHONE, "", person.generation, None, True)
    batch = Batch([write])
    ballots.cast(batch)
    if write.refusal is not None:
        raise write.refusal
    if batch.evidence:
        evidence.keep(batch.evidence)
    if write.answer is None:
        raise RuntimeError("a vote was left without an answer")
    return write.answer.result
