"""What staff and overlays see; nothing of it may go to the public."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from live.protocol.calls import StaffCall
from live.protocol.outcome import Electorate, PollKind, PollOutcome, PollRule, Results, Revote, Secrecy
from live.protocol.public import OptionResult, PersonObject, PollObject, PublicObject, QuestionObject, SegmentObject
from live.protocol.words import ItemKind, ItemState, Span


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
    `first_by` gave the 初审. `hidden` says that a standing withdrawal hides it. `speaks_as` and `affiliation` are badge
    and 界别 or organisation as the public reads them; `reply_to` is the comment that it answers.
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
    speaks_as: str = ""
    affiliation: str = ""
    reply_to: int | None = None
    promised_to: str = ""
    due: str | None = None


class StaffPoll(Struct, frozen=True):
    """A poll as the control room sees it, counts always included; `on_behalf` of the ballots were cast for callers.

    Terms as in `PollTerms`. `opens_at` and `opens_with` (a segment) are when a draft opens by itself; one that the house missed by more
    than five minutes says `missed`. A discarded one is told once, and leaves the list. `codes` were issued and not revoked, of which
    `codes_used` are somebody's. `delay_seconds` are the grace of the stream's delay.
    """

    id: int
    question: str
    options: tuple[OptionResult, ...]
    state: Literal["draft", "open", "closed", "void", "discarded"]
    results: Results
    least_assurance: int
    total: int
    opened_at: str | None
    closes_at: str | None
    closed_at: str | None
    void_reason: str = ""
    replaces: int | None = None
    on_behalf: int = 0
    poll_kind: PollKind = "single"
    fewest: int = 1
    most: int = 1
    secrecy: Secrecy = "secret"
    revote: Revote = "until_close"
    electorate: Electorate = "all"
    roll: int | None = None
    roll_name: str = ""
    eligible: int | None = None
    position: int = 0
    seconds: int | None = None
    filling_seconds: int = 0
    delay_seconds: int = 0
    ends_at: str | None = None
    opens_at: str | None = None
    opens_with: int | None = None
    missed: bool = False
    published_at: str | None = None
    segment: int | None = None
    about: int | None = None
    compares: int | None = None
    rule: PollRule | None = None
    adds_entered: bool = True
    codes: int = 0
    codes_used: int = 0
    outcome: PollOutcome | None = None


class StaffSnapshot(Struct, frozen=True, tag_field="type", tag="staff.snapshot"):
    """All that staff of this airing work with, true as of `seq` of the staff lane."""

    seq: int
    at: str
    items: tuple[StaffItem, ...]
    polls: tuple[StaffPoll, ...]
    panels: dict[str, Any]
    public: tuple[PublicObject, ...]
    calls: tuple[StaffCall, ...] = ()


class StaffChange(Struct, frozen=True, tag_field="type", tag="staff.change"):
    """Items, polls, calls or panels that changed after number `after`, up to and with `seq`, sent to staff at once.

    Several changes may come in one frame. Only an `after` beyond the last `seq` that was seen is a gap: take the snapshot again.
    """

    seq: int
    at: str
    after: int = 0
    items: tuple[StaffItem, ...] = ()
    polls: tuple[StaffPoll, ...] = ()
    panels: dict[str, Any] = {}
    public: tuple[PublicObject, ...] = ()
    calls: tuple[StaffCall, ...] = ()


class HallScene(Struct, frozen=True):
    """What a hall's page shows beside what lies over a picture, before and after the show too. `people` watch together at `venues`
    places, by the last counts; `here` at this one (None: not counted). They are in no count of viewers online."""

    programme: str
    programme_en: str
    number: int | None
    title: str
    title_en: str
    state: str
    planned_start: str
    caption: str = ""
    announcement: str = ""
    people: int = 0
    venues: int = 0
    here: int | None = None


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
    # Of the page of a hall alone.
    hall: HallScene | None = None
