"""The marks that live leaves on a replay: questions on air and answered, calls, polls, comments; only what is public now."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.models import Airing, Episode, Moment
from live import wording
from live.models import Call, Comment, Poll, Question, Withdrawal
from live.queries import behind, visible

COMMENTS_MARKED = 2_000
# What happened to a question in the picture; what was done about it after the show has none.
QUESTION_MARKS = ("question.show", "question.answer", "question.promise")


def marks(airing: Airing) -> list[dict[str, Any]]:
    """In the order of time, each {"at", "kind", "title", …}. `at` of a comment is when it was written."""
    if airing.episode.publication == Episode.Publication.WITHDRAWN:
        return []
    found = [*_question_marks(airing), *_call_marks(airing), *_poll_marks(airing), *_comment_marks(airing)]
    return sorted(found, key=lambda mark: str(mark["at"]))


def _mark(at: dt.datetime, kind: str, title: str, **more: Any) -> dict[str, Any]:
    return {"at": wording.iso(at), "kind": kind, "title": title, **more}


def _question_marks(airing: Airing) -> list[dict[str, Any]]:
    asked = visible.public_items(Question, airing.pk).select_related("person")
    rows = asked.annotate(to_nobody=visible.to_nobody()).in_bulk()
    found = []
    # Every time that a question went on air, from the moments; a row alone knows only the last.
    for moment in Moment.objects.filter(
        airing=airing, kind__in=QUESTION_MARKS, at__lte=airing.actual_end or clock.now()
    ):
        row = rows.get(moment.data.get("question"))
        if row is not None:
            to = wording.addressee(row) if row.person else ""
            found.append(
                _mark(moment.at, moment.kind, wording.masked(row), question=row.pk, author=row.author_name, to=to)
            )
    return found


def _call_marks(airing: Airing) -> list[dict[str, Any]]:
    """Where a caller came on air, by district and topic as the desk wrote them; never by name. Erased, or hidden by an emergency
    withdrawal, only that somebody called."""
    rows = Call.objects.filter(room=airing.pk, on_air_at__isnull=False).in_bulk()
    standing = visible.standing_withdrawals(airing.pk) if rows else []
    all_hidden = any(each.scope == Withdrawal.Scope.EVERYTHING for each in standing)
    hidden = {each.participant_id for each in standing if each.participant_id is not None}
    found = []
    for moment in Moment.objects.filter(airing=airing, kind="call.start"):
        row = rows.get(moment.data.get("call"))
        is_shown = row is not None and not all_hidden and row.participant_id not in hidden
        words = [row.district, row.topic] if row is not None and is_shown else []
        title = "　".join(each for each in words if each)
        found.append(_mark(moment.at, "call.start", title or _("听众来电"), call=moment.data.get("call")))
    return found


def _poll_marks(airing: Airing) -> list[dict[str, Any]]:
    found = []
    for poll in Poll.objects.filter(room=airing.pk).exclude(state__in=Poll.UNSEEN):
        if poll.opened_at is not None:
            found.append(_mark(poll.opened_at, "poll.open", poll.question, poll=poll.pk))
        if poll.closed_at is not None:
            # The picture has the close where it was told, the grace before the last ballots.
            found.append(_mark(behind.poll_close_told(poll), "poll.close", poll.question, poll=poll.pk))
    return found


def _comment_marks(airing: Airing) -> list[dict[str, Any]]:
    rows = visible.public_items(Comment, airing.pk).order_by("-pk")[:COMMENTS_MARKED]
    return [
        _mark(
            row.created_at,
            "comment",
            wording.masked(row),
            comment=row.pk,
            author=row.author_name,
            badge=wording.badge(row),
        )
        for row in rows
    ]
