"""Names and sizes of codecs (RFC 6381) out of the first bytes of a stream: H.264, H.265, AAC, MP3; pure, garbage gives nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_HIGH = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


@dataclass(frozen=True)
class Picture:
    """A video stream's name and size; empty and 0 where it cannot be read."""

    codec: str = ""
    width: int = 0
    height: int = 0
    interlaced: bool = False


class _Bits:
    """Reads numbers out of a parameter set, whose emulation bytes are taken out first."""

    def __init__(self, data: bytes) -> None:
        self.data = data.replace(b"\0\0\3", b"\0\0")
        self.at = 0

    def take(self, count: int) -> int:
        """The next bits as a number. Raises IndexError at the end."""
        value = 0
        for _ in range(count):
            value = value << 1 | self.data[self.at >> 3] >> (7 - (self.at & 7)) & 1
            self.at += 1
        return value

    def ue(self) -> int:
        """An unsigned Exp-Golomb number."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise IndexError
        return (1 << zeros) - 1 + self.take(zeros)

    def se(self) -> int:
        """A signed one."""
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def picture(kind: str, head: bytes) -> Picture:
    """What the first bytes of a video stream say of it."""
    try:
        if kind == "h264":
            return _h264(_unit(head, lambda first: first & 0x1F == 7))
        if kind == "hevc":
            return _hevc(_unit(head, lambda first: first >> 1 & 0x3F == 33))
    except (IndexError, ValueError):
        pass
    return Picture()


def _unit(head: bytes, wanted: Callable[[int], bool]) -> bytes:
    """The first unit that is wanted, after its start code. Raises IndexError when there is none."""
    at = head.find(b"\0\0\1")
    while at >= 0:
        following = head.find(b"\0\0\1", at + 3)
        if wanted(head[at + 3]):
            return head[at + 3 : following if following > 0 else len(head)]
        at = following
    raise IndexError


def _h264(unit: bytes) -> Picture:
    profile, limits, level = unit[1:4]
    bits = _Bits(unit[4:])
    bits.ue()
    chroma = 1
    if profile in _HIGH:
        chroma = _h264_high(bits)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.take(1)
        bits.se()
        bits.se()
        for _ in range(min(bits.ue(), 256)):
            bits.se()
    bits.ue()
    bits.take(1)
    wide, high = bits.ue() + 1, bits.ue() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    crop = [bits.ue() for _ in range(4)] if bits.take(1) else [0] * 4
    across = 2 if chroma in (1, 2) else 1
    down = (2 if chroma == 1 else 1) * (2 - frames_only)
    return Picture(
        f"avc1.{profile:02x}{limits:02x}{level:02x}",
        wide * 16 - across * (crop[0] + crop[1]),
        high * 16 * (2 - frames_only) - down * (crop[2] + crop[3]),
        not frames_only,
    )


def _h264_high(bits: _Bits) -> int:
    chroma = bits.ue()
    if chroma == 3:
        bits.take(1)
    bits.ue()
    bits.ue()
    bits.take(1)
    if bits.take(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _scaling(bits, 16 if index < 6 else 64)
    return chroma


def _scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _hevc(unit: bytes) -> Picture:
    bits = _Bits(unit[2:])
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    space, tier, profile = bits.take(2), bits.take(1), bits.take(5)
    compatible = int(f"{bits.take(32):032b}"[::-1], 2)
    limits = bits.take(48).to_bytes(6, "big").rstrip(b"\0")
    level = bits.take(8)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.take(1)
    width, height = bits.ue(), bits.ue()
    crop = [bits.ue() for _ in range(4)] if bits.take(1) else [0] * 4
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)
    name = f"hvc1.{['', 'A', 'B', 'C'][space]}{profile}.{compatible:X}.{'H' if tier else 'L'}{level}"
    name += "".join(f".{each:X}" for each in limits)
    return Picture(name, width - across * (crop[0] + crop[1]), height - down * (crop[2] + crop[3]))


def sound(kind: str, head: bytes) -> tuple[str, int, int]:
    """(name, samples a second, channels) of a sound stream."""
    if kind == "mp3":
        return "mp4a.40.34", 0, 0
    if kind == "ac3":
        return "ac-3", 0, 0
    if kind != "aac":
        return "", 0, 0
    at = head.find(b"\xff")
    while 0 <= at < len(head) - 6:
        if head[at + 1] & 0xF6 == 0xF0:
            rate = head[at + 2] >> 2 & 0x0F
            channels = (head[at + 2] & 1) << 2 | head[at + 3] >> 6
            return f"mp4a.40.{(head[at + 2] >> 6) + 1}", _RATES[rate] if rate < len(_RATES) else 0, channels
        at = head.find(b"\xff", at + 1)
    return "", 0, 0
