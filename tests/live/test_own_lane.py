"""What happens to somebody's own words reaches them though the bus loses messages, and never goes back in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext

from live import commands, hints, protocol, queries
from live.models import Comment
from live.services import audience
from tests.live import making
from tests.live.own_bus import OwnValkey
from tests.live.sockets import Server, viewer_socket

Start = Callable[..., Server]


def decide(show: making.Show, kind: str, item: int, version: int) -> None:
    common: Any = {"id": making.command_id(), "kind": "comment", "item": item, "version": version}
    command = protocol.ApproveItem(**common) if kind == "approve" else protocol.WithdrawItem(**common, reason="other")
    commands.perform(making.staff_actor(show.moderator), show.id, command)


def states_of(frames: list[dict[str, Any]], item: int) -> list[str]:
    told = [each["items"] for each in frames if each["type"] == "mine"]
    return [each["state"] for items in told for each in items if each["id"] == item]


async def test_decisions_reach_their_author_though_nothing_was_published(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = await sync_to_async(making.make_show)()
    viewer, other = await sync_to_async(making.make_viewer)(), await sync_to_async(making.make_viewer)()
    async with viewer_socket(server, show, viewer) as browser, viewer_socket(server, show, other) as stranger:
        item = (await browser.ask("comment.post", text="等结果"))["result"]["item"]
        # As when the bus times out in the process where the moderator works.
        monkeypatch.setattr(hints.publisher, "publish", lambda messages: None)
        await sync_to_async(decide)(show, "approve", item, 1)
        await browser.wait(lambda frame: frame["type"] == "mine" and "approved" in states_of([frame], item), seconds=10)
        await sync_to_async(decide)(show, "withdraw", item, 2)
        await browser.wait(lambda f: f["type"] == "mine" and "withdrawn" in states_of([f], item), seconds=10)
        # Hints that come late, twice and in any order tell nothing but the truth.
        monkeypatch.undo()
        for _each in range(5):
            await sync_to_async(hints.own)(show.id)
        await asyncio.sleep(0.5)
        assert states_of(browser.frames, item)[-1] == "withdrawn"
        assert states_of(stranger.frames, item) == []


async def test_decisions_reach_their_author_without_a_bus(servers: Start, own_valkey: OwnValkey) -> None:
    show, viewer = await sync_to_async(making.make_show)(), await sync_to_async(making.make_viewer)()
    one = servers({"YISHI_BUS_URL": own_valkey.valkey.url})
    async with viewer_socket(one, show, viewer) as browser:
        item = (await browser.ask("comment.post", text="总线断了"))["result"]["item"]
        own_valkey.kill(forget=True)
        await sync_to_async(decide)(show, "approve", item, 1)
        await browser.wait(lambda f: f["type"] == "mine" and "approved" in states_of([f], item), seconds=15)


@pytest.mark.django_db
def test_a_look_costs_the_same_however_many_sit_here() -> None:
    show = making.make_show()
    made = [commands.perform(making.make_viewer(), show.id, making.comment())["item"] for _each in range(8)]
    asked = []
    for many in (2, 6):
        after = queries.staff_seq(show.id)
        for item in made[:many]:
            version = Comment.objects.get(pk=item).version
            decide(show, "approve" if version == 1 else "withdraw", item, version)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            newest, told = queries.changed_own(show.id, after, lambda seat: True)
        assert (newest, len(told)) == (queries.staff_seq(show.id), many)
        asked.append(len(captured))
        made = made[many:]
    assert asked[0] == asked[1]
    assert queries.changed_own(show.id, 0, lambda seat: False)[1] == {}


@pytest.mark.django_db
def test_a_batch_locks_the_room_only_at_its_very_end() -> None:
    """Whoever decides about items waits for the room: not for what a batch does before it commits."""
    show = making.make_show()
    poll, options = making.make_poll(show)
    people = [making.make_viewer() for _each in range(3)]
    orders = [
        (people[0], show.id, making.comment()),
        (people[1], show.id, making.vote(poll, options[0])),
        (people[2], show.id, protocol.AddLikes(id=making.command_id(), count=2)),
    ]
    with CaptureQueriesContext(connection) as captured:
        audience.commit_batch(orders)
    asked = [each["sql"] for each in captured.captured_queries]
    room = next(at for at, sql in enumerate(asked) if sql.startswith("UPDATE live_room"))
    assert max(at for at, sql in enumerate(asked) if sql.startswith("INSERT")) < room
    assert len([sql for sql in asked[room + 1 :] if "SAVEPOINT" not in sql]) == 1, "the row takes its number"
    row = Comment.objects.get()
    assert row.staff_seq == queries.staff_seq(show.id) > 0


@pytest.mark.django_db
def test_what_goes_with_the_picture_waits_for_it_for_the_author_too() -> None:
    show = making.make_show(delay_seconds=60)
    author, producer = making.make_viewer(), making.staff_actor(show.producer)
    item = commands.perform(author, show.id, making.question())["item"]
    approve = protocol.ApproveItem(id=making.command_id(), kind="question", item=item, version=1)
    commands.perform(making.staff_actor(show.moderator), show.id, approve)
    commands.perform(producer, show.id, protocol.ShowQuestion(id=making.command_id(), question=item))
    _newest, told = queries.changed_own(show.id, 0, lambda seat: True)
    assert [each.state for mine in told.values() for each in mine.items] == ["queued"]
