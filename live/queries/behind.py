"""How far the public's picture has come: it is the airing's delay behind the studio, and what goes with it waits for it; writes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from broadcast import clock
from broadcast.models import Airing, Moment
from live.models import Poll, Question
from live.wording import Shown

S = Question.State


# What an act of the studio leaves a question in; the air itself is told apart.
_AFTER = {
    "question.answer": S.ANSWERED,
    "question.reply": S.ANSWERED,
    "question.promise": S.PROMISED,
    "question.close": S.CLOSED,
    "question.resume": S.QUEUED,
    "question.recall": S.QUEUED,
}


@dataclass(frozen=True)
class Asked:
    """The last act on a question, and where it stood after it."""

    at: dt.datetime
    shown: Shown


def seen_until(airing: Airing) -> dt.datetime | None:
    """The studio's time that the public's picture has reached; None where it waits for nothing: no delay, or all has been seen.

    An act of the studio after the end has no picture: it is public at once when the delayed end has been shown.
    """
    if not airing.delay_seconds or airing.state == Airing.State.CANCELLED:
        return None
    seen = clock.now() - dt.timedelta(seconds=airing.delay_seconds)
    return None if airing.actual_end is not None and seen >= airing.actual_end else seen


def shown_from(airing: Airing, at: dt.datetime | None) -> dt.datetime | None:
    """When the public sees what the studio did `at`; None without a delay."""
    return at + dt.timedelta(seconds=airing.delay_seconds) if at and airing.delay_seconds else None


def poll_shown_from(poll: Poll) -> dt.datetime | None:
    """From when the public sees an opened poll and may vote: its grace after it was opened; None without a grace or before that."""
    return poll.opened_at + dt.timedelta(seconds=poll.grace_seconds) if poll.opened_at and poll.grace_seconds else None


def poll_is_shown(poll: Poll, now: dt.datetime) -> bool:
    """Whether the picture has come to the opening of this poll."""
    return poll.opened_at is not None and (poll_shown_from(poll) or poll.opened_at) <= now


def poll_ends_at(poll: Poll) -> dt.datetime | None:
    """When it closes as it is told; who is filling it in then has until `closes_at`."""
    return poll.closes_at - dt.timedelta(seconds=poll.filling_seconds) if poll.closes_at else None


def poll_close_told(poll: Poll) -> dt.datetime:
    """The studio's time at which a closed poll's end was told: where the picture has it."""
    if poll.closed_at is None:
        raise ValueError(poll.pk)
    return poll.closed_at - dt.timedelta(seconds=poll.grace_seconds + poll.filling_seconds)


def asked_until(airing: Airing, seen: dt.datetime) -> dict[int, Asked]:
    """Where each question stood at a time of the studio; from the moments, since a row knows its last act alone."""
    found: dict[int, Asked] = {}
    on_air = 0
    acts = Moment.objects.filter(airing=airing, kind__in=["question.show", *_AFTER], at__lte=seen)
    for at, kind, data in acts.order_by("at", "pk").values_list("at", "kind", "data"):
        question = int(data.get("question") or 0)
        before = found.get(question)
        if kind in _AFTER:
            was_on_air = before.shown.on_air_at if before else None
            answered = at if _AFTER[kind] == S.ANSWERED else None
            found[question] = Asked(at, Shown(_AFTER[kind], was_on_air, answered))
            continue
        last = found.get(on_air)
        if last is not None and last.shown.state == S.ON_AIR:
            found[on_air] = Asked(at, Shown(S.QUEUED, last.shown.on_air_at, None))
        on_air, found[question] = question, Asked(at, Shown(S.ON_AIR, at, None))
    return found


def as_seen(row: Question, asked: dict[int, Asked] | None) -> Shown:
    """Where this public question stands for those who have seen `asked`; None: for the studio.

    Only what goes with the picture waits. What is decided about the words counts at once; what was done before that, no more.
    """
    if asked is None:
        return Shown(row.state, row.on_air_at, row.answered_at)
    act = asked.get(row.pk)
    listed = S.APPROVED if row.state == S.APPROVED else S.QUEUED
    if act is None or (row.public_at is not None and act.at < row.public_at):
        return Shown(listed, None, None)
    return act.shown if act.shown.state != S.QUEUED else Shown(listed, act.shown.on_air_at, None)
