"""Sets how much a room is thinned: by what was measured, or by the hand of who runs the show; what a level does is `live.ladder`'s."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput
from live import hints, ladder
from live.models import LevelChange, Room
from live.queries.thinning import RoomLevel
from live.services import rooms

HAND, CALM = "hand", "calm"


def follow(airing_id: UUID, level: int, why: str, measured: dict[str, Any]) -> RoomLevel:
    """Move a room to the level that its measures call for, unless a person holds it. Returns where it is now. For the composer."""
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(pk=airing_id).first()
        if room is None:
            return RoomLevel()
        if not room.is_held and room.level != level:
            _move(room, level, is_held=False, why=why, measured=measured)
        return RoomLevel(room.level, room.is_held)


def hold(actor: Actor, airing_id: UUID, level: str, reason: str = "") -> dict[str, Any]:
    """Put the room on this level and keep it there whatever is measured. Raises InvalidInput for a level that is none. Audited."""
    if not (level.isascii() and level.isdigit() and int(level) <= ladder.HIGHEST):
        raise InvalidInput(_("没有这一级。"), field="level")
    return _by_hand(actor, airing_id, int(level), is_held=True, reason=reason)


def release(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Leave the level to what is measured again, or to 0 where nothing follows the measures. Audited."""
    return _by_hand(actor, airing_id, None if settings.LADDER else 0, is_held=False, reason=reason)


def rest(airing_id: UUID) -> int:
    """The show is over: nothing is thinned any more. Returns how many rooms were moved."""
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(pk=airing_id).first()
        if room is None or not (room.level or room.is_held):
            return 0
        _move(room, 0, is_held=False, why=CALM, measured={})
        return 1


def _by_hand(actor: Actor, airing_id: UUID, level: int | None, *, is_held: bool, reason: str) -> dict[str, Any]:
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        require(actor, Ability.RUN, airing.episode.programme_id)
        rooms.ensure([airing_id])
        room = Room.objects.select_for_update().get(pk=airing_id)
        before = {"level": room.level, "held": room.is_held}
        wanted = room.level if level is None else level
        if (wanted, is_held) != (room.level, room.is_held):
            _move(room, wanted, is_held=is_held, why=HAND, measured={}, by=actor.user_id)
            after = {"level": room.level, "held": room.is_held}
            verb = "hold" if is_held else "release"
            audit.record(
                actor, f"level.{verb}", f"airing:{airing_id}", airing=airing, reason=reason, before=before, after=after
            )
    return {"level": room.level, "held": room.is_held}


def _move(room: Room, level: int, *, is_held: bool, why: str, measured: dict[str, Any], by: int | None = None) -> None:
    """Needs the row locked."""
    room.level, room.is_held = level, is_held
    room.save(update_fields=["level", "is_held"])
    LevelChange.objects.create(
        room=room, at=clock.now(), level=level, is_held=is_held, why=why, measured=measured, by_id=by
    )
    rooms.next_staff_seq([room.pk], panels=True)
    hints.hint(room.pk, "staff", "comments", "counts")
