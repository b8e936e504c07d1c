"""Frames made once for all sockets, and the way straight to a peer's transport where the server is known; no meaning here.

Servers differ only here. Where a server, its version or an agreed compression is unknown, nothing is written past its `send`.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Protocol

# Where the classes of the servers that we know are found, once such a server runs us.
_SANSIO = ("uvicorn.protocols.websockets.websockets_sansio_impl", "WebSocketsSansIOProtocol")
_DAPHNE = ("daphne.ws_protocol", "WebSocketProtocol")
_OPEN = 3
Position = tuple[int, int]


class Frame:
    """One text frame for many sockets: its words, and its bytes on the wire, each made at most once."""

    __slots__ = ("_text", "_wire", "payload", "position")

    def __init__(self, payload: bytes, position: Position = (0, 0)) -> None:
        self.payload, self.position = payload, position
        self._text: str | None = None
        self._wire: bytes | None = None

    @property
    def text(self) -> str:
        """As an ASGI server wants it."""
        if self._text is None:
            self._text = self.payload.decode()
        return self._text

    @property
    def wire(self) -> bytes:
        """As it travels."""
        if self._wire is None:
            self._wire = framed(self.payload)
        return self._wire


def framed(payload: bytes) -> bytes:
    """A whole, final text frame of RFC 6455 from a server, which masks nothing."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Line(Protocol):
    """What is known of the way to one peer."""

    @property
    def is_straight(self) -> bool:
        """Whether `write` may be used at all; else frames go by the server's `send`."""

    def waiting(self) -> int:
        """Bytes that the server holds back for the peer, as far as it says."""

    def write(self, wire: bytes) -> bool:
        """Hand over a ready-made frame. False when the connection takes none any more."""

    def abort(self) -> None:
        """Cut the peer off, whatever it has not read."""


class _ByServer:
    """The server's own `send` alone. Twisted buffers without bound and does not make a sender wait, so its buffer is looked at."""

    __slots__ = ("_transport",)
    is_straight = False

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def waiting(self) -> int:
        transport = self._transport
        if hasattr(transport, "_tempDataLen"):
            return _held(transport)
        size = getattr(transport, "get_write_buffer_size", None)
        return int(size()) if callable(size) else 0

    def write(self, wire: bytes) -> bool:
        return False

    def abort(self) -> None:
        cut = getattr(self._transport, "abortConnection", None) or getattr(self._transport, "abort", None)
        if cut is not None:
            cut()


class _Sansio:
    """uvicorn with websockets-sansio: an asyncio transport that takes bytes at once and says how many it holds."""

    __slots__ = ("_protocol", "_transport")
    is_straight = True

    def __init__(self, protocol: Any) -> None:
        self._protocol, self._transport = protocol, protocol.transport

    def waiting(self) -> int:
        return int(self._transport.get_write_buffer_size())

    def write(self, wire: bytes) -> bool:
        protocol, transport = self._protocol, self._transport
        if protocol.close_sent or protocol.disconnected or transport.is_closing():
            return False
        transport.write(wire)
        return True

    def abort(self) -> None:
        self._transport.abort()


class _Daphne:
    """Daphne: Twisted's transport. With nothing held back a frame goes to the kernel now; else it joins what waits."""

    __slots__ = ("_protocol", "_transport")
    is_straight = True

    def __init__(self, protocol: Any) -> None:
        self._protocol, self._transport = protocol, protocol.transport

    def waiting(self) -> int:
        return _held(self._transport)

    def write(self, wire: bytes) -> bool:
        transport = self._transport
        if self._protocol.state != _OPEN or transport.disconnecting or not transport.connected:
            return False
        if not _held(transport):
            # By way of the reactor each frame costs two system calls more, to ask for the turn to write and to give it back.
            sent = transport.writeSomeData(wire)
            if sent == len(wire):
                return True
            # A lost connection is no number: the reactor finds out by itself, and tells the server.
            wire = wire[sent:] if isinstance(sent, int) and sent > 0 else wire
        transport.write(wire)
        return True

    def abort(self) -> None:
        self._transport.abortConnection()


def line_of(send: Any, *, straight: bool = True) -> Line:
    """The way to the peer behind a server's `send`, once the socket is accepted. Without `straight` never past the server.

    Daphne hands out a partial over its connection, uvicorn a method of it.
    """
    protocol = send.args[0] if isinstance(send, partial) and send.args else getattr(send, "__self__", None)
    transport = getattr(protocol, "transport", None)
    if straight and transport is not None:
        if _is(protocol, _SANSIO) and _sansio_is_bare(protocol):
            return _Sansio(protocol)
        if _is(protocol, _DAPHNE) and _daphne_is_bare(protocol):
            return _Daphne(protocol)
    return _ByServer(transport)


def _is(protocol: Any, known: tuple[str, str]) -> bool:
    found = getattr(sys.modules.get(known[0]), known[1], None)
    return found is not None and isinstance(protocol, found)


def _sansio_is_bare(protocol: Any) -> bool:
    """No compression agreed, handshake done, and everything there that is looked at later."""
    there = hasattr(protocol, "close_sent") and hasattr(protocol, "disconnected")
    return there and protocol.handshake_complete and not protocol.conn.extensions


def _daphne_is_bare(protocol: Any) -> bool:
    """The same, and no TLS of Twisted's own, which would want to see the bytes first; nothing queued in autobahn."""
    transport = protocol.transport
    there = all(hasattr(transport, name) for name in ("dataBuffer", "offset", "_tempDataLen", "writeSomeData"))
    bare = protocol._perMessageCompress is None and not protocol.send_queue
    return there and not getattr(transport, "TLS", False) and bare and protocol.state == _OPEN


def _held(transport: Any) -> int:
    return len(transport.dataBuffer) - int(transport.offset) + int(transport._tempDataLen)
