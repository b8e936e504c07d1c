"""Who watches a busy room for its benchmark: one viewer who reads everything, one moderator who approves; they judge nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.servers import Seeded

STAFF_ACTS = 10
_MARK = re.compile(r"no=(\d+) due=(\d+)")


@dataclass
class Seen:
    """What one tick said, as far as it is measured."""

    position: tuple[int, int]
    comments: dict[int, int] = field(default_factory=dict)
    approved: dict[int, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    level: int = 0


class Watcher:
    """A viewer who reads everything, and a moderator who approves questions; on a thread of their own."""

    def __init__(self, port: int, seeded: Seeded, staff_cookie: str, pending: Sequence[int]) -> None:
        self._base, self._path, self._cookie = f"127.0.0.1:{port}", seeded.socket, staff_cookie
        self._pending = list(pending)
        self.seen: list[Seen] = []
        self.level = 0
        self.gaps = self.acts = 0
        self.approved_ns: dict[int, int] = {}
        self._supports: dict[int, int] = {}
        self._acting = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def act(self, *, on: bool) -> None:
        """Begin or end approving."""
        (self._acting.set if on else self._acting.clear)()

    def stop(self) -> None:
        """End both."""
        self._stopped.set()
        self._thread.join(10)

    async def _run(self) -> None:
        tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._moderate())]
        await asyncio.to_thread(self._stopped.wait)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connect(self, path: str, cookie: str = "") -> Any:
        import websockets

        headers = {"Cookie": cookie} if cookie else {}
        return websockets.connect(
            f"ws://{self._base}{path}",
            additional_headers=headers,
            origin=f"http://{self._base}",  # type: ignore[arg-type]
            max_size=2**24,
            proxy=None,
        )

    async def _watch(self) -> None:
        async with self._connect(self._path) as line:
            async for text in line:
                frame = json.loads(text)
                if frame["type"] in {"tick", "snapshot"}:
                    self._read(frame)

    def _read(self, frame: dict[str, Any]) -> None:
        position = (frame["epoch"], frame["seq"])
        if frame["type"] == "tick" and self.seen and self.seen[-1].position != (position[0], position[1] - 1):
            self.gaps += 1
        seen = Seen(position, level=self.level)
        for each in frame.get("put", frame.get("objects", ())):
            if each["kind"] == "comment" and (mark := _MARK.search(each["text"])):
                seen.comments[int(mark[1])] = int(mark[2])
            elif each["kind"] == "question":
                seen.approved[each["id"]] = each["at"]
                self._supports[each["id"]] = each["supports"]
            elif each["kind"] == "poll":
                seen.counts["votes"] = each["total"]
            elif each["kind"] == "counts":
                seen.counts["likes"] = each["likes"]
            elif each["kind"] == "load":
                self.level = seen.level = each["level"]
        self._supports.update(frame.get("supports", ()))
        seen.counts["supports"] = sum(self._supports.values())
        self.seen.append(seen)

    async def _moderate(self) -> None:
        path = self._path.removesuffix("/socket") + "/staff"
        async with self._connect(path, self._cookie) as line:
            reading = asyncio.create_task(self._drop(line))
            with contextlib.suppress(asyncio.CancelledError):
                while True:
                    await asyncio.sleep(1 / STAFF_ACTS)
                    if self._acting.is_set() and self._pending:
                        item = self._pending.pop()
                        command = {"type": "item.approve", "id": f"approve-{item:08}", "kind": "question", "item": item}
                        self.approved_ns[item] = time.monotonic_ns()
                        await line.send(json.dumps({**command, "version": 1}))
                        self.acts += 1
            reading.cancel()

    async def _drop(self, line: Any) -> None:
        async for _text in line:
            pass
