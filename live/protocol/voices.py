"""What staff send beside polls and questions: captions, the announcement, the comment that stands first; declarations only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from live.protocol.words import Command, Id, Version

CAPTION_MAX = 200
ANNOUNCEMENT_MAX = 200
_Line = Annotated[str, Meta(min_length=1, max_length=CAPTION_MAX)]


class AddCaption(Command, frozen=True, tag="caption.add"):
    """A line of what is being said, said `ago_ms` before this command is sent; public when the delayed picture comes to it."""

    text: _Line
    ago_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0


class CorrectCaption(Command, frozen=True, tag="caption.correct"):
    """Replace the words of a line, public or not yet. `version` is the one that was seen; another one is refused as conflict."""

    line: Id
    version: Version
    text: _Line


class RemoveCaption(Command, frozen=True, tag="caption.remove"):
    """Take a line out; it leaves every page within two seconds, or never comes."""

    line: Id


class SetAnnouncement(Command, frozen=True, tag="announcement.set"):
    """公告: what everybody in the room reads first, at once; no words take it away."""

    text: Annotated[str, Meta(max_length=ANNOUNCEMENT_MAX)]


class PinComment(Command, frozen=True, tag="comment.pin"):
    """置顶: let one public comment stand before all others, or no longer."""

    item: Id
    on: bool = True
