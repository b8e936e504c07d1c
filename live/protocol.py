"""All that travels between browser and server, as typed classes; pure: it imports no framework, decides nothing and stores nothing.

Commands go up, frames come down. Public frames and staff frames are different classes, so that a staff field cannot slip out
by a forgotten flag. JSON Schema, the browser's types and docs/protocol.md are generated from here (`python -m broadcast protocol`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

MAX_FRAME_BYTES = 16_384
TEXT_MAX = 500
# A browser and the server both keep this many public comments, the newest by (at, id); trimming is never sent as a removal.
COMMENTS_SHOWN = 100

CommandId = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, Meta(min_length=1, max_length=4_000)]
Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Version = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Reason = Annotated[str, Meta(max_length=200)]
ItemKind = Literal["comment", "question"]
ReasonCode = Annotated[str, Meta(min_length=1, max_length=32)]
# First and last+1 code point of the item's own words.
Span = tuple[Annotated[int, Meta(ge=0, le=4_000)], Annotated[int, Meta(ge=1, le=4_000)]]
ItemState = Literal[
    "pending",
    "held",
    "second",
    "escalated",
    "approved",
    "queued",
    "on_air",
    "answered",
    "rejected",
    "withdrawn",
    "retracted",
    "merged",
]


class Command(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What a browser sends. `id` is made by the browser, new for each act and the same on each retry of it."""

    id: CommandId


class PostComment(Command, frozen=True, tag="comment.post"):
    """Say something. Public after approval unless the programme is 先发后审."""

    text: Text


class AskQuestion(Command, frozen=True, tag="question.ask"):
    """Ask something, optionally addressed to a person of the episode."""

    text: Text
    person: Id | None = None


class SupportQuestion(Command, frozen=True, tag="question.support"):
    """Support a public question, or take the support back."""

    question: Id
    on: bool = True


class CastVote(Command, frozen=True, tag="poll.vote"):
    """Cast or change one's ballot. The last accepted one counts until the poll closes."""

    poll: Id
    options: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=50)]


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
    | OpenPoll
    | ClosePoll
    | VoidPoll
    | QueueQuestion
    | ShowQuestion
    | AnswerQuestion
    | StartSegment
    | PerformAct
    | ImposeSanction
    | LiftSanction
    | WithdrawMany
    | RestoreMany
    | MarkFalseHit
    | SetSwitch
)


# What the public sees: state objects. Each has a `key` ("kind:id", or the kind alone where there is one); a browser's state is
# a map from key to object, and a tick puts or removes whole objects, never differences.


class Object(Struct, frozen=True, tag_field="kind", omit_defaults=False):
    """One thing of the public state."""

    key: str


class AiringObject(Object, frozen=True, tag="airing"):
    """The airing itself. Times are ISO 8601 UTC. English names may be empty.

    `comments` and `questions` are what holds now: "off" also while the desk takes none, "post" only while it lets them out at once.
    One person may send one in `comment_seconds` (`question_seconds`), 0: no such pause.
    """

    state: Literal["planned", "waiting", "on_air", "ended", "cancelled"]
    title: str
    programme: str
    number: int | None
    planned_start: str
    planned_end: str
    actual_start: str | None
    actual_end: str | None
    delay_seconds: int
    comments: Literal["off", "pre", "post"]
    questions: Literal["off", "pre", "post"]
    likes: bool
    withdrawn: bool = False
    title_en: str = ""
    programme_en: str = ""
    comment_seconds: int = 0
    question_seconds: int = 0
    verified_only: bool = False


class MediaObject(Object, frozen=True, tag="media"):
    """Picture and sound as the public gets it. `playlist` is the live one while on air, `replay` once released.

    `showing` is what the public sees on it now: the show, the filler, or an earlier episode in its place.
    """

    state: Literal["none", "waiting", "live", "lost", "cut", "ended"]
    playlist: str | None = None
    replay: str | None = None
    since: str | None = None
    media_kind: Literal["video", "audio"] = "video"
    showing: Literal["live", "filler", "rerun"] = "live"


class SegmentObject(Object, frozen=True, tag="segment"):
    """A part of the run-down, planned and actual. `role` is the role's name, `mark` its one character.

    With a delay the public learns of a start when its picture comes to it, at `shown_from`; times are the studio's.
    """

    id: int
    position: int
    mark: str
    role: str
    title: str
    planned_seconds: int
    started_at: str | None
    ended_at: str | None
    role_en: str = ""
    shown_from: str | None = None


class PersonObject(Object, frozen=True, tag="person"):
    """Somebody who appears, with role in words."""

    id: int
    name: str
    role: str
    role_name: str
    organisation: str
    position: int


class CommentObject(Object, frozen=True, tag="comment"):
    """A public comment. `at` is when it became public; `badge` is "member" for a committee member, else empty."""

    id: int
    text: str
    author: str
    badge: str
    at: str


