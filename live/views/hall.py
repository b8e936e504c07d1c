"""Arranges the public state and the reader's own things the way the page's templates draw them; it reads nothing and decides no rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from broadcast import clock
from live import protocol
from live.protocol import (
    AiringObject,
    AnnouncementObject,
    CaptionObject,
    CommentObject,
    CountsObject,
    LoadObject,
    MediaObject,
    Mine,
    MyItem,
    PersonObject,
    PinnedObject,
    PollObject,
    PublicObject,
    QuestionObject,
    SegmentObject,
)
from live.views import poll_views as views

TABS = ("moments", "talk", "ask", "vote", "agenda")


@dataclass(frozen=True)
class SegmentView:
    """A segment of the run-down with how far it is; `done` is seconds of `planned_seconds`."""

    segment: SegmentObject
    state: str
    done: int
    elapsed: int
    starts: dt.datetime


@dataclass
class Hall:
    """The public state of one airing by kind, in the order it is read."""

    airing: AiringObject | None = None
    media: MediaObject | None = None
    counts: CountsObject | None = None
    load: LoadObject | None = None
    announcement: AnnouncementObject | None = None
    pinned: CommentObject | None = None
    segments: list[SegmentObject] = field(default_factory=list)
    people: list[PersonObject] = field(default_factory=list)
    comments: list[CommentObject] = field(default_factory=list)
    questions: list[QuestionObject] = field(default_factory=list)
    polls: list[PollObject] = field(default_factory=list)
    staff_replay: str = ""

    @property
    def replay(self) -> str:
        """Address of the replay: the public one, or the one that staff may play from the end on; empty while there is none."""
        if self.media is not None and self.media.replay:
            return self.media.replay
        return self.staff_replay if self.airing is not None and self.airing.state == "ended" else ""

    @property
    def mode(self) -> str:
        """before, live, ended, replay, cancelled or withdrawn: what the page as a whole is."""
        if self.airing is None or self.airing.withdrawn:
            return "withdrawn"
        if self.replay:
            return "replay"
        by_state = {"planned": "before", "waiting": "before", "on_air": "live", "cancelled": "cancelled"}
        return by_state.get(self.airing.state, "ended")

    @property
    def departments(self) -> list[str]:
        """The departments that are there, each once."""
        seats = (person for person in self.people if person.role == "department" and person.organisation)
        return list(dict.fromkeys(person.organisation for person in seats))

    @property
    def on_air_question(self) -> QuestionObject | None:
        """The question that is being answered now."""
        return next((question for question in self.questions if question.state == "on_air"), None)

    @property
    def open_poll(self) -> PollObject | None:
        """The poll opened last that still takes ballots, of everybody where there is one."""
        return next((poll for poll in self.polls if poll.state == "open"), None)


_KINDS: dict[type, str] = {
    SegmentObject: "segments",
    PersonObject: "people",
    CommentObject: "comments",
    QuestionObject: "questions",
    PollObject: "polls",
}


def arrange(objects: Iterable[PublicObject]) -> Hall:
    """Sort the objects into a Hall: comments oldest first, questions by support, open polls first, the newest first."""
    hall = Hall()
    for each in objects:
        if isinstance(each, AiringObject):
            hall.airing = each
        elif isinstance(each, MediaObject):
            hall.media = each
        elif isinstance(each, CountsObject):
            hall.counts = each
        elif isinstance(each, LoadObject):
            hall.load = each
        elif isinstance(each, AnnouncementObject):
            hall.announcement = each
        elif isinstance(each, PinnedObject):
            hall.pinned = each.comment
        elif not isinstance(each, CaptionObject):
            # Captions go with the picture, which needs the script; without it they are a file.
            getattr(hall, _KINDS[type(each)]).append(each)
    hall.segments.sort(key=lambda segment: segment.position)
    hall.people.sort(key=lambda person: person.position)
    hall.comments.sort(key=lambda comment: (comment.at, comment.id))
    del hall.comments[: -protocol.COMMENTS_SHOWN]
    hall.questions.sort(key=lambda question: (question.state != "on_air", -question.supports, question.id))
    hall.polls.sort(key=lambda poll: (poll.state != "open", poll.electorate != "all", -poll.id))
    return hall


def named(objects: Iterable[PublicObject], names: dict[str, dict[str, str]]) -> list[PublicObject]:
    """The same objects with roles in the reader's language; the wire itself speaks one language to all."""
    found: list[PublicObject] = []
    for each in objects:
        if isinstance(each, SegmentObject):
            each = msgspec.structs.replace(each, role=names["segments"].get(each.role, each.role))
        elif isinstance(each, PersonObject):
            each = msgspec.structs.replace(each, role_name=names["people"].get(each.role, each.role_name))
        found.append(each)
    return found


def card_poll(hall: Hall, mine: Mine) -> PollObject | None:
    """The open poll that stands above the tabs: only while the show runs and until this reader has answered."""
    answered = {ballot.poll for ballot in mine.ballots}
    asking = (poll for poll in hall.polls if poll.state == "open" and poll.id not in answered)
    return next(asking, None) if hall.mode == "live" else None


def poll_views(hall: Hall, mine: Mine) -> list[views.PollView]:
    """Every poll with the reader's own choice and the counts that this reader may see."""
    return views.poll_views(hall.polls, mine, hall.questions, hall.segments)


def segment_views(hall: Hall) -> list[SegmentView]:
    """The run-down with progress now; planned starts are counted from the planned start of the airing."""
    if hall.airing is None:
        return []
    now = clock.now()
    starts = dt.datetime.fromisoformat(hall.airing.planned_start)
    over = _is_over(hall.airing, now)
    found = []
    for segment in hall.segments:
        found.append(_segment_view(segment, now, starts, over))
        starts += dt.timedelta(seconds=segment.planned_seconds)
    return found


def _is_over(airing: AiringObject, now: dt.datetime) -> bool:
    """Whether the delayed picture has come to the end too."""
    if airing.state != "ended" or airing.actual_end is None:
        return airing.state == "ended"
    return now >= dt.datetime.fromisoformat(airing.actual_end) + dt.timedelta(seconds=airing.delay_seconds)


def _segment_view(segment: SegmentObject, now: dt.datetime, starts: dt.datetime, over: bool) -> SegmentView:
    if segment.started_at is None:
        return SegmentView(segment, "missed" if over else "next", 0, 0, starts)
    began = dt.datetime.fromisoformat(segment.started_at)
    if segment.ended_at is not None or over:
        return SegmentView(segment, "past", segment.planned_seconds, segment.planned_seconds, began)
    shown = dt.datetime.fromisoformat(segment.shown_from or segment.started_at)
    elapsed = max(0, int((now - shown).total_seconds()))
    return SegmentView(segment, "now", min(elapsed, segment.planned_seconds), elapsed, began)


def own_items(mine: Mine, kind: str, public_ids: Sequence[int]) -> list[MyItem]:
    """The reader's own comments or questions that the public list does not show as they were written, oldest first; what was taken
    back is not shown."""
    shown = set(public_ids)
    items = (item for item in mine.items if item.kind == kind and item.state != "retracted")
    items = (item for item in items if item.mask or item.id not in shown)
    return sorted(items, key=lambda item: item.at)
