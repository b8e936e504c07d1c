"""From a viewer's word to every screen: comment, approval, tick, ballot and the cached state, over real sockets."""

from __future__ import annotations

import json

from asgiref.sync import sync_to_async

from live.models import Ballot
from tests.live import making
from tests.live.sockets import Server, staff_socket, viewer_socket


async def test_comment_approval_tick_vote_and_state(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    viewer = await sync_to_async(making.make_viewer)()
    poll, options = await sync_to_async(making.make_poll)(show)
    desk = await staff_socket(server, show, show.moderator)
    async with viewer_socket(server, show, viewer) as writer, viewer_socket(server, show) as reader, desk:
        await reader.shows("airing")
        posted = await writer.ask("comment.post", text="支持这个办法")
        assert posted["type"] == "ack", posted
        item = posted["result"]["item"]
        await writer.wait(lambda frame: frame["type"] == "mine" and frame["items"][0]["state"] == "pending")
        await desk.wait(
            lambda frame: frame["type"].startswith("staff.") and any(each["id"] == item for each in frame["items"])
        )
        decided = await desk.ask("item.approve", kind="comment", item=item, version=1)
        assert decided["type"] == "ack", decided
        shown = await reader.shows(f"comment:{item}")
        assert shown["text"] == "支持这个办法"
        await writer.wait(
            lambda frame: frame["type"] == "mine" and frame["items"][:1] and frame["items"][0]["state"] == "approved"
        )
        voted = await writer.ask("poll.vote", poll=poll, options=[options[0]])
        assert voted["type"] == "ack", voted
        own = await writer.wait(lambda frame: frame["type"] == "mine" and bool(frame["ballots"]))
        assert own["ballots"][0]["options"] == [options[0]]
        assert await sync_to_async(Ballot.objects.count)() == 1
        response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
        assert response.status_code == 200
        state = json.loads(response.content)
        assert f"comment:{item}" in {each["key"] for each in state["objects"]}
        assert state["epoch"] >= 1
        again = await sync_to_async(server.get)(
            f"/live/airings/{show.id}/state", **{"If-None-Match": response.headers["etag"]}
        )
        assert again.status_code in {200, 304}
        assert (reader.gaps, writer.gaps) == (0, 0)
