"""MPEG transport stream as bytes: reads a segment's times and streams, joins segments into one unbroken stream; pure, no disk, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

PACKET = 188
CLOCK = 90_000
_WRAP = 1 << 33
_NULL = 0x1FFF
# The first time of a joined stream: PCR runs ahead of the first frame by less than this.
ORIGIN = 2 * CLOCK
# What lies between the last time of one segment and the first of the next, when nothing says more: one frame.
_STEP = 3_600


class BadSegment(ValueError):
    """Not a transport stream of whole packets."""


@dataclass(frozen=True)
class Streams:
    """What a segment carries: (kind of stream by its number in the programme map) and, of AAC, (rate index, channels)."""

    kinds: tuple[tuple[int, int], ...] = ()
    sound: tuple[int, int] | None = None

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture: H.264, H.265 or MPEG-2."""
        return any(kind in {0x1B, 0x24, 0x02} for _pid, kind in self.kinds)

    @property
    def has_sound(self) -> bool:
        """Whether there is a sound stream."""
        return any(kind in {0x03, 0x04, 0x0F, 0x11, 0x81} for _pid, kind in self.kinds)


@dataclass(frozen=True)
class Scan:
    """First and last decoding time of each stream (90 kHz, unwrapped from the first), and what the segment carries."""

    first: dict[int, int]
    last: dict[int, int]
    streams: Streams


