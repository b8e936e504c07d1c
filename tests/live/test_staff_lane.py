"""The staff lane with every view at once: desk and host are told the same public changes, however seats come and go."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from broadcast.house.edge import FRAME_MOST
from broadcast.models import Segment
from live import commands, protocol
from live.queries import StaffView
from live.staff_lane import StaffLane, StaffSeat
from live.threads import Threads
from tests.live import making
from tests.live.desk import fill as desk_rows
from tests.live.sockets import Server, Socket, staff_socket, viewer_socket

new_show, new_viewer = sync_to_async(making.make_show), sync_to_async(making.make_viewer)
perform = sync_to_async(commands.perform)


def shown(browser: Socket, segment: int) -> dict[str, Any] | None:
    """The segment as the page would show it by the changes alone."""
    changes = [each for frame in browser.frames if frame["type"] == "staff.change" for each in frame["public"]]
    return next((each for each in reversed(changes) if each["key"] == f"segment:{segment}"), None)


async def until(true: Any, seconds: float = 20) -> bool:
    for _try in range(int(seconds / 0.05)):
        if true():
            return True
        await asyncio.sleep(0.05)
    return False


def make_segments(show: making.Show) -> list[int]:
    return [Segment.objects.create(episode=show.episode, position=at, title=f"第{at}段").pk for at in (2, 3, 4)]


async def test_desk_and_host_are_told_the_same_public_changes(server: Server) -> None:
    show = await new_show()
    segments = await sync_to_async(make_segments)(show)
    desk, host = await staff_socket(server, show, show.producer), await staff_socket(server, show, show.host)
    async with desk, host:
        for browser in (desk, host):
            await browser.wait(lambda frame: frame["type"] == "staff.change" and bool(frame.get("public")))
        for segment in segments:
            answer = await desk.ask("segment.start", segment=segment)
            assert answer["type"] == "ack", answer
            for browser in (desk, host):
                started = until(lambda b=browser, s=segment: (shown(b, s) or {}).get("started_at"))
                assert await started, "desk" if browser is desk else "host"
        ended = segments[0]
        assert await until(lambda: shown(desk, ended) == shown(host, ended))
        assert (shown(host, ended) or {})["ended_at"]


async def test_a_desk_s_snapshot_may_be_longer_than_what_the_server_takes_in(server: Server) -> None:
    show = await new_show()
    await sync_to_async(desk_rows)(show, 100, text="长" * 400)
    async with await staff_socket(server, show, show.moderator) as desk:
        shown = await desk.wait(lambda frame: frame["type"] == "staff.snapshot")
        assert len(shown["items"]) == 100
        assert len(json.dumps(shown, ensure_ascii=False).encode()) > FRAME_MOST
        await desk.send_raw(b"{" + b" " * FRAME_MOST)
        assert await desk.closed() in {1006, 1009}, "what comes in is held to the limit as ever"


async def test_supports_reach_both_views(server: Server) -> None:
    show, viewer, other = await new_show(), await new_viewer(), await new_viewer()
    item = (await perform(viewer, show.id, making.question()))["item"]
    desk, host = await staff_socket(server, show, show.moderator), await staff_socket(server, show, show.host)
    async with desk, host:
        await desk.ask("item.approve", kind="question", item=item, version=1)
        await asyncio.sleep(1.2)
        await perform(other, show.id, protocol.SupportQuestion(id=making.command_id(), question=item))
        for browser in (desk, host):
            await browser.wait(
                lambda frame: frame["type"] == "staff.change" and any(each["supports"] == 1 for each in frame["items"])
            )


async def test_staff_see_how_many_watch(server: Server) -> None:
    show = await new_show()
    async with viewer_socket(server, show), viewer_socket(server, show):
        async with await staff_socket(server, show, show.producer) as desk:

            def told() -> set[int]:
                shown = [each for frame in desk.frames for each in frame.get("public", ()) if each["key"] == "counts"]
                return {each["viewers"] for each in shown[-1:]}

            assert await until(lambda: told() == {2})
        async with await staff_socket(server, show, show.producer) as later:
            first = await later.wait(lambda frame: frame["type"] == "staff.snapshot")
            assert [each["viewers"] for each in first["public"] if each["key"] == "counts"] == [2]


@pytest.mark.django_db(transaction=True)
async def test_a_seat_taken_while_the_last_one_leaves_is_told_of_changes(tidy: None) -> None:
    show = await new_show()
    threads = Threads("test", 2)
    lane = StaffLane(threads)
    first = StaffSeat(lambda: making.staff_actor(show.producer), StaffView.DESK)
    second = StaffSeat(lambda: making.staff_actor(show.host), StaffView.HOST)
    try:
        await lane.enter(show.id, first)
        entering = asyncio.create_task(lane.enter(show.id, second))
        await asyncio.sleep(0)
        lane.leave(show.id, first)
        await entering
        assert show.id in lane.airings
        while not second.frames.empty():
            second.frames.get_nowait()
        viewer = await new_viewer()
        item = (await perform(viewer, show.id, making.question()))["item"]
        await perform(
            making.staff_actor(show.moderator),
            show.id,
            protocol.ApproveItem(id=making.command_id(), kind="question", item=item, version=1),
        )
        told = await asyncio.wait_for(second.frames.get(), 4)
        assert told is not None
        lane.leave(show.id, second)
        assert show.id not in lane.airings
    finally:
        await lane.stop()
        await threads.close()
