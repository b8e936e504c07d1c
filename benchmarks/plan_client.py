"""Browsers behind nginx for the plan: TLS sockets that count what comes, and kept-alive requests for the cached state. See `main`.

Orders come as lines of JSON on standard input, answers go as lines of JSON to standard output; it measures nothing of the server.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import sys
import time
from typing import Any

_CONNECTING_AT_ONCE = 32


class Clients:
    """The open connections to one address, and what they got."""

    def __init__(self, port: int, authority: str) -> None:
        self._port = port
        self._tls = ssl.create_default_context(cafile=authority)
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.frames = 0
        self.octets = 0

    async def open(self, path: str, count: int) -> dict[str, Any]:
        """Open so many sockets; each has got its first frame when this returns."""
        gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)

        async def one() -> None:
            async with gate:
                reader, writer = await self._connect()
                key = base64.b64encode(os.urandom(16)).decode()
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://127.0.0.1\r\nUpgrade: websocket\r\n"
                    f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
                )
                answer = await reader.readuntil(b"\r\n\r\n")
                if b" 101 " not in answer.split(b"\r\n", 1)[0]:
                    raise RuntimeError(f"no socket: {answer[:200]!r}")
                await self._frame(reader)
                self._writers.append(writer)
                self._tasks.append(asyncio.create_task(self._read(reader)))

        await asyncio.gather(*(one() for _each in range(count)))
        return {"open": len(self._writers)}

    async def reset(self) -> dict[str, Any]:
        """Count from zero."""
        self.frames = self.octets = 0
        return {}

    async def count(self) -> dict[str, Any]:
        """Frames since the last reset, the bytes of their payloads, and how many sockets are still open."""
        is_open = sum(not task.done() for task in self._tasks)
        return {"frames": self.frames, "octets": self.octets, "open": is_open, "cpu": time.process_time()}

    async def poll(self, path: str, connections: int, seconds: float) -> dict[str, Any]:
        """Ask for an address again and again over kept-alive connections; how many answers, and how long the last one was."""
        until = time.monotonic() + seconds
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()

        async def one() -> tuple[int, int]:
            reader, writer = await self._connect()
            asked = size = 0
            while time.monotonic() < until:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                if b" 200 " not in head.split(b"\r\n", 1)[0]:
                    raise RuntimeError(f"no state: {head[:200]!r}")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
                length = int(fields[b"content-length"])
                await reader.readexactly(length)
                asked, size = asked + 1, len(head) + length
                if fields.get(b"connection") == b"close":
                    writer.transport.abort()
                    reader, writer = await self._connect()
            writer.transport.abort()
            return asked, size

        found = await asyncio.gather(*(one() for _each in range(connections)))
        return {"answers": sum(asked for asked, _size in found), "bytes": found[0][1]}

    async def close(self) -> dict[str, Any]:
        """Drop all sockets."""
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        self._tasks.clear()
        self._writers.clear()
        return {}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                kind, body = await self._frame(reader)
                if kind == 1:
                    self.frames += 1
                    self.octets += len(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    @staticmethod
    async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = await reader.readexactly(2)
        length = head[1] & 0x7F
        if length > 125:
            length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
        return head[0] & 0x0F, await reader.readexactly(length)


async def main(port: int, authority: str) -> None:
    """Obey orders until standard input ends."""
    clients = Clients(port, authority)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, arguments = json.loads(line)
        try:
            answer = await getattr(clients, name)(*arguments)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
