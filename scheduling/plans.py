"""What a plan wants done for its airing, when, how late still, and why not; it reads what it is given and asks no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast.models import Airing, Episode
from scheduling.models import AiringPlan, Firing

A, S = Firing.Action, Airing.State
OVER = frozenset({S.ENDED, S.CANCELLED})
BEFORE = frozenset({S.PLANNED, S.WAITING})
# A plan may announce so long before; the tick looks no further ahead.
MOST_ANNOUNCE_HOURS = 90 * 24
# Acts that an ended airing still waits for; all others are settled with the end.
AFTER_END = frozenset({A.PUBLISH})
Reminder = tuple[str, dt.datetime]


@dataclass(frozen=True)
class Due:
    """An act that the plan wants at a time, and how late it may still be done; `subject` says of what beside the airing."""

    airing_id: UUID
    action: str
    at: dt.datetime
    late_seconds: int
    subject: str = ""

    @property
    def key(self) -> tuple[UUID, str, str, dt.datetime]:
        """What is unique in the ledger."""
        return self.airing_id, self.action, self.subject, self.at

    @property
    def last(self) -> dt.datetime:
        """Until then it may be done."""
        return self.at + dt.timedelta(seconds=self.late_seconds)


def wanted(plan: AiringPlan, reminders: Iterable[Reminder] = (), *, foreseen: bool = False) -> Iterator[Due]:
    """Every act of the plan, done or not, in no order. Reads plan.airing.

    The replay is published so long after the real end, which nobody knows before it; `foreseen` takes the planned one instead.
    """
    airing = plan.airing

    def due(action: str, at: dt.datetime, late: int, subject: str = "") -> Due:
        return Due(airing.pk, str(action), at, late, subject)

    shown = airing.kind != Airing.Kind.REHEARSAL
    start, end = airing.planned_start, airing.planned_end
    # What leads to a show is pointless once the show would be over.
    whole = int((end - start).total_seconds())
    if plan.auto_announce and shown:
        hours = min(plan.announce_hours_before, MOST_ANNOUNCE_HOURS)
        yield due(A.ANNOUNCE, start - dt.timedelta(hours=hours), min(plan.announce_late_seconds, hours * 3600 + whole))
    if plan.auto_open and airing.feed_id is not None:
        minutes = plan.open_minutes_before
        yield due(A.OPEN_FEED, start - dt.timedelta(minutes=minutes), min(plan.open_late_seconds, minutes * 60 + whole))
    if plan.auto_start:
        yield due(A.START, start, min(plan.start_late_seconds, whole))
    if plan.auto_end:
        yield due(A.END, end, plan.end_late_seconds)
    ended = airing.actual_end or (end if foreseen else None)
    if plan.auto_publish and shown and ended is not None and airing.state != S.CANCELLED:
        yield due(A.PUBLISH, ended + dt.timedelta(minutes=plan.publish_minutes_after), plan.publish_late_seconds)
    if plan.auto_remind:
        for subject, at in reminders:
            yield due(A.REMIND, at, plan.remind_late_seconds, subject)


def needless(action: str, airing: Airing) -> str:
    """Why there is nothing left to do; empty where there is. Reads airing.episode."""
    done = _("已经做过")
    if action == A.ANNOUNCE:
        return done if airing.announced_at is not None or airing.state not in BEFORE else ""
    if action == A.OPEN_FEED:
        return done if airing.state != S.PLANNED else ""
    if action == A.START:
        return done if airing.state not in BEFORE else ""
    if action == A.END:
        return _("没有开播") if airing.state in BEFORE else done if airing.state != S.ON_AIR else ""
    if action == A.PUBLISH:
        return _("回看已经签发") if airing.episode.signed_off_at is not None else ""
    return ""


def forbidden(action: str, airing: Airing) -> str:
    """Why the house must not do it by itself, whatever the plan says; empty where it may. Reads airing.episode."""
    if airing.episode.publication == Episode.Publication.WITHDRAWN and action in {A.ANNOUNCE, A.START, A.PUBLISH}:
        return _("这一期已撤下")
    return ""


def unannounced(action: str, airing: Airing) -> bool:
    """Whether the act waits for somebody who announces the airing; a rehearsal never is."""
    if action in {A.ANNOUNCE, A.REMIND} or airing.kind == Airing.Kind.REHEARSAL:
        return False
    return airing.announced_at is None and airing.state in BEFORE
