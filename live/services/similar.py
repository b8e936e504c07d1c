"""Says of new items which earlier one they look like; run by the tick, beside the transactions that take them in. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from broadcast.models import Airing
from live import hints, similar
from live.models import Comment, Item, Question, Room
from live.services import rooms

# Read at one look at one room, so that the tick's beat stays short; the rest comes at the next.
MOST_AT_ONCE = 500
_TAKING = (Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR)
_Key = tuple[UUID, type[Comment] | type[Question]]


@dataclass
class _Known:
    """The groups of one room, and how far its rows were read: by number of the staff lane, then by id. A room's numbers become
    visible in their order, so nothing that is committed late is missed."""

    groups: similar.Groups = field(default_factory=similar.groups)
    read: tuple[int, int] = (0, 0)
    placed: set[int] = field(default_factory=set)


_known: dict[_Key, _Known] = {}


def look() -> int:
    """Group what came since the last look in all shows that take words; returns how many found their like.

    The groups are in the memory of this process: another one, or this one started anew, reads them again from the rows.
    """
    numbers = dict(Room.objects.filter(airing__state__in=_TAKING, staff_seq__gt=0).values_list("pk", "staff_seq"))
    for key in [key for key in _known if key[0] not in numbers]:
        del _known[key]
    found = 0
    for airing_id, newest in numbers.items():
        for model in (Comment, Question):
            known = _known.setdefault((airing_id, model), _Known())
            if known.read[0] < newest:
                found += _look(airing_id, model, known, newest)
    return found


def forget() -> None:
    """Begin anew, as after a start."""
    _known.clear()


def _look(airing_id: UUID, model: type[Comment] | type[Question], known: _Known, newest: int) -> int:
    seq, pk = known.read
    unread = model.objects.filter(Q(staff_seq__gt=seq) | Q(staff_seq=seq, pk__gt=pk), room=airing_id)
    rows: list[Comment | Question] = list(unread.order_by("staff_seq", "pk")[:MOST_AT_ONCE])
    if len(rows) < MOST_AT_ONCE:
        known.read = (max([newest, *(row.staff_seq for row in rows)]), 2**62)
    else:
        known.read = (rows[-1].staff_seq, rows[-1].pk)
    fresh = [row for row in rows if row.pk not in known.placed and row.state != Item.State.RETRACTED]
    known.placed.update(row.pk for row in fresh)
    placed = known.groups.place([(row.pk, row.text) for row in sorted(fresh, key=lambda row: row.pk)])
    found = {row.pk: placed[row.pk] for row in fresh if row.similar_to is None and placed[row.pk] != row.pk}
    if found:
        _keep(airing_id, model, found)
    return len(found)


def _keep(airing_id: UUID, model: type[Comment] | type[Question], found: dict[int, int]) -> None:
    """Their versions stay: nobody's decision about them is out of date by it."""
    with transaction.atomic():
        rows = list(
            model.objects.select_for_update()
            .filter(pk__in=found, similar_to=None)
            .order_by("pk")
            .only("pk", "similar_to")
        )
        if not rows:
            return
        seq = rooms.next_staff_seq([airing_id])[airing_id]
        for row in rows:
            row.similar_to, row.staff_seq = found[row.pk], seq
        model.objects.bulk_update(rows, ["similar_to", "staff_seq"])  # type: ignore[arg-type]
        hints.hint(airing_id, "staff")
