"""Who may open which socket: the SOCK lines of the table, each tried as a browser does, over a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import websockets
from asgiref.sync import sync_to_async

from live import routing
from live.protocol import CloseCode
from tests.live.conftest import server, shared_server, tidy
from tests.live.sockets import Server
from tests.permissions import table, world
from tests.permissions.table import Row
from tests.permissions.world import Person, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
# Fixtures of the live rooms that are used here too.
__all__ = ["server", "shared_server", "tidy"]
ROWS = [row for row in table.rows() if row.kind == "SOCK"]


def test_every_socket_has_a_line() -> None:
    there = {str(route.pattern) for route in routing._routes.routes}
    assert there == set(table.SOCKETS), "new or gone: say so in table.SOCKETS and matrix.txt"


async def test_every_cell(server: Server, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    made = await sync_to_async(world.make)(tmp_path)
    wrong = []
    for row in ROWS:
        for column, cell in row.cells.items():
            found, told = await _outcome(server, made, row, made.people[column])
            if found != cell:
                wrong.append(f"{row} {column}: expected {cell}, found {found} ({told})")
    assert not wrong, "\n".join(wrong)


async def _outcome(server: Server, made: World, row: Row, person: Person) -> tuple[str, str]:
    """+ when something is said to it, . when it is closed for who it is; and what came."""
    path = table.SOCKET_PATHS[row.name].format(airing=made.shows[row.place].pk, overlay=made.things["overlay"])
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in person.client.cookies.items())
    async with websockets.connect(
        f"ws://127.0.0.1:{server.port}{path}",
        additional_headers={"Cookie": cookies} if cookies else {},
        origin=server.http,  # type: ignore[arg-type]
        max_size=2**22,
        proxy=None,
    ) as socket:
        try:
            said = await socket.recv()
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 0
            assert code in {CloseCode.NOT_ALLOWED, CloseCode.NOT_FOUND}, f"{row}: closed with {code}"
            return ".", str(code)
    return "+", str(said)[:80]
