"""Real kills of the composing process while people write: another takes over under a new epoch, and nothing accepted is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async

from broadcast.access import Actor
from live import queries
from live.models import Comment, ComposerLease
from tests.live import making
from tests.live.sockets import Server, Socket, viewer_socket

Start = Callable[..., Server]


class Writers:
    """People who write through the process that stays, all the while."""

    def __init__(self, accepted: set[int]) -> None:
        self.accepted = accepted
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, server: Server, show: making.Show, many: int) -> None:
        people = [await sync_to_async(making.make_viewer)() for _each in range(many)]
        self._tasks = [asyncio.create_task(self._write(server, show, each)) for each in people]

    async def _write(self, server: Server, show: making.Show, person: Actor) -> None:
        async with viewer_socket(server, show, person) as line:
            while not self._stop.is_set():
                answer = await line.ask("comment.post", text=f"第{len(self.accepted)}条")
                if answer["type"] == "ack":
                    self.accepted.add(answer["result"]["item"])
                await asyncio.sleep(0.4)

    async def end(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)


async def until(holds: Callable[[], object], seconds: float = 40) -> None:
    """Return when it holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what holds is told by nobody
            await asyncio.sleep(0.02)


async def kill_while_people_write(servers: Start, cycles: int) -> None:
    """Each time the one that composes dies, the one with the viewer takes over, and the viewer moves on to a new process."""
    show = await sync_to_async(making.make_show)(comments="post")
    leader = servers()
    async with viewer_socket(leader, show) as early:
        await early.shows("airing", lambda _each: bool(early.state and early.state.epoch))
    follower, accepted, held, epochs = servers(), set[int](), None, list[int]()
    for _cycle in range(cycles):
        resume = f"?epoch={held.epoch}&seq={held.seq}" if held else ""
        browser, writers = viewer_socket(follower, show, query=resume), Writers(accepted)
        browser.state = held
        async with browser:
            await browser.shows("airing", lambda _each, seen=browser: bool(seen.state and seen.state.epoch))
            await writers.begin(follower, show, 5)
            many = len(accepted)
            await until(lambda many=many: len(accepted) >= many + 5)
            before = epoch_of(browser)
            assert str(leader.process.pid) in await sync_to_async(owner_of)(show), "the one that dies composes"
            leader.kill()
            await until(lambda before=before, seen=browser: epoch_of(seen) > before)
            many = len(accepted)
            await until(lambda many=many: len(accepted) >= many + 5)
            await writers.end()
            assert browser.gaps == 0
            epochs += [before, epoch_of(browser)]
            await shows_all(browser, show, accepted)
            held = browser.state
        leader, follower = follower, servers()
    assert epochs == sorted(epochs)


def epoch_of(browser: Socket) -> int:
    return browser.state.epoch if browser.state else 0


def owner_of(show: making.Show) -> str:
    return ComposerLease.objects.get(pk=show.id).owner


async def shows_all(browser: Socket, show: making.Show, accepted: set[int]) -> None:
    """What was accepted is there, and the browser has of it what the room shows to whoever comes now."""
    kept = await sync_to_async(lambda: set(Comment.objects.filter(room=show.id).values_list("pk", flat=True)))()
    assert accepted <= kept
    wanted = set(await sync_to_async(lambda: queries.sample_of(show.id).ids)())
    await until(lambda: comments_in(browser) == wanted)


def comments_in(browser: Socket) -> set[int]:
    keys = browser.state.objects if browser.state else ()
    return {int(key.partition(":")[2]) for key in keys if key.startswith("comment:")}


@pytest.mark.timeout(180)
async def test_the_composer_is_killed_while_people_write(servers: Start) -> None:
    await kill_while_people_write(servers, cycles=2)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_composer_is_killed_twenty_times_while_people_write(servers: Start) -> None:
    await kill_while_people_write(servers, cycles=20)
