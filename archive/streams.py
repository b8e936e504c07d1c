"""What a transport-stream segment of ours carries, and its sound alone, by reading its bytes; pure, it decodes no picture and no sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

from archive import codecs

_PACKET = 188
_CLOCK = 90_000
_TABLE = 0
_PICTURE = {0x1B: "h264", 0x24: "hevc", 0x02: "mpeg2"}
_SOUND = {0x0F: "aac", 0x03: "mp3", 0x04: "mp3", 0x11: "latm", 0x81: "ac3"}
# The clock need not come oftener in a stream without picture.
_PCR_EVERY = _CLOCK // 10


@dataclass(frozen=True)
class Facts:
    """A segment's streams. Nothing is guessed: what cannot be read is 0, "" or empty.

    `codecs` are the names of RFC 6381, picture first. `times` are the pictures' in 90 kHz, in order of showing; `picture_at` is
    that of the first to come, `sound_at` that of the first sound.
    """

    picture: str = ""
    sound: str = ""
    picture_codec: str = ""
    sound_codec: str = ""
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0
    interlaced: bool = False
    times: tuple[int, ...] = ()
    picture_at: int | None = None
    sound_at: int | None = None

    @property
    def codecs(self) -> str:
        """For CODECS of a master playlist; "" when one of the streams has no name that we know."""
        known = [(self.picture, self.picture_codec), (self.sound, self.sound_codec)]
        names = [name for kind, name in known if kind]
        return ",".join(names) if names and all(names) else ""

    @property
    def leads(self) -> bool:
        """Whether pictures come behind the first that are shown before it (an open group): they need the segment before."""
        return bool(self.picture_at is not None and self.times and self.times[0] < self.picture_at)

    @property
    def frames(self) -> int:
        """Pictures in the segment."""
        return len(self.times)

    @property
    def step(self) -> float:
        """Usual time from picture to picture in 90 kHz; 0 with fewer than two."""
        steps = [right - left for left, right in zip(self.times, self.times[1:], strict=False)]
        return float(median(steps)) if steps else 0.0

    @property
    def fps(self) -> float:
        """Pictures a second, as they usually follow one another."""
        return round(_CLOCK / self.step, 3) if self.step > 0 else 0.0

    @property
    def drops(self) -> int:
        """Pictures that are missing between others."""
        step = self.step
        if step <= 0:
            return 0
        holes = (right - left for left, right in zip(self.times, self.times[1:], strict=False))
        return sum(round(hole / step) - 1 for hole in holes if hole > 1.5 * step)


@dataclass
class _Map:
    """The programme map as far as we care: where picture and sound are."""

    table: int = -1
    clock: int = -1
    picture: tuple[int, int] | None = None
    sound: tuple[int, int] | None = None


def _packets(data: bytes) -> Iterator[tuple[int, int, bool, int]]:
    """(offset, stream number, begins a unit, start of the payload or 0) of each whole packet; stops where it is none."""
    for at in range(0, len(data) - _PACKET + 1, _PACKET):
        if data[at] != 0x47:
            return
        second, flags = data[at + 1], data[at + 3]
        payload = at + 4 if flags & 0x10 else 0
        if payload and flags & 0x20:
            payload += 1 + data[payload]
            payload = payload if payload < at + _PACKET else 0
        yield at, (second & 0x1F) << 8 | data[at + 2], bool(second & 0x40), payload


def _section(data: bytes, payload: int, end: int) -> bytes:
    """The table section that begins in this packet; empty when it is not whole."""
    start = payload + 1 + data[payload]
    if start + 3 > end:
        return b""
    stop = start + 3 + ((data[start + 1] & 0x0F) << 8 | data[start + 2])
    return data[start:stop] if stop <= end else b""


def _read_association(section: bytes, found: _Map) -> None:
    for at in range(8, len(section) - 7, 4):
        if section[at] << 8 | section[at + 1]:
            found.table = (section[at + 2] & 0x1F) << 8 | section[at + 3]
            return


def _elementary(section: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(stream number, its kind, its entry) of a programme map."""
    if len(section) < 16:
        return
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at + 5 <= len(section) - 4:
        long = 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
        yield (section[at + 1] & 0x1F) << 8 | section[at + 2], section[at], section[at : at + long]
        at += long


def _read_map(section: bytes, found: _Map) -> None:
    if len(section) < 16:
        return
    found.clock = (section[8] & 0x1F) << 8 | section[9]
    for number, kind, _entry in _elementary(section):
        if kind in _PICTURE and found.picture is None:
            found.picture = (number, kind)
        elif kind in _SOUND and found.sound is None:
            found.sound = (number, kind)


def _unit(data: bytes, payload: int, end: int) -> tuple[int | None, int]:
    """(showing time, start of the bytes) of a unit that begins here."""
    if end - payload < 9 or data[payload : payload + 3] != b"\0\0\1":
        return None, end
    start = min(payload + 9 + data[payload + 8], end)
    if not data[payload + 7] & 0x80 or end - payload < 14:
        return None, start
    five = data[payload + 9 : payload + 14]
    return (five[0] >> 1 & 7) << 30 | five[1] << 22 | (five[2] >> 1) << 15 | five[3] << 7 | five[4] >> 1, start


