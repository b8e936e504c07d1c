"""What those who run a show send: questions on air, segments, acts of other parts; declarations only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from live.protocol.words import Command, Id, Reason


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
