"""Casts a ballot that the house enters for a voter, by the way and rules of all ballots; who may do that is the caller's to ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast import evidence
from broadcast.access import Actor
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing, Participant
from broadcast.services.identity import Standing
from live import protocol
from live.models import Poll
from live.services import ballots, rooms
from live.services.batch import Batch, Write


def cast_for(actor: Actor, airing: Airing, person: Participant, command: protocol.CastVote) -> dict[str, Any]:
    """One ballot of `person`; call it in a transaction, with the participant locked. Raises whatever refuses a ballot.

    The voter agreed to nothing on a page, so consents are not asked, nor invented; the evidence names the actor's account and
    address. A named poll takes none: nobody could have told the voter on the page. Let command ids begin with a mark and "~",
    which no browser may choose.
    """
    write = Write(replace(actor, participant_id=person.pk), airing.pk, command)
    write.airing, write.room = airing, rooms.ensure([airing.pk])[airing.pk]
    write.participant = Standing(person.pk, person.assurance, "", person.generation, None, True, person.age)
    batch = Batch([write])
    ballots.cast(batch)
    if write.refusal is not None:
        raise write.refusal
    if batch.evidence:
        evidence.keep(batch.evidence)
    if write.answer is None:
        raise RuntimeError("a vote was left without an answer")
    return write.answer.result


def hold_for_counts(airing_id: UUID, poll_id: int) -> Poll:
    """The open poll, share-locked until commit, for whoever enters or confirms counts of ballots on paper: what is written under it is
    in the frozen result or is refused, nothing between. Raises NotFound, IllegalTransition: also where counts cannot say who voted.
    """
    poll = Poll.objects.raw("SELECT * FROM live_poll WHERE id = %s AND room_id = %s FOR SHARE", [poll_id, airing_id])
    found = next(iter(poll), None)
    if found is None or found.state in Poll.UNSEEN:
        raise NotFound(_("没有这个投票。"))
    if found.state != Poll.State.OPEN:
        raise IllegalTransition(_("投票已经结束，不能再录入。"), state=found.state)
    if found.secrecy == Poll.Secrecy.NAMED or found.electorate != Poll.Electorate.ALL:
        raise IllegalTransition(_("记名的、凭码的和名单的投票不能按张数录入。"), state=found.state)
    return found
