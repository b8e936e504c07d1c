"""Makes, opens, closes and voids polls; a close waits for the grace, then freezes the ballots and stores the result for good."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import HOUSE, Ability, Actor, require
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing
from broadcast.services import moments
from live import ballot_chain, hints, protocol, text, wording
from live.models import BallotCast, Option, Poll
from live.models.poll import BallotLink
from live.queries.calls import on_behalf
from live.queries.casts import listed_ballots
from live.queries.polls import active, tally, turnout
from live.services import chain, rooms

_RUNNING = frozenset({Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR})


def create(actor: Actor, airing_id: UUID, command: protocol.CreatePoll) -> dict[str, Any]:
    """Prepare a single-choice poll, perhaps as the next round of a void one. A retry of the same command returns the first one."""
    question = _clean(command.question, 120, "question")
    options = [_clean(each, 60, "options") for each in command.options]
    if len(set(options)) != len(options):
        raise InvalidInput(_("有两个选项一样，请改一个。"), field="options")
    with transaction.atomic():
        airing = _allowed(actor, airing_id, Ability.PRODUCE)
        programme = airing.episode.programme
        if not programme.polls:
            raise IllegalTransition(_("这个节目没有开放投票。"), state=airing.state)
        rooms.ensure([airing_id])
        seq = rooms.next_staff_seq([airing_id])[airing_id]
        known = Poll.objects.filter(room=airing_id, command_id=command.id).first()
        if known is not None:
            return _told(known)
        if command.replaces is not None:
            _require_void(airing_id, command.replaces)
        needed = programme.needs("vote") if command.least_assurance is None else command.least_assurance
        poll = Poll.objects.create(
            room_id=airing_id,
            question=question,
            results=command.results,
            least_assurance=needed,
            seconds=command.seconds,
            grace_seconds=airing.delay_seconds,
            command_id=command.id,
            created_by_id=actor.user_id,
            created_at=clock.now(),
            staff_seq=seq,
            replaces_id=command.replaces,
        )
        Option.objects.bulk_create([Option(poll=poll, position=at, text=each) for at, each in enumerate(options)])
        after = {"question": question, "options": options, "replaces": command.replaces}
        audit.record(actor, "poll.create", f"poll:{poll.pk}", airing=airing, after=after)
        hints.hint(airing_id, "staff")
        return _told(poll)


def open_poll(actor: Actor, airing_id: UUID, command: protocol.OpenPoll) -> dict[str, Any]:
    """draft → open; the public sees it, and may vote, the grace later. Marks a moment. Opening what is open changes nothing."""
    with transaction.atomic():
        airing = _allowed(actor, airing_id, Ability.RUN)
        poll = _locked(airing_id, command.poll)
        if poll.state == Poll.State.OPEN:
            return _told(poll)
        if poll.state != Poll.State.DRAFT:
            raise IllegalTransition(_("投票已经结束，不能再开。请新建一个。"), state=poll.state)
        if airing.state not in _RUNNING:
            raise IllegalTransition(_("节目已经结束。"), state=airing.state)
        now = clock.now()
        poll.state, poll.opened_at = Poll.State.OPEN, now
        if poll.seconds is not None:
            poll.closes_at = now + dt.timedelta(seconds=poll.seconds + poll.grace_seconds)
        _save(actor, airing, poll, "open", before="draft")
        moments.mark(airing, "poll.open", poll.question, at=now, data={"poll": poll.pk})
        return _told(poll)


def close(actor: Actor, airing_id: UUID, command: protocol.ClosePoll) -> dict[str, Any]:
    """Announce the close: ballots are taken for the grace of the stream's delay, then the poll is frozen (`freeze`)."""
    with transaction.atomic():
        airing = _allowed(actor, airing_id, Ability.RUN)
        poll = _locked(airing_id, command.poll)
        if poll.state == Poll.State.CLOSED:
            return _told(poll)
        if poll.state == Poll.State.VOID:
            raise IllegalTransition(_("这个投票已作废。"), state=poll.state)
        if poll.state != Poll.State.OPEN:
            raise IllegalTransition(_("投票还没有开始。"), state=poll.state)
        _announce_close(actor, airing, poll)
        return _told(poll)


def close_all(actor: Actor, airing: Airing) -> int:
    """The show is over: announce the close of every open poll that has none nearer. Returns how many."""
    with transaction.atomic():
        polls = list(Poll.objects.select_for_update().filter(room=airing.pk, state=Poll.State.OPEN).order_by("pk"))
        return sum(_announce_close(actor, airing, poll) for poll in polls)


def freeze_due(airing_id: UUID | None = None) -> int:
    """Freeze every open poll whose time is over; safe to run anywhere, any number of times. Returns how many were frozen."""
    due = Poll.objects.filter(state=Poll.State.OPEN, closes_at__lte=clock.now())
    if airing_id is not None:
        due = due.filter(room=airing_id)
    return sum(freeze(poll_id) for poll_id in due.values_list("pk", flat=True))


