"""Who voted how in a named poll, for whoever may see its result; of a secret one there is nothing to be read here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext as _

from broadcast.access import Actor, is_public, may_watch
from broadcast.models import Participant
from live.models import Ballot, Poll
from live.queries import outcome

# As `_name` takes them.
_ORDER = Coalesce(
    "participant__user__person__name",
    NullIf("participant__display_name", Value("")),
    "participant__user__display_name",
)


@dataclass(frozen=True)
class NamedBallot:
    """Name as it is published, the ids of what was chosen, and their texts."""

    name: str
    options: tuple[int, ...]
    texts: tuple[str, ...]


def named_poll(actor: Actor, poll_id: int) -> tuple[Poll, bool] | None:
    """The poll, when its names are there for this reader: named, closed, its result public; and whether that is so for everybody."""
    poll = Poll.objects.filter(pk=poll_id).select_related("room__airing__episode__programme").first()
    if poll is None or poll.secrecy != Poll.Secrecy.NAMED or poll.state != Poll.State.CLOSED:
        return None
    if not outcome.are_public(poll):
        return None
    airing = poll.room.airing
    return (poll, is_public(airing)) if may_watch(actor, airing) else None


def named_ballots(poll: Poll) -> Iterator[NamedBallot]:
    """The ballots that count with their voters' names, in the order of names. Asks nothing but that the poll is a named one."""
    if poll.secrecy != Poll.Secrecy.NAMED:
        return
    texts = dict(poll.options.values_list("pk", "text"))
    rows = Ballot.objects.filter(poll=poll.pk).select_related("participant__user__person")
    for row in rows.order_by(_ORDER, "pk").iterator(chunk_size=2_000):
        person = row.participant
        name = _name(person)
        chosen = tuple(row.options)
        yield NamedBallot(name or _("（没有姓名）"), chosen, tuple(texts.get(pk, "") for pk in chosen))


def _name(voter: Participant) -> str:
    """As the person of a member's account is called, else as the account; never the name to log in with, which may be a number."""
    user = voter.user
    person = getattr(user, "person", None) if user is not None else None
    if person is not None:
        return str(person.name)
    return voter.display_name or (user.display_name if user is not None else "")
