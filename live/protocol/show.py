"""What those who run a show send: polls, questions on air, segments, acts of other parts; declarations only."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from live.protocol.words import Command, Id, Reason


class CreatePoll(Command, frozen=True, tag="poll.create"):
    """Prepare a poll; it is public only once opened. `replaces` names the void poll whose next round it is."""

    question: Annotated[str, Meta(min_length=1, max_length=120)]
    options: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=60)], ...], Meta(min_length=2, max_length=12)]
    results: Literal["always", "after_vote", "after_close", "never"] = "after_vote"
    least_assurance: Annotated[int, Meta(ge=0, le=100)] | None = None
    seconds: Annotated[int, Meta(ge=10, le=14_400)] | None = None
    replaces: Id | None = None


class OpenPoll(Command, frozen=True, tag="poll.open"):
    """Start taking ballots."""

    poll: Id


class ClosePoll(Command, frozen=True, tag="poll.close"):
    """Stop taking ballots, after the grace for the stream's delay, and freeze the result."""

    poll: Id


class VoidPoll(Command, frozen=True, tag="poll.void"):
    """Declare an open or closed poll void. Everybody reads the reason; its ballots are kept and count no more."""

    poll: Id
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class QueueQuestion(Command, frozen=True, tag="question.queue"):
    """Put a public question on the host's list, or take it off."""

    question: Id
    on: bool = True


class ShowQuestion(Command, frozen=True, tag="question.show"):
    """Put a question on air; the one before it leaves."""

    question: Id


class AnswerQuestion(Command, frozen=True, tag="question.answer"):
    """Mark the question answered; it leaves the air."""

    question: Id


class StartSegment(Command, frozen=True, tag="segment.start"):
    """Begin a segment of the run-down; the running one ends."""

    segment: Id


class PerformAct(Command, frozen=True, tag="act.perform"):
    """An act that another part offers to the control room: airing.open, airing.start, airing.end, output.cut, output.resume."""

    act: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Reason = ""
