"""Prepares polls: lays them down, changes, orders, schedules and discards drafts; what is open already is polls' own."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor
from broadcast.arrays import numbers
from broadcast.errors import IllegalTransition, InvalidInput
from broadcast.models import Segment
from live import hints, protocol
from live.models import Poll
from live.services import poll_terms, rooms
from live.services.poll_rows import allowed, locked, save, told

_HOLD = "SELECT FROM live_poll WHERE id = ANY(%s::bigint[]) AND NOT state = ANY(%s) ORDER BY id FOR KEY SHARE"


def create(actor: Actor, airing_id: UUID, command: protocol.CreatePoll) -> dict[str, Any]:
    """Prepare a poll, perhaps as the next round of a void one. A retry of the same command returns the first one.

    Raises InvalidInput (field), IllegalTransition where the programme has no polls.
    """
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        if not airing.episode.programme.polls:
            raise IllegalTransition(_("这个节目没有开放投票。"), state=airing.state)
        rooms.ensure([airing_id])
        _hold(command.replaces, command.compares)
        # Two retries at once: the second waits here.
        seq = rooms.next_staff_seq([airing_id])[airing_id]
        known = Poll.objects.filter(room=airing_id, command_id=command.id).first()
        if known is not None:
            return told(known)
        if command.replaces is not None:
            _require_void(airing_id, command.replaces)
        last = Poll.objects.filter(room=airing_id).order_by("-position").values_list("position", flat=True).first()
        poll = Poll(
            room_id=airing_id,
            position=(last or 0) + 1,
            command_id=command.id,
            created_by_id=actor.user_id,
            created_at=clock.now(),
            staff_seq=seq,
            replaces_id=command.replaces,
        )
        options = poll_terms.lay_down(poll, airing, command)
        poll.save()
        poll_terms.put_options(poll, options)
        after = poll_terms.as_told(command, options)
        audit.record(actor, "poll.create", f"poll:{poll.pk}", airing=airing, after=after)
        hints.hint(airing_id, "staff")
        return told(poll)


def change(actor: Actor, airing_id: UUID, command: protocol.ChangePoll) -> dict[str, Any]:
    """Lay a draft down anew, whole. When it opens by itself, and which it replaces, stays. Raises InvalidInput, IllegalTransition."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        _hold(command.compares)
        poll = _draft(airing_id, command.poll)
        before = {"question": poll.question, "options": list(poll.options.values_list("text", flat=True))}
        options = poll_terms.lay_down(poll, airing, command)
        if options != before["options"]:
            poll_terms.put_options(poll, options)
        after = poll_terms.as_told(command, options)
        save(actor, airing, poll, "change", before=before, after=after)
        return told(poll)


def schedule(actor: Actor, airing_id: UUID, command: protocol.SchedulePoll) -> dict[str, Any]:
    """Let a draft open by itself, once: at a time, with a segment's next start, or (neither) no more. `polls.open_due` does it."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        poll = _draft(airing_id, command.poll)
        at = _time(command.opens_at)
        if at is not None and command.opens_with is not None:
            raise InvalidInput(_("按时间开始和随环节开始，只能选一个。"), field="opens_with")
        if (
            command.opens_with is not None
            and not Segment.objects.filter(pk=command.opens_with, episode=airing.episode_id).exists()
        ):
            raise InvalidInput(_("这一场没有这个环节。"), field="opens_with")
        now = clock.now()
        if at is not None and at <= now:
            raise InvalidInput(_("这个时间已经过了。"), field="opens_at")
        poll.opens_at, poll.opens_with_id = at, command.opens_with
        poll.scheduled_at = now if at is not None or command.opens_with is not None else None
        after = {"opens_at": at.isoformat() if at else None, "opens_with": command.opens_with}
        save(actor, airing, poll, "schedule", after=after)
        return told(poll)


def order(actor: Actor, airing_id: UUID, command: protocol.OrderPolls) -> dict[str, Any]:
    """Put the drafts of the show in this order; those that are not named keep theirs, after them, and what has begun keeps its place.

    Locks drafts alone: ballots of an open poll do not wait.
    """
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        drafts = Poll.objects.select_for_update().filter(room=airing_id, state=Poll.State.DRAFT)
        rows = {poll.pk: poll for poll in drafts.order_by("pk")}
        named = [pk for pk in dict.fromkeys(command.polls) if pk in rows]
        rest = sorted((poll for pk, poll in rows.items() if pk not in named), key=lambda each: (each.position, each.pk))
        wanted = named + [poll.pk for poll in rest]
        # The places that they hold already, dealt out anew.
        places: list[int] = []
        for held in sorted(poll.position for poll in rows.values()):
            places.append(max(held, places[-1] + 1) if places else held)
        moved = {pk: place for pk, place in zip(wanted, places, strict=True) if rows[pk].position != place}
        if moved:
            seq = rooms.next_staff_seq([airing_id])[airing_id]
            for pk, place in moved.items():
                Poll.objects.filter(pk=pk).update(position=place, staff_seq=seq)
            audit.record(actor, "poll.order", f"airing:{airing_id}", airing=airing, after={"polls": wanted})
            hints.hint(airing_id, "staff", "polls")
        return {"polls": wanted}


def discard(actor: Actor, airing_id: UUID, command: protocol.DiscardPoll) -> dict[str, Any]:
    """draft → discarded: on no list any more; the row stays for the record. A retry changes nothing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        poll = locked(airing_id, command.poll)
        if poll.state == Poll.State.DISCARDED:
            return told(poll)
        _require_draft(poll)
        poll.state = Poll.State.DISCARDED
        save(actor, airing, poll, "discard", before="draft")
        return told(poll)


def _hold(*named: int | None) -> None:
    """Lock the keys of the polls that one names, before the room's number is taken: whoever closes or voids them locks in that order.
    Their ballots do not wait."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [numbers(sorted(pk for pk in named if pk is not None)), list(Poll.UNSEEN)])


def _draft(airing_id: UUID, poll_id: int) -> Poll:
    poll = locked(airing_id, poll_id)
    _require_draft(poll)
    return poll


def _require_draft(poll: Poll) -> None:
    if poll.state != Poll.State.DRAFT:
        raise IllegalTransition(_("投票已经开始，不能再改。"), state=poll.state)


def _require_void(airing_id: UUID, poll_id: int) -> None:
    before = Poll.objects.filter(pk=poll_id, room=airing_id).values_list("state", flat=True).first()
    if before != Poll.State.VOID:
        raise InvalidInput(_("只有作废的投票才能重投。"), field="replaces", state=before or "")


def _time(raw: str | None) -> dt.datetime | None:
    if raw is None:
        return None
    try:
        at = dt.datetime.fromisoformat(raw)
    except ValueError as error:
        raise InvalidInput(_("请填写正确的时间。"), field="opens_at") from error
    if at.tzinfo is None:
        raise InvalidInput(_("请填写正确的时间。"), field="opens_at")
    return at.astimezone(dt.UTC)
