"""Whether a RIFF file (WAV, AVI) is as long as it says of itself, by the heads of its chunks alone; pure, it reads no media."""

from __future__ import annotations

from typing import BinaryIO

_HEAD = 8
_KINDS = frozenset({b"WAVE", b"AVI ", b"AVIX"})
# Who writes a file without going back leaves one of these.
_UNKNOWN = frozenset({0, 0xFFFF_FFFF})


def missing(stream: BinaryIO, size: int) -> int:
    """How many of the bytes that its chunks promise the file of `size` bytes lacks; 0 where it is no RIFF or does not say.

    WAVE: Microsoft and IBM, Multimedia Programming Interface 1.0 (1991). AVI of more than one chunk: OpenDML 1.02 (1996).
    """
    at = 0
    while True:
        stream.seek(at)
        head = stream.read(_HEAD + 4)
        if len(head) < _HEAD + 4 or head[:4] != b"RIFF" or head[8:12] not in _KINDS:
            return 0
        length = int.from_bytes(head[4:8], "little")
        if length in _UNKNOWN:
            return 0
        at += _HEAD + length + length % 2
        # The last byte is often spared where the length is odd.
        if at - length % 2 > size:
            return at - length % 2 - size
