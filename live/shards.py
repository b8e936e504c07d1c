"""Which server of the bus holds a name: the only one, or in a cluster the owner of its slot; it knows no message and no airing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import RedisError

Address = tuple[str, int]
# A machine that vanished without a word is noticed after about 11 s by who only listens to it.
KEEPALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}


class Shards:
    """Clients of the bus's servers. Where it is a cluster, `url` names any of them, and who owns what is asked when first needed
    and again after `forget`. Everything here belongs to one event loop."""

    def __init__(self, url: str, *, is_cluster: bool, timeout: float | None) -> None:
        self.is_cluster = is_cluster
        parts = urlsplit(url)
        self._url, self._first = url, (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._timeout = timeout
        self._clients: dict[Address, redis.Redis] = {}
        # (last slot, owner), in order.
        self._owners: list[tuple[int, Address]] = []
        # Who answered last is asked first.
        self._asked = self._first
        self._asking = asyncio.Lock()

    async def of(self, name: str) -> redis.Redis:
        """A client of the server that holds a key or channel. Raises RedisError or OSError when no server says who does."""
        return self._client(await self._owner(name))

    async def by_server(self, names: Iterable[str]) -> list[tuple[redis.Redis, list[str]]]:
        """Every server with those of the names that it holds."""
        if not self.is_cluster:
            return [(self._client(self._first), list(names))]
        found: dict[Address, list[str]] = {}
        await self._know()
        for _last, owner in self._owners:
            found.setdefault(owner, [])
        for name in names:
            found[await self._owner(name)].append(name)
        return [(self._client(owner), held) for owner, held in found.items()]

    def forget(self) -> None:
        """Something failed: ask again who owns what. Connections to servers that live are kept."""
        self._owners = []

    async def close(self) -> None:
        """Let go of all connections."""
        for client in self._clients.values():
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                await client.aclose()
        self._clients.clear()

    async def _owner(self, name: str) -> Address:
        if not self.is_cluster:
            return self._first
        await self._know()
        slot = key_slot(name.encode())
        owner = next((owner for last, owner in self._owners if slot <= last), None)
        if owner is None:
            raise RedisError(f"no server of the cluster holds slot {slot}")
        return owner

    async def _know(self) -> None:
        async with self._asking:
            if self._owners:
                return
            failed: Exception = RedisError("no server of the cluster answers")
            for address in dict.fromkeys((self._asked, self._first, *self._clients)):
                try:
                    client: Any = self._client(address)
                    self._owners = _owners(await client.execute_command("CLUSTER SLOTS"), address[0])
                except (RedisError, OSError, TimeoutError) as error:
                    failed = error
                else:
                    self._asked = address
                    return
            raise failed

    def _client(self, address: Address) -> redis.Redis:
        client = self._clients.get(address)
        if client is None:
            # No hidden retries: what is lost is known at once, and answered by our own way back.
            client = self._clients[address] = redis.Redis.from_url(
                at(self._url, address),
                socket_timeout=self._timeout,
                socket_connect_timeout=1,
                socket_keepalive=True,
                socket_keepalive_options=KEEPALIVE,
                retry=Retry(NoBackoff(), 0),
            )
        return client


def at(url: str, address: Address) -> str:
    """The same address and password on another server."""
    parts = urlsplit(url)
    who = parts.netloc.rpartition("@")[0]
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return parts._replace(netloc=f"{who}@{host}:{address[1]}" if who else f"{host}:{address[1]}").geturl()


def _owners(raw: Any, asked: str) -> list[tuple[int, Address]]:
    """(last slot, master) from CLUSTER SLOTS; a server that does not know its own address is the one that was asked."""
    if isinstance(raw, dict):
        found = [(last, value["primary"][0], value["primary"][1]) for (_first, last), value in raw.items()]
    else:
        found = [(each[1], each[2][0], each[2][1]) for each in raw]
    owners = [(int(last), (_text(host) or asked, int(port))) for last, host, port in found]
    return sorted(owners)


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else (value or "")
