"""What both sockets promise, over a real server: refusals with stable codes, resume, personal frames, close codes."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
from typing import Any

import pytest
import websockets
from asgiref.sync import sync_to_async

from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.models import Episode
from broadcast.services import episodes
from live import commands, protocol
from live.models import Room
from live.services import audience
from tests.live import making
from tests.live.sockets import Server, Socket, staff_socket, viewer_socket

new_show, new_viewer = sync_to_async(making.make_show), sync_to_async(making.make_viewer)
perform = sync_to_async(commands.perform)


async def socket_of(kind: str, server: Server, show: making.Show) -> Socket:
    if kind == "staff":
        return await staff_socket(server, show, show.moderator)
    return viewer_socket(server, show, await new_viewer())


@pytest.mark.parametrize("kind", ["viewer", "staff"])
async def test_hostile_frames_are_refused_and_the_socket_lives_on(server: Server, kind: str) -> None:
    show = await new_show()
    async with await socket_of(kind, server, show) as browser:
        hostile: list[tuple[str | bytes, str]] = [
            ("not json", "bad_json"),
            ("[" * 10_000, "bad_json"),
            (b"\x00\x01", "binary"),
            ("x" * 60_000, "too_big"),
            ('{"type":"comment.delete","id":"abcdefgh"}', "unknown_type"),
            ('{"type":"comment.post","id":"abcdefgh","text":"a","admin":true}', "bad_field"),
            ('{"type":"comment.post","id":"abcdefgh","text":7}', "bad_field"),
        ]
        for number, (frame, code) in enumerate(hostile):
            await browser.send_raw(frame)
            found = await browser.wait(lambda _each, n=number: len(errors(browser)) > n)
            assert found
            assert errors(browser)[number]["code"] == code
        answer = await browser.ask("poll.vote", poll=999_999, options=[1])
        assert answer["type"] == "error"


def errors(browser: Socket) -> list[dict[str, Any]]:
    return [each for each in browser.frames if each["type"] == "error"]


async def test_viewers_may_not_send_staff_commands(server: Server) -> None:
    show = await new_show()
    async with viewer_socket(server, show, await new_viewer()) as viewer:
        answer = await viewer.ask("item.approve", kind="comment", item=1, version=1)
        assert answer["code"] == "unknown_type"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
async def test_a_page_from_elsewhere_is_refused(server: Server, origin: str) -> None:
    show = await new_show()
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with Socket(server, f"/live/airings/{show.id}/socket", origin=origin):
            pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("token", ["", "forged", "a.b.c"])
async def test_without_a_true_identity_one_may_watch_and_no_more(server: Server, token: str) -> None:
    show = await new_show()
    cookies = f"yishi_participant={token}" if token else ""
    async with Socket(server, f"/live/airings/{show.id}/socket", cookies) as viewer:
        await viewer.shows("airing")
        assert (await viewer.ask("comment.post", text="好"))["code"] == "no_identity"


async def test_no_such_airing_and_an_unannounced_one(server: Server) -> None:
    show = await new_show(announced=False)
    for path in (f"/live/airings/{show.id}/socket", "/live/airings/00000000-0000-0000-0000-000000000000/socket"):
        async with Socket(server, path) as viewer:
            assert await viewer.closed() == protocol.CloseCode.NOT_FOUND
    response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_the_staff_lane_is_for_staff(server: Server) -> None:
    show, other = await new_show(), await new_show()
    stranger = await staff_socket(server, show, other.moderator)
    nobody = Socket(server, f"/live/airings/{show.id}/staff")
    for browser in (stranger, nobody):
        async with browser:
            assert await browser.closed() == protocol.CloseCode.NOT_ALLOWED
            assert browser.frames == []


async def test_a_host_sees_public_questions_only(server: Server) -> None:
    show, viewer = await new_show(), await new_viewer()
    comment = (await perform(viewer, show.id, making.comment("待审评论")))["item"]
    question = (await perform(viewer, show.id, making.question("待审问题")))["item"]
    desk, host = await staff_socket(server, show, show.moderator), await staff_socket(server, show, show.host)
    async with desk, host:
        snapshot = await host.wait(lambda frame: frame["type"] == "staff.snapshot")
        assert snapshot["items"] == []
        whole = await desk.wait(lambda frame: frame["type"] == "staff.snapshot")
        assert {(each["kind"], each["id"]) for each in whole["items"]} == {("comment", comment), ("question", question)}
        await desk.ask("item.approve", kind="question", item=question, version=1)
        await host.wait(
            lambda frame: frame["type"] == "staff.change" and any(each["id"] == question for each in frame["items"])
        )
        assert "待审评论" not in json.dumps(host.frames, ensure_ascii=False)
        refused = await host.ask("item.withdraw", kind="question", item=question, version=2, reason="other")
        assert refused["code"] == "not_allowed"
        shown = await host.ask("question.show", question=question)
        assert shown["result"]["state"] == "on_air"


async def test_two_moderators_over_sockets(server: Server) -> None:
    show, viewer = await new_show(), await new_viewer()
    item = (await perform(viewer, show.id, making.comment()))["item"]
    second = await sync_to_async(making.make_staff)(show.programme, "moderator")
    one, two = await staff_socket(server, show, show.moderator), await staff_socket(server, show, second)
    async with one, two:
        answers = await asyncio.gather(
            one.ask("item.approve", kind="comment", item=item, version=1),
            two.ask("item.reject", kind="comment", item=item, version=1, reason="off_topic"),
        )
        assert sorted(each["type"] for each in answers) == ["ack", "error"]
        lost = next(each for each in answers if each["type"] == "error")
        assert (lost["code"], lost["data"]["version"]) == ("conflict", 2)
        for browser in (one, two):
            await browser.wait(
                lambda frame: frame["type"] == "staff.change" and any(each["version"] == 2 for each in frame["items"])
            )


async def test_a_right_taken_away_works_at_the_next_act(server: Server) -> None:
    show, viewer = await new_show(), await new_viewer()
    item = (await perform(viewer, show.id, making.comment()))["item"]
    async with await staff_socket(server, show, show.moderator) as desk:
        await desk.wait(lambda frame: frame["type"] == "staff.snapshot")
        await sync_to_async(show.moderator.grants.all().delete)()
        assert (await desk.ask("item.approve", kind="comment", item=item, version=1))["code"] == "not_allowed"


async def test_resume_gives_the_missed_ticks_and_no_more(server: Server) -> None:
    show, viewer = await new_show(comments="post"), await new_viewer()
    async with viewer_socket(server, show) as first:
        await first.shows("airing", lambda each: bool(first.state and first.state.epoch))
        assert first.state is not None
        left = first.state.copy()
        item = (await perform(viewer, show.id, making.comment("错过的")))["item"]
        await first.shows(f"comment:{item}")
        async with viewer_socket(server, show, query=f"?epoch={left.epoch}&seq={left.seq}") as back:
            back.state = left
            await back.shows(f"comment:{item}")
            await asyncio.sleep(0.1)
            assert "snapshot" not in {each["type"] for each in back.frames}
            assert back.gaps == 0
        async with viewer_socket(server, show, query="?epoch=1&seq=99999999") as stranger:
            await stranger.wait(lambda frame: frame["type"] == "snapshot")


async def test_sockets_and_url_show_the_same_bytes(server: Server) -> None:
    show = await new_show()
    async with viewer_socket(server, show) as viewer:
        await viewer.shows("counts", lambda each: each["viewers"] == 1)
        for _try in range(20):
            response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
            if viewer.state and (response.json()["epoch"], response.json()["seq"]) == viewer.state.position:
                assert response.content == viewer.state.snapshot()
                assert response.headers["cache-control"].startswith("public, max-age=1,")
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("state and socket never met")


async def test_withdrawn_words_leave_within_two_seconds(server: Server) -> None:
    show, viewer = await new_show(), await new_viewer()
    item = (await perform(viewer, show.id, making.comment()))["item"]
    async with viewer_socket(server, show) as reader, await staff_socket(server, show, show.moderator) as desk:
        await desk.ask("item.approve", kind="comment", item=item, version=1)
        await reader.shows(f"comment:{item}")
        await desk.ask("item.withdraw", kind="comment", item=item, version=2, reason="other")
        await reader.hides(f"comment:{item}", seconds=2)
        response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
        assert f"comment:{item}" not in response.text
        older = await sync_to_async(server.get)(f"/live/airings/{show.id}/comments?before={item + 1}")
        assert older.json() == {"comments": [], "more": False}


async def test_a_withdrawn_comment_is_named_even_when_it_is_no_longer_among_the_newest(server: Server) -> None:
    show, viewer = await new_show(comments="post"), await new_viewer()
    await sync_to_async(Room.objects.filter(pk=show.id).update)(comments_per_minute=1_000)
    items = await sync_to_async(fill)(show, viewer)
    async with viewer_socket(server, show) as reader, await staff_socket(server, show, show.moderator) as desk:
        await reader.shows("airing", lambda _each: bool(reader.state and reader.state.epoch))
        await reader.shows("counts", lambda each: each["comments"] > protocol.COMMENTS_SHOWN + 3)
        assert f"comment:{items[0]}" not in (reader.state.objects if reader.state else {})
        answer = await desk.ask("item.withdraw", kind="comment", item=items[0], version=1, reason="other")
        assert answer["type"] == "ack", answer
        await reader.wait(lambda frame: frame["type"] == "tick" and f"comment:{items[0]}" in frame["remove"], seconds=2)
        assert reader.gaps == 0


def fill(show: making.Show, viewer: Actor) -> list[int]:
    """Three comments, and then as many as are shown, all as slow as people can read: none is left out by lot. Ids of the three."""
    items: list[int] = []
    for second in range(60, 0, -1):
        with clock.frozen(clock.now() - dt.timedelta(seconds=second)):
            words = [f"第{second}秒第{n}条" for n in range(1 if second > 57 else 2)]
            told = audience.commit_batch([(viewer, show.id, making.comment(each)) for each in words])
        items += [each.result["item"] for each in told if isinstance(each, audience.Answer)]
    assert len(items) > protocol.COMMENTS_SHOWN + 3
    return items[:3]


async def test_a_withdrawn_episode_sends_everybody_away(server: Server) -> None:
    show = await new_show()
    async with viewer_socket(server, show) as viewer:
        await viewer.shows("airing")
        await sync_to_async(episodes.withdraw)(HOUSE, show.episode.pk, "测试")
        assert await viewer.closed(seconds=3) == protocol.CloseCode.NOT_FOUND
    assert (await sync_to_async(Episode.objects.get)(pk=show.episode.pk)).publication == "withdrawn"
    response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
    assert response.status_code == 404


async def test_whoever_sends_too_fast_is_told_and_then_sent_away(server: Server) -> None:
    show = await new_show()
    async with viewer_socket(server, show, await new_viewer()) as viewer:
        for _each in range(60):
            await viewer.send("like.add", count=1)
        found = await viewer.wait(lambda frame: frame["type"] == "error" and frame["code"] == "too_many")
        assert found["data"]["retry_after_seconds"] >= 1
        with contextlib.suppress(websockets.ConnectionClosed):
            for _each in range(400):
                await viewer.send("like.add", count=1)
                await asyncio.sleep(0.001)
        assert await viewer.closed() == protocol.CloseCode.TOO_FAST
