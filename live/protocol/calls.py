"""Listeners' calls as staff see them, and what screeners, hosts and who runs the show send about them; declarations only."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from live.protocol.words import Command, Id, Version

CallState = Literal["ringing", "screened", "waiting", "on_air", "ended", "callback", "dropped", "refused"]
_Line = Annotated[str, Meta(max_length=24)]
_Name = Annotated[str, Meta(max_length=40)]
_Topic = Annotated[str, Meta(max_length=200)]
_Note = Annotated[str, Meta(max_length=300)]
_Number = Annotated[str, Meta(max_length=32)]


class StaffCall(Struct, frozen=True):
    """A call. The host, and who runs the show, know those that wait or are on air, without `tail`, `line` and the like.

    The number itself is in no frame: `call.number` asks for it, audited. `asked`: a listener's wish to be called back; `earlier`: so
    many calls of this number before, in any show; `blocked`: why it is not put through now; `votes`: polls voted in for the caller.
    """

    id: int
    version: int
    state: CallState
    name: str
    district: str
    topic: str
    note: str
    priority: bool
    position: int
    at: str
    notice_at: str | None = None
    screened_at: str | None = None
    on_air_at: str | None = None
    ended_at: str | None = None
    line: str = ""
    tail: str = ""
    has_number: bool = False
    asked: bool = False
    earlier: int = 0
    blocked: str = ""
    block: int | None = None
    referral: str = ""
    screener: str = ""
    votes: tuple[int, ...] = ()


class LogCall(Command, frozen=True, tag="call.log"):
    """A call rings, or is written down by hand. A retry answers with the same call."""

    line: _Line = ""
    number: _Number = ""
    name: _Name = ""
    district: _Name = ""
    topic: _Topic = ""


class ScreenCall(Command, frozen=True, tag="call.screen"):
    """Write down who calls from where about what; a ringing call is screened by it. `number` None leaves the number as it is.

    `notice`: the caller was told that the call is recorded and goes on air. Once told it stays told.
    """

    call: Id
    version: Version
    name: _Name = ""
    district: _Name = ""
    topic: _Topic = ""
    note: _Note = ""
    line: _Line = ""
    priority: bool = False
    notice: bool = False
    number: _Number | None = None


class MoveCall(Command, frozen=True, tag="call.move"):
    """Take a call from one state to another, off the air."""

    call: Id
    version: Version
    to: Literal["ringing", "screened", "waiting", "callback", "dropped", "refused", "ended"]


class PutCallOnAir(Command, frozen=True, tag="call.air"):
    """Put a waiting call on air; the one that is there ends."""

    call: Id
    version: Version


class EndCall(Command, frozen=True, tag="call.end"):
    """Take the call off the air: it is over, the line fell, or it waits again."""

    call: Id
    version: Version
    to: Literal["ended", "dropped", "waiting"] = "ended"


class ReferCall(Command, frozen=True, tag="call.refer"):
    """Note the number of the case at the city's 12345 line; empty takes it away."""

    call: Id
    referral: Annotated[str, Meta(max_length=40)]


class BlockCaller(Command, frozen=True, tag="call.block"):
    """Put this caller's number on the list of those not put through, in all shows. `days` None: until lifted."""

    call: Id
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    days: Annotated[int, Meta(ge=1, le=3_650)] | None = None


class UnblockCaller(Command, frozen=True, tag="call.unblock"):
    """Lift a block."""

    block: Id


class RevealNumber(Command, frozen=True, tag="call.number"):
    """Tell the whole number, to call back. Audited."""

    call: Id


class VoteForCaller(Command, frozen=True, tag="call.vote"):
    """Cast the caller's vote. It counts like every ballot and is named 代投; changing it replaces it until the poll closes."""

    call: Id
    poll: Id
    options: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=12)]


class TakeCallbacks(Command, frozen=True, tag="call.takes"):
    """Let listeners ask on the page to be called back, or stop it."""

    on: bool
