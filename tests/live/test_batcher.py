"""Group commit: company is waited for, longer when many come; one person's commands keep their order; nobody is left without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from broadcast.access import Actor
from broadcast.errors import TooMany, Unavailable
from live import batcher, protocol
from live.batcher import Batcher, Order, Outcome
from live.services.audience import Answer

AIRING = uuid4()


class Commits:
    """Stands where the database is: what came together, in order."""

    def __init__(self, *, fails: int = 0) -> None:
        self.batches: list[list[str]] = []
        self._fails = fails

    async def __call__(self, orders: Sequence[Order]) -> list[Outcome]:
        self.batches.append([command.id for _actor, _airing, command in orders])
        await asyncio.sleep(0)
        if len(self.batches) <= self._fails:
            raise RuntimeError("a fault of ours")
        return [Answer({"id": command.id}) for _actor, _airing, command in orders]


def person(number: int = 0) -> Actor:
    return Actor(participant_id=UUID(int=number + 1))


def like(number: int) -> protocol.AddLikes:
    return protocol.AddLikes(id=f"like-{number:06d}")


async def answers(told: Sequence[asyncio.Future[Outcome]]) -> list[Any]:
    return list(await asyncio.wait_for(asyncio.gather(*told), 10))


async def test_what_comes_together_is_committed_together_and_answered_each() -> None:
    commits = Commits()
    gathering = Batcher(commits, 1)
    told = [gathering.submit(person(n), AIRING, like(n)) for n in range(30)]
    assert [each.result["id"] for each in await answers(told)] == [like(n).id for n in range(30)]
    assert commits.batches == [[like(n).id for n in range(30)]]


async def test_how_long_an_answer_took_is_told_once_and_what_still_waits_counts() -> None:
    commit_now = asyncio.Event()

    async def commit(orders: Sequence[Order]) -> list[Outcome]:
        await commit_now.wait()
        return [Answer({"id": command.id}) for _actor, _airing, command in orders]

    gathering = Batcher(commit, 1)
    assert gathering.slowest() == 0
    first = gathering.submit(person(), AIRING, like(1))
    await asyncio.sleep(0.05)
    later = gathering.submit(person(), AIRING, like(2))
    await asyncio.sleep(0.05)
    assert gathering.slowest() >= 0.05, "the later one waits"
    commit_now.set()
    await answers([first, later])
    assert gathering.slowest() >= 0.1, "the first one was answered"
    assert gathering.slowest() == 0


async def test_one_persons_commands_keep_their_order_whatever_the_lanes() -> None:
    commits = Commits()
    gathering = Batcher(commits, 4)
    told = []
    for n in range(200):
        told += [gathering.submit(person(who), AIRING, like(n * 10 + who)) for who in range(3)]
        if n % 20 == 0:
            await asyncio.sleep(0.002)
    await answers(told)
    flat = [name for batch in commits.batches for name in batch]
    assert len(flat) == 600
    for who in range(3):
        own = [name for name in flat if int(name[-1]) == who]
        assert own == sorted(own)


async def test_many_who_come_one_by_one_share_fewer_transactions() -> None:
    commits = Commits()
    gathering = Batcher(commits, 1)
    told = []
    for n in range(400):
        told.append(gathering.submit(person(n), AIRING, like(n)))
        await asyncio.sleep(0)
        if n % 10 == 9:
            await asyncio.sleep(0.002)
    await answers(told)
    assert len(commits.batches) < 40, "ten came every two milliseconds"


async def test_a_batch_is_bounded_and_so_is_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batcher, "BATCH_MOST", 10)
    monkeypatch.setattr(batcher, "WAITING_MOST", 35)
    commits = Commits()
    gathering = Batcher(commits, 1)
    found = await answers([gathering.submit(person(), AIRING, like(n)) for n in range(40)])
    assert [len(batch) for batch in commits.batches] == [10, 10, 10, 5]
    assert [isinstance(each, TooMany) for each in found] == [False] * 35 + [True] * 5
    assert gathering.refused == 5


async def test_a_fault_refuses_its_batch_and_the_next_goes_on() -> None:
    commits = Commits(fails=1)
    gathering = Batcher(commits, 1)
    assert all(isinstance(each, Unavailable) for each in await answers([gathering.submit(person(), AIRING, like(1))]))
    assert isinstance((await answers([gathering.submit(person(), AIRING, like(1))]))[0], Answer)
    await gathering.finish()
