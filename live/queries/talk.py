"""The public comments of a room: the list that people can read, all of them in pages, and what ceased to be public; it writes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from broadcast.models import Airing
from live import ladder, protocol
from live.models import Comment, Room
from live.queries import notices, thinning, visible


def readable(airing: Airing) -> list[Any]:
    """What everybody reads: as many as a person can, drawn by lot where more came, the pinned one, and how much is thinned."""
    level = thinning.level_of(airing.pk).level
    sample = thinning.sample_of(airing.pk)
    rows = visible.public_items(Comment, airing.pk).filter(pk__in=sample.ids)
    step, cleared = ladder.LEVELS[level], visible.cleared(airing.pk)
    load = protocol.LoadObject("load", level, step.likes_ms, sample.percent, cleared, step.danmaku_percent)
    return [*notices.comments(airing.pk, list(rows)), *notices.pinned(airing), load]


def everything(airing: Airing) -> list[Any]:
    """The newest, none of them left out: for staff."""
    return [*older_comments(airing.pk, most=protocol.COMMENTS_SHOWN)[0], *notices.pinned(airing)]


def left_the_public(airing_id: UUID, after: int | None) -> tuple[list[str], int]:
    """Keys of comments that ceased to be public after that number of the staff lane, and its newest number.

    Browsers may hold comments that are no longer among the newest, so those must be named too when they are taken down.
    """
    newest = Room.objects.filter(pk=airing_id).values_list("staff_seq", flat=True).first() or 0
    if after is None or newest <= after:
        return [], newest
    gone = Comment.objects.filter(room=airing_id, staff_seq__gt=after, public_at__isnull=False)
    return [f"comment:{pk}" for pk in gone.exclude(state=Comment.State.APPROVED).values_list("pk", flat=True)], newest


def older_comments(airing_id: UUID, before: int = 0, most: int = 50) -> tuple[list[protocol.CommentObject], bool]:
    """All public comments, those not drawn for the list too: the newest, or those older than the comment `before`; newest first,
    and whether there are more."""
    public = visible.public_items(Comment, airing_id)
    if not before:
        return _page(public, most)
    edge = Comment.objects.filter(pk=before, room=airing_id).values_list("public_at", "created_at").first()
    if edge is None:
        return [], False
    at = edge[0] or edge[1]
    return _page(public.filter(public_at__lt=at) | public.filter(public_at=at, pk__lt=before), most)


def comments_total(airing_id: UUID) -> int:
    """How many comments are public."""
    return visible.public_items(Comment, airing_id).count()


def _page(public: QuerySet[Comment], most: int) -> tuple[list[protocol.CommentObject], bool]:
    rows = list(public.order_by("-public_at", "-pk")[: most + 1])
    shown = rows[:most]
    return notices.comments(shown[0].room_id, shown) if shown else [], len(rows) > most