def look(data: bytes) -> Facts:
    """What the segment carries. Garbage gives empty facts, never an error."""
    found = _Map()
    times: list[int] = []
    sound_at: int | None = None
    heads: dict[int, bytearray] = {}
    for at, number, begins, payload in _packets(data):
        if not payload:
            continue
        end = at + _PACKET
        if number == _TABLE and begins and found.table < 0:
            _read_association(_section(data, payload, end), found)
        elif number == found.table and begins and found.picture is None and found.sound is None:
            _read_map(_section(data, payload, end), found)
        elif found.picture and number == found.picture[0]:
            _collect(data, (payload, end), begins, heads, number, times)
        elif found.sound and number == found.sound[0]:
            first: list[int] = []
            _collect(data, (payload, end), begins, heads, number, first)
            sound_at = first[0] if first and sound_at is None else sound_at
    return _described(found, heads, times, sound_at)


def _collect(
    data: bytes, span: tuple[int, int], begins: bool, heads: dict[int, bytearray], number: int, times: list[int]
) -> None:
    """Note the time of a unit that begins, and keep the first bytes of the stream."""
    start, end = span
    if begins:
        time, start = _unit(data, start, end)
        if time is not None:
            times.append(time)
    head = heads.setdefault(number, bytearray())
    if len(head) < 4096:
        head += data[start:end]


def _unwrapped(times: list[int]) -> tuple[int, ...]:
    """In order of showing, though the clock of 33 bits may begin anew."""
    if not times:
        return ()
    first = times[0]
    return tuple(sorted(first + ((each - first + (1 << 32)) % (1 << 33) - (1 << 32)) for each in times))


def _described(found: _Map, heads: dict[int, bytearray], times: list[int], sound_at: int | None) -> Facts:
    facts = Facts(times=_unwrapped(times), picture_at=times[0] if times else None, sound_at=sound_at)
    if found.picture:
        kind = _PICTURE[found.picture[1]]
        seen = codecs.picture(kind, bytes(heads.get(found.picture[0], b"")))
        facts = replace(
            facts,
            picture=kind,
            picture_codec=seen.codec,
            width=seen.width,
            height=seen.height,
            interlaced=seen.interlaced,
        )
    if found.sound:
        kind = _SOUND[found.sound[1]]
        name, rate, channels = codecs.sound(kind, bytes(heads.get(found.sound[0], b"")))
        facts = replace(facts, sound=kind, sound_codec=name, sample_rate=rate, channels=channels)
    return facts


def sound_alone(data: bytes) -> bytes:
    """The segment without its picture: the sound's packets as they are, with tables and a clock. Empty without sound.

    A segment that has no picture comes back as it is.
    """
    found = _Map()
    kept = bytearray()
    head = b""
    counter = 0
    last_clock: int | None = None
    for at, number, begins, payload in _packets(data):
        packet = data[at : at + _PACKET]
        if number == _TABLE and begins and payload and found.table < 0:
            _read_association(_section(data, payload, at + _PACKET), found)
            head = packet
        elif number == found.table and begins and payload and found.clock < 0:
            section = _section(data, payload, at + _PACKET)
            _read_map(section, found)
            if found.sound is None:
                return b""
            if found.picture is None:
                return data
            kept += head + _map_of(packet[:4], section, found.sound[0])
        elif found.sound and number == found.sound[0]:
            kept += packet
        elif number == found.clock and found.sound:
            clock = _clock(packet)
            if clock is not None and (last_clock is None or not 0 <= clock - last_clock < _PCR_EVERY):
                last_clock = clock
                kept += _clock_alone(packet, counter)
    return bytes(kept)


def _map_of(head: bytes, section: bytes, sound: int) -> bytes:
    """The programme map with the sound as its only stream, as one packet."""
    entry = next(entry for number, _kind, entry in _elementary(section) if number == sound)
    information = section[10:12] + section[12 : 12 + ((section[10] & 0x0F) << 8 | section[11])]
    body = section[3:10] + information + entry
    long = len(body) + 4
    fresh = section[:1] + bytes([section[1] & 0xF0 | long >> 8, long & 0xFF]) + body
    packet = head[:3] + bytes([0x10 | head[3] & 0x0F]) + b"\0" + fresh + _sum(fresh).to_bytes(4, "big")
    return packet.ljust(_PACKET, b"\xff")


def _clock(packet: bytes) -> int | None:
    """The clock reference of a packet in 90 kHz, if it has one."""
    if not packet[3] & 0x20 or packet[4] < 7 or not packet[5] & 0x10:
        return None
    return int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7


def _clock_alone(packet: bytes, counter: int) -> bytes:
    """A packet that carries nothing but the clock reference of another."""
    head = bytes([0x47, packet[1] & 0x1F, packet[2], 0x20 | counter, 183, 0x10]) + packet[6:12]
    return head.ljust(_PACKET, b"\xff")


def _table() -> list[int]:
    rows = []
    for each in range(256):
        value = each << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        rows.append(value)
    return rows


_SUMS = _table()


def _sum(data: bytes) -> int:
    """The checksum of a table section."""
    value = 0xFFFFFFFF
    for each in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _SUMS[value >> 24 ^ each]
    return value
