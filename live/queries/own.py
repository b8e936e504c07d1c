"""What belongs to one participant in one airing: own items with their state, ballots, supports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import islice
from uuid import UUID

import msgspec
from django.db.models import Q

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, Participant
from broadcast.services import identity
from live import protocol, wording
from live.models import Appeal, Ballot, Comment, Poll, Question, Report, Room, Support
from live.queries import behind, ends, outcome, sanctions, visible
from live.queries.polls import results
from live.queries.reason_list import names

ITEMS_SHOWN = 100
# Of an item so young its author was just told; of a sanction so young everybody it concerns may still have to be told.
YOUNG = dt.timedelta(seconds=5)
LATELY = dt.timedelta(seconds=15)
# What comes after the decision that made a question public: who supported it has been told by then.
_LATER = ("queued", "on_air", "answered", "promised", "closed")


def mine_of(airing: Airing, actor: Actor) -> protocol.Mine:
    """What `mine` gives, for whoever holds a token. Raises IdentityStale where it was given for somebody else than its row is now."""
    row = Participant.objects.filter(pk=actor.participant_id).first() if actor.participant_id else None
    identity.require_current(actor, row)
    own = mine(airing, actor.participant_id)
    return msgspec.structs.replace(own, sanctions=sanctions.own(airing, actor))


def mine(airing: Airing, participant_id: UUID | None) -> protocol.Mine:
    """All of it, whole. A participant without a row has nothing yet."""
    row = (
        Participant.objects.select_related("merged_into").filter(pk=participant_id).first() if participant_id else None
    )
    if row is None:
        return protocol.Mine(whole=True)
    who = row.merged_into or row
    rows: list[Comment | Question] = []
    for model in (Comment, Question):
        rows += model.objects.filter(room=airing.pk, author=who).order_by("-pk")[:ITEMS_SHOWN]
    items = worded(rows, _asked(airing))
    reports = Report.objects.filter(room=airing.pk, by=who).order_by("-pk")[:ITEMS_SHOWN]
    ballots = (
        Ballot.objects.filter(poll__room=airing.pk, participant=who)
        .select_related("poll", "cast")
        .prefetch_related("poll__options")
        .order_by("poll_id")
    )
    supports = Support.objects.filter(question__room=airing.pk, participant=who).values_list("question_id", flat=True)
    return protocol.Mine(
        items=tuple(sorted(items, key=lambda item: item.at)),
        ballots=tuple(my_ballot(ballot, ballot.poll) for ballot in ballots),
        supports=tuple(supports),
        reports=tuple(wording.my_report(report) for report in reports),
        assurance=who.assurance,
        whole=True,
    )


def changed_own(airing_id: UUID, after: int, sits: Callable[[str], bool]) -> tuple[int, dict[str, protocol.Mine]]:
    """Of those who sit here (by `seat_of`), what others did to their items and reports after that number of the staff lane, and its
    newest number.

    The same few queries, however many sit here. What they did themselves was told with the answer.
    """
    newest = Room.objects.filter(pk=airing_id).values_list("staff_seq", flat=True).first() or 0
    if newest <= after:
        return newest, {}
    found: dict[str, list[Comment | Question]] = {}
    changed: list[Comment | Question] = []
    for model in (Comment, Question):
        # The first version is what its author sent, unless something came over it later.
        moved = Q(version__gt=1) | Q(created_at__lt=clock.now() - YOUNG)
        rows = model.objects.filter(moved, room=airing_id, staff_seq__gt=after).select_related("author")
        for row in rows.order_by("staff_seq"):
            changed.append(row)
            seat = identity.seat_of(row.author_id, row.author.generation)
            if sits(seat):
                found.setdefault(seat, []).append(row)
    reported = _answered_reports(airing_id, changed, sits)
    restrained = _restrained(airing_id, sits)
    supported = _supports_moved(airing_id, [row for row in changed if isinstance(row, Question)], sits)
    airing = Airing.objects.get(pk=airing_id) if found else None
    asked = _asked(airing) if airing else None
    # Worded all together: what that asks of the database does not grow with those who sit here.
    told_all = iter(worded([row for rows in found.values() for row in rows], asked))
    items = {seat: tuple(islice(told_all, len(rows))) for seat, rows in found.items()}
    told = {}
    for seat in {*found, *reported, *restrained, *supported}:
        told[seat] = protocol.Mine(
            items=items.get(seat, ()),
            supports=supported.get(seat, ()),
            reports=reported.get(seat, protocol.Mine()).reports,
            sanctions=restrained.get(seat),
        )
    return newest, told


def _supports_moved(
    airing_id: UUID, changed: list[Question], sits: Callable[[str], bool]
) -> dict[str, tuple[int, ...]]:
    """All supports of those who sit here and gave one to a question that was merged or taken out of a merge."""
    into = {row.merged_into_id for row in changed if row.merged_into_id is not None}
    # Taken apart, or the merge undone: then nothing can be put back. What was queued or aired since was told before.
    apart = {
        row.pk
        for row in changed
        if row.merged_into_id is None and row.decided_command and not row.before and row.state not in _LATER
    }
    if not into and not apart:
        return {}
    moved = Support.objects.filter(Q(question__in=into, carried_from__isnull=False) | Q(question__in=apart))
    people = moved.values_list("participant_id", "participant__generation").distinct()
    seats = {who: identity.seat_of(who, generation) for who, generation in people}
    here = {who: seat for who, seat in seats.items() if sits(seat)}
    found: dict[str, list[int]] = {}
    given = Support.objects.filter(question__room=airing_id, participant__in=here).order_by("pk")
    for who, question in given.values_list("participant_id", "question_id"):
        found.setdefault(here[who], []).append(question)
    return {seat: tuple(each) for seat, each in found.items()}


def _restrained(airing_id: UUID, sits: Callable[[str], bool]) -> dict[str, tuple[protocol.MySanction, ...]]:
    """What stands against those who sit here and were muted, banned or freed a moment ago."""
    touched = sanctions.touched(clock.now() - LATELY)
    if not touched:
        return {}
    airing = Airing.objects.select_related("episode").get(pk=airing_id)
    return {seat: own for seat, own in sanctions.own_of_seats(airing, touched).items() if sits(seat)}


def _answered_reports(
    airing_id: UUID, changed: list[Comment | Question], sits: Callable[[str], bool]
) -> dict[str, protocol.Mine]:
    """What became of the reports about these items, for those reporters who sit here."""
    keys = {(wording.kind_of(row), row.pk) for row in changed}
    if not keys:
        return {}
    closed = Report.objects.filter(room=airing_id, item__in={item for _kind, item in keys}).exclude(
        state=Report.State.OPEN
    )
    found: dict[str, list[protocol.MyReport]] = {}
    for report in closed.select_related("by"):
        seat = identity.seat_of(report.by_id, report.by.generation)
        if (report.kind, report.item) in keys and sits(seat):
            found.setdefault(seat, []).append(wording.my_report(report))
    return {seat: protocol.Mine(reports=tuple(each)) for seat, each in found.items()}


def _asked(airing: Airing) -> dict[int, behind.Asked] | None:
    seen = behind.seen_until(airing)
    return None if seen is None else behind.asked_until(airing, seen)


def worded(rows: list[Comment | Question], asked: dict[int, behind.Asked] | None) -> list[protocol.MyItem]:
    """Own items with reasons in words and what came of appeals. What goes with a delayed picture waits for it for its author too."""
    if not rows:
        return []
    words, appeals, hidden = names(), _appeals(rows), _hidden(rows)
    asked_here = [row for row in rows if isinstance(row, Question)]
    for question in asked_here:
        if question.state in Question.PUBLIC:
            question.state = behind.as_seen(question, asked).state
    became = ends.ends(asked_here, own=True)
    shown = []
    for row in rows:
        key = (wording.kind_of(row), row.pk)
        own = wording.my_item(row, words, appeals.get(key), became.get(row.pk) if isinstance(row, Question) else None)
        if key in hidden:
            # Its author is told that nobody sees it, and why.
            own = msgspec.structs.replace(own, state="withdrawn", reason=words.get(hidden[key], hidden[key]))
        shown.append(own)
    return shown


def _hidden(rows: list[Comment | Question]) -> dict[tuple[str, int], str]:
    """Those that a standing withdrawal hides, with the code of its reason."""
    if not rows:
        return {}
    found: dict[tuple[str, int], str] = {}
    for model in (Comment, Question):
        own = [row for row in rows if isinstance(row, model)]
        hidden = visible.hidden_ids(rows[0].room_id, own)
        found |= {(wording.kind_of(row), row.pk): hidden[row.pk] for row in own if row.pk in hidden}
    return found


def _appeals(rows: list[Comment | Question]) -> dict[tuple[str, int], Appeal]:
    appealed = [row.pk for row in rows if row.appeal]
    found = Appeal.objects.filter(item__in=appealed) if appealed else ()
    return {(appeal.kind, appeal.item): appeal for appeal in found}


def my_ballot(ballot: Ballot, poll: Poll) -> protocol.MyBallot:
    """An own ballot, with the counts where whoever voted may see them and others may not: what is public is told once for everybody.

    As cheap as the answer to a vote: all who were cut off ask for this at once.
    """
    told = outcome.are_public(poll, has_voted=True) and not outcome.are_public(poll)
    known = results(poll, poll.options.all()) if told else None
    votes = [each.votes or 0 for each in known.options] if known else []
    return protocol.MyBallot(
        poll=poll.pk,
        options=tuple(ballot.options),
        at=wording.iso(ballot.at),
        result=known.options if known else None,
        total=known.total if known else None,
        number=bytes(ballot.cast.number or b"").hex(),
        outcome=outcome.quick(poll.kind, poll.rule, poll.eligible, votes, known.total) if known else None,
    )
