"""An application for tests of frames and seats on real servers: every socket is a seat, and says of itself what a test asks."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

from live import seat as seats
from live.frames import Frame, line_of
from live.seat import Counters, Seat

seats.BEHIND_SECONDS = float(os.environ.get("BEHIND_SECONDS", "10"))
_here: set[Seat] = set()
_most_pending = _poured = 0
_pouring: set[asyncio.Task[None]] = set()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        await _page(send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    taken = Seat(send, straight=b"plain" not in scope["query_string"])
    _here.add(taken)
    taken.left = lambda: _here.discard(taken)
    line = line_of(send)
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            words = json.loads(message["text"])
            if words["do"] == "straight":
                taken.tell(json.dumps({"straight": line.is_straight}))
            elif words["do"] == "close":
                taken.close(words["code"], words["reason"])
            elif words["do"] == "mix":
                _mix(taken, words["frames"])
            elif words["do"] == "pour":
                task = asyncio.create_task(_pour(words["frames"], words["size"], words["every"]))
                _pouring.add(task)
                task.add_done_callback(_pouring.discard)
            else:
                taken.tell(json.dumps({"echo": words}))
    finally:
        taken.closed = True
        _here.discard(taken)


async def _page(send: Any) -> None:
    facts = {
        "seats": len(_here),
        "poured": _poured,
        "most_pending": _most_pending,
        "skipped": Counters.skipped_ticks,
        "closed_slow": Counters.closed_slow,
    }
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(facts).encode()})


def filling_of(number: int) -> int:
    """Lengths of every kind that a frame's head tells differently; the longest is an own one, which is never skipped."""
    return 70_000 if number == 30 else number * 50 if number % 7 == 0 else number * 9 % 200


def _mix(taken: Seat, frames: int) -> None:
    """Public frames of many sizes and own ones in turn, all at once."""
    for number in range(1, frames + 1):
        filling = "x" * filling_of(number)
        if number % 2:
            taken.offer(Frame(json.dumps({"n": number, "x": filling}).encode(), (1, number)), time.monotonic())
        else:
            taken.tell(json.dumps({"n": number, "x": filling}))


async def _pour(frames: int, size: int, every: float) -> None:
    """Ticks to all seats, as a hub does it."""
    global _most_pending, _poured
    for number in range(1, frames + 1):
        words = {"type": "tick", "epoch": 1, "seq": number, "at": "t", "next_after_ms": 0, "put": ["x" * size]}
        frame = Frame(json.dumps(words, separators=(",", ":")).encode(), (1, number))
        now = time.monotonic()
        for each in tuple(_here):
            each.offer(frame, now)
            if each.behind_since is not None:
                each.catch_up(frame, now)
            _most_pending = max(_most_pending, each.pending)
        _poured = number
        await asyncio.sleep(every)
