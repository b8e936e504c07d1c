"""Casts a caller's vote through the way of every ballot, so that tally is recount; it must not change one that somebody cast themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing, Participant
from broadcast.services import telephone
from live import hints, protocol
from live.models import Ballot, BallotCast, Call, CallVote, Poll, Sanction
from live.queries import restraint
from live.services import callers, on_behalf, rooms

# Somebody has spoken with the caller.
_SPOKEN = frozenset({Call.State.SCREENED, Call.State.WAITING, Call.State.ON_AIR, Call.State.ENDED})
# No browser may choose "~" in a command id, so nothing that comes over the wire can pass for a vote of the desk.
MARK = "call~"


def vote(actor: Actor, airing_id: UUID, command: protocol.VoteForCaller) -> dict[str, Any]:
    """The caller's ballot in an open poll, in the caller's own name: one call and one number, one ballot. Audited, without what was
    chosen.

    Locks the number, the participant, the call, then the poll (shared), as every ballot does. The account of a number is the same
    person, also one that verifies it after the call (`identity` merges them; the last cast of both counts); where it voted by itself,
    that stands and this is refused. Once a call has voted it stays that person, whatever number is written down later. What stands
    against the number or its owner holds here too; a child votes only with a guardian's consent. Raises IllegalTransition, NotFound,
    InvalidInput.
    """
    with transaction.atomic():
        airing = callers.screening(actor, airing_id)
        found = Call.objects.filter(pk=command.call, room=airing_id).first()
        poll = Poll.objects.filter(pk=command.poll, room=airing_id).first()
        if found is None or poll is None:
            raise NotFound(_("没有找到这个来电或投票。"))
        person = _locked(_person(found, poll))
        if person.age == Participant.Age.UNDER:
            raise IllegalTransition(_("这个号码的主人未满 14 周岁，监护人没有同意，不能代投。"), state=poll.state)
        call = Call.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if (call.number_digest, call.participant_id) != (found.number_digest, found.participant_id):
            raise IllegalTransition(_("这个来电刚刚改过，请看过以后再投。"), state=call.state)
        if call.state not in _SPOKEN:
            raise IllegalTransition(_("还没有和对方通话，不能代投。"), state=call.state)
        if poll.least_assurance > person.assurance:
            raise IllegalTransition(_("这个投票要更高的身份验证，不能代投。"), state=poll.state)
        _require_free(airing, call, person)
        _require_own(poll, person)
        ballot = protocol.CastVote(id=MARK + command.id, poll=command.poll, options=command.options)
        answer = on_behalf.cast_for(actor, airing, person, ballot)
        # Not the cast of this command: a retry that comes late changes nothing.
        cast = Ballot.objects.values_list("cast", flat=True).get(poll=poll, participant=person)
        CallVote.objects.update_or_create(
            call=call, poll=poll, defaults={"by_id": actor.user_id, "at": clock.now(), "cast": cast}
        )
        call.staff_seq = rooms.next_staff_seq([airing_id])[airing_id]
        call.save(update_fields=["staff_seq"])
        audit.record(actor, "call.vote", f"call:{call.pk}", airing=airing, after={"poll": poll.pk, "cast": cast})
        hints.hint(airing_id, "staff", "polls")
        return {"call": call.pk, "poll": answer["poll"]}


def _person(call: Call, poll: Poll) -> Participant:
    """Who the caller is among participants: whoever it voted as, the account with this number, else one made for the number.

    Without a number it is nobody whose phone we know, so such votes count only where guests may vote.
    """
    voted = CallVote.objects.filter(call=call, poll=poll, cast__isnull=False).values_list("cast", flat=True).first()
    if voted is not None:
        return BallotCast.objects.select_related("participant").get(pk=voted).participant
    if call.participant_id is not None:
        return Participant.objects.get(pk=call.participant_id)
    return telephone.caller(call.number_digest, f"call-{call.pk}")


def _locked(person: Participant) -> Participant:
    """The row, held against a merge and against a vote on the page, or that into which it was merged."""
    held = Participant.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if held.merged_into_id is None:
        return held
    return Participant.objects.select_for_update(of=("self",)).get(pk=held.merged_into_id)


def _require_free(airing: Airing, call: Call, person: Participant) -> None:
    """Who is banned here, or on the list of those not put through, has no vote by way of the desk either. The screener's own device
    and network say nothing of the caller."""
    callers.require_unblocked(call)
    who = Actor(participant_id=person.pk)
    against = restraint.reaching(who, airing.pk, airing.episode.programme_id, restraint.standing([who]))
    banned = next((each for each in against if each.kind == Sanction.Kind.BAN), None)
    if banned is not None:
        words = _("这个号码的主人在这里被封禁，不能代投。理由：%(reason)s。")
        raise IllegalTransition(words % {"reason": restraint.reason_name(banned.reason)}, sanction=banned.id)


def _require_own(poll: Poll, person: Participant) -> None:
    ballot = Ballot.objects.filter(poll=poll, participant=person).values_list("cast", flat=True).first()
    if ballot is not None and not CallVote.objects.filter(poll=poll, cast=ballot).exists():
        raise IllegalTransition(_("这个号码的主人已经自己投过票，不再代投。"), state=poll.state)
