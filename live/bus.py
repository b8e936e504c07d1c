"""The bus between processes: a subscription an airing, ticks and their window, who is where; it may lose anything and always comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import redis.asyncio as redis
from django.conf import settings
from redis.exceptions import RedisError

from broadcast import clock
from live import envelope
from live.envelope import Header
from live.shards import Shards

logger = logging.getLogger(__name__)

WINDOW = 120
KEEP_SECONDS = 30
VIEWERS_SECONDS = 8
_PAUSE_SECONDS = 0.1
_EVERYWHERE = "yishi:all"
# Web processes by name, each with what it says of itself.
PROCESSES = "yishi:{processes}"
Heard = Callable[[UUID, Header, bytes], None]
_FAULTS = (RedisError, OSError, asyncio.TimeoutError)


def leave_key(process: str) -> str:
    """Where a process looks whether it is asked to leave."""
    return f"yishi:{{processes}}:leave:{process}"


class Ear:
    """One connection that listens, and what it listens to."""

    def __init__(self, pubsub: redis.client.PubSub, *, is_sharded: bool) -> None:
        self._pubsub, self._is_sharded = pubsub, is_sharded
        self._has: set[str] = set()
        self._changing = asyncio.Lock()

    async def want(self, names: Iterable[str]) -> None:
        """Subscribe to these and to no others."""
        async with self._changing:
            wanted = set(names)
            more, less = wanted - self._has, self._has - wanted
            # Before the server confirms it, so that its word is not taken for a loss.
            self._has = wanted
            if not self._is_sharded:
                if more:
                    await self._pubsub.subscribe(*more)
                if less:
                    await self._pubsub.unsubscribe(*less)
                return
            # A server takes several at once only of one slot.
            for name in more:
                await self._pubsub.ssubscribe(name)
            for name in less:
                await self._pubsub.sunsubscribe(name)

    def has_lost(self, message: dict[str, object]) -> bool:
        """Whether the server gave a channel up that we still want: its slot has moved."""
        channel = message.get("channel")
        return message.get("type") == "sunsubscribe" and isinstance(channel, bytes) and channel.decode() in self._has


class Bus:
    """One connection to each server that listens and a few that speak. `up` is false from a failure until the next success."""

    def __init__(self, heard: Heard, returned: Callable[[], None]) -> None:
        self._heard = heard
        self._returned = returned
        self._speaking = Shards(settings.BUS_URL, is_cluster=settings.BUS_CLUSTER, timeout=1.5)
        self._hearing = Shards(settings.BUS_URL, is_cluster=settings.BUS_CLUSTER, timeout=None)
        self._wanted: dict[str, UUID] = {}
        # The connections that listen, by server; a change of `_wanted` while they come about is seen by `_catch_up`.
        self._ears: dict[redis.Redis, Ear] = {}
        self._pause = _PAUSE_SECONDS
        self.up = False
        self.lost = 0

    def subscribe(self, airing_id: UUID) -> None:
        """Hear of this airing from now on, and after every reconnect."""
        name = envelope.channel(airing_id)
        if name not in self._wanted:
            self._wanted[name] = airing_id
            self._tell()

    def unsubscribe(self, airing_id: UUID) -> None:
        """Hear no more of it."""
        name = envelope.channel(airing_id)
        if self._wanted.pop(name, None) is not None:
            self._tell()

    async def listen(self) -> None:
        """Run until cancelled: connect, subscribe, pass on; after a failure again, with growing, jittered pauses."""
        while True:
            try:
                async with asyncio.TaskGroup() as servers:
                    for client, names in await self._hearing.by_server(self._wanted):
                        servers.create_task(self._listen_at(client, names))
            except* _FAULTS as found:
                logger.warning("bus lost, coming back error=%s", found.exceptions[0])
            finally:
                self.up = False
                self._ears.clear()
                self._hearing.forget()
            await asyncio.sleep(self._pause * random.uniform(0.5, 1))
            self._pause = min(self._pause * 2, 2.0)

    async def _listen_at(self, client: redis.Redis, names: list[str]) -> None:
        async with client.pubsub() as pubsub:
            ear = Ear(pubsub, is_sharded=self._hearing.is_cluster)
            await pubsub.subscribe(_EVERYWHERE)
            await ear.want(names)
            self._ears[client] = ear
            # What was asked for while the connection came about.
            await self._catch_up()
            self.up, self._pause = True, _PAUSE_SECONDS
            self._returned()
            async for message in pubsub.listen():
                if ear.has_lost(message):
                    raise RedisError("an airing moved to another server of the bus")
                self._pass_on(message)

    async def _catch_up(self) -> None:
        """Make the subscriptions what is wanted now. Raises when a server does not take them."""
        for client, names in await self._hearing.by_server(self._wanted):
            ear = self._ears.get(client)
            if ear is not None:
                await ear.want(names)

    async def publish_tick(self, airing_id: UUID, header: Header, tick: bytes, snapshot: bytes) -> bool:
        """Store snapshot and window and publish the tick, all or nothing. False when the bus is away."""
        try:
            pipe = (await self._at(airing_id)).pipeline(transaction=True)
            window = envelope.key(airing_id, "window")
            pipe.set(envelope.key(airing_id, "snapshot"), snapshot, ex=KEEP_SECONDS)
            if header.seq == 1:
                pipe.delete(window)
            pipe.rpush(window, tick)
            pipe.ltrim(window, -WINDOW, -1)
            pipe.expire(window, KEEP_SECONDS)
            # To those who hear this airing and no others: what is sent does not grow with the audience, nor with the cluster.
            say = "SPUBLISH" if self._speaking.is_cluster else "PUBLISH"
            pipe.execute_command(say, envelope.channel(airing_id), envelope.pack(header, tick))
            await pipe.execute()
        except _FAULTS as error:
            self._note(error)
            return False
        return True

    async def load(self, airing_id: UUID) -> tuple[bytes | None, list[bytes]]:
        """Snapshot and window as they stand; (None, []) when there are none or the bus is away."""
        try:
            pipe = (await self._at(airing_id)).pipeline(transaction=True)
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
            pipe = (await self._at(airing_id)).pipeline(transaction=False)
            pipe.hset(name, process, f"{viewers}:{clock.now().timestamp()}")
            pipe.expire(name, KEEP_SECONDS)
            await pipe.execute()

    async def viewers(self, airing_id: UUID) -> int | None:
        """Sockets of all processes, None when the bus is away."""
        try:
            found = await (await self._at(airing_id)).hgetall(envelope.key(airing_id, "viewers"))
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
            pipe = (await self._at(airing_id)).pipeline(transaction=False)
            pipe.hset(name, process, f"{clock.now().timestamp()}:".encode() + report)
            pipe.expire(name, KEEP_SECONDS)
            await pipe.execute()

    async def pressures(self, airing_id: UUID) -> list[bytes]:
        """What the processes of an airing said lately; empty when the bus is away."""
        try:
            found = await (await self._at(airing_id)).hgetall(envelope.key(airing_id, "pressure"))
        except _FAULTS as error:
            self._note(error)
            return []
        oldest = clock.now().timestamp() - VIEWERS_SECONDS
        said = (_text(value).partition(":") for value in found.values())
        return [report.encode() for at, _colon, report in said if float(at or 0) >= oldest]

    async def present(self, process: str, facts: dict[str, Any]) -> float | None:
        """Say that this web process is here; the seconds within which it is asked to leave, None while it is not."""
        try:
            pipe = (await self._speaking.of(PROCESSES)).pipeline(transaction=False)
            pipe.hset(PROCESSES, process, json.dumps({**facts, "at": clock.now().timestamp()}))
            pipe.get(leave_key(process))
            _kept, asked = await pipe.execute()
        except _FAULTS as error:
            self._note(error)
            return None
        return float(asked) if asked is not None else None

    async def absent(self, process: str) -> None:
        """This web process is gone."""
        with contextlib.suppress(*_FAULTS):
            await (await self._speaking.of(PROCESSES)).hdel(PROCESSES, process)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._speaking.close()
        await self._hearing.close()

    async def _at(self, airing_id: UUID) -> redis.Redis:
        """The server that holds all of an airing."""
        return await self._speaking.of(envelope.channel(airing_id))

    def _pass_on(self, message: dict[str, object]) -> None:
        channel, data = message.get("channel"), message.get("data")
        if (
            message.get("type") not in {"message", "smessage"}
            or not isinstance(channel, bytes)
            or not isinstance(data, bytes)
        ):
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

    def _tell(self) -> None:
        """Have the servers know what is wanted; where one does not take it, the next connect does."""

        async def tell() -> None:
            with contextlib.suppress(*_FAULTS):
                await self._catch_up()

        if self._ears:
            _keep(asyncio.create_task(tell()))

    def _note(self, error: BaseException) -> None:
        self.lost += 1
        # In a cluster another may be the owner now.
        self._speaking.forget()
        logger.warning("bus does not answer error=%s", error)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


_running: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    _running.add(task)
    task.add_done_callback(_running.discard)
