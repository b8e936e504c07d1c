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
_BITS = 12


def make_reel(
    folder: Path,
    colour: str,
    tone: int,
    *,
    seconds: int = 8,
    size: str = "320x180",
    rate: int = 48_000,
    noise: bool = False,
) -> Path:
    """2 s segments of one colour and one tone, as the recorder cuts them; with noise they have many bytes."""
    folder.mkdir(parents=True)
    grain = ",noise=alls=100:allf=t" if noise else ""
    words = [
        tools.path(),
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        f"color={colour}:s={size}:r=25:d={seconds}{grain}",
    ]
    words += ["-f", "lavfi", "-i", f"sine={tone}:r={rate}:d={seconds}", "-c:v", "libx264", "-preset", "ultrafast"]
    words += ["-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-f", "hls", "-hls_time", "2"]
    words += ["-hls_list_size", "0", "-hls_flags", "program_date_time", "-hls_segment_filename"]
    subprocess.run([*words, str(folder / ffmpeg.SEGMENT_PATTERN), str(folder / ffmpeg.PLAYLIST)], check=True)
    return folder


def make_numbered(
    target: Path,
    seconds: int = 150,
    *,
    first: int = 0,
    fps: int = 25,
    size: str = "320x180",
    rate: int = 48_000,
    tone: str = "400+40*floor(t)",
) -> Path:
    """A loop whose every picture carries its number, and whose tone rises every second: what went out can be named exactly."""
    strips = ["drawbox=x=0:y=0:w=20:h=ih:color=white:t=fill"]
    strips += [
        f"drawbox=x={20 * (bit + 1)}:y=0:w=20:h=ih:color=white:t=fill:enable='mod(floor((n+{first})/{2**bit}),2)'"
        for bit in range(_BITS)
    ]
    strips.append(f"scale={size.replace('x', ':')}")
    words = [tools.path(), "-loglevel", "error", "-f", "lavfi", "-i", f"color=blue:s=320x180:r={fps}:d={seconds}"]
    words += ["-f", "lavfi", "-i", f"aevalsrc='0.2*sin(2*PI*({tone})*t)':s={rate}:d={seconds}"]
    words += ["-vf", ",".join(strips), "-c:v", "libx264", "-preset", "ultrafast", "-g", str(fps * 2)]
    words += ["-pix_fmt", "yuv420p", "-sc_threshold", "0", "-c:a", "aac", "-ac", "2", "-f", "mp4", str(target)]
    subprocess.run(words, check=True)
    return target


def numbers(*files: Path) -> set[int]:
    """Numbers of the pictures of `make_numbered` in these files; other pictures have none."""
    return {number for file in files for number in numbers_in(file) if number is not None}


def numbers_in(media: bytes | Path, filters: str = "") -> list[int | None]:
    """The number of each picture in order, as a player shows them; None for another picture. `filters` are done first."""
    file, data = (str(media), None) if isinstance(media, Path) else ("pipe:0", media)
    words = [tools.path(), "-loglevel", "error", "-i", file, "-map", "0:v"]
    words += ["-vf", f"{filters}scale=320:180,crop=320:2:0:90", "-vsync", "passthrough"]
    words += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.run(words, input=data, capture_output=True, check=True).stdout
    found: list[int | None] = []
    for at in range(0, len(raw), 640):
        bits = [raw[at + 10 + 20 * place] > 140 for place in range(16)]
        # The first strip is white, the last three are not.
        ours = bits[0] and not any(bits[13:])
        found.append(sum(on << bit for bit, on in enumerate(bits[1 : _BITS + 1])) if ours else None)
    return found


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
    """A platform: an ffmpeg that listens and keeps what it gets as it came, one file a connection; it listens again after each."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.files = folder, name, list[Path]()
        self.port = free_port(socket.SOCK_STREAM if name.startswith("rtmp") else socket.SOCK_DGRAM)
        phrase = "passphrase=sixteensecretletters"
        if name.startswith("rtmp"):
            self.url = f"rtmp://127.0.0.1:{self.port}/live/secretkey"
            self._source = ["-f", "flv", "-listen", "1", "-timeout", "60", "-i", self.url]
        else:
            self.url = f"srt://127.0.0.1:{self.port}?{phrase}"
            self._source = ["-f", "mpegts", "-i", f"srt://127.0.0.1:{self.port}?mode=listener&{phrase}&pbkeylen=16"]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def file(self) -> Path:
        """The file of its last connection that brought something."""
        return [each for each in self.files if each.exists() and each.stat().st_size][-1]

    def listen(self) -> Receiver:
        """Listen for one sender."""
        self.files.append(self.folder / f"{self.name}-{len(self.files)}.ts")
        words = [
            tools.path(),
            "-nostdin",
            "-hide_banner",
            "-y",
            *self._source,
            "-map",
            "0",
            "-c",
            "copy",
            "-f",
            "mpegts",
        ]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*words, "-flush_packets", "1", str(self.files[-1])], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    async def keep_listening(self) -> None:
        """Listen again whenever a sender is gone, until cancelled."""
        while True:
            self.listen()
            assert self.process
            await asyncio.to_thread(self.process.wait)

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


class Relay:
    """A way to a receiver that can freeze: it goes on holding the connection and reads nothing more."""

    def __init__(self, to: int) -> None:
        self.to, self.frozen = to, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        # Little is taken in advance by the system itself.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                taken, _peer = await loop.sock_accept(self.listener)
                task = asyncio.create_task(self._carry(taken))
                self._tasks.add(task)
        finally:
            self.listener.close()
            for each in self._tasks:
                each.cancel()

    async def _carry(self, taken: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with taken, socket.socket() as onward:
            onward.setblocking(False)
            with contextlib.suppress(OSError):
                await loop.sock_connect(onward, ("127.0.0.1", self.to))
                back = asyncio.create_task(self._pump(onward, taken, freezes=False))
                try:
                    await self._pump(taken, onward, freezes=True)
                finally:
                    back.cancel()

    async def _pump(self, source: socket.socket, target: socket.socket, *, freezes: bool) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while data := await loop.sock_recv(source, 4096):
                if freezes and self.frozen:
                    await asyncio.sleep(3600)
                await loop.sock_sendall(target, data)


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
