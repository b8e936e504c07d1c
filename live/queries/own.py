"""What belongs to one participant in one airing: own items with their state, ballots, supports."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from broadcast.access import Actor
from broadcast.models import Airing, Participant
from broadcast.services import identity
from live import protocol, wording
from live.models import Ballot, Comment, Poll, Question, Reason, Room, Support
from live.queries import behind
from live.queries.polls import results

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
    asked = _asked(airing)
    for model in (Comment, Question):
        own = model.objects.filter(room=airing.pk, author=who).order_by("-pk")[:ITEMS_SHOWN]
        items += [_my_item(item, words, asked) for item in own]
    ballots = Ballot.objects.filter(poll__room=airing.pk, participant=who).select_related("poll", "cast")
    supports = Support.objects.filter(question__room=airing.pk, participant=who).values_list("question_id", flat=True)
    return protocol.Mine(
        items=tuple(sorted(items, key=lambda item: item.at)),
        ballots=tuple(my_ballot(ballot, ballot.poll) for ballot in ballots),
        supports=tuple(supports),
        assurance=who.assurance,
        whole=True,
    )


def changed_own(airing_id: UUID, after: int, sits: Callable[[str], bool]) -> tuple[int, dict[str, protocol.Mine]]:
    """Of those who sit here (by `seat_of`), what others did to their items after that number of the staff lane, and its newest number.

    Three queries at most, however many sit here. What they did themselves was told with the answer.
    """
    newest = Room.objects.filter(pk=airing_id).values_list("staff_seq", flat=True).first() or 0
    if newest <= after:
        return newest, {}
    found: dict[str, list[Comment | Question]] = {}
    for model in (Comment, Question):
        # The first version is what its author sent.
        rows = model.objects.filter(room=airing_id, staff_seq__gt=after, version__gt=1).select_related("author")
        for row in rows.order_by("staff_seq"):
            seat = identity.seat_of(row.author_id, row.author.generation)
            if sits(seat):
                found.setdefault(seat, []).append(row)
    if not found:
        return newest, {}
    words, asked = reasons(), _asked(Airing.objects.get(pk=airing_id))
    told = {}
    for seat, items in found.items():
        told[seat] = protocol.Mine(items=tuple(_my_item(row, words, asked) for row in items))
    return newest, told


def _asked(airing: Airing) -> dict[int, behind.Asked] | None:
    seen = behind.seen_until(airing)
    return None if seen is None else behind.asked_until(airing, seen)


def _my_item(item: Comment | Question, words: dict[str, str], asked: dict[int, behind.Asked] | None) -> protocol.MyItem:
    """What goes with a delayed picture waits for it for its author too."""
    if isinstance(item, Question) and item.state in Question.PUBLIC:
        item.state = behind.as_seen(item, asked).state
    return wording.my_item(item, words)


def my_ballot(ballot: Ballot, poll: Poll) -> protocol.MyBallot:
    """An own ballot, with the counts where whoever voted may see them."""
    shown = poll.results in {Poll.Results.ALWAYS, Poll.Results.AFTER_VOTE}
    shown = shown or (poll.results == Poll.Results.AFTER_CLOSE and poll.result is not None)
    known = results(poll, poll.options.all()) if shown and poll.state != Poll.State.VOID else None
    return protocol.MyBallot(
        poll=poll.pk,
        options=tuple(ballot.options),
        at=wording.iso(ballot.at),
        result=known.options if known else None,
        total=known.total if known else None,
        number=bytes(ballot.cast.number or b"").hex(),
    )
