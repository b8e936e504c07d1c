"""The folders of an airing's media on disk and what lies in its parts; it reads and closes parts, and decides nothing about the public."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from archive import playlists, salvage
from archive.ffmpeg import PLAYLIST
from archive.measures import Log
from archive.playlists import RawSegment, Segment
from archive.storage import write_atomically

logger = logging.getLogger(__name__)
_NOTE = "part.json"
_KEPT = salvage.KEPT
# ffmpeg dates a part from when it knew the streams, at most so long after the first frame came.
_MOST_SHIFT_MS = 5_000
_SURE_SEGMENTS = 3


def now_ms() -> int:
    """The machine's clock: media are dated by it and by nothing else."""
    return time.time_ns() // 1_000_000


@dataclass
class PartFolder:
    """One connection's folder: ffmpeg's playlist and segments, and our note beside them."""

    path: Path
    note: dict[str, Any]
    segments: list[Segment] = field(default_factory=list)
    size_bytes: int = 0
    seconds: float = 0.0
    # Another one whenever a segment came or is told of anew.
    edition: int = 0
    log: Log = field(init=False, repr=False, compare=False)
    _read_ns: int = 0
    _kept_bytes: int = -1
    _heard: tuple[int, int] = (0, 0)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.log = Log(self.path)

    @property
    def number(self) -> int:
        """Number of the part, also the folder's name."""
        return int(self.path.name)

    @property
    def source(self) -> str:
        """srt, rtmp or pull."""
        return str(self.note.get("source", "srt"))

    @property
    def lane(self) -> str:
        """main or backup."""
        return str(self.note.get("lane", "main"))

    @property
    def closed_ms(self) -> int | None:
        """When the connection ended; None while it may still receive."""
        return self.note.get("closed_ms")

    @property
    def sure(self) -> bool:
        """Whether the part's times are final, so that it may be shown to anybody."""
        return "shift_ms" in self.note

    def refresh(self) -> bool:
        """Read what ffmpeg has added. Returns whether there is something new."""
        with self._lock:
            news = self._refresh()
            self._hear()
            return news

    def hear(self) -> None:
        """The same for what was measured of its segments."""
        with self._lock:
            self._hear()

    def _hear(self) -> None:
        # Whoever measures adds to the same log: what is known is counted, not what this reading brought.
        self.log.refresh()
        known = self.log.known
        state = (len(self.segments), len(known))
        if state == self._heard:
            return
        before, self._heard = self._heard, state
        # A segment's number is its place.
        for number in [*range(before[0], state[0]), *islice(list(known), before[1], None)]:
            found = known.get(number)
            each = self.segments[number] if number < state[0] else None
            if found is not None and each is not None and found.silent != each.silent:
                self.segments[number] = replace(each, silent=found.silent)
                self.edition += 1

    def _refresh(self) -> bool:
        fresh = self._read()
        if not fresh:
            return False
        for number, each in enumerate(fresh, start=len(self.segments)):
            try:
                found = (self.path / each.file).stat()
            except OSError:
                break
            received = found.st_mtime_ns // 1_000_000
            shift = int(self.note.get("shift_ms", 0))
            self.segments.append(
                Segment(self.number, number, each.start_ms + shift, each.duration, received, each.file, self.lane)
            )
            self.size_bytes += found.st_size
            self.seconds += each.duration
            self.edition += 1
        self._settle_times()
        return True

    def _read(self) -> list[RawSegment]:
        """What ffmpeg's playlist says beyond what we know; at first also what we kept of it before a crash."""
        try:
            written = (self.path / PLAYLIST).stat().st_mtime_ns
        except FileNotFoundError:
            written = -1
        if written == self._read_ns:
            return []
        first, self._read_ns = self._read_ns == 0, written
        text = (self.path / PLAYLIST).read_bytes() if written > 0 else b""
        if not first:
            return self._read_end(text)
        raw = playlists.parse_part(text.decode("utf-8", "replace"))
        kept = self.path / _KEPT
        if kept.exists():
            # A child that died while it wrote its playlist may have left it empty; ours is half a second older at most.
            before = playlists.parse_part(kept.read_text(encoding="utf-8", errors="replace"))
            raw = max(raw, before, key=len)
        elif raw:
            self._keep_list(text)
        return raw[len(self.segments) :]

    def _read_end(self, text: bytes) -> list[RawSegment]:
        """What follows the last segment that we know: hours of a list are not read anew for each of its lines."""
        last = self.segments[-1] if self.segments else None
        at = text.rfind(f"\n{last.file}\n".encode()) if last else -1
        if last is None or at < 0:
            raw = playlists.parse_part(text.decode("utf-8", "replace"))[len(self.segments) :]
            if raw:
                self._keep_list(text)
            return raw
        end = text[at + len(last.file) + 2 :]
        shift = int(self.note.get("shift_ms", 0))
        raw = playlists.parse_part(end.decode("utf-8", "replace"), last.end_ms - shift)
        if raw:
            self._keep_list(text, at + len(last.file) + 2)
        return raw

    def _keep_list(self, text: bytes, known: int | None = None) -> None:
        """Keep a copy of ffmpeg's list; where its first `known` bytes are kept already, what follows is appended."""
        kept = self.path / _KEPT
        if known is None or self._kept_bytes != known or kept.stat().st_size != known:
            write_atomically(kept, text)
        else:
            with kept.open("ab") as stream:
                stream.write(text[known:])
        self._kept_bytes = len(text)

    def _settle_times(self) -> None:
        """Once enough came, move the part's times back by what ffmpeg needed to know the streams; kept in the note."""
        if self.sure or (len(self.segments) < _SURE_SEGMENTS and self.closed_ms is None) or not self.segments:
            return
        late = min(segment.received_ms - segment.end_ms for segment in self.segments[: _SURE_SEGMENTS + 2])
        shift = max(min(late, 0), -_MOST_SHIFT_MS)
        self.segments = [replace(each, start_ms=each.start_ms + shift) for each in self.segments]
        self.edition += 1
        self._keep(shift_ms=shift)

    def close(self, code: str, at_ms: int | None = None) -> None:
        """The connection is over. Harmless when it was closed before."""
        with self._lock:
            self._refresh()
            if self.closed_ms is None:
                last = self.segments[-1].received_ms if self.segments else now_ms()
                self._keep(closed_ms=at_ms or last, end_code=code)
            self._settle_times()

    def _keep(self, **facts: Any) -> None:
        self.note.update(facts)
        write_atomically(self.path / _NOTE, json.dumps(self.note).encode())


