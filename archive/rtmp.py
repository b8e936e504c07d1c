"""RTMP as bytes and messages: chunks, the server's half of publishing, FLV tags; pure, it opens no socket and knows no key."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

HANDSHAKE = 1536
VERSION = 3
CHUNK_OUT = 4096
WINDOW = 2_500_000
MOST_BEFORE_PUBLISH = 16_384
MOST_MESSAGE = 16_000_000
_MOST_STREAMS = 64
# A peer that cuts its messages into crumbs makes us work for every one; encoders use 128 bytes (the default) and more.
_LEAST_CHUNK = 128
AUDIO, VIDEO, DATA_AMF3, DATA, COMMAND_AMF3, COMMAND, AGGREGATE = 8, 9, 15, 18, 17, 20, 22
FLV_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
_SET_DATA_FRAME = b"\x02\x00\x0d@setDataFrame"


class BadRtmp(ValueError):
    """Not RTMP, or more than we take. `code` is bad_handshake, bad_chunk, oversize or bad_command."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Message:
    """A whole RTMP message."""

    kind: int
    stream: int
    timestamp: int
    payload: bytes


@dataclass
class _Stream:
    """What the last chunk of one chunk stream said, and the message being put together."""

    stamp: int = 0
    timestamp: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    parts: bytearray = field(default_factory=bytearray)

    @property
    def have(self) -> int:
        return len(self.parts)


class ChunkReader:
    """Puts messages together from chunks. Bounded: `most` bytes a message and twice that in all, a few chunk streams."""

    def __init__(self) -> None:
        self.most = MOST_BEFORE_PUBLISH
        self._size = 128
        self._buffer = bytearray()
        self._streams: dict[int, _Stream] = {}
        self._held = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """Messages completed by `data`. Raises BadRtmp."""
        self._buffer += data
        at = 0
        while (step := self._chunk(at)) is not None:
            at, message = step
            if message is None:
                continue
            if message.kind == 1:
                self._set_size(message.payload)
            elif message.kind == 2 and len(message.payload) >= 4:
                self._abort(int.from_bytes(message.payload[:4], "big"))
            else:
                yield message
        del self._buffer[:at]

    def _set_size(self, payload: bytes) -> None:
        size = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF
        if not _LEAST_CHUNK <= size <= MOST_MESSAGE:
            raise BadRtmp("bad_chunk")
        self._size = size

    def _abort(self, number: int) -> None:
        """Throw away what came so far of a message that the peer gives up."""
        stream = self._streams.get(number)
        if stream is not None:
            self._held -= stream.have
            stream.parts = bytearray()

    def _chunk(self, at: int) -> tuple[int, Message | None] | None:
        """One chunk from the buffer, or None when it is not whole yet."""
        head = self._basic(at)
        if head is None:
            return None
        form, number, at = head
        stream = self._streams.get(number)
        if stream is None:
            if form != 0 or len(self._streams) >= _MOST_STREAMS:
                raise BadRtmp("bad_chunk")
            stream = _Stream()
        need = (11, 7, 3, 0)[form]
        if len(self._buffer) < at + need:
            return None
        raw = bytes(self._buffer[at : at + need])
        at += need
        stamp = int.from_bytes(raw[0:3], "big") if form < 3 else None
        extended = stamp == 0xFFFFFF if stamp is not None else stream.extended
        if extended:
            if len(self._buffer) < at + 4:
                return None
            full = int.from_bytes(self._buffer[at : at + 4], "big")
            at += 4
            stamp = full if form < 3 else None
        length = int.from_bytes(raw[3:6], "big") if form < 2 else stream.length
        if length > self.most:
            raise BadRtmp("oversize")
        size = min(self._size, length - (stream.have if form == 3 else 0))
        if len(self._buffer) < at + size:
            return None
        self._streams[number] = stream
        if form < 3 or stream.have == 0:
            self._held -= stream.have
            self._begin(stream, form, stamp, length, raw, extended)
        return self._take(stream, at, size)

    def _basic(self, at: int) -> tuple[int, int, int] | None:
        if len(self._buffer) <= at:
            return None
        form, number = self._buffer[at] >> 6, self._buffer[at] & 0x3F
        if len(self._buffer) < at + {0: 2, 1: 3}.get(number, 1):
            return None
        if number == 0:
            return form, self._buffer[at + 1] + 64, at + 2
        if number == 1:
            return form, self._buffer[at + 1] + self._buffer[at + 2] * 256 + 64, at + 3
        return form, number, at + 1

    @staticmethod
    def _begin(stream: _Stream, form: int, stamp: int | None, length: int, raw: bytes, extended: bool) -> None:
        if stamp is not None:
            stream.stamp = stamp
        stream.timestamp = stream.stamp if form == 0 else (stream.timestamp + stream.stamp) & 0xFFFFFFFF
        stream.extended = extended
        if form < 2:
            stream.length, stream.kind = length, raw[6]
        if form == 0:
            stream.stream = int.from_bytes(raw[7:11], "little")
        stream.parts = bytearray()

    def _take(self, stream: _Stream, at: int, size: int) -> tuple[int, Message | None]:
        stream.parts += self._buffer[at : at + size]
        self._held += size
        if self._held > 2 * self.most:
            raise BadRtmp("oversize")
        if stream.have < stream.length:
            return at + size, None
        message = Message(stream.kind, stream.stream, stream.timestamp, bytes(stream.parts))
        self._held -= stream.have
        stream.parts = bytearray()
        return at + size, message


