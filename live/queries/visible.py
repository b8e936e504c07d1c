"""The one place that says which of the public's words are public now: by their state, and by no withdrawal that stands; it writes nothing.

Whoever shows citizens' words to anybody but staff takes them from `public_items`. Nothing else may ask for `state="approved"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from broadcast import shown_people
from live.models import Comment, Question, Withdrawal

Scope = Withdrawal.Scope

# What grows when something public ceased to be: an item that was decided anew or taken back, or all of a withdrawal.
_CLEARED = """
SELECT coalesce((SELECT max(staff_seq) FROM live_comment
        WHERE room_id = %(room)s AND public_at IS NOT NULL AND state <> 'approved'), 0),
    coalesce((SELECT max(staff_seq) FROM live_question
        WHERE room_id = %(room)s AND public_at IS NOT NULL
        AND state <> ALL(%(shown)s)), 0),
    coalesce((SELECT max(id) FROM live_withdrawal WHERE room_id = %(room)s OR room_id IS NULL), 0)
"""


def public_items(model: type[Any], airing_id: UUID | None = None) -> QuerySet[Any]:
    """The public rows of `model` (Comment or Question) in one airing, else in all of them."""
    states: Any = {"state__in": Question.PUBLIC} if model is Question else {"state": Comment.State.APPROVED}
    rows: QuerySet[Any] = model.objects.filter(**states)
    if airing_id is not None:
        rows = rows.filter(room=airing_id)
    return rows.filter(~hidden(airing_id))


def hidden(airing_id: UUID | None = None) -> Q:
    """That a standing withdrawal hides a row of Comment or Question; with the airing of the rows it costs the same for any number."""
    standing = Withdrawal.objects.filter(restored_at=None)
    if airing_id is None:
        here = standing.filter(Q(room=None) | Q(room=OuterRef("room_id")))
        author = Q(scope=Scope.AUTHOR, participant=OuterRef("author_id"))
        return Q(Exists(here.filter(Q(scope=Scope.EVERYTHING) | author)))
    here = standing.filter(Q(room=None) | Q(room=airing_id))
    authors = here.filter(scope=Scope.AUTHOR, participant__isnull=False).values("participant")
    return Q(Exists(here.filter(scope=Scope.EVERYTHING))) | Q(author__in=authors)


def to_nobody() -> Exists:
    """That a question's person may not be named in its episode; an annotation of that name, which `wording.addressee` heeds."""
    return shown_people.is_hidden("person", "room__airing__episode")


def hidden_ids(airing_id: UUID, rows: Sequence[Comment | Question]) -> dict[int, str]:
    """Of these rows of one airing and one kind those that are public by their state and hidden all the same, with the code of the
    withdrawal's reason; one query."""
    public = [row for row in rows if row.state in Question.PUBLIC]
    if not public:
        return {}
    found: dict[int, str] = {}
    for each in standing_withdrawals(airing_id):
        for row in public:
            if each.scope == Scope.EVERYTHING or each.participant_id == row.author_id:
                found.setdefault(row.pk, each.reason)
    return found


def standing_withdrawals(airing_id: UUID) -> list[Withdrawal]:
    """What hides words in this airing now, the oldest first."""
    rows = Withdrawal.objects.filter(Q(room=None) | Q(room=airing_id), restored_at=None)
    return list(rows.select_related("by", "participant").order_by("pk"))


def standing_in(programmes: Sequence[int], *, whole_house: bool) -> list[Withdrawal]:
    """What hides words now in shows of these programmes, and in all of them where the reader has them all; the newest first."""
    own = Q(room__airing__episode__programme__in=programmes)
    rows = Withdrawal.objects.filter(own | Q(room=None) if whole_house else own, restored_at=None)
    return list(rows.select_related("by", "participant", "room__airing__episode__programme").order_by("-pk"))


def cleared(airing_id: UUID) -> str:
    """A word that changes whenever something ceased to be public in the airing: whoever kept more than the list drops it then."""
    with connection.cursor() as cursor:
        cursor.execute(_CLEARED, {"room": airing_id, "shown": list(Question.PUBLIC)})
        comments, questions, withdrawal = cursor.fetchone()
    return f"{max(comments, questions)}.{withdrawal}"


def house_mark() -> int:
    """Moves when something is hidden or shown again in all airings at once."""
    rows = Withdrawal.objects.filter(room=None).values_list("pk", "restored_at")
    return sum(1 if restored is None else 2 for _pk, restored in rows)


__all__ = [
    "cleared",
    "hidden",
    "hidden_ids",
    "house_mark",
    "public_items",
    "standing_in",
    "standing_withdrawals",
    "to_nobody",
]
