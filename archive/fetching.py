"""Fetches a feed from an allowed address, again with back-off whenever it ends; ffmpeg reads no playlist and follows nothing.

SRT and RTMP are spoken by ffmpeg with the number that was checked, so that the name cannot lead elsewhere meanwhile (over TLS the
certificate proves the name). HTTP is spoken here: ffmpeg would follow redirections to anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor

from archive import ffmpeg, pull, tls
from archive.doors import Door, explain
from archive.pull import Address, Forbidden
from archive.runner import Ended, Run
from archive.watching import receiving

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 10.0
SILENT_SECONDS = 10.0
RESOLVE_SECONDS = 10.0
_HEAD_BYTES = 16_384
_READ = 65_536


# Threads of their own: those that hang in the name service are nobody else's.
_NAMES = ThreadPoolExecutor(4, thread_name_prefix="names")


async def _resolve(address: Address) -> str:
    """Where the address leads now. Raises Forbidden, TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(RESOLVE_SECONDS):
        return await loop.run_in_executor(_NAMES, pull.resolve, address, pull.patterns())


class PullDoor(Door):
    """Keeps fetching one address; each connection is a part. The address is nowhere said: it may hold a key."""

    least_pause, most_pause = 1.0, 30.0

    async def attempt(self) -> bool:
        """Look where the address leads now, and record what comes from there."""
        try:
            address = pull.parse(self.entrance.pull_url or "")
            number = await _resolve(address)
            run = await self._fetch(address, number)
        except Forbidden as error:
            self._refuse("address_unreadable" if self.entrance.pull_url == "" else error.code)
            return False
        except ssl.SSLCertVerificationError:
            self._refuse("source_untrusted")
            return False
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self._refuse("source_unreachable")
            return False
        return run is not None and run.progress.moved_at is not None

    def _refuse(self, code: str) -> None:
        if not self.closing:
            if code != self.problem:
                logger.warning("feed cannot be fetched lane=%s code=%s", self.entrance.lane, code)
            self.problem = code
            self.house.refused_one(code)

    async def _fetch(self, address: Address, number: str) -> Run | None:
        if address.scheme.startswith("http"):
            return await self._fetch_http(address, number)
        if self.closing:
            return None
        part = self.house.new_part("pull", self.entrance.lane)
        where = f"{pull.bracketed(number)}:{address.port}"
        if address.scheme == "srt":
            words = ffmpeg.fetch_srt(self.house.program, ffmpeg.srt_call(where, pull.srt_options(address)), part.path)
        else:
            # Over TLS the name itself: the certificate is asked for it.
            host = address.host if address.scheme == "rtmps" else number
            rest = address.path + (f"?{address.query}" if address.query else "")
            url = f"{address.scheme}://{pull.bracketed(host)}:{address.port}{rest}"
            application = address.path.strip("/").split("/")[0]
            app_url, trusted = f"{address.shown}/{application}", tls.authorities()
            words = ffmpeg.fetch_rtmp(self.house.program, url, app_url, part.path, trusted)
        run = Run(
            words,
            name=f"pull-{self.entrance.lane}-{part.number}",
            secrets=pull.secrets_of(address),
            register=self.house.register,
            watch=receiving(ends_when_silent=True),
        )
        self._judge(run, await self.house.record(run, part))
        return run

    def _judge(self, run: Run, ended: Ended) -> None:
        if run.progress.moved_at is not None:
            self.problem = ""
        elif not self.closing:
            code = "source_untrusted" if tls.is_untrusted("\n".join(ended.words)) else explain(ended)
            self._refuse("source_unreachable" if code in {"ingest_failed", "port_in_use"} else code)

    async def _fetch_http(self, address: Address, number: str) -> Run | None:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await _connect(address, number)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                first = await _ask(reader, writer, address)
            container = "flv" if first[:3] == b"FLV" else "mpegts" if first[:1] == b"\x47" else ""
            if not container:
                self._refuse("bad_input")
                return None
            if self.closing:
                return None
            part = self.house.new_part("pull", self.entrance.lane)
            run = Run(
                ffmpeg.ingest_pipe(self.house.program, part.path, container),
                name=f"pull-{self.entrance.lane}-{part.number}",
                secrets=pull.secrets_of(address),
                feed=True,
                register=self.house.register,
                watch=receiving(),
            )
            recording = asyncio.create_task(self.house.record(run, part))
            try:
                await _relay(reader, run, first, recording)
            finally:
                self._judge(run, await recording)
            return run
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 2)


async def _connect(address: Address, number: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = ssl.create_default_context() if address.scheme == "https" else None
    name = address.host if secure else None
    return await asyncio.open_connection(number, address.port, ssl=secure, server_hostname=name, limit=_HEAD_BYTES)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> bytes:
    """Ask for the stream and return its first bytes. Raises Forbidden for any answer but 200: we follow nobody elsewhere."""
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    # HTTP/1.0: the body comes as it is, until the other side closes.
    writer.write(f"GET {target} HTTP/1.0\r\nHost: {address.host}:{address.port}\r\nAccept: */*\r\n\r\n".encode())
    await writer.drain()
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise Forbidden("bad_input") from error
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise Forbidden("source_moved" if status and status[0][:1] == b"3" else "source_refuses")
    if b"transfer-encoding: chunked" in head.lower():
        raise Forbidden("bad_input")
    return await reader.readexactly(188)


async def _relay(reader: asyncio.StreamReader, run: Run, first: bytes, recording: asyncio.Task[Ended]) -> None:
    """Feed the child until either side ends, then let it close its part."""
    await run.begun()
    if not run.running:
        return
    try:
        data = first
        while data and not recording.done():
            run.feed(data)
            async with asyncio.timeout(SILENT_SECONDS):
                await run.stdin.drain()
                data = await reader.read(_READ)
    except (TimeoutError, OSError):
        return
    finally:
        run.stdin.close()
        done, _ = await asyncio.wait([recording], timeout=3)
        if not done:
            await run.stop("ended")
