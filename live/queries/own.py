"""What belongs to one participant in one airing: own items with their state, ballots, supports."""

from __future__ import annotations

from uuid import UUID

from broadcast.access import Actor
from broadcast.models import Airing, Participant
from broadcast.services import identity
from live import protocol, wording
from live.models import Ballot, Comment, Poll, Question, Reason, Support
from live.queries import behind
from live.queries.polls import counted

ITEMS_SHOWN = 100


def reasons() -> dict[str, str]:
    """Names of the moderators' reasons by code, the retired ones too."""
    return {reason.code: reason.name for reason in Reason.objects.all()}


def mine_of(airing: Airing, actor: Actor) -> protocol.Mine:
    """What `mine` gives, for whoever holds a token. Raises IdentityStale where it was given for somebody else than its row is now."""
    row = Participant.objects.filter(pk=actor.participant_id).first() if actor.participant_id else None
    identity.require_current(actor, row)
    return mine(airing, actor.participant_id)


def mine(airing: Airing, participant_id: UUID | None) -> protocol.Mine:
    """All of it, whole. A participant without a row has nothing yet."""
    row = (
        Participant.objects.select_related("merged_into").filter(pk=participant_id).first() if participant_id else None
    )
    if row is None:
        return protocol.Mine(whole=True)
    who = row.merged_into or row
    words = reasons()
    items: list[protocol.MyItem] = []
    seen = behind.seen_until(airing)
    asked = None if seen is None else behind.asked_until(airing, seen)
    for model in (Comment, Question):
        for item in model.objects.filter(room=airing.pk, author=who).order_by("-pk")[:ITEMS_SHOWN]:
            if isinstance(item, Question) and item.state in Question.PUBLIC:
                item.state = behind.as_seen(item, asked).state
            items.append(wording.my_item(item, words))
    ballots = Ballot.objects.filter(poll__room=airing.pk, participant=who).select_related("poll", "cast")
    supports = Support.objects.filter(question__room=airing.pk, participant=who).values_list("question_id", flat=True)
    return protocol.Mine(
        items=tuple(sorted(items, key=lambda item: item.at)),
        ballots=tuple(my_ballot(ballot, ballot.poll) for ballot in ballots),
        supports=tuple(supports),
        assurance=who.assurance,
        whole=True,
    )


def my_ballot(ballot: Ballot, poll: Poll) -> protocol.MyBallot:
    """An own ballot, with the counts where whoever voted may see them."""
    shown = poll.results in {Poll.Results.ALWAYS, Poll.Results.AFTER_VOTE}
    shown = shown or (poll.results == Poll.Results.AFTER_CLOSE and poll.result is not None)
    known = counted(poll.pk) if shown and poll.state != Poll.State.VOID else None
    return protocol.MyBallot(
        poll=poll.pk,
        options=tuple(ballot.options),
        at=wording.iso(ballot.at),
        result=known.options if known else None,
        total=known.total if known else None,
        number=bytes(ballot.cast.number or b"").hex(),
    )