class QuestionObject(Object, frozen=True, tag="question"):
    """A public question. On air and answered come with the delayed picture, at `shown_from`; times are the studio's."""

    id: int
    text: str
    author: str
    to: str
    state: Literal["approved", "queued", "on_air", "answered"]
    supports: int
    at: str
    on_air_at: str | None
    answered_at: str | None
    shown_from: str | None = None


class OptionResult(Struct, frozen=True):
    """One option; `votes` is None while the results are hidden from the public."""

    id: int
    text: str
    votes: int | None


class PollObject(Object, frozen=True, tag="poll"):
    """A poll that was opened. `total` is None where counts are hidden; with results after_vote the counts come by `mine`.

    With a delay it is public, and takes ballots, from `shown_from` on, when the picture comes to its opening. A void one has no
    counts and says why in `void_reason`; `replaces` is the void poll whose next round this is. `list` is the address of the
    anonymous list of ballots, where the programme publishes it.
    """

    id: int
    question: str
    options: tuple[OptionResult, ...]
    state: Literal["open", "closed", "void"]
    results: Literal["always", "after_vote", "after_close", "never"]
    least_assurance: int
    opened_at: str
    closes_at: str | None
    closed_at: str | None
    total: int | None
    shown_from: str | None = None
    void_reason: str = ""
    replaces: int | None = None
    list: str = ""


class CountsObject(Object, frozen=True, tag="counts"):
    """What is counted over the whole airing. `viewers` are people watching now (sockets), not visits."""

    viewers: int
    likes: int
    comments: int
    questions: int


class LoadObject(Object, frozen=True, tag="load"):
    """What is thinned because many are here (`live.ladder`), 0: nothing. Of the comments since the oldest in the list,
    `comments_percent` in a hundred are in it, drawn by lot; all of them are at GET …/comments.

    `cleared` is a word that changes when something ceased to be public: whoever holds more than this state drops it then.
    """

    level: int
    likes_ms: int
    comments_percent: int
    cleared: str = ""


PublicObject = (
    AiringObject
    | MediaObject
    | SegmentObject
    | PersonObject
    | CommentObject
    | QuestionObject
    | PollObject
    | CountsObject
    | LoadObject
)


class Snapshot(Struct, frozen=True, tag_field="type", tag="snapshot"):
    """The whole public state, true as of (epoch, seq) of the public lane. The same bytes as GET …/state."""

    epoch: int
    seq: int
    at: str
    next_after_ms: int
    objects: tuple[PublicObject, ...]


class Tick(Struct, frozen=True, tag_field="type", tag="tick"):
    """What changed since seq - 1: objects put whole, keys removed. A browser that sees a gap resumes or takes the snapshot.

    `supports`: (question, how many) of questions of which nothing else changed; their objects are as before with that number.
    """

    epoch: int
    seq: int
    at: str
    next_after_ms: int
    put: tuple[PublicObject, ...] = ()
    remove: tuple[str, ...] = ()
    supports: tuple[tuple[int, int], ...] = ()


class MyItem(Struct, frozen=True):
    """One's own comment or question with its state; `reason` in words when rejected or withdrawn.

    What waits at the desk is "pending" for its author, wherever it stands there. `appeal` is "" when none was made, `may_appeal`
    whether one may be; it is answered by `appeal_due`, with `appeal_answer`. `mask` are the spans the public does not see. `into`
    is the question that stands for a merged one.
    """

    kind: ItemKind
    id: int
    text: str
    state: ItemState
    reason: str
    at: str
    mask: tuple[Span, ...] = ()
    may_appeal: bool = False
    appeal: Literal["", "open", "granted", "refused"] = ""
    appeal_due: str | None = None
    appeal_answer: str = ""
    into: int | None = None


class MyReport(Struct, frozen=True):
    """That one reported a public item, and what came of it: `upheld`, it was taken down; `dismissed`, it stays."""

    kind: ItemKind
    item: int
    state: Literal["open", "upheld", "dismissed"]
    at: str


class MyBallot(Struct, frozen=True):
    """One's own current choice. `result` carries the counts where results are shown after the own vote.

    `number` is the ballot's name in the list that may be published after the close; it names no person.
    """

    poll: int
    options: tuple[int, ...]
    at: str
    result: tuple[OptionResult, ...] | None = None
    total: int | None = None
    number: str = ""


class MySanction(Struct, frozen=True):
    """A mute or ban that concerns this browser now, told to whom it concerns: what, where, why and until when (None: until lifted).

    `words` say all of it, and what can be done.
    """

    id: int
    measure: Literal["mute", "ban"]
    scope: Literal["participant", "device", "network"]
    where: Literal["room", "programme", "house"]
    reason: str
    until: str | None
    words: str


