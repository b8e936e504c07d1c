"""What the kinds of polls mean: which ballots fit, when counts are shown, and what a rule makes of them; pure: no rows, no framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from live.protocol.outcome import LevelResult, PollRule, ScaleResult, Verdict

# The options of kinds that bring their own, in order.
FIXED: dict[str, tuple[str, ...]] = {
    "scale": ("1", "2", "3", "4", "5"),
    "satisfaction": ("满意", "基本满意", "不满意", "不了解"),
    "approval": ("赞成", "反对", "弃权"),
}
# By place: the options that are for it, and those that take no side.
FOR: dict[str, tuple[int, ...]] = {"scale": (3, 4), "satisfaction": (0, 1), "approval": (0,)}
NO_SIDE: dict[str, tuple[int, ...]] = {"satisfaction": (3,), "approval": (2,)}
# A public cell of fewer ballots could tell how somebody voted.
SMALL_CELL = 5


def choice(kind: str, fewest: int, most: int | None, options: int) -> tuple[int, int] | None:
    """How many options a ballot may name, at least and at most; None where that cannot be."""
    if kind != "multiple":
        return (1, 1) if fewest == 1 and most in {None, 1} else None
    highest = options if most is None else most
    return (fewest, highest) if 1 <= fewest <= highest <= options else None


def are_shown(results: str, *, is_frozen: bool, is_published: bool, is_void: bool, has_voted: bool = False) -> bool:
    """Whether counts, turnout and all that follows from them are shown to the public, or (`has_voted`) to one who voted."""
    if is_void or results == "never":
        return False
    if results == "after_publication":
        return is_frozen and is_published
    return is_frozen or results == "always" or (has_voted and results == "after_vote")


def agreement(votes: Sequence[int]) -> float | None:
    """Van der Eijk's agreement A of an ordered scale: 1 all alike, 0 evenly spread, -1 half at each end. None without votes.

    C. van der Eijk, Measuring Agreement in Ordered Rating Scales, Quality & Quantity 35 (2001) 325-341: the votes are taken apart
    into layers of equal height, each layer is a pattern of zeros and ones, and A is their mean, weighted by their votes.
    """
    total = sum(votes)
    if total <= 0:
        return None
    rest, sum_ = list(votes), 0.0
    while any(rest):
        height = min(each for each in rest if each)
        pattern = [each > 0 for each in rest]
        sum_ += _pattern_agreement(pattern) * height * sum(pattern) / total
        rest = [each - height if each else 0 for each in rest]
    return sum_


def _pattern_agreement(pattern: Sequence[bool]) -> float:
    places, full = len(pattern), sum(pattern)
    if full == places:
        return 0.0
    unimodal = bimodal = 0
    for triple in combinations(pattern, 3):
        unimodal += triple in {(True, True, False), (False, True, True)}
        bimodal += triple == (True, False, True)
    found = 1.0
    if unimodal + bimodal:
        found = ((places - 2) * unimodal - (places - 1) * bimodal) / ((places - 2) * (unimodal + bimodal))
    return found * (1 - (full - 1) / (places - 1))


def scale_result(kind: str, votes: Sequence[int]) -> ScaleResult | None:
    """Agreement and mean of a scale that has votes, rounded to three and two places."""
    found = agreement(votes) if kind == "scale" else None
    if found is None:
        return None
    mean = sum(place * many for place, many in enumerate(votes, start=1)) / sum(votes)
    return ScaleResult(agreement=round(found, 3) + 0.0, mean=round(mean, 2))


def base_count(base: str, kind: str, votes: Sequence[int], total: int, eligible: int | None) -> int:
    """What a hundred percent is: all ballots, those that take a side, or everybody who may vote."""
    if base == "eligible":
        return eligible or 0
    return total - sum(votes[place] for place in NO_SIDE.get(kind, ())) if base == "cast" else total


def needed_votes(rule: PollRule, base: int) -> int:
    """The fewest votes that are enough of this base; at least one."""
    over, under = rule.threshold
    exact, rest = divmod(base * over, under)
    return max(1, exact + 1 if rule.more_than else exact + (rest > 0))


def quorum_of(rule: PollRule, eligible: int | None) -> int:
    """How many ballots it takes; 0: any number will do."""
    share = -(-(eligible or 0) * rule.quorum[0] // rule.quorum[1]) if rule.quorum else 0
    return max(share, rule.least_ballots or 0)


def verdict(
    rule: PollRule, kind: str, options: Sequence[int], votes: Sequence[int], total: int, eligible: int | None
) -> Verdict:
    """What the rule makes of the votes (in the options' order).

    Equal votes at the top are a tie where one more vote would decide; then the rule's `tie` says what it comes to.
    """
    base = base_count(rule.base, kind, votes, total, eligible)
    needed, quorum = needed_votes(rule, base), quorum_of(rule, eligible)
    # One more ballot is in the base too, but where that is everybody.
    with_one_more = needed_votes(rule, base + (rule.base != "eligible"))
    if kind in FOR:
        most = sum(votes[place] for place in FOR[kind])
        against = base_count("cast", kind, votes, total, eligible) - most
        leading = tuple(options[place] for place in FOR[kind])
        reached, is_tie = most >= needed, most == against and 0 < most < needed and most + 1 >= with_one_more
    elif kind == "multiple":
        most = max(votes, default=0)
        leading = tuple(option for option, many in zip(options, votes, strict=True) if many >= needed)
        reached, is_tie = bool(leading), False
    else:
        most = max(votes, default=0)
        leading = tuple(option for option, many in zip(options, votes, strict=True) if many == most and many)
        is_tie = len(leading) > 1 and most + 1 >= with_one_more
        reached = most >= needed and len(leading) == 1
    if total < quorum:
        return Verdict("no_quorum", (), most, base, needed, quorum)
    if is_tie and rule.tie == "undecided":
        return Verdict("tied", leading, most, base, needed, quorum)
    return Verdict("accepted" if reached else "rejected", leading if reached else (), most, base, needed, quorum)


def side_by_side(levels: Mapping[int, tuple[Sequence[int], int]], *, least: int = 1) -> tuple[LevelResult, ...]:
    """Votes (in the options' order) and ballots by level of assurance, lowest first; levels with fewer ballots than `least` are joined
    with the next, all of it left out where even together there are fewer."""
    rows: list[LevelResult] = []
    held = LevelResult((), (), 0)
    for level, (votes, total) in sorted(levels.items()):
        if not total:
            continue
        held = _joined(held, LevelResult((level,), tuple(votes), total))
        if held.total >= least:
            rows.append(held)
            held = LevelResult((), (), 0)
    if held.total and rows:
        rows[-1] = _joined(rows[-1], held)
    return tuple(rows)


def _joined(one: LevelResult, other: LevelResult) -> LevelResult:
    votes = other.votes if not one.votes else tuple(a + b for a, b in zip(one.votes, other.votes, strict=True))
    return LevelResult(one.levels + other.levels, votes, one.total + other.total)
