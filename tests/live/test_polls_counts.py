"""Counting a poll that runs: exact while it is small, one count for all when it is large, and never more than a little old."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from unittest import mock

import pytest
from django.db import DatabaseError

from live.queries import polls


@pytest.fixture
def clock() -> Iterator[list[float]]:
    """Monotonic time that a test moves."""
    now = [1_000.0]
    polls._known.clear()
    with mock.patch("live.queries.polls.time.monotonic", side_effect=lambda: now[0]):
        yield now
    polls._known.clear()


def counts(total: int, takes: float = 0.0, now: list[float] | None = None) -> mock._patch[mock.MagicMock]:
    def count(_poll: int) -> dict[int, int]:
        if now is not None:
            now[0] += takes
        return {1: total}

    return mock.patch.multiple(
        "live.queries.polls",
        tally=mock.Mock(side_effect=count),
        turnout=mock.Mock(return_value=total),
        entered=mock.Mock(return_value={}),
    )  # type: ignore[return-value]


def test_a_small_poll_is_counted_each_time(clock: list[float]) -> None:
    with counts(polls.SMALL_POLL - 1):
        for _twice in range(2):
            assert polls.running(1) == (Counter({1: polls.SMALL_POLL - 1}), polls.SMALL_POLL - 1)
        assert polls.tally.call_count == 2  # type: ignore[attr-defined]


def test_a_large_poll_is_counted_once_for_all_who_ask_in_a_moment(clock: list[float]) -> None:
    with counts(5_000):
        for _twice in range(2):
            polls.running(1)
        assert polls.tally.call_count == 1  # type: ignore[attr-defined]
        clock[0] += polls.FRESH_SECONDS + 0.01
        polls.running(1)
        assert polls.tally.call_count == 2  # type: ignore[attr-defined]


def test_a_huge_poll_rests_as_long_as_its_count_is_dear(clock: list[float]) -> None:
    with counts(1_000_000, takes=0.5, now=clock):
        polls.running(1)
        clock[0] += polls.REST_FACTOR * 0.5 - 1
        polls.running(1)
        assert polls.tally.call_count == 1  # type: ignore[attr-defined]
        clock[0] += 1
        polls.running(1)
        assert polls.tally.call_count == 2  # type: ignore[attr-defined]


def test_a_count_that_fails_is_tried_again_by_the_next(clock: list[float]) -> None:
    with counts(5_000):
        polls.running(1)
    clock[0] += 2
    with mock.patch("live.queries.polls.tally", side_effect=DatabaseError("down")), pytest.raises(DatabaseError):
        polls.running(1)
    with counts(6_000):
        assert polls.running(1)[1] == 6_000


def test_while_one_counts_the_others_are_told_what_was_known(clock: list[float]) -> None:
    with counts(5_000):
        polls.running(1)
    clock[0] += 2
    counting, go_on = threading.Event(), threading.Event()

    def slowly(_poll: int) -> dict[int, int]:
        counting.set()
        assert go_on.wait(20)
        return {1: 7_000}

    with (
        mock.patch("live.queries.polls.tally", side_effect=slowly),
        mock.patch("live.queries.polls.turnout", return_value=7_000),
        mock.patch("live.queries.polls.entered", return_value={}),
    ):
        thread = threading.Thread(target=polls.running, args=(1,))
        thread.start()
        assert counting.wait(20)
        assert polls.running(1)[1] == 5_000
        go_on.set()
        thread.join(20)
    assert polls.running(1)[1] == 7_000
