"""Airings that are over, from inside the process: each of the two ways in which a look is brought about does it alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from broadcast import clock
from broadcast.models import Airing, Episode
from live import commands, hints, process, protocol, queries, quiet
from live.models import Poll
from live.process import Live
from live.queries.doors import SETTLING
from live.seat import Seat
from tests.live import making


@pytest.fixture
async def live(transactional_db: None, tidy: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    """All the parts of a web process, but for routine looks: these would bring everything, only later."""
    monkeypatch.setattr(quiet, "LOOK_SECONDS", 10_000.0)
    monkeypatch.setattr(process, "CHORES_SECONDS", 0.05)
    running = Live()
    running.start()
    yield running
    await running.stop()


def make_ended(ago: dt.timedelta = dt.timedelta(minutes=5), **programme: Any) -> making.Show:
    show = making.make_show(comments="post", **programme)
    show.extra["comment"] = commands.perform(making.make_viewer(), show.id, making.comment())["item"]
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now() - ago)
    return show


def withdraw(show: making.Show) -> None:
    gone = protocol.WithdrawItem(
        id=making.command_id(), kind="comment", item=show.extra["comment"], version=1, reason="other"
    )
    commands.perform(making.staff_actor(show.moderator), show.id, gone)


def unpublish(show: making.Show) -> None:
    Episode.objects.filter(pk=show.episode.pk).update(publication=Episode.Publication.WITHDRAWN)


async def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


async def seated(live: Live, show: making.Show) -> Callable[[], bool]:
    """Seat a viewer and wait until the first look is done. Returns whether the comment is still shown."""

    async def send(_message: dict[str, Any]) -> None:
        """A browser that reads everything."""

    await live.door(show.id)
    audience = await live.audience(show.id)
    assert audience is not None
    audience.enter(Seat(send), 0, 0)
    watched = live.quiet._watched
    await until(lambda: show.id in watched and watched[show.id].looked_at > 0, "no first look")
    await until(lambda: not watched[show.id].is_urgent, "the first look is never done")
    # What was looked at is compared by the time that the only thread has done something else.
    await live.slow.run(lambda: None)
    return lambda: audience.state is not None and f"comment:{show.extra['comment']}" in audience.state.objects


@pytest.mark.parametrize("change", [withdraw, unpublish])
async def test_what_is_taken_down_leaves_open_pages_though_the_hint_is_lost(
    live: Live, change: Callable[[making.Show], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    show = await sync_to_async(make_ended)()
    is_shown = await seated(live, show)
    assert is_shown()
    monkeypatch.setattr(hints.publisher, "_silent_until", {"": time.monotonic() + 10_000})
    await sync_to_async(change)(show)
    await until(lambda: not is_shown(), "the mark moved and nobody looked")


async def test_what_is_taken_down_leaves_open_pages_by_the_hint_alone(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = await sync_to_async(make_ended)()
    is_shown = await seated(live, show)
    assert is_shown()
    monkeypatch.setattr(live.quiet, "want", lambda marks: None)
    await sync_to_async(withdraw)(show)
    await until(lambda: not is_shown(), "the hint came and nobody looked")


def is_settled(show: making.Show) -> bool:
    queries.doors.forget(show.id)
    door = queries.door(show.id)
    assert door is not None
    assert door.is_settled == (show.id in queries.settled([show.id]))
    return door.is_settled


@pytest.mark.django_db
def test_an_airing_settles_when_the_end_is_out_for_viewers_behind_by_the_delay_and_the_last_ticks_too() -> None:
    second = dt.timedelta(seconds=1)
    assert not is_settled(making.make_show())
    assert not is_settled(make_ended(dt.timedelta()))
    assert not is_settled(make_ended(SETTLING - second))
    assert is_settled(make_ended(SETTLING + second))
    assert not is_settled(make_ended(SETTLING + 59 * second, delay_seconds=60))
    assert is_settled(make_ended(SETTLING + 61 * second, delay_seconds=60))


@pytest.mark.django_db
def test_an_open_poll_keeps_an_ended_airing_unsettled_until_it_is_frozen() -> None:
    show = making.make_show()
    poll, _options = making.make_poll(show)
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now() - dt.timedelta(hours=1))
    assert not is_settled(show)
    Poll.objects.filter(pk=poll).update(state=Poll.State.CLOSED, closed_at=clock.now())
    assert is_settled(show)
