"""The queues of the desk: what stands in each, how many and how old, and pages of them with search; it must not write."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import InvalidInput
from live import protocol, text, wording
from live.models import Comment, Question
from live.queries import staff

PAGE = 50
MOST = 200
PUBLIC = Q(state__in=Question.PUBLIC)
# Decided ones are read from the newest back, the others from whoever waits longest.
DECIDED = frozenset({"public", "rejected", "withdrawn", ""})
_OPEN = Q(state__in=("pending", "held"))
QUEUES: dict[str, Q] = {
    "pending": Q(state="pending"),
    "held": Q(state="held"),
    "second": Q(state="second"),
    "reported": PUBLIC & Q(open_reports__gt=0),
    "escalated": Q(state="escalated"),
    "appeals": Q(appeal="open"),
    "unseen": PUBLIC & Q(decided_by=None),
    "public": PUBLIC,
    "rejected": Q(state="rejected"),
    "withdrawn": Q(state="withdrawn"),
}
_SINCE = Coalesce("waiting_since", "created_at")


@dataclass(frozen=True)
class Asked:
    """What of the desk somebody wants to read: a queue ("" for all), words, and what else it is kept to."""

    queue: str = ""
    words: str = ""
    kind: str = ""
    sender: str = ""
    rule: int | None = None
    before: str = ""
    most: int = PAGE


def in_queue(queue: str, user_id: int | None = None) -> Q:
    """What stands in that queue; 待办 is what this person may decide now. Raises InvalidInput for an unknown one."""
    if queue == "":
        return Q()
    if queue == "todo":
        return _OPEN | QUEUES["reported"] | (QUEUES["second"] & ~Q(first_by=user_id))
    found = QUEUES.get(queue)
    if found is None:
        raise _unreadable("queue")
    return found


def _unreadable(field: str) -> InvalidInput:
    return InvalidInput(_("这条消息读不懂。请刷新页面后再试。"), field=field)


def page(airing_id: UUID, asked: Asked, user_id: int | None = None) -> tuple[list[protocol.StaffItem], str | None]:
    """A page of items and where the next begins (None: there is none). Words are looked for in text and author's name.

    Open queues oldest first, decided ones newest first; the order is by time and id, so that what changes meanwhile moves no page.
    """
    newest_first = asked.queue in DECIDED
    most = max(1, min(asked.most, MOST))
    found: list[tuple[dt.datetime, str, int, Any]] = []
    for model in (Comment, Question):
        if asked.kind and asked.kind != wording.kind_of(model()):
            continue
        kind = "comment" if model is Comment else "question"
        rows = staff.desk_rows(model, airing_id).filter(in_queue(asked.queue, user_id), _kept_to(asked))
        rows = rows.annotate(since=_SINCE)
        if asked.before:
            rows = rows.filter(_beyond(kind, asked.before, newest_first))
        order = ("-since", "-pk") if newest_first else ("since", "pk")
        found += [(row.since, kind, row.pk, row) for row in rows.order_by(*order)[: most + 1]]
    found.sort(key=lambda each: each[:3], reverse=newest_first)
    shown = found[:most]
    more = f"{shown[-1][0].isoformat()}_{shown[-1][1]}_{shown[-1][2]}" if len(found) > most else None
    items = {(each.kind, each.id): each for each in _worded(airing_id, [each[3] for each in shown])}
    return [items[kind, pk] for _since, kind, pk, _row in shown], more  # type: ignore[index]


def _worded(airing_id: UUID, rows: list[Any]) -> list[protocol.StaffItem]:
    found: list[protocol.StaffItem] = []
    for model in (Comment, Question):
        found += staff.staff_items(airing_id, [row for row in rows if isinstance(row, model)])
    return found


def _kept_to(asked: Asked) -> Q:
    kept = Q()
    for word in asked.words.split()[:5]:
        kept &= Q(text__icontains=word) | Q(author_name__icontains=word)
    if asked.sender:
        try:
            kept &= Q(author=UUID(asked.sender))
        except ValueError as error:
            raise _unreadable("sender") from error
    if asked.rule is not None:
        kept &= Q(hits__contains=[{"rule": asked.rule}])
    return kept


def _beyond(kind: str, mark: str, newest_first: bool) -> Q:
    """After the last item of the page before, by (since, kind, id). Raises InvalidInput for a mark that is none of ours."""
    try:
        at, last_kind, last_pk = mark.rsplit("_", 2)
        since, number = dt.datetime.fromisoformat(at), text.whole(last_pk)
    except ValueError as error:
        raise _unreadable("before") from error
    if number is None or since.tzinfo is None:
        raise _unreadable("before")
    way = "lt" if newest_first else "gt"
    further = Q(**{f"since__{way}": since})
    if kind == last_kind:
        return further | Q(since=since, **{f"pk__{way}": number})
    later = kind < last_kind if newest_first else kind > last_kind
    return further | Q(since=since) if later else further


def counts(airing_id: UUID) -> dict[str, dict[str, Any]]:
    """Of each queue how many stand in it, and since when the oldest waits (None: nobody). Two queries."""
    wanted: dict[str, Any] = {}
    for name, rule in QUEUES.items():
        wanted[name] = Count("pk", filter=rule)
        wanted[f"{name}_since"] = Min(_SINCE, filter=rule)
    found: dict[str, dict[str, Any]] = {name: {"count": 0, "since": None} for name in QUEUES}
    for model in (Comment, Question):
        row = model.objects.filter(room=airing_id).aggregate(**wanted)
        for name, entry in found.items():
            since = row[f"{name}_since"]
            entry["count"] += row[name]
            if since is not None and (entry["since"] is None or since < entry["since"]):
                entry["since"] = since
    return {name: {"count": each["count"], "since": wording.iso_or_none(each["since"])} for name, each in found.items()}


def is_late(since: str | None, alarm_seconds: int) -> bool:
    """Whether the oldest waits longer than the alarm allows."""
    return since is not None and since < wording.iso(clock.now() - dt.timedelta(seconds=alarm_seconds))