class AiringFolder:
    """The folder of one airing: `parts/NNN/` as received, `public/` what was released, and the playlists."""

    def __init__(self, airing_id: UUID, root: Path | None = None) -> None:
        self.airing_id = airing_id
        self.key = f"airings/{airing_id}"
        self.path = (root or Path(settings.MEDIA_ROOT)) / self.key
        self._parts: dict[int, PartFolder] = {}
        self._sorted: tuple[tuple[tuple[int, int], ...], list[Segment]] = ((), [])
        self._numbering = threading.Lock()

    def __getitem__(self, name: str) -> Path:
        return self.path / name

    def new_part(self, source: str, lane: str = "main") -> PartFolder:
        """An empty folder for a connection to come in that lane. Blocks on the disk."""
        parts = self.path / "parts"
        # Two lanes may begin at once.
        with self._numbering:
            parts.mkdir(parents=True, exist_ok=True)
            number = max((int(each.name) for each in parts.iterdir() if each.name.isdigit()), default=0) + 1
            folder = parts / f"{number:03d}"
            folder.mkdir()
        part = PartFolder(folder, {"source": source, "lane": lane, "opened_ms": now_ms()})
        part._keep()
        self._parts[number] = part
        return part

    def close_part(self, part: PartFolder, code: str) -> bool:
        """Close a part; an empty one goes. Returns whether it held anything."""
        part.close(code)
        if part.segments:
            return True
        if any(part.path.glob("*.ts*")):
            # Media that no playlist names: whatever the reason, they are never thrown away.
            logger.error("part without a readable playlist kept folder=%s", part.path)
            return True
        self._parts.pop(part.number, None)
        (part.path / _NOTE).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            part.path.rmdir()
        return False

    def load(self, alive: Iterable[int] = ()) -> None:
        """Find the parts on disk; those that no living child writes (`alive` are numbers) are closed: we were killed before."""
        parts = self.path / "parts"
        for folder in sorted(parts.iterdir()) if parts.is_dir() else ():
            if not folder.name.isdigit() or int(folder.name) in self._parts:
                continue
            try:
                note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                note = {"source": "srt"}
            part = PartFolder(folder, note)
            self._parts[part.number] = part
            abandoned = part.closed_ms is None and part.number not in alive
            if abandoned:
                salvage.take(folder)
            part.refresh()
            if abandoned:
                self.close_part(part, "recorder_died")

    @property
    def parts(self) -> list[PartFolder]:
        """Parts that hold something, in order of their media."""
        return sorted(
            (each for each in list(self._parts.values()) if each.segments), key=lambda each: each.segments[0].start_ms
        )

    def refresh(self) -> bool:
        """Read what came since. Returns whether something did."""
        parts = list(self._parts.values())
        news = [each.refresh() for each in parts if each.closed_ms is None]
        for each in parts:
            if each.closed_ms is not None:
                each.hear()
        return any(news)

    def segments(self) -> list[Segment]:
        """Segments with final times of all parts, in order of start."""
        parts = [part for part in self.parts if part.sure]
        edition = tuple((part.number, part.edition) for part in parts)
        if edition != self._sorted[0]:
            found = [segment for part in parts for segment in part.segments]
            self._sorted = edition, sorted(found, key=lambda segment: (segment.start_ms, segment.part))
        return list(self._sorted[1])

    def fresh(self, at_ms: int, within_ms: int) -> frozenset[int]:
        """Parts that still receive: open, and a segment came within the time."""
        return frozenset(
            part.number
            for part in self.parts
            if part.closed_ms is None and at_ms - part.segments[-1].received_ms < within_ms
        )