class Mine(Struct, frozen=True, tag_field="type", tag="mine"):
    """What belongs to this participant alone, whole: sent on request (GET …/mine) and in parts when something changes.

    `sanctions` are those that stand now; None says nothing of them.
    """

    items: tuple[MyItem, ...] = ()
    ballots: tuple[MyBallot, ...] = ()
    supports: tuple[int, ...] = ()
    reports: tuple[MyReport, ...] = ()
    assurance: int = 0
    whole: bool = False
    sanctions: tuple[MySanction, ...] | None = None


class Pace(Struct, frozen=True, tag_field="type", tag="pace"):
    """If this socket is cut off without a reason, come back at a random moment of the next so many milliseconds: many others will."""

    return_ms: int


class Ack(Struct, frozen=True, tag_field="type", tag="ack"):
    """The command `id` is in the database. `result` is plain data of the command's own."""

    id: str
    result: dict[str, Any] = {}


class Refused(Struct, frozen=True, tag_field="type", tag="error"):
    """The command was refused; nothing of it is kept. `code` is stable, `message` is for a person, `id` is empty when unreadable."""

    id: str
    code: str
    message: str
    data: dict[str, Any] = {}


class Hit(Struct, frozen=True):
    """What a rule found in an item; `false` once a moderator said that it was wrong, `late` when the item was public already."""

    rule: int
    code: str
    name: str
    action: Literal["hold", "reject", "mask"]
    spans: tuple[Span, ...] = ()
    false: bool = False
    late: bool = False


class Claim(Struct, frozen=True):
    """Who has an item on the desk, and until when."""

    user: int
    name: str
    until: str


class StaffItem(Struct, frozen=True):
    """A comment or question as the desk sees it.

    `sender` names its author among the items of the show, for the history beside it; `source` is the partner it came through, ""
    for our own page. `since` is when it came into the queue where it waits; `similar` the first of those that look alike.
    `first_by` gave the 初审. `hidden` says that a standing withdrawal hides it.
    """

    kind: ItemKind
    id: int
    version: int
    state: ItemState
    text: str
    author: str
    assurance: int
    reason: str
    note: str
    decided_by: str
    decided_at: str | None
    supports: int
    to: str
    at: str
    sender: str = ""
    source: str = ""
    district: str = ""
    since: str = ""
    mask: tuple[Span, ...] = ()
    hits: tuple[Hit, ...] = ()
    claim: Claim | None = None
    first_by: str = ""
    first_by_id: int | None = None
    reports: int = 0
    report_reasons: tuple[str, ...] = ()
    appeal: Literal["", "open", "granted", "refused"] = ""
    appeal_text: str = ""
    appeal_due: str | None = None
    similar: int | None = None
    merged_into: int | None = None
    hidden: bool = False


class StaffPoll(Struct, frozen=True):
    """A poll as the control room sees it, counts always included."""

    id: int
    question: str
    options: tuple[OptionResult, ...]
    state: Literal["draft", "open", "closed", "void"]
    results: str
    least_assurance: int
    total: int
    opened_at: str | None
    closes_at: str | None
    closed_at: str | None
    void_reason: str = ""
    replaces: int | None = None


class StaffSnapshot(Struct, frozen=True, tag_field="type", tag="staff.snapshot"):
    """All that staff of this airing work with, true as of `seq` of the staff lane."""

    seq: int
    at: str
    items: tuple[StaffItem, ...]
    polls: tuple[StaffPoll, ...]
    panels: dict[str, Any]
    public: tuple[PublicObject, ...]


class StaffChange(Struct, frozen=True, tag_field="type", tag="staff.change"):
    """Items, polls or panels that changed after number `after`, up to and with `seq`, sent to staff at once.

    Several changes may come in one frame. Only an `after` beyond the last `seq` that was seen is a gap: take the snapshot again.
    """

    seq: int
    at: str
    after: int = 0
    items: tuple[StaffItem, ...] = ()
    polls: tuple[StaffPoll, ...] = ()
    panels: dict[str, Any] = {}
    public: tuple[PublicObject, ...] = ()


class OverlayScene(Struct, frozen=True, tag_field="type", tag="overlay"):
    """All that an overlay shows now, out of public objects alone; `shown` false: nothing. Sent whole whenever it changes, and
    every two seconds; at the studio's time or the public's, as the link says."""

    shown: bool
    programme: str
    programme_en: str
    number: int | None
    segment: SegmentObject | None = None
    question: QuestionObject | None = None
    speaker: PersonObject | None = None
    poll: PollObject | None = None
    announcement: str = ""
    at: str = ""


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
    return BadFrame("bad_field", str(error), command_id)


def encode(frame: Struct) -> bytes:
    """The bytes of a frame, UTF-8 JSON."""
    return _encoder.encode(frame)
