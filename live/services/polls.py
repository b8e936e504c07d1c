"""Opens, closes, publishes and voids polls; a close waits for the grace, then freezes the ballots and stores the result for good."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import HOUSE, Ability, Actor
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing
from broadcast.services import moments
from live import ballot_chain, protocol, wording
from live.models import BallotCast, Poll
from live.models.poll import BallotLink
from live.queries import behind, outcome, poll_schedule
from live.queries.casts import listed_ballots
from live.queries.polls import turnout
from live.services import chain, poll_results, rooms
from live.services.poll_rows import allowed, clean, locked, save, told

_RUNNING = frozenset({Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR})


def open_poll(actor: Actor, airing_id: UUID, command: protocol.OpenPoll) -> dict[str, Any]:
    """draft → open; the public sees it, and may vote, the grace later. Marks a moment. Opening what is open changes nothing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.RUN)
        poll = locked(airing_id, command.poll)
        if poll.state == Poll.State.OPEN:
            return told(poll)
        if poll.state == Poll.State.DISCARDED:
            raise NotFound(_("没有这个投票。"))
        if poll.state != Poll.State.DRAFT:
            raise IllegalTransition(_("投票已经结束，不能再开。请新建一个。"), state=poll.state)
        if airing.state not in _RUNNING:
            raise IllegalTransition(_("节目已经结束。"), state=airing.state)
        _open(actor, airing, poll)
        return told(poll)


def _open(actor: Actor, airing: Airing, poll: Poll) -> None:
    now = clock.now()
    poll.state, poll.opened_at = Poll.State.OPEN, now
    if poll.seconds is not None:
        longer = poll.seconds + poll.grace_seconds + poll.filling_seconds
        poll.closes_at = now + dt.timedelta(seconds=longer)
    save(actor, airing, poll, "open", before="draft")
    moments.mark(airing, "poll.open", poll.question, at=now, data={"poll": poll.pk})


def open_due(airing_id: UUID | None = None) -> int:
    """Open every scheduled draft that is due in a show on air; each once, wherever and however often this runs. Returns how many.

    What the house missed by more than `poll_schedule.LATE` is left to people.
    """
    opened = 0
    for poll_id in poll_schedule.due(clock.now(), airing_id):
        with transaction.atomic():
            poll = Poll.objects.select_for_update().get(pk=poll_id)
            # Opened, moved or discarded while this waited for the lock.
            if poll_id not in poll_schedule.due(clock.now(), poll.room_id):
                continue
            _open(HOUSE, rooms.airing_of(poll.room_id), poll)
            opened += 1
    return opened


def close(actor: Actor, airing_id: UUID, command: protocol.ClosePoll) -> dict[str, Any]:
    """Announce the close: ballots are taken for the grace of the stream's delay and for those filling it in, then the poll is frozen
    (`freeze`)."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.RUN)
        poll = locked(airing_id, command.poll)
        if poll.state == Poll.State.CLOSED:
            return told(poll)
        if poll.state == Poll.State.VOID:
            raise IllegalTransition(_("这个投票已作废。"), state=poll.state)
        if poll.state in Poll.UNSEEN:
            raise IllegalTransition(_("投票还没有开始。"), state=poll.state)
        _announce_close(actor, airing, poll)
        return told(poll)


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
        levels = outcome.by_level(poll.pk, list(poll.options.values_list("pk", flat=True)))
        poll.result = poll_results.compose(poll, levels)
        if airing.episode.programme.publishes_ballots and _has_numbers(poll):
            poll.result["list"] = ballot_chain.list_digest(listed_ballots(poll.pk)).hex()
        # Nothing that is known after this instant is in it: the link is what the result is held against.
        chain.add(poll.pk, BallotLink.Kind.CLOSE, dict(poll.result), now)
        poll.result |= {"head": chain.place(poll.pk).hex()} | outcome.frozen_levels(levels)
        save(HOUSE, airing, poll, "freeze", before="open")
        at = behind.poll_close_told(poll)
        moments.mark(airing, "poll.close", poll.question, at=at, data={"poll": poll.pk})
    return True


def publish(actor: Actor, airing_id: UUID, command: protocol.PublishPoll) -> dict[str, Any]:
    """Let everybody see the frozen result of a poll whose results wait for publication. A retry changes nothing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        poll = locked(airing_id, command.poll)
        if poll.results != Poll.Results.AFTER_PUBLICATION:
            raise IllegalTransition(_("这个投票的结果不需要另行公布。"), state=poll.state)
        if poll.state != Poll.State.CLOSED:
            raise IllegalTransition(_("投票结束以后才能公布结果。"), state=poll.state)
        if poll.published_at is None:
            poll.published_at = clock.now()
            save(actor, airing, poll, "publish", before="closed")
        return told(poll)


def void(actor: Actor, airing_id: UUID, command: protocol.VoidPoll) -> dict[str, Any]:
    """open or closed → void, with a reason that the public reads. Ballots under way count or are refused, as at a close; all are kept.

    Audited. Nothing of its counts is public any more. A retry changes nothing; the next round is a new poll that `replaces` it.
    """
    reason = clean(command.reason, 200, "reason")
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        poll = locked(airing_id, command.poll)
        if poll.state == Poll.State.VOID:
            return told(poll)
        if poll.state in Poll.UNSEEN:
            raise IllegalTransition(_("投票还没有开始。"), state=poll.state)
        before, now = str(poll.state), clock.now()
        poll.state, poll.voided_at, poll.void_reason = Poll.State.VOID, now, reason
        data = {"ballots": turnout(poll.pk), "at": wording.iso(now)}
        chain.add(poll.pk, BallotLink.Kind.VOID, data, now)
        chain.place(poll.pk)
        save(actor, airing, poll, "void", before=before, reason=reason)
        moments.mark(airing, "poll.void", poll.question, at=now, data={"poll": poll.pk})
        return told(poll)


def _has_numbers(poll: Poll) -> bool:
    """Whether every cast is chained; none is that was accepted before there was a chain."""
    return not BallotCast.objects.filter(poll=poll.pk, number=None).exists()


def _announce_close(actor: Actor, airing: Airing, poll: Poll) -> bool:
    ends = clock.now() + dt.timedelta(seconds=poll.grace_seconds + poll.filling_seconds)
    if poll.closes_at is not None and poll.closes_at <= ends:
        return False
    poll.closes_at = ends
    save(actor, airing, poll, "close", before="open")
    transaction.on_commit(lambda: _freeze_at_once(poll.pk))
    return True


def _freeze_at_once(poll_id: int) -> None:
    # Only without a grace is it due already; otherwise composer or tick freezes it in time.
    freeze(poll_id)
