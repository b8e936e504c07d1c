"""What everybody sees: state objects, the snapshot of all of them, and the ticks between; nothing of staff may stand here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from live.protocol.follow import QuestionEnd
from live.protocol.outcome import Electorate, PollKind, PollOutcome, PollRule, Results, Revote, Secrecy

# What the public sees: state objects. Each has a `key` ("kind:id", or the kind alone where there is one); a browser's state is
# a map from key to object, and a tick puts or removes whole objects, never differences.


class Object(Struct, frozen=True, tag_field="kind", omit_defaults=False):
    """One thing of the public state."""

    key: str


class AiringObject(Object, frozen=True, tag="airing"):
    """The airing itself. Times are ISO 8601 UTC. English names may be empty.

    `comments` and `questions` are what holds now: "off" also while the desk takes none, "post" only while it lets them out at once.
    One person may send one in `comment_seconds` (`question_seconds`), 0: no such pause. `callbacks`: listeners may ask to be called back.
    `captions`: caption lines have come in this show.
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
    callbacks: bool = False
    captions: bool = False


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


class Quoted(Struct, frozen=True):
    """The public comment that is answered; without words when it is not public any more."""

    id: int
    author: str
    text: str


class CommentObject(Object, frozen=True, tag="comment"):
    """A public comment. `at` is when it became public.

    `badge` says as what its author speaks: member, or host, expert, department, lecturer, leader; "": as a citizen. `affiliation` is
    a member's 界别 or who sent the others, may be empty. `reply`: what a guest or a department answers with it.
    """

    id: int
    text: str
    author: str
    badge: str
    at: str
    affiliation: str = ""
    reply: Quoted | None = None


class PinnedObject(Object, frozen=True, tag="pinned"):
    """置顶: the comment that stands before all others, whether or not it is in the list."""

    comment: CommentObject


class AnnouncementObject(Object, frozen=True, tag="announcement"):
    """公告: what the programme tells everybody first. Another one has another `id`: who put one away reads the next."""

    id: int
    text: str
    at: str


class CaptionObject(Object, frozen=True, tag="caption"):
    """A line of captions. `at`, and `until` where it is known, are the studio's time, as the picture carries it.

    With a delay it comes when the public's picture does. The state has the lines of the last minutes; GET …/captions has all.
    """

    id: int
    text: str
    at: str
    until: str | None = None


class QuestionObject(Object, frozen=True, tag="question"):
    """A public question. What happens on air comes with the delayed picture, at `shown_from`; times are the studio's. `to` is the
    person or department it is addressed to; `end` is None for most."""

    id: int
    text: str
    author: str
    to: str
    state: Literal["approved", "queued", "on_air", "answered", "promised", "closed"]
    supports: int
    at: str
    on_air_at: str | None
    answered_at: str | None
    shown_from: str | None = None
    badge: str = ""
    affiliation: str = ""
    end: QuestionEnd | None = None


class OptionResult(Struct, frozen=True):
    """One option; `votes` is None while the results are hidden from the public."""

    id: int
    text: str
    votes: int | None


class PollObject(Object, frozen=True, tag="poll"):
    """A poll that was opened. `total` is None where counts are hidden; with results after_vote the counts come by `mine`.

    With a delay it is public, and takes ballots, from `shown_from` on, when the picture comes to its opening. A void one has no
    counts and says why in `void_reason`; `replaces` is the void poll whose next round this is. `list` is the address of the
    anonymous list of ballots, where the programme publishes it. `on_behalf` of the ballots were cast for callers by the call desk.

    `poll_kind`: a ballot of "multiple" names `fewest` to `most` options, of the others one. Options of a scale are 1 to 5, of
    satisfaction 满意, 基本满意, 不满意, 不了解, of approval 赞成, 反对, 弃权, in this order. `ends_at` is the close as it is told: who
    is filling it in then has until `closes_at`. `secrecy` "named": who voted how is told with the result, and a ballot says that its
    voter knows. `revote` "never": the first ballot stands. `outcome` is None wherever counts are hidden.
    """

    id: int
    question: str
    options: tuple[OptionResult, ...]
    state: Literal["open", "closed", "void"]
    results: Results
    least_assurance: int
    opened_at: str
    closes_at: str | None
    closed_at: str | None
    total: int | None
    shown_from: str | None = None
    void_reason: str = ""
    replaces: int | None = None
    list: str = ""
    on_behalf: int = 0
    poll_kind: PollKind = "single"
    fewest: int = 1
    most: int = 1
    secrecy: Secrecy = "secret"
    revote: Revote = "until_close"
    electorate: Electorate = "all"
    position: int = 0
    ends_at: str | None = None
    published_at: str | None = None
    segment: int | None = None
    about: int | None = None
    compares: int | None = None
    rule: PollRule | None = None
    outcome: PollOutcome | None = None


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
    Of new comments `danmaku_percent` in a hundred fly over the picture, drawn by lot; 0: none.
    """

    level: int
    likes_ms: int
    comments_percent: int
    cleared: str = ""
    danmaku_percent: int = 100


PublicObject = (
    AiringObject
    | MediaObject
    | SegmentObject
    | PersonObject
    | CommentObject
    | PinnedObject
    | AnnouncementObject
    | CaptionObject
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
