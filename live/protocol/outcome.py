"""How a poll came out, as the public and staff read it: what stands beside the votes; declarations only."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

PollKind = Literal["single", "multiple", "scale", "satisfaction", "approval"]
Results = Literal["always", "after_vote", "after_close", "after_publication", "never"]
Secrecy = Literal["secret", "named"]
Revote = Literal["until_close", "never"]
Electorate = Literal["all", "members", "codes", "roll"]
Base = Literal["ballots", "cast", "eligible"]
# Numerator and denominator: two thirds are exactly two thirds.
Share = tuple[Annotated[int, Meta(ge=0, le=1_000)], Annotated[int, Meta(ge=1, le=1_000)]]


class PollRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a verdict. `quorum` is a share of the eligible, `least_ballots` a number; either, both or none.

    An option is accepted with `more_than` (else: at least) `threshold` of `base`: "cast" are ballots that take a side (abstentions,
    不了解 left out), "ballots" all, "eligible" everybody who may vote. `tie`: what equal votes at the top come to.
    """

    quorum: Share | None = None
    least_ballots: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    threshold: Share = (1, 2)
    more_than: bool = True
    base: Base = "cast"
    tie: Literal["rejected", "undecided"] = "rejected"


class Verdict(Struct, frozen=True):
    """What the rule came to, stored with the frozen result. `options` are accepted (or tied: those that are equal); `votes` the most
    that one had, of `base`, `needed` the fewest that would have done; `quorum` ballots were asked for, 0: none."""

    outcome: Literal["accepted", "rejected", "tied", "no_quorum"]
    options: tuple[int, ...]
    votes: int
    base: int
    needed: int
    quorum: int = 0


class LevelResult(Struct, frozen=True):
    """The ballots of voters of these levels of assurance: votes in the options' order, and how many ballots."""

    levels: tuple[int, ...]
    votes: tuple[int, ...]
    total: int


class ScaleResult(Struct, frozen=True):
    """Of a scale: van der Eijk's agreement, from -1 (half at each end) by 0 (evenly spread) to 1 (all alike), and the mean; the mean is
    never told alone."""

    agreement: float
    mean: float


class EarlierResult(Struct, frozen=True):
    """The same poll asked before: votes in the options' order."""

    poll: int
    question: str
    at: str
    votes: tuple[int, ...]
    total: int
    scale: ScaleResult | None = None


class EnteredResult(Struct, frozen=True):
    """Counts that a clerk entered (代录), of one source; `counted`: they are in votes and total too."""

    source: str
    votes: tuple[int, ...]
    total: int
    counted: bool


class PollOutcome(Struct, frozen=True):
    """All that is told beside votes and total, and only where those are. A percent is of `base_count`, which `base` names.

    `eligible` is how many may vote, where that is known, by `eligible_by`; `active` how many took part in the room at all, told with a
    frozen result. `levels` stand only in a frozen result, small ones joined with their neighbours for the public. `names` is the
    address of who voted how, of a named poll. `changes`: casts beyond one a ballot.
    """

    base: Base
    base_count: int
    eligible: int | None = None
    eligible_by: Literal["", "given", "codes", "roll", "members"] = ""
    active: int | None = None
    changes: int = 0
    levels: tuple[LevelResult, ...] = ()
    scale: ScaleResult | None = None
    verdict: Verdict | None = None
    earlier: EarlierResult | None = None
    entered: tuple[EnteredResult, ...] = ()
    names: str = ""
