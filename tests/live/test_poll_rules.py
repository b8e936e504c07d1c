"""What votes come to: agreement as published, bases, quorums, thresholds and ties as a chair would read them, small groups never alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live import poll_rules
from live.protocol import PollRule

COUNTS = st.lists(st.integers(0, 300), min_size=5, max_size=5)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # The example of the reference implementation, R's agrmt.
        ([30, 40, 210, 130, 530, 50, 10], 0.6113333),
        ([0, 0, 50, 0, 0], 1),
        ([20, 20, 20, 20, 20], 0),
        ([10, 0, 0, 0, 10], -1),
        ([0, 0, 10, 10, 0], 0.75),
    ],
)
def test_agreement_is_van_der_eijks(votes: list[int], expected: float) -> None:
    assert poll_rules.agreement(votes) == pytest.approx(expected, abs=1e-6)


@given(COUNTS)
def test_agreement_lies_between_both_ends_and_has_no_side(votes: list[int]) -> None:
    found = poll_rules.agreement(votes)
    if not sum(votes):
        assert found is None
        return
    assert found is not None
    assert -1 - 1e-9 <= found <= 1 + 1e-9
    assert poll_rules.agreement(votes[::-1]) == pytest.approx(found)
    assert poll_rules.agreement([3 * each for each in votes]) == pytest.approx(found), "a matter of shares alone"


def test_the_mean_of_a_scale_is_never_told_alone() -> None:
    split, together = (
        poll_rules.scale_result("scale", [5, 0, 0, 0, 5]),
        poll_rules.scale_result("scale", [0, 0, 9, 0, 0]),
    )
    assert split is not None
    assert together is not None
    assert split.mean == together.mean == 3
    assert (split.agreement, together.agreement) == (-1, 1)
    assert poll_rules.scale_result("scale", [0] * 5) is None
    assert poll_rules.scale_result("single", [1, 2, 3]) is None


def decided(kind: str, votes: list[int], *, eligible: int | None = None, total: int | None = None, **rule: Any) -> Any:
    options = [10 + place for place in range(len(votes))]
    return poll_rules.verdict(PollRule(**rule), kind, options, votes, sum(votes) if total is None else total, eligible)


@pytest.mark.parametrize(
    ("votes", "rule", "outcome"),
    [
        # 赞成, 反对, 弃权: more than half of those that take a side.
        ([6, 5, 9], {}, "accepted"),
        ([5, 5, 9], {}, "rejected"),
        ([5, 5, 9], {"tie": "undecided"}, "tied"),
        ([5, 6, 0], {"tie": "undecided"}, "rejected"),
        ([0, 0, 9], {"tie": "undecided"}, "rejected"),
        # Of all ballots abstentions weigh as a no.
        ([6, 5, 9], {"base": "ballots"}, "rejected"),
        ([11, 0, 9], {"base": "ballots"}, "accepted"),
        # Two thirds exactly: reached by "at least", not by "more than".
        ([20, 10, 0], {"threshold": (2, 3), "more_than": False}, "accepted"),
        ([20, 10, 0], {"threshold": (2, 3)}, "rejected"),
        ([19, 10, 0], {"threshold": (2, 3), "more_than": False}, "rejected"),
        ([5, 5, 0], {"more_than": False}, "accepted"),
    ],
)
def test_approval(votes: list[int], rule: dict[str, Any], outcome: str) -> None:
    found = decided("approval", votes, **rule)
    assert found.outcome == outcome
    assert found.options == ((10,) if outcome in {"accepted", "tied"} else ())
    assert (found.votes >= found.needed) is (outcome == "accepted")


def test_the_eligible_are_a_base_and_a_quorum() -> None:
    assert decided("approval", [40, 10, 5], eligible=100, base="eligible").outcome == "rejected"
    assert decided("approval", [51, 10, 5], eligible=100, base="eligible").outcome == "accepted"
    few = decided("approval", [40, 2, 5], eligible=100, quorum=(1, 2))
    assert (few.outcome, few.quorum, few.options) == ("no_quorum", 50, ())
    assert decided("approval", [40, 2, 5], eligible=93, quorum=(1, 2)).quorum == 47, "half of 93 is 47 people"
    assert decided("approval", [40, 2, 5], eligible=93, quorum=(1, 2)).outcome == "accepted"
    assert decided("approval", [3, 0, 0], least_ballots=4).outcome == "no_quorum"


def test_single_multiple_and_ratings() -> None:
    assert decided("single", [5, 4, 0]).options == (10,)
    assert decided("single", [5, 4, 3]).outcome == "rejected", "the most is not more than half"
    tied = decided("single", [4, 4, 0], tie="undecided")
    assert (tied.outcome, tied.options) == ("tied", (10, 11))
    assert decided("single", [4, 4, 3], tie="undecided").outcome == "rejected", "one more would not be half of twelve"
    assert decided("single", [0, 0]).outcome == "rejected"
    many = decided("multiple", [8, 2, 6], total=10)
    assert (many.outcome, many.options, many.votes) == ("accepted", (10, 12), 8)
    pleased = decided("satisfaction", [30, 20, 40, 500])
    assert (pleased.outcome, pleased.base, pleased.votes) == ("accepted", 90, 50), "不了解 takes no side"
    assert decided("scale", [10, 0, 0, 6, 5]).outcome == "accepted", "4 and 5 are for it"


@given(
    kind=st.sampled_from(["single", "approval", "satisfaction", "scale"]),
    votes=st.lists(st.integers(0, 40), min_size=5, max_size=5),
    over=st.integers(0, 4),
    under=st.integers(1, 4),
    more_than=st.booleans(),
    base=st.sampled_from(["cast", "ballots", "eligible"]),
    tie=st.sampled_from(["rejected", "undecided"]),
)
def test_nothing_is_accepted_below_its_threshold(
    kind: str, votes: list[int], over: int, under: int, more_than: bool, base: str, tie: str
) -> None:
    votes = votes[: len(poll_rules.FIXED.get(kind, (0,) * 5))]
    found = decided(kind, votes, eligible=300, threshold=(over, under), more_than=more_than, base=base, tie=tie)
    above = found.votes * under > over * found.base if more_than else found.votes * under >= over * found.base
    if found.outcome == "accepted":
        assert above
        assert found.votes > 0
    elif found.outcome == "rejected" and above and found.votes:
        assert kind == "single", "only equal leaders stop one that reached it"
        assert votes.count(found.votes) > 1


@given(st.dictionaries(st.sampled_from([0, 10, 20, 30]), st.lists(st.integers(0, 12), min_size=2, max_size=2)))
def test_no_small_group_stands_alone_in_public(levels: dict[int, list[int]]) -> None:
    told = {level: (votes, sum(votes)) for level, votes in levels.items()}
    rows = poll_rules.side_by_side(told, least=poll_rules.SMALL_CELL)
    assert all(row.total >= poll_rules.SMALL_CELL for row in rows)
    total = sum(sum(votes) for votes in levels.values())
    assert sum(row.total for row in rows) == (total if rows else 0)
    assert bool(rows) is (total >= poll_rules.SMALL_CELL)
    assert [sum(row.votes) for row in rows] == [row.total for row in rows]


@pytest.mark.parametrize("results", ["always", "after_vote", "after_close", "after_publication", "never"])
def test_when_counts_are_shown(results: str) -> None:
    def shown(**known: bool) -> bool:
        plain = {"is_frozen": False, "is_published": False, "is_void": False}
        return poll_rules.are_shown(results, **plain | known)

    assert shown() is (results == "always")
    assert shown(has_voted=True) is (results in {"always", "after_vote"})
    assert shown(is_frozen=True) is (results in {"always", "after_vote", "after_close"})
    assert shown(is_frozen=True, has_voted=True) is (results in {"always", "after_vote", "after_close"})
    assert shown(is_frozen=True, is_published=True) is (results != "never")
    assert not shown(is_frozen=True, is_published=True, is_void=True, has_voted=True)
