"""The bus between processes: a subscription an airing, ticks and their window, who is where; it may lose anything and always comes back."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import redis.asyncio as redis
from django.conf import settings

from broadcast import clock
from live import envelope
from live.ears import FAULTS, Ears
from live.envelope import Header
from live.shards import Shards

logger = logging.getLogger(__name__)

WINDOW = 120
KEEP_SECONDS = 30
VIEWERS_SECONDS = 8
# Web processes by name, each with what it says of itself.
PROCESSES = "yishi:{processes}"
Heard = Callable[[UUID, Header, bytes], None]


def leave_key(process: str) -> str:
    """Where a process looks whether it is asked to leave."""
    return f"yishi:{{processes}}:leave:{process}"


class Bus:
    """One connection to each server that listens (`live.ears`) and a few that speak."""

    def __init__(self, heard: Heard, returned: Callable[[], None]) -> None:
        self._heard = heard
        self._speaking = Shards(settings.BUS_URL, is_cluster=settings.BUS_CLUSTER, timeout=1.5)
        self._ears = Ears(
            Shards(settings.BUS_URL, is_cluster=settings.BUS_CLUSTER, timeout=None), self._pass_on, returned
        )
        self._wanted: dict[str, UUID] = {}
        self.lost = 0

    @property
    def up(self) -> bool:
        """Whether every server of the bus is heard."""
        return self._ears.up

    def subscribe(self, airing_id: UUID) -> None:
        """Hear of this airing from now on, and after every reconnect."""
        name = envelope.channel(airing_id)
        if name not in self._wanted:
            self._wanted[name] = airing_id
            self._ears.want(name)

    def unsubscribe(self, airing_id: UUID) -> None:
        """Hear no more of it."""
        name = envelope.channel(airing_id)
        if self._wanted.pop(name, None) is not None:
            self._ears.drop(name)

    async def listen(self) -> None:
        """Run until cancelled: connect, subscribe, pass on; after a failure again."""
        await self._ears.run()

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
        except FAULTS as error:
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
        except FAULTS as error:
            self._note(error)
            return None, []
        return snapshot, list(window)

    async def report_viewers(self, airing_id: UUID, process: str, viewers: int) -> None:
        """Say how many sockets this process holds; forgotten after VIEWERS_SECONDS."""
        with contextlib.suppress(*FAULTS):
            name = envelope.key(airing_id, "viewers")
            pipe = (await self._at(airing_id)).pipeline(transaction=False)
            pipe.hset(name, process, f"{viewers}:{clock.now().timestamp()}")
            pipe.expire(name, KEEP_SECONDS)
            await pipe.execute()

    async def viewers(self, airing_id: UUID) -> int | None:
        """Sockets of all processes, None when the bus is away."""
        try:
            found = await (await self._at(airing_id)).hgetall(envelope.key(airing_id, "viewers"))
        except FAULTS as error:
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
        with contextlib.suppress(*FAULTS):
            name = envelope.key(airing_id, "pressure")
            pipe = (await self._at(airing_id)).pipeline(transaction=False)
            pipe.hset(name, process, f"{clock.now().timestamp()}:".encode() + report)
            pipe.expire(name, KEEP_SECONDS)
            await pipe.execute()

    async def pressures(self, airing_id: UUID) -> list[bytes]:
        """What the processes of an airing said lately; empty when the bus is away."""
        try:
            found = await (await self._at(airing_id)).hgetall(envelope.key(airing_id, "pressure"))
        except FAULTS as error:
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
        except FAULTS as error:
            self._note(error)
            return None
        return float(asked) if asked is not None else None

    async def absent(self, process: str) -> None:
        """This web process is gone."""
        with contextlib.suppress(*FAULTS):
            await (await self._speaking.of(PROCESSES)).hdel(PROCESSES, process)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._speaking.close()
        await self._ears.close()

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

    def _note(self, error: BaseException) -> None:
        self.lost += 1
        # In a cluster another may be the owner now.
        self._speaking.forget()
        self._ears.doubt()
        logger.warning("bus does not answer error=%s", error)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
