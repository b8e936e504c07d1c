"""What an overlay shows of an airing at one moment, out of public objects alone; and whether a link still opens it. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from broadcast import clock
from broadcast.models import Airing
from live import overlay_token, protocol
from live.models import Overlay
from live.overlay_token import Link
from live.queries import behind, hall, venues
from live.queries.public import public_groups

# How long a closed poll stays, so that its result can be read.
LINGER = dt.timedelta(seconds=30)
_GROUPS = ("airing", "media", "rundown", "people", "questions", "polls")
# What lies over a picture; the page of a hall is no layer, its links are given out apart.
_LAYERS: tuple[overlay_token.Kind, ...] = ("studio", "public")
_SHOWN = frozenset({Airing.State.WAITING, Airing.State.ON_AIR})


@dataclass(frozen=True)
class Standing:
    """What of the links and the line is true now, as a producer's page shows it. `urls` is empty when no link opens."""

    links: tuple[Link, ...]
    expires_at: dt.datetime | None
    made_by: str
    made_at: dt.datetime | None
    announcement: str


def admitted(token: str) -> Link | None:
    """The link, when it opens the overlay now; None when it is forged, over or revoked."""
    link = overlay_token.read(token)
    return link if link is not None and still(link, _row(link.airing_id)) else None


def still(link: Link, row: Overlay | None) -> bool:
    """Whether a link that was read before opens the overlay now."""
    if row is None or row.revoked_at is not None or row.generation != link.generation:
        return False
    return link.expires_at > clock.now()


def look(airing_id: UUID, links: set[Link]) -> dict[Link, protocol.OverlayScene | None]:
    """What each link shows now; None for one that opens nothing any more. One scene is composed for each kind, however many halls."""
    row = _row(airing_id)
    standing_now = {link for link in links if still(link, row)}
    kinds = {link.kind for link in standing_now}
    counted = venues.heads(airing_id) if "hall" in kinds else {}
    scenes = {kind: _scene(airing_id, row, kind, counted) for kind in kinds}
    return {
        link: hall.seen_from(scenes[link.kind], link.venue, counted) if link in standing_now else None for link in links
    }


def scene(link: Link) -> protocol.OverlayScene | None:
    """What this link shows now; None when it opens nothing any more."""
    return look(link.airing_id, {link})[link]


def standing(airing_id: UUID) -> Standing:
    """Links and line of an airing."""
    row = Overlay.objects.select_related("made_by").filter(pk=airing_id).first()
    if row is None:
        return Standing((), None, "", None, "")
    links: tuple[Link, ...] = ()
    if row.expires_at is not None:
        made = (Link(airing_id, kind, row.generation, row.expires_at) for kind in _LAYERS)
        links = tuple(each for each in made if still(each, row))
    return Standing(links, row.expires_at, str(row.made_by or ""), row.made_at, row.announcement)


def hall_link(airing_id: UUID, venue: int = 0) -> Link | None:
    """The link of a hall's page, as long as links of this airing open anything."""
    row = _row(airing_id)
    if row is None or row.expires_at is None:
        return None
    link = Link(airing_id, "hall", row.generation, row.expires_at, venue)
    return link if still(link, row) else None


def _row(airing_id: UUID) -> Overlay | None:
    return Overlay.objects.filter(pk=airing_id).first()


def _scene(
    airing_id: UUID, row: Overlay | None, kind: overlay_token.Kind, counted: Mapping[int, venues.Heads]
) -> protocol.OverlayScene:
    airing = Airing.objects.select_related("episode__programme").get(pk=airing_id)
    ahead, is_hall = kind == "studio", kind == "hall"
    groups = public_groups(airing_id, hall.GROUPS if is_hall else _GROUPS, ahead=ahead) or {}
    objects = [each for group in groups.values() for each in group]
    shown: protocol.AiringObject = next(each for each in objects if isinstance(each, protocol.AiringObject))
    beside = hall.beside(airing, objects, counted) if is_hall and not shown.withdrawn else None
    if shown.withdrawn or not _is_on(airing, objects, ahead=ahead):
        return protocol.OverlayScene(shown=False, programme="", programme_en="", number=None, hall=beside)
    question = next((each for each in _of(objects, protocol.QuestionObject) if each.state == "on_air"), None)
    return protocol.OverlayScene(
        shown=True,
        programme=shown.programme,
        programme_en=shown.programme_en,
        number=shown.number,
        segment=next(
            (each for each in _of(objects, protocol.SegmentObject) if each.started_at and not each.ended_at), None
        ),
        question=question,
        speaker=_speaker(objects, question),
        poll=_poll(objects, airing, ahead=ahead),
        announcement=_line(airing, row, ahead=ahead),
        hall=beside,
    )


def _of(objects: list[Any], kind: type[Any]) -> list[Any]:
    return [each for each in objects if isinstance(each, kind)]


def _is_on(airing: Airing, objects: list[Any], *, ahead: bool) -> bool:
    """Whether there is a picture to lay something over: the studio's own until it ends, the public's until its delayed end."""
    if ahead or not airing.delay_seconds:
        return airing.state in _SHOWN
    if any(each.state == "cut" for each in _of(objects, protocol.MediaObject)):
        return False
    return airing.state in _SHOWN or (airing.state == Airing.State.ENDED and behind.seen_until(airing) is not None)


def _speaker(objects: list[Any], question: protocol.QuestionObject | None) -> protocol.PersonObject | None:
    """Whom the question on air was put to."""
    if question is None or not question.to:
        return None
    return next((each for each in _of(objects, protocol.PersonObject) if each.name == question.to), None)


def _poll(objects: list[Any], airing: Airing, *, ahead: bool) -> protocol.PollObject | None:
    """The poll opened last, while it is open and a while after; else one whose result was published a moment ago. The end of a poll
    waits for the public, so the studio's is before it."""
    grace = dt.timedelta(seconds=airing.delay_seconds if ahead else 0)
    now = clock.now()
    polls = [poll for poll in _of(objects, protocol.PollObject) if poll.state in {"open", "closed"}]
    for place, poll in enumerate(sorted(polls, key=lambda each: (each.opened_at, each.id), reverse=True)):
        over = dt.datetime.fromisoformat(poll.closes_at) if poll.closes_at else None
        told = dt.datetime.fromisoformat(poll.published_at) if poll.published_at else None
        is_fresh = place == 0 and (over is None or now < over + LINGER)
        if not is_fresh and (told is None or told + LINGER <= now):
            continue
        is_over = poll.state == "closed" or (over is not None and over - grace <= now)
        shown: protocol.PollObject = msgspec.structs.replace(poll, state="closed" if is_over else "open")
        return shown
    return None


def _line(airing: Airing, row: Overlay | None, *, ahead: bool) -> str:
    """The announcement: it comes with the picture, and goes at once."""
    if row is None or not row.announcement or row.announced_at is None:
        return ""
    from_when = row.announced_at if ahead else behind.shown_from(airing, row.announced_at) or row.announced_at
    return row.announcement if from_when <= clock.now() else ""
