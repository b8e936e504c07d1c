"""A web process under test and the sockets of viewers and staff, as a browser would use them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import websockets
from asgiref.sync import sync_to_async
from django.test import Client

from broadcast.access import Actor
from broadcast.identity import COOKIE
from broadcast.models import User
from live import state as states
from tests.live.making import Show, command_id, cookie


@dataclass
class Server:
    """One running web process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.kill()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.http}{path}", headers=headers, timeout=10)


class Socket:
    """A browser's socket with its reducer: `state` holds what the page would show."""

    def __init__(self, server: Server, path: str, cookies: str = "", origin: str | None = None) -> None:
        self._url = f"ws://127.0.0.1:{server.port}{path}"
        self.cookies = cookies
        self._origin = origin if origin is not None else server.http
        self.frames: list[dict[str, Any]] = []
        self.state: states.State | None = None
        self.gaps = 0

    async def __aenter__(self) -> Socket:
        self._socket = await websockets.connect(
            self._url,
            additional_headers={"Cookie": self.cookies} if self.cookies else {},
            origin=self._origin,
            max_size=2**22,
            proxy=None,  # type: ignore[arg-type]
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for text in self._socket:
            raw = text.encode() if isinstance(text, str) else text
            frame = json.loads(raw)
            if frame["type"] == "snapshot":
                self.state = states.loaded(raw)
            elif frame["type"] == "tick" and self.state is not None and not self.state.apply(raw):
                self.gaps += (frame["epoch"], frame["seq"]) > self.state.position
            self.frames.append(frame)

    async def send(self, name: str, /, **fields: Any) -> str:
        """Send a command without waiting; returns its id."""
        sent = fields.pop("id", None) or command_id()
        await self._socket.send(json.dumps({"type": name, "id": sent, **fields}))
        return sent

    async def send_raw(self, frame: str | bytes) -> None:
        await self._socket.send(frame)

    async def ask(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """Send a command and return its ack or error."""
        sent = await self.send(name, **fields)
        return await self.wait(lambda frame: frame["type"] in {"ack", "error"} and frame["id"] == sent)

    async def wait(self, fits: Callable[[dict[str, Any]], bool], seconds: float = 20) -> dict[str, Any]:
        """The first frame, past or to come, that fits."""
        deadline = asyncio.get_running_loop().time() + seconds
        seen = 0
        while True:
            for frame in self.frames[seen:]:
                if fits(frame):
                    return frame
            seen = len(self.frames)
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"not among {[(f['type'], f.get('seq')) for f in self.frames[-20:]]}")
            await asyncio.sleep(0.02)

    async def shows(
        self, key: str, fits: Callable[[dict[str, Any]], bool] = bool, seconds: float = 20
    ) -> dict[str, Any]:
        """The public object under `key`, once it is there and fits."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = self.state.objects.get(key) if self.state else None
            if found is not None and fits(json.loads(found.body)):
                return dict(json.loads(found.body))
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{key} is {found}")
            await asyncio.sleep(0.02)

    async def hides(self, key: str, seconds: float = 20) -> None:
        """Return once nothing is under `key`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self.state is None or key in self.state.objects:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{key} is still there")
            await asyncio.sleep(0.02)

    @property
    def close_reason(self) -> str:
        """What the server said with the close code."""
        return str(self._socket.close_reason)

    async def closed(self, seconds: float = 20) -> int | None:
        """The close code."""
        await asyncio.wait_for(self._socket.wait_closed(), seconds)
        return self._socket.close_code


def viewer_socket(server: Server, show: Show, actor: Actor | None = None, query: str = "") -> Socket:
    cookies = f"{COOKIE}={cookie(actor)}" if actor is not None else ""
    return Socket(server, f"/live/airings/{show.id}/socket{query}", cookies)


def _log_in(user: User) -> str:
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


async def staff_socket(server: Server, show: Show, user: User) -> Socket:
    return Socket(server, f"/live/airings/{show.id}/staff", await sync_to_async(_log_in)(user))
