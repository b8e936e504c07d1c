"""The RTMP gate: lets an encoder in who names a right key and feeds its media to an ffmpeg; ffmpeg meets no stranger.

Media go to ffmpeg's standard input as FLV, so there is no second listener that somebody on the machine could reach first.
What strangers can hold is bounded: connections in all and of an address, how long they may take to name a key, wrong keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from archive import amf
from archive.intake import Busy, Intake
from archive.rtmp import BadRtmp
from archive.rtmp_peer import Peer, Refused
from archive.runner import Run
from archive.services import KEY_PURPOSE
from broadcast import sealing

logger = logging.getLogger(__name__)
GREET_SECONDS = 10.0
# Those that have not named a key: when there are more, the one that has taken longest makes room, since an encoder needs
# milliseconds and whoever fills the gate dawdles. Those that publish are bounded by the airings and lanes there are.
MOST_GREETING = 64
MOST_GREETING_PER_ADDRESS = 16
MOST_WRONG_KEYS = 20
MOST_ADDRESSES = 10_000
WRONG_KEY_SECONDS = 60.0
_CLOSE_SECONDS = 2.0
_BUFFER = 262_144


class Gate:
    """Listens for encoders. `intake_of` finds the airing and the lane whose stream key has a digest, or None."""

    def __init__(self, host: str, port: int, intake_of: Callable[[str], tuple[Intake, str] | None]) -> None:
        self.host, self.port, self._intake_of = host, port, intake_of
        self.refused: dict[str, Any] = {}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()
        # In order of arrival.
        self._greeting: dict[asyncio.Task[Any], str] = {}
        self._crowded: set[asyncio.Task[Any]] = set()
        self._wrong: dict[str, deque[float]] = {}

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._enter, self.host, self.port, limit=_BUFFER)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self._server:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections there are, and how many of them have not named a key yet."""
        return len(self._open), len(self._greeting)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        address = block(str((writer.get_extra_info("peername") or ("?",))[0]))
        self._open.add(task)
        self._greeting[task] = address
        try:
            await self._serve(Peer(reader, writer), address, task)
        except (
            Refused,
            BadRtmp,
            TimeoutError,
            amf.BadAmf,
            ConnectionError,
            asyncio.IncompleteReadError,
            EOFError,
        ) as error:
            self._greeting.pop(task, None)
            await self._refuse(address, error, writer)
        except asyncio.CancelledError:
            if task not in self._crowded:
                raise
            self._count("crowded")
        finally:
            self._greeting.pop(task, None)
            self._crowded.discard(task)
            self._open.discard(task)
            await _close(writer)

    async def _serve(self, peer: Peer, address: str, task: asyncio.Task[Any]) -> None:
        self._admit(address)
        async with asyncio.timeout(GREET_SECONDS):
            key = await peer.greet()
        # From here on it is nobody's to throw out for others: a child is being started for it.
        self._greeting.pop(task, None)
        await peer.relay(await self._accept(key, peer))

    def _admit(self, address: str) -> None:
        """Raise Refused for one connection too many of an address, or one that keeps guessing; make room where all are too many."""
        if Counter(self._greeting.values())[address] > MOST_GREETING_PER_ADDRESS:
            raise Refused("too_many_connections")
        tries = self._wrong.get(address)
        while tries and time.monotonic() - tries[0] > WRONG_KEY_SECONDS:
            tries.popleft()
        if tries is not None and not tries:
            del self._wrong[address]
        if tries and len(tries) >= MOST_WRONG_KEYS:
            raise Refused("too_many_attempts")
        waiting = [task for task in self._greeting if task not in self._crowded]
        if len(waiting) > MOST_GREETING:
            self._crowded.add(waiting[0])
            waiting[0].cancel()

    async def _accept(self, key: str, peer: Peer) -> Run:
        """The child for the airing and lane of this key. Raises Refused."""
        found = self._intake_of(sealing.digest(KEY_PURPOSE, key))
        if found is None:
            words = "no such stream key, or its show does not receive now"
            raise Refused("wrong_key", peer.status("error", "NetStream.Publish.BadName", words))
        intake, lane = found
        try:
            run = await intake.open_rtmp(key, lane)
        except (Busy, OSError) as error:
            words = "too many senders for this show"
            raise Refused("busy", peer.status("error", "NetStream.Publish.BadName", words)) from error
        peer.writer.write(peer.status("status", "NetStream.Publish.Start", "publishing"))
        return run

    async def _refuse(self, address: str, error: BaseException, writer: asyncio.StreamWriter) -> None:
        code = getattr(error, "code", None) or {"BadAmf": "bad_command", "TimeoutError": "timeout"}.get(
            type(error).__name__, "gone"
        )
        if code == "wrong_key":
            if address not in self._wrong and len(self._wrong) >= MOST_ADDRESSES:
                self._wrong.pop(next(iter(self._wrong)))
            self._wrong.setdefault(address, deque(maxlen=MOST_WRONG_KEYS)).append(time.monotonic())
        if code != "gone":
            self._count(code)
        logger.warning("rtmp refused address=%s code=%s", address, code)
        answer = getattr(error, "answer", b"")
        if answer:
            with contextlib.suppress(OSError, TimeoutError):
                writer.write(answer)
                await asyncio.wait_for(writer.drain(), _CLOSE_SECONDS)
                # Let the answer arrive before the connection goes.
                await asyncio.sleep(0.2)

    def _count(self, code: str) -> None:
        count = self.refused.get(code, {}).get("count", 0)
        self.refused[code] = {"count": count + 1, "at": time.time()}


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close; a peer that takes nothing more keeps us no longer than two seconds."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), _CLOSE_SECONDS)
    except (OSError, TimeoutError):
        writer.transport.abort()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise


def block(address: str) -> str:
    """What is counted as one address: an IPv4 number, or the /64 of an IPv6 one, of which a customer has many."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
