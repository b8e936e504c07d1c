"""Lets a rule that was switched on look at what was said before it: bit by bit, by the tick; it tells the desk and hides nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q

from broadcast import audit, clock
from broadcast.access import HOUSE, Actor
from broadcast.models import Airing
from live import hints, wording
from live.models import Comment, Question, Rescan, Rule, RuleHit
from live.queries import rules
from live.rules.book import Hit
from live.services import rooms

Row = Comment | Question
# Shows that run, and those of the last days.
BACK = dt.timedelta(days=7)
# A process goes by the rules as they were for up to `rules.FRESH_SECONDS` and until long lists are compiled; what it posts until then is
# looked at too.
AFTER = dt.timedelta(seconds=rules.FRESH_SECONDS + 3)
AT_ONCE = 200
_MODELS: tuple[tuple[str, type[Any]], ...] = (("next_comment", Comment), ("next_question", Question))
# What is looked at: what is public, and what nobody decided yet.
_LOOKED_AT = (*Question.PUBLIC, "pending", "second", "escalated", "held")


def ask(actor: Actor, rule: Rule) -> None:
    """Note that this rule is to look back; an earlier look under way begins again. Call inside the changing transaction."""
    if rule.kind == Rule.Kind.REPEAT:
        return  # it has nothing to say about one text alone
    now = clock.now()
    rule.rescans.filter(done_at__isnull=True).update(done_at=now)
    rule.rescans.create(asked_by_id=actor.user_id, asked_at=now, due_at=now + AFTER, since=now - BACK)


def work(seconds: float = 0.3, *, steady: Callable[[], float] = time.monotonic) -> int:
    """Go on with what is due, for about so long. Returns how many items were found. For the tick; several may run."""
    until, found = steady() + seconds, 0
    while steady() < until:
        step = _step()
        if step is None:
            break
        found += step
    return found


def _step() -> int | None:
    with transaction.atomic():
        due = Rescan.objects.filter(done_at__isnull=True, due_at__lte=clock.now())
        rescan = due.select_for_update(skip_locked=True, of=("self",)).select_related("rule").first()
        if rescan is None:
            return None
        if not rescan.rule.is_active:
            rescan.done_at = clock.now()
            rescan.save(update_fields=["done_at"])
            return 0
        return _look(rescan)


def _look(rescan: Rescan) -> int:
    shows = _shows(rescan)
    book = rules.compiled([rescan.rule])
    for cursor, model in _MODELS:
        rows = _rows(model, list(shows), getattr(rescan, cursor))
        if not rows:
            continue
        setattr(rescan, cursor, rows[-1].pk)
        found = {row.pk: hits[0] for row in rows if (hits := book.read(row.text, shows[row.room_id]))}
        marked = _mark(model, found)
        rescan.looked_at += len(rows)
        rescan.found += marked
        rescan.save()
        return marked
    rescan.done_at = clock.now()
    rescan.save()
    return 0


def _shows(rescan: Rescan) -> dict[UUID, int]:
    """The rooms that are looked at, with their programmes."""
    running = Q(state__in=[Airing.State.WAITING, Airing.State.ON_AIR]) | Q(planned_start__gte=rescan.since)
    airings = Airing.objects.filter(running, room__isnull=False)
    if rescan.rule.programme_id is not None:
        airings = airings.filter(episode__programme=rescan.rule.programme_id)
    return dict(airings.values_list("pk", "episode__programme"))


def _rows(model: type[Any], airings: Sequence[UUID], after: int) -> list[Any]:
    items = model.objects.filter(room__in=airings)
    if not after:
        # By the room's index, where the whole table's would be walked from its beginning.
        after = (items.aggregate(first=Min("pk"))["first"] or 1) - 1
    return list(items.filter(pk__gt=after, state__in=_LOOKED_AT).order_by("pk").only("pk", "room_id", "text")[:AT_ONCE])


def _mark(model: type[Any], found: dict[int, Hit]) -> int:
    """Write the hits to those that do not have them yet, and let those that are public stand among the reported ones."""
    if not found:
        return 0
    rows = model.objects.select_for_update(of=("self",)).filter(pk__in=list(found)).order_by("pk")
    marked = [row for row in rows if _take(row, found[row.pk])]
    if not marked:
        return 0
    airings = Airing.objects.in_bulk({row.room_id for row in marked})
    sequence = rooms.next_staff_seq(airings)
    for row in marked:
        row.staff_seq = sequence[row.room_id]
    model.objects.bulk_update(marked, ["hits", "state", "version", "open_reports", "waiting_since", "staff_seq"])
    _remember(marked, found)
    for airing_id in sorted(airings):
        mine = [row for row in marked if row.room_id == airing_id]
        _record(airings[airing_id], mine, found)
        hints.hint(airing_id, "staff", "own")
    return len(marked)


def _take(row: Row, hit: Hit) -> bool:
    if row.state not in _LOOKED_AT or any(each["rule"] == hit.rule.id for each in row.hits):
        return False
    public = row.state in Question.PUBLIC
    row.hits = [*row.hits, {**hit.plain(), "late": public}]
    row.version += 1
    if public:
        row.open_reports += 1
        row.waiting_since = clock.now()
    elif row.state == "pending":
        row.state = "held"
    return True


def _remember(rows: list[Any], found: dict[int, Hit]) -> None:
    now = clock.now()
    hits = [
        RuleHit(rule_id=found[row.pk].rule.id, room_id=row.room_id, kind=wording.kind_of(row), item=row.pk, at=now)
        for row in rows
    ]
    RuleHit.objects.bulk_create(hits, ignore_conflicts=True)


def _record(airing: Airing, rows: list[Any], found: dict[int, Hit]) -> None:
    items = [{"item": f"{wording.kind_of(row)}:{row.pk}", "state": row.state} for row in rows]
    after = {"rule": found[rows[0].pk].rule.code, "items": items}
    audit.record(HOUSE, "items.found", f"airing:{airing.pk}", airing=airing, after=after)
