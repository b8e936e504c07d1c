"""Airings that are over: open pages cost no composer, and still lose at once what is taken down."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from asgiref.sync import sync_to_async

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode
from broadcast.services import episodes
from live import commands, protocol
from live.models import Comment, ComposerLease
from tests.live import making
from tests.live.sockets import Server, viewer_socket

new_viewer, perform = sync_to_async(making.make_viewer), sync_to_async(commands.perform)


def make_ended(minutes: int = 5) -> making.Show:
    """A show that ended some minutes ago, with one public comment."""
    show = making.make_show(comments="post")
    show.extra["comment"] = commands.perform(making.make_viewer(), show.id, making.comment())["item"]
    end = clock.now() - dt.timedelta(minutes=minutes)
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=end)
    return show


ended_show = sync_to_async(make_ended)


async def test_a_settled_airing_has_no_composer_and_lives_on(server: Server) -> None:
    show = await ended_show()
    async with viewer_socket(server, show) as viewer:
        await viewer.shows(f"comment:{show.extra['comment']}")
        await asyncio.sleep(2)
        assert not await sync_to_async(ComposerLease.objects.exists)()
        await viewer.wait(lambda frame: frame["type"] == "tick" and not frame.get("put"), seconds=7)
        response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
        assert f"comment:{show.extra['comment']}" in response.text


async def test_an_airing_that_just_ended_is_composed_until_the_delay_has_passed(server: Server) -> None:
    show = await ended_show(0)
    async with viewer_socket(server, show) as viewer:
        await viewer.shows("airing", lambda _each: bool(viewer.state and viewer.state.epoch))
        for _try in range(100):
            lease = await sync_to_async(ComposerLease.objects.get)(airing=show.id)
            if lease.expires_at < clock.now():
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("composed for ever")
        assert [each["type"] for each in viewer.frames].count("snapshot") <= 2, "nobody is told the same again"
        await withdraw(show)
        await viewer.hides(f"comment:{show.extra['comment']}", seconds=2)


async def withdraw(show: making.Show) -> None:
    version = (await sync_to_async(Comment.objects.get)(pk=show.extra["comment"])).version
    gone = protocol.WithdrawItem(
        id=making.command_id(), kind="comment", item=show.extra["comment"], version=version, reason="other"
    )
    await perform(making.staff_actor(show.moderator), show.id, gone)


async def test_words_withdrawn_after_the_show_leave_open_pages_and_the_address(server: Server) -> None:
    show = await ended_show()
    key = f"comment:{show.extra['comment']}"
    async with viewer_socket(server, show) as one, viewer_socket(server, show) as two:
        await one.shows(key)
        await two.shows(key)
        await withdraw(show)
        await one.hides(key, seconds=2)
        await two.hides(key, seconds=2)
        assert key not in (await sync_to_async(server.get)(f"/live/airings/{show.id}/state")).text
        async with viewer_socket(server, show) as late:
            await late.shows("airing")
            assert late.state is not None
            assert key not in late.state.objects


async def test_a_withdrawn_episode_leaves_open_replays(server: Server) -> None:
    show = await ended_show()
    async with viewer_socket(server, show) as viewer:
        await viewer.shows("airing")
        await sync_to_async(episodes.withdraw)(HOUSE, show.episode.pk, "测试")
        assert await viewer.closed(seconds=2) == protocol.CloseCode.NOT_FOUND


async def test_a_withdrawn_episode_leaves_open_replays_also_when_the_hint_is_lost(server: Server) -> None:
    show = await ended_show()
    async with viewer_socket(server, show) as viewer:
        await viewer.shows("airing")
        rows = Episode.objects.filter(pk=show.episode.pk)
        await sync_to_async(rows.update)(publication=Episode.Publication.WITHDRAWN)
        assert await viewer.closed(seconds=3) == protocol.CloseCode.NOT_FOUND