def chunks(kind: int, payload: bytes, *, stream: int = 0, channel: int = 3) -> bytes:
    """A message as chunks of CHUNK_OUT bytes (128 for the very first, which announces it)."""
    size = CHUNK_OUT
    head = (
        struct.pack(">B", channel)
        + b"\0\0\0"
        + len(payload).to_bytes(3, "big")
        + bytes([kind])
        + stream.to_bytes(4, "little")
    )
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    return head + bytes([0xC0 | channel]).join(pieces)


def greeting() -> bytes:
    """What a server says as soon as it has C0 and C1, without the echo of C1 that must follow."""
    return bytes([VERSION]) + b"\0" * 8 + os.urandom(HANDSHAKE - 8)


def setup() -> bytes:
    """Window, bandwidth and our chunk size, sent before the answer to connect."""
    return (
        chunks(5, struct.pack(">I", WINDOW), channel=2)
        + chunks(6, struct.pack(">IB", WINDOW, 2), channel=2)
        + chunks(1, struct.pack(">I", CHUNK_OUT), channel=2)
    )


def acknowledgement(count: int) -> bytes:
    """How many bytes came so far."""
    return chunks(3, struct.pack(">I", count & 0xFFFFFFFF), channel=2)


def flv_tags(message: Message) -> bytes:
    """The FLV tags of a media message; empty for any other."""
    if message.kind in (AUDIO, VIDEO):
        return _tag(message.kind, message.timestamp, message.payload)
    if message.kind in (DATA, DATA_AMF3):
        payload = message.payload[1:] if message.kind == DATA_AMF3 else message.payload
        payload = payload.removeprefix(_SET_DATA_FRAME)
        return _tag(DATA, message.timestamp, payload) if payload else b""
    return b"".join(_split(message)) if message.kind == AGGREGATE else b""


def _tag(kind: int, timestamp: int, payload: bytes) -> bytes:
    stamp = timestamp & 0xFFFFFFFF
    head = (
        bytes([kind])
        + len(payload).to_bytes(3, "big")
        + (stamp & 0xFFFFFF).to_bytes(3, "big")
        + bytes([stamp >> 24])
        + b"\0\0\0"
    )
    return head + payload + struct.pack(">I", len(head) + len(payload))


def _split(message: Message) -> Iterator[bytes]:
    """The tags inside an aggregate, moved to the aggregate's time."""
    data, at, first = message.payload, 0, None
    while at + 11 <= len(data):
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        stamp = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        first = stamp if first is None else first
        if at + 11 + size > len(data):
            return
        if kind in (AUDIO, VIDEO):
            yield _tag(kind, message.timestamp + stamp - first, data[at + 11 : at + 11 + size])
        at += 15 + size
