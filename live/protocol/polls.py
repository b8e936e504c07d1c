"""What those who run a show send about polls; declarations only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from live.protocol.outcome import Electorate, PollKind, PollRule, Results, Revote, Secrecy
from live.protocol.words import Command, Id

OptionText = Annotated[str, Meta(min_length=1, max_length=60)]
Moment = Annotated[str, Meta(min_length=16, max_length=40)]


class PollTerms(Command, frozen=True, kw_only=True):
    """All that is laid down before a poll opens. Options are named for single and multiple alone; the other kinds bring their own.

    `seconds`: it closes by itself; `filling_seconds`: who is filling it in then has so much longer. `least_assurance` None: as the
    programme says. `eligible` is how many may vote, where the house cannot know. `segment` and `about` (a question of the show) are what
    is rated; `compares` is the earlier poll with the same options; `replaces` the void one whose next round it is.
    """

    question: Annotated[str, Meta(min_length=1, max_length=120)]
    kind: PollKind = "single"
    options: Annotated[tuple[OptionText, ...], Meta(max_length=50)] = ()
    fewest: Annotated[int, Meta(ge=1, le=50)] = 1
    most: Annotated[int, Meta(ge=1, le=50)] | None = None
    results: Results = "after_vote"
    secrecy: Secrecy = "secret"
    revote: Revote = "until_close"
    electorate: Electorate = "all"
    roll: Id | None = None
    least_assurance: Annotated[int, Meta(ge=0, le=100)] | None = None
    eligible: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    rule: PollRule | None = None
    seconds: Annotated[int, Meta(ge=10, le=14_400)] | None = None
    filling_seconds: Annotated[int, Meta(ge=0, le=120)] = 0
    segment: Id | None = None
    about: Id | None = None
    compares: Id | None = None
    replaces: Id | None = None
    adds_entered: bool = True


class CreatePoll(PollTerms, frozen=True, kw_only=True, tag="poll.create"):
    """Prepare a poll; it is public only once opened."""


class ChangePoll(PollTerms, frozen=True, kw_only=True, tag="poll.change"):
    """Lay down a draft anew, whole; what was scheduled stays."""

    poll: Id


class SchedulePoll(Command, frozen=True, tag="poll.schedule"):
    """Let a draft open by itself: at a time (ISO 8601 with zone), or when a segment starts; with neither, no more by itself."""

    poll: Id
    opens_at: Moment | None = None
    opens_with: Id | None = None


class OrderPolls(Command, frozen=True, tag="poll.order"):
    """Put the polls of the show in this order; those that are not named come after."""

    polls: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=200)]


class DiscardPoll(Command, frozen=True, tag="poll.discard"):
    """Throw a draft away."""

    poll: Id


class OpenPoll(Command, frozen=True, tag="poll.open"):
    """Start taking ballots."""

    poll: Id


class ClosePoll(Command, frozen=True, tag="poll.close"):
    """Stop taking ballots, after the grace for the stream's delay and for those filling it in, and freeze the result."""

    poll: Id


class PublishPoll(Command, frozen=True, tag="poll.publish"):
    """Let everybody see the frozen result of a poll whose results wait for that."""

    poll: Id


class VoidPoll(Command, frozen=True, tag="poll.void"):
    """Declare an open or closed poll void. Everybody reads the reason; its ballots are kept and count no more."""

    poll: Id
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class IssueCodes(Command, frozen=True, tag="poll.codes"):
    """A sheet of invitation codes. The answer alone has them (`codes`): only digests are kept, so a retry brings none."""

    poll: Id
    count: Annotated[int, Meta(ge=1, le=500)]
    label: Annotated[str, Meta(max_length=60)] = ""


class RevokeCodes(Command, frozen=True, tag="poll.codes.revoke"):
    """The unused codes of a sheet open nothing any more."""

    sheet: Id
