"""How a message travels on the bus: one line of header, then the bytes that go to browsers unchanged; pure."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

Lane = Literal["public", "hint"]


class Header(Struct, frozen=True, omit_defaults=True):
    """What a process must know to pass a message on without reading it.

    public: a tick with (epoch, seq). hint: `what` changed; it only saves time.
    """

    lane: Lane
    epoch: int = 0
    seq: int = 0
    what: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Header)


def pack(header: Header, body: bytes = b"") -> bytes:
    """The message's bytes."""
    return _encoder.encode(header) + b"\n" + body


def unpack(message: bytes) -> tuple[Header, bytes]:
    """Header and body. Raises ValueError for what we did not write."""
    line, _, body = message.partition(b"\n")
    try:
        return _decoder.decode(line), body
    except msgspec.MsgspecError as error:
        raise ValueError("not a message of ours") from error


def channel(airing_id: UUID) -> str:
    """The bus channel of an airing; the braces keep all its keys in one slot of a cluster."""
    return f"yishi:{{{airing_id}}}"


def key(airing_id: UUID, name: str) -> str:
    """A key that belongs to an airing: snapshot, window, viewers."""
    return f"yishi:{{{airing_id}}}:{name}"
