"""The bus between processes: a subscription an airing, ticks and their window, who is where; it may lose anything and always comes back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from uuid import UUID

import redis.asyncio as redis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from broadcast import clock
from live import envelope
from live.envelope import Header

logger = logging.getLogger(__name__)

WINDOW = 120
KEEP_SECONDS = 30
VIEWERS_SECONDS = 8
_EVERYWHERE = "yishi:all"
Heard = Callable[[UUID, Header, bytes], None]
_FAULTS = (RedisError, OSError, asyncio.TimeoutError)


class Bus:
    """One connection that listens and a few that speak. `up` is false from a failure until the next success."""

    def __init__(self, heard: Heard, returned: Callable[[], None]) -> None:
        self._heard = heard
        self._returned = returned
        # No hidden retries: what is lost is known here at once, and answered by our own way back.
        once = Retry(NoBackoff(), 0)
        self._client = redis.Redis.from_url(settings.BUS_URL, socket_timeout=1.5, socket_connect_timeout=1, retry=once)
        self._listener = redis.Redis.from_url(
            settings.BUS_URL, socket_timeout=None, socket_connect_timeout=1, socket_keepalive=True, retry=once
        )
        self._wanted: dict[str, UUID] = {}
        self._pubsub: redis.client.PubSub | None = None
        self.up = False
        self.lost = 0

    def subscribe(self, airing_id: UUID) -> None:
        """Hear of this airing from now on, and after every reconnect."""
        name = envelope.channel(airing_id)
        if name not in self._wanted:
            self._wanted[name] = airing_id
            self._quietly(name, subscribe=True)

    def unsubscribe(self, airing_id: UUID) -> None:
        """Hear no more of it."""
        name = envelope.channel(airing_id)
        if self._wanted.pop(name, None) is not None:
            self._quietly(name, subscribe=False)

    async def listen(self) -> None:
        """Run until cancelled: connect, subscribe, pass on; after a failure again, with growing, jittered pauses."""
        pause = 0.1
        while True:
            try:
                async with self._listener.pubsub() as pubsub:
                    await pubsub.subscribe(_EVERYWHERE, *self._wanted)
                    self._pubsub = pubsub
                    self.up, pause = True, 0.1
                    self._returned()
                    async for message in pubsub.listen():
                        self._pass_on(message)
            except _FAULTS as error:
                logger.warning("bus lost, coming back error=%s", error)
            finally:
                self.up, self._pubsub = False, None
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, 2.0)

    async def publish_tick(self, airing_id: UUID, header: Header, tick: bytes, snapshot: bytes) -> bool:
        """Store snapshot and window and publish the tick, all or nothing. False when the bus is away."""
        try:
            pipe = self._client.pipeline(transaction=True)
            window = envelope.key(airing_id, "window")
            pipe.set(envelope.key(airing_id, "snapshot"), snapshot, ex=KEEP_SECONDS)
            if header.seq == 1:
                pipe.delete(window)
            pipe.rpush(window, tick)
            pipe.ltrim(window, -WINDOW, -1)
            pipe.expire(window, KEEP_SECONDS)
            pipe.publish(envelope.channel(airing_id), envelope.pack(header, tick))
            await pipe.execute()
        except _FAULTS as error:
            self._note(error)
            return False
        return True

    async def load(self, airing_id: UUID) -> tuple[bytes | None, list[bytes]]:
        """Snapshot and window as they stand; (None, []) when there are none or the bus is away."""
        try:
            pipe = self._client.pipeline(transaction=True)
            pipe.get(envelope.key(airing_id, "snapshot"))
            pipe.lrange(envelope.key(airing_id, "window"), 0, -1)
            snapshot, window = await pipe.execute()
        except _FAULTS as error:
            self._note(error)
            return None, []
        return snapshot, list(window)

    async def report_viewers(self, airing_id: UUID, process: str, viewers: int) -> None:
        """Say how many sockets this process holds; forgotten after VIEWERS_SECONDS."""
        with contextlib.suppress(*_FAULTS):
            name = envelope.key(airing_id, "viewers")
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(name, process, f"{viewers}:{clock.now().timestamp()}")
            pipe.expire(name, KEEP_SECONDS)
            await pipe.execute()

    async def viewers(self, airing_id: UUID) -> int | None:
        """Sockets of all processes, None when the bus is away."""
        try:
            found = await self._client.hgetall(envelope.key(airing_id, "viewers"))
        except _FAULTS as error:
            self._note(error)
            return None
        oldest = clock.now().timestamp() - VIEWERS_SECONDS
        total = 0
        for value in found.values():
            count, _, at = _text(value).partition(":")
            total += int(count) if float(at or 0) >= oldest else 0
        return total

    async def report_pressure(self, airing_id: UUID, process: str, report: bytes) -> None:
        """Say how this process keeps up; forgotten after VIEWERS_SECONDS."""
        with contextlib.suppress(*_FAULTS):
            name = envelope.key(airing_id, "pressure")
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(name, process, f"{clock.now().timestamp()}:".encode() + report)
            pipe.expire(name, KEEP_SECONDS)
            await pipe.execute()

    async def pressures(self, airing_id: UUID) -> list[bytes]:
        """What the processes of an airing said lately; empty when the bus is away."""
        try:
            found = await self._client.hgetall(envelope.key(airing_id, "pressure"))
        except _FAULTS as error:
            self._note(error)
            return []
        oldest = clock.now().timestamp() - VIEWERS_SECONDS
        said = (_text(value).partition(":") for value in found.values())
        return [report.encode() for at, _colon, report in said if float(at or 0) >= oldest]

    async def close(self) -> None:
        """Let go of the connections."""
        for client in (self._client, self._listener):
            with contextlib.suppress(*_FAULTS):
                await client.aclose()

    def _pass_on(self, message: dict[str, object]) -> None:
        channel, data = message.get("channel"), message.get("data")
        if message.get("type") != "message" or not isinstance(channel, bytes) or not isinstance(data, bytes):
            return
        airing_id = self._wanted.get(channel.decode())
        if airing_id is None:
            return
        try:
            header, body = envelope.unpack(data)
            self._heard(airing_id, header, body)
        except ValueError:
            self.lost += 1
            logger.warning("stranger on the bus channel=%s", channel)
        except Exception:
            logger.exception("a message of the bus was not handled channel=%s", channel)

    def _quietly(self, name: str, *, subscribe: bool) -> None:
        """Tell the server now if it can be told; otherwise the next connect does."""
        pubsub = self._pubsub
        if pubsub is None:
            return

        async def tell() -> None:
            with contextlib.suppress(*_FAULTS):
                await (pubsub.subscribe(name) if subscribe else pubsub.unsubscribe(name))

        _keep(asyncio.create_task(tell()))

    def _note(self, error: BaseException) -> None:
        self.lost += 1
        logger.warning("bus does not answer error=%s", error)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


_running: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    _running.add(task)
    task.add_done_callback(_running.discard)
