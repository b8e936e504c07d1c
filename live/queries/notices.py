"""What stands first on a room's page, and what a comment answers: the announcement, the pinned comment, quotes; it writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from broadcast.models import Airing
from live import protocol, wording
from live.models import Announcement, Comment, Room
from live.queries import visible

# Of the comment that is answered; the whole stands in the list.
QUOTED = 40


def announcement(airing: Airing) -> list[protocol.AnnouncementObject]:
    """The one that stands, if one does; none once the show is over, for it was about that."""
    if airing.state in {Airing.State.ENDED, Airing.State.CANCELLED}:
        return []
    row = Announcement.objects.filter(room=airing.pk, ended_at=None).first()
    if row is None:
        return []
    return [protocol.AnnouncementObject("announcement", row.pk, row.text, wording.iso(row.at))]


def pinned(airing: Airing) -> list[protocol.PinnedObject]:
    """The comment that stands first, as long as it is public."""
    wanted = Room.objects.filter(pk=airing.pk, pinned__isnull=False).values("pinned")
    rows = list(visible.public_items(Comment, airing.pk).filter(pk__in=wanted))
    return [protocol.PinnedObject("pinned", comment) for comment in comments(airing.pk, rows)]


def comments(airing_id: UUID, rows: Sequence[Comment]) -> list[protocol.CommentObject]:
    """Public comments as everybody reads them, with what they answer; what that was is told only while it is public itself."""
    answered = {row.reply_to_id for row in rows if row.reply_to_id is not None}
    quoted: dict[int, Any] = {}
    if answered:
        quoted = {row.pk: row for row in visible.public_items(Comment, airing_id).filter(pk__in=answered)}
    return [wording.public_comment(row, _quoted(row.reply_to_id, quoted)) for row in rows]


def _quoted(pk: int | None, public: dict[int, Comment]) -> protocol.Quoted | None:
    if pk is None:
        return None
    row = public.get(pk)
    if row is None:
        return protocol.Quoted(pk, "", "")
    words = wording.masked(row)
    return protocol.Quoted(pk, row.author_name, words if len(words) <= QUOTED else f"{words[: QUOTED - 1]}…")
