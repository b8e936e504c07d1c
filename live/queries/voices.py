"""Reports and appeals about items, as the desk reads them, and an item as whoever reports it reads it; it must not write."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from broadcast.models import Airing
from live import protocol, wording
from live.models import Appeal, Comment, Question, Report
from live.queries import notices, reason_list, visible

Key = tuple[str, int]


@dataclass(frozen=True)
class Told:
    """`report_reasons` in words, the most frequent first; the appeal's words and until when it is to be answered."""

    report_reasons: tuple[str, ...] = ()
    appeal_text: str = ""
    appeal_due: dt.datetime | None = None


NOTHING = Told()


def told_to_desk(rows: Iterable[Comment | Question]) -> dict[Key, Told]:
    """For those of the rows that have open reports or an appeal; at most three queries for any number of rows."""
    reported: set[Key] = set()
    appealed: set[Key] = set()
    for row in rows:
        key: Key = (wording.kind_of(row), row.pk)
        if row.open_reports:
            reported.add(key)
        if row.appeal:
            appealed.add(key)
    why = _why(reported)
    appeals = _appeals(appealed)
    found: dict[Key, Told] = {}
    for key in reported | appealed:
        appeal = appeals.get(key)
        found[key] = Told(
            why.get(key, ()),
            appeal.text if appeal else "",
            appeal.due_at if appeal and appeal.state == "open" else None,
        )
    return found


def as_reported(airing: Airing, kind: str, item: int) -> protocol.CommentObject | protocol.QuestionObject | None:
    """A public comment or question of the airing as everybody reads it; None where it is not public."""
    if kind == "comment":
        comment = visible.public_items(Comment, airing.pk).filter(pk=item).first()
        return notices.comments(airing.pk, [comment])[0] if comment else None
    if kind != "question":
        return None
    asked = visible.public_items(Question, airing.pk).select_related("person").annotate(to_nobody=visible.to_nobody())
    question = asked.filter(pk=item).first()
    shown = wording.Shown("approved", None, None)
    return wording.public_question(question, 0, shown, 0) if question else None


def reports_of(kind: str, item: int) -> list[dict[str, Any]]:
    """Each report about an item, the newest first; who reported is not told to moderators."""
    names = reason_list.names()
    return [
        {
            "at": wording.iso(row.at),
            "reason": names.get(row.reason, row.reason),
            "note": row.note,
            "state": row.state,
            "closed_at": wording.iso_or_none(row.closed_at),
        }
        for row in Report.objects.filter(kind=kind, item=item).order_by("-pk")[:50]
    ]


def appeal_of(kind: str, item: int) -> dict[str, Any] | None:
    """The appeal about an item with the decision it is against, or None."""
    row = Appeal.objects.filter(kind=kind, item=item).select_related("decided_by").first()
    if row is None:
        return None
    against = {**row.against, "reason": reason_list.names().get(row.against.get("reason", ""), "")}
    return {
        "text": row.text,
        "at": wording.iso(row.at),
        "due_at": wording.iso(row.due_at),
        "against": against,
        "state": row.state,
        "note": row.note,
        "decided_by": str(row.decided_by) if row.decided_by else "",
        "decided_at": wording.iso_or_none(row.decided_at),
    }


def _why(keys: set[Key]) -> dict[Key, tuple[str, ...]]:
    if not keys:
        return {}
    names = reason_list.names()
    counted: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = Report.objects.filter(item__in={item for _kind, item in keys}, state=Report.State.OPEN)
    for kind, item, reason in rows.values_list("kind", "item", "reason"):
        if (kind, item) in keys:
            counted[kind, item][names.get(reason, reason)] += 1
    return {key: tuple(sorted(why, key=lambda name: (-why[name], name))) for key, why in counted.items()}


def _appeals(keys: set[Key]) -> dict[Key, Appeal]:
    if not keys:
        return {}
    rows = Appeal.objects.filter(item__in={item for _kind, item in keys})
    return {(row.kind, row.item): row for row in rows if (row.kind, row.item) in keys}
