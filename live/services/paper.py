"""Takes in ballots on paper of a venue as counts (代录): one clerk enters, another types the same again, then they count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing
from live import hints, poll_rules, text
from live.models import PaperCount, Poll, Venue
from live.services import on_behalf, rooms

State = PaperCount.State
BALLOTS_MOST = 100_000


def enter(
    actor: Actor, airing_id: UUID, poll_id: int, venue_id: int, votes: Mapping[int, int], total: int
) -> PaperCount:
    """The first of two entries: `votes` by option of `total` ballots. It counts nothing until another person has confirmed it.

    Needs ENTER_VOTES, an open poll, and a venue that has none standing for it. Share-locks the poll. Raises InvalidInput (field:
    total, votes), IllegalTransition, NotFound.
    """
    airing = _entering(actor, airing_id)
    with transaction.atomic():
        poll = on_behalf.hold_for_counts(airing_id, poll_id)
        venue = _venue(airing, venue_id)
        kept = _fitting(poll, votes, total)
        try:
            with transaction.atomic():
                made = PaperCount.objects.create(
                    poll=poll,
                    venue=venue,
                    total=total,
                    votes=kept,
                    entered_by_id=actor.user_id,
                    entered_at=clock.now(),
                )
        except IntegrityError as error:
            raise IllegalTransition(_("这个会场的票已经录过。要改，先撤回。"), state=State.ENTERED) from error
        _record(actor, airing, "enter", made, after={"poll": poll.pk, "venue": venue.name, **_counts(made)})
    return made


def confirm(actor: Actor, airing_id: UUID, paper_id: int, votes: Mapping[int, int], total: int) -> PaperCount:
    """The second entry, by another person who has not seen the first: the same counts make it count; others are refused and noted.

    Share-locks the poll, then the row; what is confirmed is in the frozen result. Raises NotAllowed for who entered it, InvalidInput
    where it differs, IllegalTransition, NotFound.
    """
    airing = _entering(actor, airing_id)
    with transaction.atomic():
        paper, poll = _held(airing_id, paper_id)
        if paper.state != State.ENTERED:
            raise IllegalTransition(_("这份代录已经核对或撤回。"), state=paper.state)
        if actor.user_id is None or actor.user_id == paper.entered_by_id:
            raise NotAllowed(_("要由另一个人核对：您是第一次录入的人。"))
        is_same = (_fitting(poll, votes, total), total) == (paper.votes, paper.total)
        if is_same:
            paper.state, paper.confirmed_by_id, paper.confirmed_at = State.CONFIRMED, actor.user_id, clock.now()
            paper.save(update_fields=["state", "confirmed_by", "confirmed_at"])
            _record(actor, airing, "confirm", paper, after={"poll": poll.pk, **_counts(paper)})
            hints.hint(airing_id, "staff", "polls")
        else:
            paper.differed += 1
            paper.save(update_fields=["differed"])
            _record(actor, airing, "differ", paper, after={"poll": poll.pk, "times": paper.differed})
    if not is_same:
        raise InvalidInput(
            _("和第一次录入的不一样，没有计入。请对着选票重新数一遍；如果第一次录错了，撤回以后重录。"), field="votes"
        )
    return paper


def withdraw(actor: Actor, airing_id: UUID, paper_id: int, reason: str) -> PaperCount:
    """Take an entry back while the poll is open. What counts already, only who runs the show takes back. Raises as `confirm`."""
    airing = _entering(actor, airing_id)
    try:
        words = text.clean(reason, 200)
    except text.BadText as error:
        raise InvalidInput(_("请写明撤回的理由，最多 200 个字。"), field="reason") from error
    with transaction.atomic():
        paper, _poll = _held(airing_id, paper_id)
        if paper.state == State.WITHDRAWN:
            return paper
        if paper.state == State.CONFIRMED and not can(actor, Ability.RUN, airing.episode.programme_id):
            raise NotAllowed(_("已经核对的票，只有编导能撤回。"))
        was, counts = paper.state, _counts(paper)
        paper.state, paper.withdrawn_by_id, paper.withdrawn_at = State.WITHDRAWN, actor.user_id, clock.now()
        paper.reason = words
        paper.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "reason"])
        _record(actor, airing, "withdraw", paper, before={"state": was, **counts}, reason=words)
        hints.hint(airing_id, "staff", "polls")
    return paper


def _entering(actor: Actor, airing_id: UUID) -> Airing:
    airing = rooms.airing_of(airing_id)
    require(actor, Ability.ENTER_VOTES, airing.episode.programme_id)
    return airing


def _venue(airing: Airing, venue_id: int) -> Venue:
    found = Venue.objects.filter(pk=venue_id, programme=airing.episode.programme_id, removed_at=None)
    venue = found.select_for_update().first()
    if venue is None:
        raise NotFound(_("没有这个会场，可能已经删除。"))
    return venue


def _held(airing_id: UUID, paper_id: int) -> tuple[PaperCount, Poll]:
    """The entry, locked after its poll, as every ballot locks."""
    poll_id = PaperCount.objects.filter(pk=paper_id, poll__room=airing_id).values_list("poll", flat=True).first()
    if poll_id is None:
        raise NotFound(_("没有这份代录。"))
    poll = on_behalf.hold_for_counts(airing_id, poll_id)
    return PaperCount.objects.select_for_update(of=("self",)).get(pk=paper_id), poll


def _fitting(poll: Poll, votes: Mapping[int, int], total: int) -> dict[str, int]:
    """The counts as they are kept, when so many ballots can hold them."""
    if not 1 <= total <= BALLOTS_MOST:
        raise InvalidInput(_("票数要在 1 和 %(most)s 之间。") % {"most": BALLOTS_MOST}, field="total")
    if total < poll_rules.SMALL_CELL:
        # Shown by venue, so few would tell how somebody voted.
        words = _("少于 %(least)s 张不能单独录入，请和别的会场合在一起录。")
        raise InvalidInput(words % {"least": poll_rules.SMALL_CELL}, field="total")
    options = list(poll.options.values_list("pk", flat=True))
    if set(votes) != set(options):
        raise InvalidInput(_("每个选项都要填，没有人选的填 0。"), field="votes")
    if any(not 0 <= n <= total for n in votes.values()):
        raise InvalidInput(_("一个选项的票数不能超过选票总数。"), field="votes")
    given, least, most = sum(votes.values()), poll.fewest * total, poll.most * total
    if given < least or given > most:
        words = (
            _("各选项加起来是 %(given)s，应当等于选票总数 %(least)s。")
            if least == most
            else _("各选项加起来是 %(given)s，应当在 %(least)s 和 %(most)s 之间。")
        )
        raise InvalidInput(words % {"given": given, "least": least, "most": most}, field="votes")
    return {str(option): votes[option] for option in options}


def _counts(paper: PaperCount) -> dict[str, Any]:
    return {"total": paper.total, "votes": paper.votes}


def _record(actor: Actor, airing: Airing, verb: str, paper: PaperCount, **told: Any) -> None:
    audit.record(actor, f"paper.{verb}", f"paper:{paper.pk}", airing=airing, **told)
