"""AMF0 values of RTMP commands, read and written; pure and bounded, it knows no RTMP."""

from __future__ import annotations

import struct
from typing import Any

_DEEPEST = 8
_MOST_MEMBERS = 256


class BadAmf(ValueError):
    """Not AMF0, or deeper or larger than anything an encoder sends."""


def decode_all(data: bytes) -> list[Any]:
    """All values in `data`, one after another. Raises BadAmf."""
    values: list[Any] = []
    at = 0
    while at < len(data):
        if len(values) > _MOST_MEMBERS:
            raise BadAmf("too many values")
        value, at = _decode(data, at, 0)
        values.append(value)
    return values


def _take(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(data):
        raise BadAmf("torn value")
    return data[at : at + size], at + size


def _string(data: bytes, at: int, width: int = 2) -> tuple[str, int]:
    raw, at = _take(data, at, width)
    text, at = _take(data, at, int.from_bytes(raw, "big"))
    return text.decode("utf-8", "replace"), at


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise BadAmf("too deep")
    marker, at = _take(data, at, 1)
    kind = marker[0]
    if kind == 0x00:
        raw, at = _take(data, at, 8)
        return struct.unpack(">d", raw)[0], at
    if kind == 0x01:
        raw, at = _take(data, at, 1)
        return raw != b"\0", at
    if kind in (0x02, 0x0C):
        return _string(data, at, 2 if kind == 0x02 else 4)
    if kind in (0x05, 0x06):
        return None, at
    if kind == 0x0B:
        raw, at = _take(data, at, 10)
        return struct.unpack(">d", raw[:8])[0], at
    return _decode_container(kind, data, at, depth)


def _decode_container(kind: int, data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if kind == 0x08:
        _, at = _take(data, at, 4)
    elif kind == 0x0A:
        raw, at = _take(data, at, 4)
        count = int.from_bytes(raw, "big")
        if count > _MOST_MEMBERS:
            raise BadAmf("too many members")
        values = []
        for _ in range(count):
            value, at = _decode(data, at, depth + 1)
            values.append(value)
        return values, at
    elif kind != 0x03:
        raise BadAmf(f"marker {kind:#x}")
    members: dict[str, Any] = {}
    while True:
        if len(members) > _MOST_MEMBERS:
            raise BadAmf("too many members")
        name, at = _string(data, at)
        if name == "" and data[at : at + 1] == b"\x09":
            return members, at + 1
        members[name], at = _decode(data, at, depth + 1)


def encode_all(*values: Any) -> bytes:
    """The values one after another: str, bool, numbers, None, dict."""
    return b"".join(_encode(value) for value in values)


def _encode(value: Any) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + (b"\x01" if value else b"\x00")
    if isinstance(value, int | float):
        return b"\x00" + struct.pack(">d", float(value))
    if isinstance(value, str):
        raw = value.encode()
        return b"\x02" + struct.pack(">H", len(raw)) + raw
    members = b"".join(
        struct.pack(">H", len(name.encode())) + name.encode() + _encode(each) for name, each in value.items()
    )
    return b"\x03" + members + b"\x00\x00\x09"