def freeze(poll_id: int) -> bool:
    """open → closed: the set of ballots is final, the result is stored with its base. Returns whether this call did it.

    The exclusive lock waits for ballots under way, which hold it shared: each is either counted here or refused.
    """
    with transaction.atomic():
        poll = Poll.objects.select_for_update().get(pk=poll_id)
        now = clock.now()
        if poll.state != Poll.State.OPEN or poll.closes_at is None or poll.closes_at > now:
            return False
        airing = Airing.objects.select_related("episode__programme").get(pk=poll.room_id)
        poll.state, poll.closed_at = Poll.State.CLOSED, poll.closes_at
        poll.result = _result(poll)
        if airing.episode.programme.publishes_ballots and _has_numbers(poll):
            poll.result["list"] = ballot_chain.list_digest(listed_ballots(poll.pk)).hex()
        # Nothing that is known after this instant is in it: the link is what the result is held against.
        chain.add(poll.pk, BallotLink.Kind.CLOSE, dict(poll.result), now)
        poll.result["head"] = chain.place(poll.pk).hex()
        _save(HOUSE, airing, poll, "freeze", before="open")
        # Where the picture has it: the ballots were taken for the grace after that.
        told = poll.closed_at - dt.timedelta(seconds=poll.grace_seconds)
        moments.mark(airing, "poll.close", poll.question, at=told, data={"poll": poll.pk})
    return True


def void(actor: Actor, airing_id: UUID, command: protocol.VoidPoll) -> dict[str, Any]:
    """open or closed → void, with a reason that the public reads. Ballots under way count or are refused, as at a close; all are kept.

    Audited. Nothing of its counts is public any more. A retry changes nothing; the next round is a new poll that `replaces` it.
    """
    reason = _clean(command.reason, 200, "reason")
    with transaction.atomic():
        airing = _allowed(actor, airing_id, Ability.PRODUCE)
        poll = _locked(airing_id, command.poll)
        if poll.state == Poll.State.VOID:
            return _told(poll)
        if poll.state == Poll.State.DRAFT:
            raise IllegalTransition(_("投票还没有开始。"), state=poll.state)
        before, now = str(poll.state), clock.now()
        poll.state, poll.voided_at, poll.void_reason = Poll.State.VOID, now, reason
        data = {"ballots": turnout(poll.pk), "at": wording.iso(now)}
        chain.add(poll.pk, BallotLink.Kind.VOID, data, now)
        chain.place(poll.pk)
        _save(actor, airing, poll, "void", before=before, reason=reason)
        moments.mark(airing, "poll.void", poll.question, at=now, data={"poll": poll.pk})
        return _told(poll)


def _result(poll: Poll) -> dict[str, Any]:
    """What is frozen. `total`: ballots, one a participant; `base`: what a percent of the votes is a percent of; `casts`: changes too;
    `turnout`: the ballots among those who did anything in the room until then, since who only watched is not known by name;
    `on_behalf`: how many of the ballots were cast for callers, where there are some."""
    votes, total = tally(poll.pk), turnout(poll.pk)
    behalf = on_behalf([poll.pk]).get(poll.pk, 0)
    return {
        "total": total,
        "votes": {str(option): votes.get(option, 0) for option in poll.options.values_list("pk", flat=True)},
        "base": "ballots",
        "turnout": {"ballots": total, "active": active(poll.room_id)},
        "casts": BallotCast.objects.filter(poll=poll.pk).count(),
        **({"on_behalf": behalf} if behalf else {}),
    }


def _has_numbers(poll: Poll) -> bool:
    """Whether every cast is chained; none is that was accepted before there was a chain."""
    return not BallotCast.objects.filter(poll=poll.pk, number=None).exists()


def _require_void(airing_id: UUID, poll_id: int) -> None:
    before = Poll.objects.filter(pk=poll_id, room=airing_id).values_list("state", flat=True).first()
    if before != Poll.State.VOID:
        raise InvalidInput(_("只有作废的投票才能重投。"), field="replaces", state=before or "")


def _announce_close(actor: Actor, airing: Airing, poll: Poll) -> bool:
    ends = clock.now() + dt.timedelta(seconds=poll.grace_seconds)
    if poll.closes_at is not None and poll.closes_at <= ends:
        return False
    poll.closes_at = ends
    _save(actor, airing, poll, "close", before="open")
    transaction.on_commit(lambda: _freeze_at_once(poll.pk))
    return True


def _freeze_at_once(poll_id: int) -> None:
    # Only without a grace is it due already; otherwise composer or tick freezes it in time.
    freeze(poll_id)


_SAVED = ["state", "opened_at", "closes_at", "closed_at", "voided_at", "void_reason", "result", "staff_seq"]


def _save(actor: Actor, airing: Airing, poll: Poll, verb: str, before: str, reason: str = "") -> None:
    poll.staff_seq = rooms.next_staff_seq([airing.pk])[airing.pk]
    poll.save(update_fields=_SAVED)
    after: dict[str, Any] = {
        "state": str(poll.state),
        "closes_at": poll.closes_at.isoformat() if poll.closes_at else None,
    }
    if poll.result is not None:
        after |= {"total": poll.result["total"], "head": poll.result.get("head", "")}
    audit.record(actor, f"poll.{verb}", f"poll:{poll.pk}", airing=airing, before=before, after=after, reason=reason)
    hints.hint(airing.pk, "staff", "polls")


def _allowed(actor: Actor, airing_id: UUID, ability: Ability) -> Airing:
    airing = rooms.airing_of(airing_id)
    require(actor, ability, airing.episode.programme_id)
    return airing


def _locked(airing_id: UUID, poll_id: int) -> Poll:
    poll = Poll.objects.select_for_update().filter(pk=poll_id, room=airing_id).first()
    if poll is None:
        raise NotFound(_("没有这个投票。"))
    return poll


def _clean(raw: str, most: int, field: str) -> str:
    try:
        return text.clean(raw, most)
    except text.BadText as error:
        raise InvalidInput(_("请写好题目和每个选项，不要太长。"), field=field, cause=error.code) from error


def _told(poll: Poll) -> dict[str, Any]:
    closes = poll.closes_at.isoformat() if poll.closes_at else None
    return {"poll": poll.pk, "state": str(poll.state), "closes_at": closes}
