"""Lines, receivers and bad targets for the tests of simulcast: real children, real sockets, media told apart by colour and tone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from archive import ffmpeg, tools
from archive.output import Item
from archive.playlists import parse_part
from archive.push_child import Means
from archive.pusher import Pusher, PushReport, Target
from archive.sending import parse
from broadcast.house.places import free_port

COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0), "none": (0, 0, 0)}


def make_reel(
    folder: Path, colour: str, tone: int, *, seconds: int = 8, size: str = "320x180", rate: int = 48_000
) -> Path:
    """2 s segments of one colour and one tone, as the recorder cuts them."""
    folder.mkdir(parents=True)
    words = [tools.path(), "-loglevel", "error", "-f", "lavfi", "-i", f"color={colour}:s={size}:r=25:d={seconds}"]
    words += ["-f", "lavfi", "-i", f"sine={tone}:r={rate}:d={seconds}", "-c:v", "libx264", "-preset", "ultrafast"]
    words += ["-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-f", "hls", "-hls_time", "2"]
    words += ["-hls_list_size", "0", "-hls_flags", "program_date_time", "-hls_segment_filename"]
    subprocess.run([*words, str(folder / ffmpeg.SEGMENT_PATTERN), str(folder / ffmpeg.PLAYLIST)], check=True)
    return folder


class Reels:
    """A public line for pushers out of reels: what `release` was told is out, in order."""

    def __init__(self, **reels: Path) -> None:
        self.reels, self.names = reels, list(reels)
        self.items: list[Item] = []
        self.closed = False
        self._durations = {
            name: [each.duration for each in parse_part((folder / ffmpeg.PLAYLIST).read_text())]
            for name, folder in reels.items()
        }

    def path_of(self, item: Item) -> Path:
        return self.reels[self.names[item.part - 1]] / (ffmpeg.SEGMENT_PATTERN % item.number)

    def release(self, name: str, number: int, *, hole_ms: int = 0) -> None:
        last = self.items[-1] if self.items else None
        start = last.end_ms + hole_ms if last else 1_000_000
        part = self.names.index(name) + 1
        follows = last is not None and (last.part, last.number + 1) == (part, number) and not hole_ms
        duration = self._durations[name][number]
        self.items.append(Item(len(self.items), part, number, start, duration, last is not None and not follows))

    async def play(self, plan: Sequence[tuple[str, int]], *, pace: float = 2.0) -> None:
        """Release at the pace of the recorder."""
        for name, number in plan:
            self.release(name, number)
            await asyncio.sleep(pace)


class Pushes:
    """Pushers over one line."""

    def __init__(self, line: Reels, folder: Path) -> None:
        self.line, self.register = line, folder / "run"
        self.means = Means(tools.path(), self.register, ThreadPoolExecutor(2))
        self.all: dict[str, Pusher] = {}

    def add(self, name: str, url: str, past: PushReport | None = None) -> Pusher:
        target = Target(len(self.all), parse(url))
        pusher = self.all[name] = Pusher(f"push-{name}", self.line, target, self.means, past or PushReport())
        pusher.start()
        return pusher

    async def finish(self) -> None:
        await asyncio.gather(*(each.finish() for each in self.all.values()))


class Receiver:
    """A platform: an ffmpeg that listens and keeps what it gets, as it came."""

    def __init__(self, folder: Path, name: str, *, port: int | None = None) -> None:
        self.file, self.log = folder / f"{name}.ts", folder / f"{name}.log"
        self.port = port or free_port(socket.SOCK_STREAM if name.startswith("rtmp") else socket.SOCK_DGRAM)
        self.process: subprocess.Popen[bytes] | None = None

    def rtmp(self) -> str:
        url = f"rtmp://127.0.0.1:{self.port}/live/secretkey"
        self._start(["-f", "flv", "-listen", "1", "-timeout", "60", "-i", url])
        return url

    def srt(self) -> str:
        url = f"srt://127.0.0.1:{self.port}"
        phrase = "passphrase=sixteensecretletters"
        self._start(["-f", "mpegts", "-i", f"{url}?mode=listener&{phrase}&pbkeylen=16"])
        return f"{url}?{phrase}"

    def _start(self, source: list[str]) -> None:
        words = [tools.path(), "-nostdin", "-hide_banner", "-y", *source, "-map", "0", "-c", "copy", "-f", "mpegts"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*words, str(self.file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def end(self) -> None:
        """Wait for the sender's end, so that the file is whole."""
        assert self.process
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.kill()


@contextlib.asynccontextmanager
async def deaf_server() -> AsyncIterator[int]:
    """Accepts connections and never reads. Gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    accepted: list[socket.socket] = []

    async def take() -> None:
        while True:
            connection, _peer = await asyncio.get_running_loop().sock_accept(listener)
            accepted.append(connection)

    taking = asyncio.create_task(take())
    try:
        yield listener.getsockname()[1]
    finally:
        taking.cancel()
        for each in (listener, *accepted):
            each.close()


def colours(file: Path, every: float = 0.5) -> list[str]:
    """The colours of a recorded file in order, each named once per run."""
    words = [tools.path(), "-loglevel", "error", "-i", str(file), "-vf", f"scale=2:2,fps={1 / every}"]
    raw = subprocess.run([*words, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True).stdout

    def name(pixel: bytes) -> str:
        return min(COLOURS, key=lambda each: sum((a - b) ** 2 for a, b in zip(COLOURS[each], pixel, strict=True)))

    return [key for key, _ in groupby(name(raw[at : at + 3]) for at in range(0, len(raw) - 11, 12))]


def tones(file: Path, every: float = 0.25) -> list[int]:
    """The tones of a recorded file in order, to the nearest 10 Hz, each run of at least half a second named once; silence is 0."""
    words = [tools.path(), "-loglevel", "error", "-i", str(file), "-vn", "-ac", "1", "-ar", "16000"]
    raw = subprocess.run([*words, "-f", "s16le", "-"], capture_output=True, check=True).stdout
    samples = memoryview(raw).cast("h")
    size = int(16_000 * every)
    heard = [_tone(samples[at : at + size], every) for at in range(0, len(samples) - size, size)]
    return [key for key, run in groupby(heard) if len(list(run)) >= 0.5 / every]


def _tone(samples: memoryview, seconds: float) -> int:
    if max(abs(each) for each in samples) < 300:
        return 0
    rising = sum(1 for at in range(1, len(samples)) if samples[at - 1] < 0 <= samples[at])
    return round(rising / seconds / 20) * 20


def seconds_of(file: Path) -> float:
    """Seconds of picture in a recorded file, at 25 pictures a second."""
    words = [tools.path(), "-loglevel", "error", "-i", str(file), "-map", "0:v", "-vf", "scale=2:2", "-f", "rawvideo"]
    raw = subprocess.run(
        [*words, "-pix_fmt", "gray", "-vsync", "passthrough", "-"], capture_output=True, check=True
    ).stdout
    return len(raw) / 4 / 25
