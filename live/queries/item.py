"""One item of the desk with all that helps to decide it: its sender's history, similar ones, what was done to it; it must not write."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.db.models import Q

from broadcast.models import Airing, AuditEntry, User
from live import wording
from live.models import Comment, Item, Question, Reason, Sanction
from live.queries import sanctions, staff, voices

HISTORY = 20
SIMILAR = 50
ACTS = 100
MODELS: dict[str, type[Comment] | type[Question]] = {"comment": Comment, "question": Question}


def detail(airing_id: UUID, kind: str, pk: int) -> dict[str, Any] | None:
    """The item, `sender` (sanctions; counts and items of the show, newest first), `similar`, `acts`, `reports`, `appeal`.

    None: no such item.
    """
    model = MODELS[kind]
    row = staff.desk_rows(model, airing_id).filter(pk=pk).first()
    if row is None:
        return None
    return {
        "item": staff.staff_items(airing_id, [row])[0],
        "sender": _sender(airing_id, row),
        "similar": _similar(airing_id, row),
        "merged": _merged(airing_id, row),
        "acts": _acts(kind, pk),
        "reports": voices.reports_of(kind, pk),
        "appeal": voices.appeal_of(kind, pk),
    }


def _sender(airing_id: UUID, row: Comment | Question) -> dict[str, Any]:
    counted: Counter[str] = Counter()
    items: list[Any] = []
    for model in MODELS.values():
        own = Q(author=row.author_id)
        for state in model.objects.filter(own, room=airing_id).values_list("state", flat=True):
            counted["waiting" if state in Item.WAITING else "public" if state in Question.PUBLIC else state] += 1
        rows = staff.desk_rows(model, airing_id).filter(own).order_by("-pk")[: HISTORY + 1]
        items += staff.staff_items(airing_id, [each for each in rows if each != row])
    items.sort(key=lambda each: (each.at, each.kind, each.id), reverse=True)
    known = {"public": 0, "rejected": 0, "withdrawn": 0, "waiting": 0}
    programme = Airing.objects.values_list("episode__programme", flat=True).get(pk=airing_id)
    imposed = sanctions.of_sender(programme, row.author_id)
    return {"counts": {**known, **counted}, "items": items[:HISTORY], "sanctions": _sanctions(imposed)}


def _sanctions(rows: list[Sanction]) -> list[dict[str, Any]]:
    """Of a device or a network only that it was one: which, only the evidence knows."""
    names = {each.pk: each.name for each in Reason.objects.filter(pk__in={row.reason for row in rows})}
    return [
        {
            "id": row.pk,
            "measure": row.kind,
            "scope": row.scope,
            "where": row.where,
            "stands": row.stands,
            "reason": row.reason,
            "reason_name": names.get(row.reason, row.reason),
            "note": row.note,
            "by": str(row.by or ""),
            "at": wording.iso(row.at),
            "until": wording.iso_or_none(row.until),
            "lifted_by": str(row.lifted_by or ""),
            "lifted_at": wording.iso_or_none(row.lifted_at),
            "lift_note": row.lift_note,
        }
        for row in rows
    ]


def _similar(airing_id: UUID, row: Comment | Question) -> list[Any]:
    """Those of the same kind that look alike, by the machine: for the eye alone."""
    first = row.similar_to or row.pk
    alike = Q(similar_to=first) | Q(pk=first)
    rows = staff.desk_rows(type(row), airing_id).filter(alike).exclude(pk=row.pk).order_by("pk")[:SIMILAR]
    return staff.staff_items(airing_id, rows)


def _merged(airing_id: UUID, row: Comment | Question) -> list[Any]:
    """The questions that it stands for."""
    if not isinstance(row, Question):
        return []
    return staff.staff_items(airing_id, staff.desk_rows(Question, airing_id).filter(merged_into=row.pk).order_by("pk"))


def _acts(kind: str, pk: int) -> list[dict[str, Any]]:
    """What was done to it, the oldest first. Notes are in the erasable half of the audit."""
    entries = list(AuditEntry.objects.filter(target=f"{kind}:{pk}").select_related("personal").order_by("-pk")[:ACTS])
    names = {user.pk: str(user) for user in User.objects.filter(pk__in={each.actor_id for each in entries})}
    return [
        {
            "at": wording.iso(entry.at),
            "by": names.get(entry.actor_id or 0, ""),
            "verb": entry.act.partition(".")[2],
            "reason": entry.reason,
            "note": _note(entry),
            "before": (entry.before or {}).get("state") if isinstance(entry.before, dict) else None,
            "after": (entry.after or {}).get("state") if isinstance(entry.after, dict) else None,
        }
        for entry in reversed(entries)
    ]


def _note(entry: AuditEntry) -> str:
    personal = getattr(entry, "personal", None)
    words = getattr(personal, "words", None) or getattr(personal, "data", None) or {}
    return str(words.get("note", ""))
