"""A show's folder as a recorder writes it, and an uploader driven as the recorder drives it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from uuid import UUID, uuid4

from archive import playlists
from archive.playlists import Entry
from archive.uploader import Uploader

NAMES = [f"{number:020x}" for number in range(1, 40)]


class Show:
    """The folder of an airing as a recorder writes it, a segment at a time."""

    def __init__(self, root: Path, airing_id: UUID | None = None) -> None:
        self.id = airing_id or uuid4()
        self.folder = root / "airings" / str(self.id)
        (self.folder / "parts/001").mkdir(parents=True)
        (self.folder / "public").mkdir()
        (self.folder / "parts/001/part.json").write_text('{"source": "srt"}')
        self.count = self.released = 0

    def close_segment(self) -> Path:
        file = self.folder / f"parts/001/{self.count:06d}.ts"
        file.write_bytes(os.urandom(20_000))
        self.count += 1
        return file

    def release(self, ended: bool = False) -> None:
        """Release all but the newest, as the delay does."""
        for number in range(self.released, self.count - (not ended)):
            (self.folder / f"public/{NAMES[number]}.ts").hardlink_to(self.folder / f"parts/001/{number:06d}.ts")
            self.released += 1
        self.write("live.m3u8", [f"{name}.ts" for name in NAMES[: self.released]], ended)
        self.write("staff.m3u8", [f"parts/001/{number:06d}.ts" for number in range(self.count)], ended)

    def write(self, name: str, uris: list[str], ended: bool = False) -> None:
        entries = [Entry(uri, 1_700_000_000_000 + index * 2000, 2.0, False) for index, uri in enumerate(uris)]
        fresh = self.folder / f".{name}"
        fresh.write_text(playlists.render(entries, ended=ended))
        fresh.replace(self.folder / name)

    def key(self, name: str) -> str:
        return f"airings/{self.id}/{name}"


async def work(sender: Uploader, live: list[UUID], until_true, seconds: float = 40.0) -> None:
    """Passes, as the recorder makes them, until the condition holds."""
    deadline = time.monotonic() + seconds
    while not until_true():
        assert time.monotonic() < deadline, {name: lane.results for name, lane in sender.lanes.items()}
        await sender.advance(live)
        await asyncio.sleep(0.02)


def waiting(sender: Uploader, show: Show) -> int:
    """How many files wait for the store, as far as a round has said it."""
    return sum(each["waiting"] for each in sender.report(show.id).get("places", []))


def nothing_waits(sender: Uploader, show: Show) -> bool:
    places = sender.report(show.id).get("places", [])
    return bool(places) and all(each["waiting"] == 0 and not each["problem"] for each in places)
