"""A web process that cannot reach the bus; a module of its own, since no other process may compete for its room's lease."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import sync_to_async

from tests.live import making
from tests.live.own_bus import OwnValkey
from tests.live.sockets import Server, viewer_socket

new_show, new_viewer = sync_to_async(making.make_show), sync_to_async(making.make_viewer)
Start = Callable[..., Server]


async def test_a_process_cut_off_from_the_bus_does_not_keep_the_room(servers: Start, own_valkey: OwnValkey) -> None:
    show, viewer = await new_show(comments="post"), await new_viewer()
    cut_off = servers({"YISHI_BUS_URL": own_valkey.valkey.url})
    async with viewer_socket(cut_off, show, viewer) as inside:
        await inside.shows("airing", lambda _each: bool(inside.state and inside.state.epoch))
        healthy = servers()
        async with viewer_socket(healthy, show) as outside:
            await outside.shows("airing")
            own_valkey.kill()
            item = (await inside.ask("comment.post", text="换人"))["result"]["item"]
            await inside.shows(f"comment:{item}")
            await outside.shows(f"comment:{item}", seconds=14)
