"""One encoder's connection: shakes hands, answers until it names a key, then hands its media on; whose key it is, the gate decides."""

from __future__ import annotations

import asyncio
from typing import Any

from archive import amf, rtmp
from archive.rtmp import BadRtmp, ChunkReader, Message
from archive.runner import Run
from archive.services import RTMP_APP

SILENT_SECONDS = 10.0
_READ = 65_536
_MOST_BEFORE_PUBLISH = 65_536


class Refused(Exception):
    """This connection is refused. `code` is stable; `answer` is what RTMP has to say to it."""

    def __init__(self, code: str, answer: bytes = b"") -> None:
        super().__init__(code)
        self.code, self.answer = code, answer


class Peer:
    """One encoder's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._chunks = ChunkReader()
        self._received = 0
        self._acknowledged = 0
        self._early: list[Message] = []

    async def greet(self) -> str:
        """Shake hands and answer commands until the encoder publishes; returns the stream key it named."""
        first = await self.reader.readexactly(1 + rtmp.HANDSHAKE)
        if first[0] != rtmp.VERSION:
            raise BadRtmp("bad_handshake")
        self.writer.write(rtmp.greeting() + first[1:])
        await self.reader.readexactly(rtmp.HANDSHAKE)
        before = 0
        while True:
            data = await self.reader.read(_READ)
            before += len(data)
            if not data:
                raise Refused("gone")
            if before > _MOST_BEFORE_PUBLISH:
                raise BadRtmp("oversize")
            key: str | None = None
            for message in self._chunks.feed(data):
                if key is not None:
                    self._early.append(message)
                elif message.kind in (rtmp.COMMAND, rtmp.COMMAND_AMF3):
                    key = self._command(message)
                    if key is not None:
                        self._chunks.most = rtmp.MOST_MESSAGE
            if key is not None:
                return key
            await self.writer.drain()

    def _command(self, message: Message) -> str | None:
        """Answer one command; the stream key when it is publish."""
        payload = message.payload[1:] if message.kind == rtmp.COMMAND_AMF3 else message.payload
        values = amf.decode_all(payload)
        if not values or not isinstance(values[0], str):
            raise BadRtmp("bad_command")
        name = values[0]
        number = values[1] if len(values) > 1 and isinstance(values[1], float) else 0.0
        if name == "connect":
            self._connect(values, number)
        elif name == "createStream":
            self._send(amf.encode_all("_result", number, None, 1.0))
        elif name in {"play", "play2"}:
            raise Refused(
                "not_a_publisher", self.status("error", "NetStream.Play.Failed", "this address only receives")
            )
        elif name == "publish":
            if len(values) < 4 or not isinstance(values[3], str) or not values[3]:
                raise Refused("wrong_key", self.status("error", "NetStream.Publish.BadName", "no stream key"))
            return values[3].split("?")[0][:128]
        return None

    def _connect(self, values: list[Any], number: float) -> None:
        asked = values[2] if len(values) > 2 and isinstance(values[2], dict) else {}
        if str(asked.get("app", "")).strip("/").split("?")[0] != RTMP_APP:
            answer = {
                "level": "error",
                "code": "NetConnection.Connect.InvalidApp",
                "description": f"the application is /{RTMP_APP}",
            }
            raise Refused("wrong_app", self._message(amf.encode_all("_error", number, None, answer)))
        self.writer.write(rtmp.setup())
        info = {
            "level": "status",
            "code": "NetConnection.Connect.Success",
            "description": "welcome",
            "objectEncoding": 0.0,
        }
        self._send(amf.encode_all("_result", number, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}, info))

    def _send(self, payload: bytes) -> None:
        self.writer.write(self._message(payload))

    @staticmethod
    def _message(payload: bytes, *, stream: int = 0) -> bytes:
        return rtmp.chunks(rtmp.COMMAND, payload, stream=stream)

    def status(self, level: str, code: str, description: str) -> bytes:
        """An onStatus message of the published stream."""
        info = {"level": level, "code": code, "description": description}
        return self._message(amf.encode_all("onStatus", 0.0, None, info), stream=1)

    async def relay(self, run: Run) -> None:
        """Feed media to the child until either side ends; then let the child close its part."""
        ended = asyncio.create_task(run.wait())
        ended.add_done_callback(lambda _: self.writer.close())
        try:
            run.feed(rtmp.FLV_HEADER)
            await self._pass_on(run, self._early)
            while not ended.done():
                async with asyncio.timeout(SILENT_SECONDS):
                    data = await self.reader.read(_READ)
                if not data:
                    return
                self._count(len(data))
                if not await self._pass_on(run, self._chunks.feed(data)):
                    return
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            run.stdin.close()
            done, _ = await asyncio.wait([ended], timeout=3)
            if not done:
                await run.stop("ended")

    async def _pass_on(self, run: Run, messages: Any) -> bool:
        """Write the media among the messages; False when the encoder said that it ends."""
        wrote = False
        for message in messages:
            if message.kind in (rtmp.COMMAND, rtmp.COMMAND_AMF3):
                if b"deleteStream" in message.payload[:32] or b"closeStream" in message.payload[:32]:
                    return False
                continue
            tags = rtmp.flv_tags(message)
            if tags:
                run.feed(tags)
                wrote = True
        if wrote:
            async with asyncio.timeout(SILENT_SECONDS):
                await run.stdin.drain()
        return True

    def _count(self, size: int) -> None:
        self._received += size
        if self._received - self._acknowledged > rtmp.WINDOW // 2:
            self._acknowledged = self._received
            self.writer.write(rtmp.acknowledgement(self._received))
