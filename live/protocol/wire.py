"""Which commands and frames there are, and their bytes; it decides nothing and stores nothing."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from live.protocol.audience import (
    AddLikes,
    AppealItem,
    AskQuestion,
    CastVote,
    PostComment,
    ReportItem,
    RetractItem,
    SupportQuestion,
)
from live.protocol.calls import (
    BlockCaller,
    EndCall,
    LogCall,
    MoveCall,
    PutCallOnAir,
    ReferCall,
    RevealNumber,
    ScreenCall,
    TakeCallbacks,
    UnblockCaller,
    VoteForCaller,
)
from live.protocol.desk import (
    ApproveItem,
    ClaimItem,
    DecideAppeal,
    DecideItems,
    DismissReports,
    EscalateItem,
    HoldItem,
    ImposeSanction,
    LiftSanction,
    LookAt,
    MarkFalseHit,
    MergeQuestions,
    RejectItem,
    ReleaseItem,
    ReopenItem,
    RestoreMany,
    SetSwitch,
    UndoAct,
    UnmergeQuestion,
    WithdrawItem,
    WithdrawMany,
)
from live.protocol.follow import (
    CloseQuestion,
    EditCommitment,
    FulfilCommitment,
    MarkCommitment,
    OfferSlate,
    PromiseReply,
    ResumeQuestion,
    UndoCommitment,
)
from live.protocol.polls import (
    ChangePoll,
    ClosePoll,
    CreatePoll,
    DiscardPoll,
    IssueCodes,
    OpenPoll,
    OrderPolls,
    PublishPoll,
    RevokeCodes,
    SchedulePoll,
    VoidPoll,
)
from live.protocol.show import AnswerQuestion, PerformAct, QueueQuestion, ShowQuestion, StartSegment
from live.protocol.voices import AddCaption, CorrectCaption, PinComment, RemoveCaption, SetAnnouncement
from live.protocol.words import MAX_FRAME_BYTES

AudienceCommand = (
    PostComment | AskQuestion | SupportQuestion | CastVote | AddLikes | RetractItem | ReportItem | AppealItem
)
StaffCommand = (
    ApproveItem
    | RejectItem
    | WithdrawItem
    | ReopenItem
    | HoldItem
    | EscalateItem
    | DecideItems
    | UndoAct
    | ClaimItem
    | ReleaseItem
    | LookAt
    | MergeQuestions
    | UnmergeQuestion
    | DismissReports
    | DecideAppeal
    | CreatePoll
    | ChangePoll
    | SchedulePoll
    | OrderPolls
    | DiscardPoll
    | OpenPoll
    | ClosePoll
    | PublishPoll
    | VoidPoll
    | IssueCodes
    | RevokeCodes
    | QueueQuestion
    | ShowQuestion
    | AnswerQuestion
    | PromiseReply
    | CloseQuestion
    | ResumeQuestion
    | MarkCommitment
    | EditCommitment
    | UndoCommitment
    | FulfilCommitment
    | OfferSlate
    | StartSegment
    | PerformAct
    | ImposeSanction
    | LiftSanction
    | WithdrawMany
    | RestoreMany
    | MarkFalseHit
    | SetSwitch
    | LogCall
    | ScreenCall
    | MoveCall
    | PutCallOnAir
    | EndCall
    | ReferCall
    | BlockCaller
    | UnblockCaller
    | RevealNumber
    | VoteForCaller
    | TakeCallbacks
    | AddCaption
    | CorrectCaption
    | RemoveCaption
    | SetAnnouncement
    | PinComment
)


class CloseCode:
    """Why a socket was closed, for the page: what it does next is in the comment."""

    GOING_AWAY = 1001  # reconnect with jitter
    TOO_SLOW = 4008  # fell behind; take the snapshot, then reconnect
    NOT_ALLOWED = 4003  # do not come back with this identity
    NOT_FOUND = 4004  # no such airing
    MOVING = 4012  # this process stops; come back within the milliseconds that the reason says
    FULL = 4013  # go on by polling GET …/state; come back within the milliseconds that the reason says
    TOO_FAST = 4029  # sent too much; wait a minute


class BadFrame(ValueError):
    """What came is not a command; `code` is bad_json, unknown_type, bad_field, too_big or binary."""

    def __init__(self, code: str, message: str, command_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.command_id = command_id


_audience = msgspec.json.Decoder(AudienceCommand)
_staff = msgspec.json.Decoder(AudienceCommand | StaffCommand)
_encoder = msgspec.json.Encoder()


class _Peek(Struct):
    id: Any = ""
    type: Any = ""


_peek = msgspec.json.Decoder(_Peek)
AUDIENCE_TYPES: frozenset[str] = frozenset(kind.__struct_config__.tag for kind in AudienceCommand.__args__)
STAFF_TYPES: frozenset[str] = frozenset(kind.__struct_config__.tag for kind in StaffCommand.__args__)


def decode(frame: bytes | str, *, staff: bool) -> AudienceCommand | StaffCommand:
    """One command from one text frame. Raises BadFrame with a stable code; the socket lives on."""
    if len(frame) > MAX_FRAME_BYTES:
        raise BadFrame("too_big", f"frame of {len(frame)} bytes; at most {MAX_FRAME_BYTES}")
    try:
        command: AudienceCommand | StaffCommand = (_staff if staff else _audience).decode(frame)
        return command
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _explained(frame, error, staff=staff) from error


def _explained(frame: bytes | str, error: Exception, *, staff: bool) -> BadFrame:
    try:
        peek = _peek.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return BadFrame("bad_json", "not a JSON object")
    command_id = peek.id if isinstance(peek.id, str) and len(peek.id) <= 64 else ""
    known = AUDIENCE_TYPES | STAFF_TYPES if staff else AUDIENCE_TYPES
    if not isinstance(peek.type, str) or peek.type not in known:
        return BadFrame("unknown_type", f"unknown type {str(peek.type)[:40]!r}", command_id)
    return BadFrame("bad_field", str(error)[:500], command_id)


def encode(frame: Struct) -> bytes:
    """The bytes of a frame, UTF-8 JSON."""
    return _encoder.encode(frame)
