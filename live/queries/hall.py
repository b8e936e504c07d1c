"""What the page of a hall shows beside what lies over a picture: the show, the line being said, who is here; of public objects alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from broadcast import clock
from broadcast.models import Airing
from live import protocol
from live.queries import behind, venues

GROUPS = ("airing", "media", "rundown", "people", "notices", "captions", "questions", "polls")
# A line whose end nobody told stands for so long.
READ = dt.timedelta(seconds=12)


def beside(airing: Airing, objects: list[Any], counted: Mapping[int, venues.Heads]) -> protocol.HallScene:
    """For the show's own page; `counted` are its heads by venue."""
    shown: protocol.AiringObject = next(each for each in objects if isinstance(each, protocol.AiringObject))
    said = next((each for each in objects if isinstance(each, protocol.AnnouncementObject)), None)
    people, places = venues.sum_of(counted)
    return protocol.HallScene(
        programme=shown.programme,
        programme_en=shown.programme_en,
        number=shown.number,
        title=shown.title,
        title_en=shown.title_en,
        state=shown.state,
        planned_start=shown.planned_start,
        caption=_caption(airing, objects),
        announcement=said.text if said else "",
        people=people,
        venues=places,
    )


def seen_from(scene: protocol.OverlayScene, venue: int, counted: Mapping[int, venues.Heads]) -> protocol.OverlayScene:
    """The same in the hall of this venue: with how many are there."""
    if scene.hall is None or venue not in counted:
        return scene
    return msgspec.structs.replace(scene, hall=msgspec.structs.replace(scene.hall, here=counted[venue].people))


def _caption(airing: Airing, objects: list[Any]) -> str:
    """The line that is being said where the public's picture is; nothing in a pause, nor while the picture is cut."""
    if airing.state not in {Airing.State.ON_AIR, Airing.State.ENDED}:
        return ""
    if any(isinstance(each, protocol.MediaObject) and each.state == "cut" for each in objects):
        return ""
    now = behind.seen_until(airing) or clock.now()
    lines = [each for each in objects if isinstance(each, protocol.CaptionObject)]
    last = max(lines, key=lambda each: (each.at, each.id), default=None)
    if last is None:
        return ""
    over = dt.datetime.fromisoformat(last.until) if last.until else dt.datetime.fromisoformat(last.at) + READ
    return last.text if now <= over else ""
