"""Turns the switches of a room while the show runs: what is taken in, how fast, from whom, and whether before or after a look."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, Programme
from live import hints, protocol
from live.models import Room
from live.services import rooms

YES_OR_NO = frozenset({"takes_comments", "takes_questions", "verified_only"})
# What a switch that counts may be set to; all of them seconds.
ALLOWED = {"comment_seconds": range(3_601), "question_seconds": range(3_601), "alarm_seconds": range(5, 3_601)}
# 先发后审 begins when a second person says yes within so long.
CONFIRM = dt.timedelta(minutes=5)


def turn(actor: Actor, airing_id: UUID, command: protocol.SetSwitch) -> dict[str, Any]:
    """Set one switch, for everybody from the next write on. Returns switch, value and who asked for 先发后审, if somebody did.

    Moderators and those who run the show may; 先发后审 is asked for by one moderator and begun by another, where the programme
    allows it, and ended by any. Setting what is set changes nothing. Audited; locks the room. Raises NotAllowed, InvalidInput,
    IllegalTransition.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        _require(actor, airing, command)
        rooms.ensure([airing_id])
        room = Room.objects.select_for_update().get(pk=airing_id)
        before = _values(room)
        if command.switch == "is_post":
            _turn_post(actor, airing, room, bool(_checked(command)))
        else:
            setattr(room, command.switch, _checked(command))
        if _values(room) != before:
            room.save(update_fields=[*before])
            _tell(actor, airing, command.switch, before, _values(room))
    return {
        "switch": command.switch,
        "value": int(getattr(room, command.switch)),
        "asked_by": room.post_asked_by_id if is_asked(room) else None,
    }


def is_asked(room: Room) -> bool:
    """Whether somebody asked for 先发后审 so lately that a second person may say yes."""
    asked_at = room.post_asked_at
    return room.post_asked_by_id is not None and asked_at is not None and clock.now() < asked_at + CONFIRM


def may_be_post(programme: Programme) -> bool:
    """Whether the programme lets anything be public before a person looked."""
    return Programme.Moderation.POST in {programme.comments, programme.questions}


def _require(actor: Actor, airing: Airing, command: protocol.SetSwitch) -> None:
    programme = airing.episode.programme_id
    if command.switch != "is_post" and can(actor, Ability.RUN, programme):
        return
    require(actor, Ability.MODERATE, programme)


def _checked(command: protocol.SetSwitch) -> int | bool:
    if command.switch in YES_OR_NO or command.switch == "is_post":
        if command.value not in {0, 1}:
            raise InvalidInput(_("这个开关只能开或关。"), field="value")
        return bool(command.value)
    allowed = ALLOWED[command.switch]
    if command.value not in allowed:
        raise InvalidInput(
            _("要在 %(least)s 到 %(most)s 秒之间。") % {"least": allowed.start, "most": allowed.stop - 1}, field="value"
        )
    return command.value


def _turn_post(actor: Actor, airing: Airing, room: Room, on: bool) -> None:
    if not on:
        room.is_post, room.post_asked_by_id, room.post_asked_at = False, None, None
        return
    if not may_be_post(airing.episode.programme):
        raise IllegalTransition(_("这个节目先审后发，不能改为先发后审。"), state="pre", wanted="post")
    if actor.user_id is None:
        raise NotAllowed(_("先发后审要由两位审核员开启。"))
    if room.is_post:
        return
    if is_asked(room) and room.post_asked_by_id != actor.user_id:
        room.is_post, room.post_asked_by_id, room.post_asked_at = True, None, None
    elif not is_asked(room):
        room.post_asked_by_id, room.post_asked_at = actor.user_id, clock.now()


def _values(room: Room) -> dict[str, Any]:
    names = [*YES_OR_NO, *ALLOWED, "is_post", "post_asked_by_id", "post_asked_at"]
    return {name: getattr(room, name) for name in names}


def _tell(actor: Actor, airing: Airing, switch: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    rooms.next_staff_seq([airing.pk], panels=True)
    verb = switch
    if switch == "is_post":
        verb = "post_on" if after["is_post"] else "post_ask" if after["post_asked_by_id"] else "post_off"
    changed = {name: value for name, value in after.items() if value != before[name] and name != "post_asked_at"}
    audit.record(
        actor,
        f"room.{verb}",
        f"airing:{airing.pk}",
        airing=airing,
        before={name: before[name] for name in changed},
        after=changed,
    )
    hints.hint(airing.pk, "airing", "staff")
