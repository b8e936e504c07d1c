"""Hears what is said on the bus: one connection a server, each coming back by itself; it knows no airing and no message's meaning."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from live.shards import Shards

logger = logging.getLogger(__name__)

FAULTS = (RedisError, OSError, asyncio.TimeoutError)
_EVERYWHERE = "yishi:all"
_PAUSE_SECONDS = 0.1
_PAUSE_MOST_SECONDS = 2.0


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


class Ears:
    """All connections that listen. One server that is gone silences what it holds, and nothing else."""

    def __init__(
        self, servers: Shards, heard: Callable[[dict[str, object]], None], returned: Callable[[], None]
    ) -> None:
        self._servers, self._heard, self._returned = servers, heard, returned
        self._wanted: set[str] = set()
        self._ears: dict[redis.Redis, Ear] = {}
        self._listeners: dict[redis.Redis, asyncio.Task[None]] = {}
        self._doubted = asyncio.Event()
        self._pause = _PAUSE_SECONDS

    @property
    def up(self) -> bool:
        """Whether every server is heard."""
        return bool(self._ears) and len(self._ears) == len(self._listeners)

    def want(self, name: str) -> None:
        """Hear this channel from now on, and after every reconnect."""
        self._wanted.add(name)
        self._tell()

    def drop(self, name: str) -> None:
        """Hear it no more."""
        self._wanted.discard(name)
        self._tell()

    def doubt(self) -> None:
        """Something that was said did not arrive: look who holds what now."""
        self._doubted.set()

    async def run(self) -> None:
        """Until cancelled: a listener at each server; where one fails it is begun again, with growing, jittered pauses."""
        try:
            while True:
                await self._follow()
                has_failed = await self._something()
                self._servers.forget()
                await asyncio.sleep(self._pause * random.uniform(0.5, 1))
                if has_failed:
                    self._pause = min(self._pause * 2, _PAUSE_MOST_SECONDS)
        finally:
            left = [*self._listeners.values()]
            self._listeners.clear()
            for each in left:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._servers.close()

    async def _follow(self) -> None:
        """A listener where something is held, none elsewhere, and each hears what its server holds."""
        try:
            found = await self._servers.by_server(self._wanted)
        except FAULTS as error:
            logger.warning("nobody says which server of the bus holds what error=%s", error)
            return
        for client in self._listeners.keys() - {client for client, _names in found}:
            self._listeners.pop(client).cancel()
        for client, names in found:
            if client not in self._listeners:
                self._listeners[client] = asyncio.create_task(self._listen_at(client, names))
        await self._catch_up()

    async def _something(self) -> bool:
        """Wait until a listener ends or there is doubt; whether one ended."""
        if not self._listeners:
            return True
        doubt = asyncio.create_task(self._doubted.wait())
        try:
            await asyncio.wait([doubt, *self._listeners.values()], return_when=asyncio.FIRST_COMPLETED)
        finally:
            doubt.cancel()
        self._doubted.clear()
        ended = {client: task for client, task in self._listeners.items() if task.done()}
        for client, task in ended.items():
            del self._listeners[client]
            if not task.cancelled():
                logger.warning("bus lost, coming back error=%s", task.exception() or "it said no more")
        return bool(ended)

    async def _listen_at(self, client: redis.Redis, names: list[str]) -> None:
        async with client.pubsub() as pubsub:
            ear = Ear(pubsub, is_sharded=self._servers.is_cluster)
            try:
                await pubsub.subscribe(_EVERYWHERE)
                await ear.want(names)
                self._ears[client] = ear
                # What was asked for while the connection came about.
                await self._catch_up()
                self._pause = _PAUSE_SECONDS
                self._returned()
                async for message in pubsub.listen():
                    if ear.has_lost(message):
                        raise RedisError("an airing moved to another server of the bus")
                    self._heard(message)
            finally:
                if self._ears.get(client) is ear:
                    del self._ears[client]

    async def _catch_up(self) -> None:
        """Make the subscriptions what is wanted now. Where a server does not take them, its listener ends and begins anew."""
        with contextlib.suppress(*FAULTS):
            for client, names in await self._servers.by_server(self._wanted):
                ear = self._ears.get(client)
                if ear is not None:
                    with contextlib.suppress(*FAULTS):
                        await ear.want(names)

    def _tell(self) -> None:
        if self._ears:
            _keep(asyncio.create_task(self._catch_up()))


_running: set[asyncio.Task[Any]] = set()


def _keep(task: asyncio.Task[Any]) -> None:
    _running.add(task)
    task.add_done_callback(_running.discard)