def _packets(data: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Start, stream number and start of the payload (0: none) of every packet. Raises BadSegment."""
    if not data or len(data) % PACKET:
        raise BadSegment(f"{len(data)} bytes")
    for start in range(0, len(data), PACKET):
        if data[start] != 0x47:
            raise BadSegment(f"no packet at {start}")
        flags = data[start + 3]
        payload = 0
        if flags & 0x10:
            payload = start + 4 + (1 + data[start + 4] if flags & 0x20 else 0)
        yield start, (data[start + 1] & 0x1F) << 8 | data[start + 2], payload


def _time(data: bytes | bytearray, at: int) -> int:
    return (
        (data[at] >> 1 & 7) << 30
        | data[at + 1] << 22
        | (data[at + 2] >> 1) << 15
        | data[at + 3] << 7
        | data[at + 4] >> 1
    )


def _put_time(data: bytearray, at: int, value: int) -> None:
    data[at] = data[at] & 0xF1 | (value >> 30 & 7) << 1
    data[at + 1] = value >> 22 & 0xFF
    data[at + 2] = (value >> 15 & 0x7F) << 1 | 1
    data[at + 3] = value >> 7 & 0xFF
    data[at + 4] = (value & 0x7F) << 1 | 1


def _times_of(data: bytes | bytearray, start: int, payload: int) -> tuple[int, ...]:
    """Where the times of a frame that begins in this packet stand: (presentation,) or (presentation, decoding)."""
    if not payload or not data[start + 1] & 0x40 or payload + 19 > start + PACKET:
        return ()
    if data[payload : payload + 3] != b"\0\0\1" or not 0xC0 <= data[payload + 3] <= 0xFD:
        return ()
    which = data[payload + 7] >> 6
    return (payload + 9, payload + 14) if which == 3 else (payload + 9,) if which == 2 else ()


def _near(value: int, base: int) -> int:
    """`value`, which counts modulo 2^33, unwrapped to be nearest to `base`."""
    return base + (value - base + _WRAP // 2) % _WRAP - _WRAP // 2


def scan(data: bytes) -> Scan:
    """Read a segment. Raises BadSegment for what is no transport stream or holds no frame with a time."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    kinds: dict[int, int] = {}
    sound: tuple[int, int] | None = None
    base: int | None = None
    maps: set[int] = set()
    for start, pid, payload in _packets(data):
        if not data[start + 1] & 0x40:
            continue
        if pid == 0 and payload:
            maps |= _map_numbers(data, payload)
        elif pid in maps and payload:
            kinds.update(_kinds(data, payload, start + PACKET))
        elif places := _times_of(data, start, payload):
            raw = _time(data, places[-1])
            base = raw if base is None else base
            at = _near(raw, base)
            first.setdefault(pid, at)
            last[pid] = max(last.get(pid, at), at)
            if sound is None and kinds.get(pid) == 0x0F:
                sound = _adts(data, payload + 9 + data[payload + 8], start + PACKET)
    if not first:
        raise BadSegment("no frame")
    return Scan(first, last, Streams(tuple(sorted(kinds.items())), sound))


def _map_numbers(data: bytes, payload: int) -> set[int]:
    """Stream numbers of the programme maps that a programme association names."""
    table = payload + 1 + data[payload]
    end = table + 3 + ((data[table + 1] & 0x0F) << 8 | data[table + 2]) - 4
    found = set()
    for at in range(table + 8, min(end, payload + 180), 4):
        if data[at] << 8 | data[at + 1]:
            found.add((data[at + 2] & 0x1F) << 8 | data[at + 3])
    return found


def _kinds(data: bytes, payload: int, limit: int) -> dict[int, int]:
    """Stream number to kind, from a programme map that fits into one packet."""
    table = payload + 1 + data[payload]
    end = min(table + 3 + ((data[table + 1] & 0x0F) << 8 | data[table + 2]) - 4, limit - 5)
    at = table + 12 + ((data[table + 10] & 0x0F) << 8 | data[table + 11])
    found = {}
    while at < end:
        found[(data[at + 1] & 0x1F) << 8 | data[at + 2]] = data[at]
        at += 5 + ((data[at + 3] & 0x0F) << 8 | data[at + 4])
    return found


def _adts(data: bytes, at: int, limit: int) -> tuple[int, int] | None:
    """Rate index and channels of the AAC frame there."""
    if at + 4 > limit or data[at] != 0xFF or data[at + 1] & 0xF0 != 0xF0:
        return None
    return data[at + 2] >> 2 & 0x0F, (data[at + 2] & 1) << 2 | data[at + 3] >> 6


@dataclass
class Joiner:
    """Joins segments of many sources into one stream: times go on where the last ended, counters never jump.

    A joined segment's first frame stands `at` the place asked for, or right behind what came before when that is later.
    """

    end: int = ORIGIN
    _offset: int = 0
    _begun: bool = False
    _raw_last: int = 0
    _counters: dict[int, int] = field(default_factory=dict)

    def add(self, data: bytes, found: Scan, *, follows: bool, at: int) -> bytes:
        """The segment's bytes with times and counters of the joined stream.

        `follows`: it continues the last one (same source, next number), so its times keep their distance. `at`, 90 kHz from
        the beginning of the joined stream, is where it belongs otherwise; afterwards `end` is where its last frame stands.
        """
        begin = min(found.first.values())
        if follows and self._begun:
            raw = _near(begin, self._raw_last)
            self._offset += begin - raw
        place = begin + self._offset
        least = self.end + _STEP if self._begun else ORIGIN
        # A part whose times jump inside is treated like a new one: a frame must never stand before the one that was sent.
        if not (follows and self._begun) or place + 5 * CLOCK < self.end or place > self.end + 5 * CLOCK:
            self._offset = max(least, ORIGIN + at) - begin
        self._raw_last = max(found.last.values())
        self.end = max(self.end, self._raw_last + self._offset)
        self._begun = True
        return self._moved(data)

    def _moved(self, data: bytes) -> bytes:
        moved, counters = bytearray(data), self._counters
        for start, pid, payload in _packets(data):
            if pid == _NULL:
                continue
            flags = moved[start + 3]
            if payload:
                counters[pid] = (counters.get(pid, -1) + 1) & 0x0F
            moved[start + 3] = flags & 0xF0 | counters.get(pid, 0)
            if flags & 0x20 and moved[start + 4] and moved[start + 5] & 0x10:
                self._move_clock(moved, start + 6)
            for place in _times_of(data, start, payload):
                _put_time(moved, place, (_time(data, place) + self._offset) % _WRAP)
        return bytes(moved)

    def _move_clock(self, data: bytearray, at: int) -> None:
        """The programme clock: 33 bits of 90 kHz, six spare, nine of 27 MHz."""
        base = data[at] << 25 | data[at + 1] << 17 | data[at + 2] << 9 | data[at + 3] << 1 | data[at + 4] >> 7
        base = (base + self._offset) % _WRAP
        data[at : at + 4] = (base >> 1).to_bytes(4, "big")
        data[at + 4] = (base & 1) << 7 | data[at + 4] & 0x7F
