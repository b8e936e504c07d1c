"""What one browser alone is told: its own things, and the answers to its commands; declarations only."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from live.protocol.follow import QuestionEnd
from live.protocol.outcome import PollOutcome
from live.protocol.public import OptionResult
from live.protocol.words import ItemKind, ItemState, Span


class MyItem(Struct, frozen=True):
    """One's own comment or question with its state; `reason` in words when rejected or withdrawn.

    What waits at the desk is "pending" for its author, wherever it stands there. `appeal` is "" when none was made, `may_appeal`
    whether one may be; it is answered by `appeal_due`, with `appeal_answer`. `mask` are the spans the public does not see. `into`
    is the question that stands for a merged one. `end` of a question holds answers in writing for its author alone too. `to` (a comment
    that this one answers), `person` and `department` are whom it was addressed to, so that it can be said again in other words.
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
    end: QuestionEnd | None = None
    to: int | None = None
    person: int | None = None
    department: str = ""


class MyReport(Struct, frozen=True):
    """That one reported a public item, and what came of it: `upheld`, it was taken down; `dismissed`, it stays."""

    kind: ItemKind
    item: int
    state: Literal["open", "upheld", "dismissed"]
    at: str


class MyBallot(Struct, frozen=True):
    """One's own current choice. `result` carries the counts where results are shown after the own vote.

    `number` is the ballot's name in the list that may be published after the close; it names no person. `outcome` comes with `result`.
    """

    poll: int
    options: tuple[int, ...]
    at: str
    result: tuple[OptionResult, ...] | None = None
    total: int | None = None
    number: str = ""
    outcome: PollOutcome | None = None


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
    # All of them; () in a part says nothing of them.
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
