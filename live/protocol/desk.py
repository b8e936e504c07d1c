"""What moderators send from the desk; declarations only."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from live.protocol.words import Command, CommandId, Id, ItemKind, Reason, ReasonCode, Span, Version


class ApproveItem(Command, frozen=True, tag="item.approve"):
    """Make a comment or question public, or pass it on to 复审 where the programme looks twice.

    `version` is the one the moderator saw; another one is refused as conflict. `mask` hides these spans of it from the public.
    """

    kind: ItemKind
    item: Id
    version: Version
    mask: Annotated[tuple[Span, ...], Meta(max_length=50)] = ()


class RejectItem(Command, frozen=True, tag="item.reject"):
    """Refuse a comment or question; the author sees the reason."""

    kind: ItemKind
    item: Id
    version: Version
    reason: Annotated[str, Meta(min_length=1, max_length=32)]
    note: Reason = ""


class WithdrawItem(Command, frozen=True, tag="item.withdraw"):
    """Take down what is already public; it leaves every surface within two seconds."""

    kind: ItemKind
    item: Id
    version: Version
    reason: Annotated[str, Meta(min_length=1, max_length=32)]
    note: Reason = ""


class ReopenItem(Command, frozen=True, tag="item.reopen"):
    """Undo: put a decided item back to pending."""

    kind: ItemKind
    item: Id
    version: Version


class HoldItem(Command, frozen=True, tag="item.hold"):
    """暂扣: set it aside, to be decided later by anybody."""

    kind: ItemKind
    item: Id
    version: Version
    note: Reason = ""


class EscalateItem(Command, frozen=True, tag="item.escalate"):
    """上报: hand it to the duty leader, who alone decides it from then on."""

    kind: ItemKind
    item: Id
    version: Version
    note: Reason = ""


class ItemRef(Struct, frozen=True, forbid_unknown_fields=True):
    """One item as somebody saw it."""

    kind: ItemKind
    item: Id
    version: Version


class DecideItems(Command, frozen=True, tag="items.decide"):
    """One decision about many items. Each stands or falls by itself: the answer names those done and those that moved meanwhile."""

    act: Literal["approve", "reject", "hold", "escalate", "withdraw"]
    items: Annotated[tuple[ItemRef, ...], Meta(min_length=1, max_length=200)]
    reason: Annotated[str, Meta(max_length=32)] = ""
    note: Reason = ""


class UndoAct(Command, frozen=True, tag="items.undo"):
    """Take back one's own decision, the whole of a bulk: each item that nobody touched since goes back to what it was."""

    act: CommandId


class ClaimItem(Command, frozen=True, tag="item.claim"):
    """认领: have it for the length of the lease; whoever has it is told to the others. Claiming one's own again prolongs it."""

    kind: ItemKind
    item: Id


class ReleaseItem(Command, frozen=True, tag="item.release"):
    """Give a claimed item back."""

    kind: ItemKind
    item: Id


class LookAt(Command, frozen=True, tag="desk.look"):
    """I am at the desk, looking at this item, or at none. Not audited; forgotten when it stops coming."""

    kind: ItemKind | None = None
    item: Id | None = None


class DismissReports(Command, frozen=True, tag="reports.dismiss"):
    """The reported item stays public; whoever reported it is told. `note` stays with staff."""

    kind: ItemKind
    item: Id
    version: Version
    note: Reason = ""


class DecideAppeal(Command, frozen=True, tag="appeal.decide"):
    """Answer an appeal: granted, the item becomes public; else it stays, and `note` tells its author why.

    Never by whoever made the decision appealed against.
    """

    kind: ItemKind
    item: Id
    version: Version
    granted: bool
    note: Reason = ""


class MarkFalseHit(Command, frozen=True, tag="item.false_hit"):
    """误报: the rule was wrong about this item. The item stays where it is; saying it again changes nothing."""

    kind: ItemKind
    item: Id
    rule: Id
    on: bool = True


class MergeQuestions(Command, frozen=True, tag="question.merge"):
    """Let one question stand for others that ask the same; their supports are carried over, once a person."""

    into: Id
    questions: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=50)]


class UnmergeQuestion(Command, frozen=True, tag="question.unmerge"):
    """Take one question out of a merge; it stands for itself again, with the supports that were its own."""

    question: Id


class ImposeSanction(Command, frozen=True, tag="sanction.impose"):
    """Mute or ban the author of an item: the participant, the device or the network that the evidence of the item names.

    `seconds` None: until lifted. `where`: this show, its programme, or all programmes.
    """

    kind: ItemKind
    item: Id
    measure: Literal["mute", "ban"]
    scope: Literal["participant", "device", "network"] = "participant"
    where: Literal["room", "programme", "house"] = "room"
    seconds: Annotated[int, Meta(ge=60, le=31_536_000)] | None = None
    reason: ReasonCode = "other"
    note: Reason = ""


class LiftSanction(Command, frozen=True, tag="sanction.lift"):
    """End a sanction before its time."""

    sanction: Id
    note: Reason = ""


class WithdrawMany(Command, frozen=True, tag="withdrawal.make"):
    """紧急撤下: hide all that the author of an item wrote, or all that the public wrote, in this show or (`house`) everywhere."""

    scope: Literal["author", "everything"]
    kind: ItemKind | None = None
    item: Id | None = None
    where: Literal["room", "house"] = "room"
    reason: ReasonCode = "other"
    note: Reason = ""


class RestoreMany(Command, frozen=True, tag="withdrawal.restore"):
    """Bring back what a withdrawal hid."""

    withdrawal: Id
    note: Reason = ""


class SetSwitch(Command, frozen=True, tag="room.switch"):
    """Turn a switch of the room: what is taken in, how fast, from whom, and whether before or after a look (先审后发)."""

    switch: Literal[
        "takes_comments",
        "takes_questions",
        "comment_seconds",
        "question_seconds",
        "verified_only",
        "is_post",
        "alarm_seconds",
    ]
    value: Annotated[int, Meta(ge=0, le=3_600)]
