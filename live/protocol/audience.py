"""What a viewer may send; declarations only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from live.protocol.words import Command, Id, ItemKind, Reason, ReasonCode, Text


class PostComment(Command, frozen=True, tag="comment.post"):
    """Say something. Public after approval unless the programme is 先发后审.

    `to`: the public comment that a guest or a department of the show answers; of others it is refused.
    """

    text: Text
    to: Id | None = None


class AskQuestion(Command, frozen=True, tag="question.ask"):
    """Ask something, optionally addressed to a person of the episode, or to a department by its name."""

    text: Text
    person: Id | None = None
    department: Annotated[str, Meta(max_length=120)] = ""


class SupportQuestion(Command, frozen=True, tag="question.support"):
    """Support a public question, or take the support back."""

    question: Id
    on: bool = True


class CastVote(Command, frozen=True, tag="poll.vote"):
    """Cast or change one's ballot. The last accepted one counts until the poll closes, or the first where it says so.

    `code` is an invitation code, needed once where the poll asks for one. `named` says that the voter was told that name and choice
    are published with the result; a named poll takes no ballot without.
    """

    poll: Id
    options: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=50)]
    code: Annotated[str, Meta(max_length=24)] = ""
    named: bool = False


class AddLikes(Command, frozen=True, tag="like.add"):
    """Likes collected by the browser since its last such command."""

    count: Annotated[int, Meta(ge=1, le=20)] = 1


class RetractItem(Command, frozen=True, tag="item.retract"):
    """Take back one's own comment or question."""

    kind: ItemKind
    item: Id


class ReportItem(Command, frozen=True, tag="item.report"):
    """举报 a public comment or question of somebody else; once each."""

    kind: ItemKind
    item: Id
    reason: ReasonCode
    note: Reason = ""


class AppealItem(Command, frozen=True, tag="item.appeal"):
    """申诉 against the refusal or withdrawal of one's own item; once each."""

    kind: ItemKind
    item: Id
    text: Annotated[str, Meta(min_length=1, max_length=300)]
