"""How a few questions are chosen for many: the same again for everybody, by lot without anybody's say, and so that all sides are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.errors import IllegalTransition, NotAllowed
from broadcast.models import AuditEntry
from live import commands, protocol, slate_rules
from live.models import Question, Slate
from live.queries import follow, slates
from live.slate_rules import Candidate
from tests.live import making
from tests.live.following import asked, do

ROOT = Path(__file__).resolve().parents[2]
people = st.frozensets(st.sampled_from([f"p{n}" for n in range(12)]), min_size=1)
ballots = st.lists(people, min_size=1, max_size=9)


def candidates(backers: list[frozenset[str]]) -> list[Candidate]:
    return [Candidate(number, each, age=number) for number, each in enumerate(backers, 1)]


@given(ballots, st.integers(1, 6))
def test_a_spread_slate_leaves_no_group_out_that_is_large_enough_for_a_seat(
    backers: list[frozenset[str]], size: int
) -> None:
    among = candidates(backers)
    chosen = slate_rules.spread(among, size)
    assert len(chosen) == min(size, len(among)) == len(set(chosen))
    if len(chosen) == size:
        assert slate_rules.left_out(among, chosen, size).alpha < 1


@given(ballots, st.integers(1, 6), st.permutations(range(9)))
def test_the_order_in_which_questions_came_to_hand_changes_no_slate(
    backers: list[frozenset[str]], size: int, order: list[int]
) -> None:
    among = candidates(backers)
    shuffled = [among[place] for place in order if place < len(among)]
    for rule in (slate_rules.spread, slate_rules.most_supported, slate_rules.most_recent):
        assert rule(among, size) == rule(shuffled, size)


def test_the_most_supported_alone_may_forget_a_third_of_the_people() -> None:
    crowd, others = frozenset("abcdef"), frozenset("xyz")
    among = candidates([crowd, crowd, crowd, others])
    loud = slate_rules.most_supported(among, 3)
    assert 4 not in loud
    assert slate_rules.left_out(among, loud, 3) == slate_rules.LeftOut(4, 3, 9, 1.0)
    assert 4 in slate_rules.spread(among, 3)


def test_of_equals_another_sector_or_district_comes_first() -> None:
    among = [Candidate(n, frozenset({f"p{n}"}), group, 9 - n) for n, group in ((1, "南山"), (2, "南山"), (3, "龙岗"))]
    assert slate_rules.spread(among, 2) == [1, 3]


def test_a_draw_is_the_same_for_everybody_and_hangs_on_its_seed_alone() -> None:
    ids = range(1, 101)
    assert slate_rules.draw("a", ids, 5) == slate_rules.draw("a", reversed(ids), 5)
    first = [slate_rules.draw(f"seed {n}", ids, 1)[0] for n in range(2000)]
    assert len(set(first)) == 100
    assert max(first.count(each) for each in ids) < 50, "each has one chance in a hundred"


def test_anybody_draws_again_from_the_shell_without_the_house() -> None:
    words = [sys.executable, str(ROOT / "live/slate_rules.py"), "f00d", "2", "3", "5", "8", "13"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert [int(each) for each in told.split()] == slate_rules.draw("f00d", [13, 8, 5, 3], 2)


@pytest.fixture
def show() -> making.Show:
    return making.make_show(questions="post")


@pytest.mark.django_db
def test_a_slate_is_offered_and_recorded_and_puts_nothing_on_the_list(show: making.Show) -> None:
    rows = [asked(show, f"第{n}问？") for n in range(4)]
    do(show, protocol.AnswerQuestion, question=rows[3].pk)
    backer = making.make_viewer()
    for each in rows[1:3]:
        commands.perform(backer, show.id, protocol.SupportQuestion(id=making.command_id(), question=each.pk))
    told = do(show, protocol.OfferSlate, method="supports", size=2)
    assert told["questions"] == [rows[1].pk, rows[2].pk]
    assert told["among"] == 3, "what was answered is not to choose from"
    assert set(Question.objects.values_list("state", flat=True)) == {"approved", "answered"}
    (shown,) = follow.panel(show.airing, making.staff_actor(show.host))["slates"]
    # The first question's author alone is not heard: one of the five who ask or support.
    assert shown["left_out"] == {"question": rows[0].pk, "people": 1, "all": 4, "alpha": 0.5}


@pytest.mark.django_db
def test_a_draw_keeps_its_seed_and_all_it_was_drawn_from(show: making.Show) -> None:
    rows = [asked(show, f"第{n}问？") for n in range(6)]
    command = making.command_id()
    told = do(show, protocol.OfferSlate, method="draw", size=3, id=command)
    assert told == do(show, protocol.OfferSlate, method="draw", size=3, id=command), "a retry draws nothing anew"
    kept = Slate.objects.get()
    assert kept.among == sorted(row.pk for row in rows)
    assert slate_rules.draw(kept.seed, kept.among, 3) == kept.chosen == told["questions"]
    assert AuditEntry.objects.get(act="slate.offer").after["seed"] == kept.seed
    again = do(show, protocol.OfferSlate, method="draw", size=3)
    assert again["seed"] != told["seed"]
    assert [each["seed"] for each in slates.record(show.id)] == [again["seed"], told["seed"]]


@pytest.mark.django_db
def test_there_must_be_something_to_choose_and_somebody_who_may(show: making.Show) -> None:
    with pytest.raises(IllegalTransition):
        do(show, protocol.OfferSlate, method="recent")
    asked(show)
    with pytest.raises(NotAllowed):
        do(show, protocol.OfferSlate, show.moderator, method="recent")
    assert follow.panel(show.airing, making.staff_actor(show.moderator)) == {}
