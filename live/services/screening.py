"""Lets the rules look at what a batch brings, before anybody reads it; a person decides in the end, unless a rule refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from broadcast import audit, clock
from broadcast.access import HOUSE
from broadcast.models import Airing
from live import wording
from live.models import Comment, Item, Question, RuleHit
from live.queries import rules
from live.rules import flood
from live.rules.book import Book, Hit, gravest

Row = Comment | Question
# What a rule refuses with when it names no reason of its own.
DEFAULT_REASON = "other"
_STATES = {"reject": Item.State.REJECTED, "hold": Item.State.HELD, "mask": Item.State.HELD}


def screen(rows: Sequence[Row], programmes: dict[UUID, int]) -> None:
    """Give each new row, not yet inserted, its hits, and the state that the gravest of them asks for.

    `programmes`: of each room. Reads at most one query a room, and none while no rule looks at more than the text itself.
    """
    book = rules.book()
    if not book.rules:
        return
    around = _Around(book, rows) if book.looks_around else None
    for row in rows:
        programme = programmes[row.room_id]
        found = book.read(row.text, programme)
        if around is not None:
            found = _once(found + around.weigh(row, programme))
        if found:
            _mark(row, found)


def _once(hits: Iterable[Hit]) -> list[Hit]:
    known: dict[int, Hit] = {}
    for hit in hits:
        known.setdefault(hit.rule.id, hit)
    return list(known.values())


def _mark(row: Row, hits: list[Hit]) -> None:
    row.hits = [hit.plain() for hit in hits]
    worst = gravest(hits)
    if worst is None:
        return
    row.state, row.public_at = _STATES[worst.rule.action], None
    if row.state == Item.State.REJECTED:
        row.reason, row.decided_at = worst.rule.reason or DEFAULT_REASON, row.created_at


def remember(rows: Iterable[Row]) -> None:
    """Keep what the rules found in these rows, now that they have numbers, for the rules' own figures."""
    hits = [
        RuleHit(rule_id=hit["rule"], room_id=row.room_id, kind=wording.kind_of(row), item=row.pk, at=row.created_at)
        for row in rows
        for hit in row.hits
    ]
    if hits:
        RuleHit.objects.bulk_create(hits, ignore_conflicts=True)


def refused(rows: Iterable[Row]) -> list[Row]:
    """Those that a rule refused."""
    return [row for row in rows if row.state == Item.State.REJECTED and row.decided_by_id is None]


def record(refusals: Iterable[tuple[Airing, Row]]) -> None:
    """Chain that the house's rules refused these, one entry a room; as late in the transaction as can be: it takes the chain's lock."""
    rooms: dict[UUID, tuple[Airing, list[dict[str, Any]]]] = {}
    for airing, row in refusals:
        item = {
            "item": f"{wording.kind_of(row)}:{row.pk}",
            "reason": row.reason,
            "rules": [hit["code"] for hit in row.hits],
        }
        rooms.setdefault(airing.pk, (airing, []))[1].append(item)
    for airing_id in sorted(rooms):
        airing, items = rooms[airing_id]
        after = {"state": "rejected", "by": "rules", "items": items}
        audit.record(HOUSE, "items.reject", f"airing:{airing_id}", airing=airing, after=after)


class _Around:
    """What was said lately in the rooms of a batch."""

    def __init__(self, book: Book, rows: Sequence[Row]) -> None:
        self._book = book
        self._now = clock.now().timestamp()
        kinds = {(row.room_id, type(row)) for row in rows}
        self._recent = {key: _memory.catch_up(*key) for key in kinds}

    def weigh(self, row: Row, programme: int) -> list[Hit]:
        said = flood.Said((row.author_id, row.command_id), row.author_id, self._now, flood.print_of(row.text))
        with _memory.lock:
            recent = self._recent[row.room_id, type(row)]
            found = self._book.weigh(recent, said, programme)
            recent.add(said)  # the next of the same batch must know of it
        return found


class _Memory:
    """The last texts of each room, as this process knows them; caught up from the table, so that all processes know the same."""

    ROOMS_MOST = 64

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._rooms: dict[tuple[UUID, type[Any]], tuple[flood.Recent, int]] = {}

    def catch_up(self, room: UUID, model: type[Any]) -> flood.Recent:
        with self.lock:
            recent, seen = self._rooms.get((room, model), (flood.Recent(), -1))
            # Put back at the end, so that the room that nobody writes in is forgotten first.
            self._rooms.pop((room, model), (recent, seen))
            self._rooms[room, model] = (recent, seen)
        rows = model.objects.filter(room=room, staff_seq__gt=seen).order_by("-staff_seq")
        found = list(rows.values_list("author_id", "command_id", "text", "created_at", "staff_seq")[: recent.most])
        with self.lock:
            for author, command, text, at, seq in reversed(found):
                if (author, command) not in recent:
                    recent.add(flood.Said((author, command), author, at.timestamp(), flood.print_of(text)))
                seen = max(seen, seq)
            self._rooms[room, model] = (recent, max(seen, self._rooms.get((room, model), (recent, -1))[1]))
            while len(self._rooms) > self.ROOMS_MOST:
                self._rooms.pop(next(iter(self._rooms)))
        return recent


_memory = _Memory()
