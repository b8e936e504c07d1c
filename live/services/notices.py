"""What stands first on the page of a room: the programme's announcement, and one comment that is pinned; it decides about no words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Airing
from live import hints, protocol, text
from live.models import Announcement, Comment, Room
from live.queries import visible
from live.services import rooms


def announce(actor: Actor, airing_id: UUID, command: protocol.SetAnnouncement) -> dict[str, Any]:
    """Say it to everybody in the room, in the place of what was said before; no words end that. Returns announcement (0: none).

    Needs RUN; audited; the same words again change nothing, so that nobody who put them away reads them twice.
    """
    words = _line(command.text)
    with transaction.atomic():
        airing, room = _locked(actor, airing_id, Ability.RUN)
        standing = Announcement.objects.filter(room=room, ended_at=None).first()
        if (standing.text if standing else "") == words:
            return {"announcement": standing.pk if standing else 0}
        if standing is not None:
            Announcement.objects.filter(pk=standing.pk).update(ended_at=clock.now())
        made = (
            Announcement.objects.create(room=room, text=words, at=clock.now(), by_id=actor.user_id) if words else None
        )
        before = {"words": standing.text} if standing else {}
        number = made.pk if made else 0
        verb = "set" if made else "end"
        _record(actor, airing, f"announcement.{verb}", f"announcement:{number}", before, {"words": words})
    return {"announcement": number}


def pin(actor: Actor, airing_id: UUID, command: protocol.PinComment) -> dict[str, Any]:
    """Let a public comment stand first, in the place of the one before, or no longer. Returns pinned (0: none).

    Needs MODERATE or RUN; audited. Raises NotFound for what is not public in this room. When it is taken down it stands nowhere.
    """
    with transaction.atomic():
        airing, room = _locked(actor, airing_id, Ability.RUN, Ability.MODERATE)
        if command.on and not visible.public_items(Comment, airing_id).filter(pk=command.item).exists():
            raise NotFound(_("只有公开的评论才能置顶。"))
        before = room.pinned_id
        if command.on:
            room.pinned_id = command.item
        elif before == command.item:
            room.pinned_id = None
        if room.pinned_id != before:
            room.save(update_fields=["pinned"])
            verb = "pin" if command.on else "unpin"
            ref = f"comment:{command.item}"
            _record(actor, airing, f"comment.{verb}", ref, {"pinned": before}, {"pinned": room.pinned_id})
    return {"pinned": room.pinned_id or 0}


def _locked(actor: Actor, airing_id: UUID, *abilities: Ability) -> tuple[Airing, Room]:
    """Airing and its room, locked, for who has one of the abilities."""
    airing = rooms.airing_of(airing_id)
    programme = airing.episode.programme_id
    if not any(can(actor, each, programme) for each in abilities):
        require(actor, abilities[0], programme)
    rooms.ensure([airing_id])
    return airing, Room.objects.select_for_update().get(pk=airing_id)


def _line(words: str) -> str:
    if not words.strip():
        return ""
    try:
        return text.clean(words, protocol.ANNOUNCEMENT_MAX)
    except text.BadText as bad:
        said = _("公告里没有看得见的字。")
        if bad.code != "empty":
            said = _("公告最多 %(most)s 个字。") % {"most": protocol.ANNOUNCEMENT_MAX}
        raise InvalidInput(said, field="text") from bad


def _record(actor: Actor, airing: Airing, verb: str, ref: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    audit.record(actor, verb, ref, airing=airing, before=before, after=after)
    rooms.next_staff_seq([airing.pk], panels=True)
    hints.hint(airing.pk, "notices", "comments", "staff")
