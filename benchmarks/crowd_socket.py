"""One cheap WebSocket of the crowd: it reads frame headers, counts, and parses a frame's words only the first time they come."""

from __future__ import annotations

import asyncio
import re
import struct
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_HEAD = re.compile(rb'"type":"(tick|snapshot)","epoch":(\d+),"seq":(\d+),"at":"([^"]*)"')
_MARKS = re.compile(rb"ns=(\d{9,19})")
_ID = re.compile(rb'"id":"([^"]*)"')
_CODE = re.compile(rb'"code":"([^"]*)"')
_REMEMBERED = 2_000
_HANDSHAKE_MOST = 16_384


@dataclass
class Seen:
    """One public frame, however many sockets got it. `marks` are the numbers after "ns=" in its words (CLOCK_MONOTONIC)."""

    kind: str
    epoch: int
    seq: int
    at: str
    marks: tuple[int, ...]
    arrivals: array[int] = field(default_factory=lambda: array("q"))


@dataclass
class Tally:
    """What a worker counted since the last reset."""

    frames: int = 0
    octets: int = 0
    gaps: int = 0
    stale: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    joins_ns: array[int] = field(default_factory=lambda: array("q"))
    away_ns: array[int] = field(default_factory=lambda: array("q"))
    seen: dict[bytes, Seen] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)


class Desk:
    """What the sockets of one worker share."""

    def __init__(self, lost: Callable[[CrowdSocket], None]) -> None:
        self.tally = Tally()
        self.sockets: list[CrowdSocket] = []
        self.first_frame = True
        self.answered = asyncio.Event()
        self.lost = lost

    def public(self, payload: bytes) -> Seen | None:
        """The frame's own entry; None for one that is no tick and no snapshot."""
        seen = self.tally.seen.get(payload)
        if seen is not None:
            return seen
        seen = _read(payload)
        if seen is None:
            return None
        if len(self.tally.seen) >= _REMEMBERED:
            # The oldest tells nothing new; what it counted stays in the sums.
            del self.tally.seen[next(iter(self.tally.seen))]
        self.tally.seen[payload] = seen
        return seen


def _read(payload: bytes) -> Seen | None:
    """A tick, a snapshot, or what another server sends that bears a mark: a tick without epoch, numbered by its time."""
    found = _HEAD.search(payload[:160])
    if found is None:
        stranger = _MARKS.search(payload[:160])
        return Seen("tick", 0, int(stranger[1]), "", (int(stranger[1]),)) if stranger else None
    kind, epoch, seq, at = found.groups()
    marks = tuple(int(each) for each in _MARKS.findall(payload)) if kind == b"tick" else ()
    return Seen(kind.decode(), int(epoch), int(seq), at.decode(), marks)


class CrowdSocket(asyncio.Protocol):
    """One viewer. `opened` is set with the first frame (or with the handshake where the crowd expects none)."""

    __slots__ = (
        "began",
        "code",
        "cookie",
        "desk",
        "ended",
        "entering",
        "epoch",
        "lost_at",
        "number",
        "opened",
        "reason",
        "rest",
        "seq",
        "transport",
        "upgraded",
    )

    def __init__(self, desk: Desk, number: int, cookie: str) -> None:
        self.desk, self.number, self.cookie = desk, number, cookie
        self.transport: asyncio.Transport | None = None
        self.rest = b""
        self.upgraded = self.opened = self.entering = False
        self.epoch, self.seq = 0, -1
        self.began = self.lost_at = 0
        self.code, self.reason = 0, ""
        self.ended: asyncio.Future[None] | None = None

    def begin(self, transport: asyncio.Transport, request: bytes) -> None:
        """Send the handshake on a fresh connection."""
        self.transport, self.rest = transport, b""
        self.upgraded = self.opened = False
        self.code, self.reason = 0, ""
        transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Frames, whole or in pieces; servers do not mask theirs."""
        now = time.monotonic_ns()
        if self.rest:
            data, self.rest = self.rest + data, b""
        at, end = 0, len(data)
        if not self.upgraded:
            at = self._upgrade(data, now)
            if at < 0:
                return
        while end - at >= 2:
            length, head = data[at + 1], 2
            if length == 126:
                length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif length == 127:
                length, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            if end - at < head + length or end - at < head:
                break
            self._frame(data[at] & 15, data[at + head : at + head + length], now)
            at += head + length
        if at < end:
            self.rest = data[at:]

    def _upgrade(self, data: bytes, now: int) -> int:
        """Where the frames begin; -1 while the answer is not whole or is a refusal."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.rest = data[:_HANDSHAKE_MOST]
            return -1
        status = data[9:12].decode("latin-1")
        if status != "101":
            self.desk.tally.refused[f"http_{status}"] += 1
            if self.transport is not None:
                self.transport.abort()
            return -1
        self.upgraded = True
        if not self.desk.first_frame:
            self._open(now)
        return end + 4

    def _open(self, now: int) -> None:
        self.opened = True
        tally = self.desk.tally
        tally.joins_ns.append(now - self.began)
        if self.lost_at:
            tally.away_ns.append(now - self.lost_at)
            self.lost_at = 0
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(None)

    def _frame(self, opcode: int, payload: bytes, now: int) -> None:
        tally = self.desk.tally
        if opcode == 1:
            tally.frames += 1
            tally.octets += len(payload)
            if not self.opened:
                self._open(now)
            seen = self.desk.public(payload)
            if seen is None:
                self._own(payload, now)
                return
            tally.kinds[seen.kind] += 1
            seen.arrivals.append(now)
            self._follow(seen)
        elif opcode == 9 and self.transport is not None:
            self.transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif opcode == 8 and self.transport is not None:
            self.code = int.from_bytes(payload[:2], "big") or 1005
            self.reason = payload[2:].decode("utf-8", "replace")
            self.transport.write(bytes((0x88, 0x82, 0, 0, 0, 0)) + payload[:2])
            self.transport.close()

    def _follow(self, seen: Seen) -> None:
        if seen.kind == "tick" and seen.epoch:
            if seen.epoch < self.epoch or (seen.epoch == self.epoch and seen.seq <= self.seq):
                self.desk.tally.stale += 1
                return
            if self.seq >= 0 and (seen.epoch != self.epoch or seen.seq != self.seq + 1):
                self.desk.tally.gaps += 1
        if seen.epoch or seen.kind == "snapshot":
            self.epoch, self.seq = seen.epoch, seen.seq

    def _own(self, payload: bytes, now: int) -> None:
        kind = payload[9 : payload.find(b'"', 9)].decode("latin-1") if payload[:9] == b'{"type":"' else "other"
        self.desk.tally.kinds[kind] += 1
        if kind in ("ack", "error"):
            found = _ID.search(payload)
            if found is not None:
                code = _CODE.search(payload) if kind == "error" else None
                self.desk.answered.set()
                self.desk.tally.answers[found.group(1).decode()] = (now, code.group(1).decode() if code else "ack")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count why; the worker may bring it back."""
        self.transport = None
        tally = self.desk.tally
        if self.opened or self.code:
            tally.closed[str(self.code or 1006)] += 1
            self.lost_at = self.lost_at or time.monotonic_ns()
        elif self.upgraded:
            tally.refused["silent"] += 1
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(None)
        self.desk.lost(self)

    def say(self, text: bytes) -> bool:
        """Send a text frame, masked with zeros; False when there is no connection."""
        if self.transport is None or not self.upgraded:
            return False
        size = len(text)
        head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
        self.transport.write(head + b"\0\0\0\0" + text)
        return True
