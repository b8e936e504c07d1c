"""What becomes of a question, what was promised or suggested on air, and the choice offered to the host; declarations only."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from live.protocol.words import Command, Id, Reason, Version

# A day as 2026-12-10; whether there is such a day is the service's to say.
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Department = Annotated[str, Meta(max_length=120)]
Closing = Literal["covered", "elsewhere", "carried", "off_topic", "other"]
CommitmentKind = Literal["suggestion", "promise"]


class WrittenReply(Struct, frozen=True):
    """A department's official answer in writing. `public` false: only who asked is sent it."""

    id: int
    department: str
    respondent: str
    text: str
    at: str
    public: bool = True


class QuestionEnd(Struct, frozen=True):
    """What became of a question beyond the air: promised in writing (by whom, until which day, said when), or closed and why, or
    gone on in a later show (`carried_to` is its address); and the answers in writing that are out."""

    promised_to: str = ""
    due: str | None = None
    promised_at: str | None = None
    closing: Literal["", "covered", "elsewhere", "carried", "off_topic", "other"] = ""
    note: str = ""
    carried_to: str = ""
    replies: tuple[WrittenReply, ...] = ()


class PromiseReply(Command, frozen=True, tag="question.promise"):
    """A department will answer this question in writing, until that day; it leaves the air or the list."""

    question: Id
    department: Annotated[str, Meta(min_length=1, max_length=120)]
    due: Day


class CloseQuestion(Command, frozen=True, tag="question.close"):
    """End a question without an answer, and say why. With `carried` it goes on in another airing `to`, with its supports."""

    question: Id
    closing: Closing
    note: Reason = ""
    to: Annotated[str, Meta(max_length=36)] = ""


class ResumeQuestion(Command, frozen=True, tag="question.resume"):
    """Take back that a question was promised or closed: it is among the public ones again."""

    question: Id


class MarkCommitment(Command, frozen=True, tag="commitment.mark"):
    """Mark what is being said on air now. What is not given is taken from the question on air, and may be written afterwards."""

    kind: CommitmentKind
    question: Id | None = None
    speaker: Id | None = None


class EditCommitment(Command, frozen=True, tag="commitment.edit"):
    """Write down who said what, for which department, until when. Kept only if nobody wrote it meanwhile (`version`)."""

    commitment: Id
    version: Version
    kind: CommitmentKind
    text: Annotated[str, Meta(max_length=300)] = ""
    speaker: Id | None = None
    department: Department = ""
    due: Day | None = None


class UndoCommitment(Command, frozen=True, tag="commitment.undo"):
    """Take a mark back, or (`on` false) put it back."""

    commitment: Id
    on: bool = True


class FulfilCommitment(Command, frozen=True, tag="commitment.done"):
    """Say that a promise was kept, or (`on` false) that it was not yet."""

    commitment: Id
    version: Version
    on: bool = True
    note: Reason = ""


class OfferSlate(Command, frozen=True, tag="slate.offer"):
    """Choose so many of the public questions by a rule that can be repeated, and show them; it puts none on the list."""

    method: Literal["supports", "recent", "spread", "draw"]
    size: Annotated[int, Meta(ge=1, le=12)] = 5
