"""Writes an airing's public line to disk: the log of what was released, linked segments, playlists; what is released, output.py says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from archive import clips, line, output, playlists, replay
from archive.ffmpeg import SEGMENT_PATTERN
from archive.output import CUT, Item, Show
from archive.parts import AiringFolder
from archive.playlists import Entry, Segment
from archive.storage import Storage, Stored, write_atomically
from broadcast import sealing

RELEASED = "released.jsonl"
LIVE = "live.m3u8"
STAFF = "staff.m3u8"
PUBLIC = "replay.m3u8"


class RungLinks(Protocol):
    """What gives the lower rungs their public names and playlists; it is called where the public line is written."""

    def link(self, segment: Segment) -> None:
        """The segment is public from now on: its rungs may get their public names."""

    def unlink(self, segment: Segment) -> None:
        """The segment may not be public, whatever was said before: its rungs lose their public names."""

    def forget(self, source: str, files: Iterable[str]) -> None:
        """These segments of a tape may not be public any more: their rungs lose their public names."""

    def write_playlists(self, writer: Writer) -> None:
        """The live playlist was written: those of the rungs follow, with the same numbers and discontinuities."""

    def write_replay(self, writer: Writer, name: str, chosen: Sequence[tuple[Segment, bool]], *, ended: bool) -> None:
        """The replay `name` was written of these segments, each with whether a discontinuity stands before it."""


class NoRungs:
    """The source alone."""

    def link(self, segment: Segment) -> None:
        """Nothing to name."""

    def unlink(self, segment: Segment) -> None:
        """Nothing was named."""

    def forget(self, source: str, files: Iterable[str]) -> None:
        """Nothing was named."""

    def write_playlists(self, writer: Writer) -> None:
        """There are none."""

    def write_replay(self, writer: Writer, name: str, chosen: Sequence[tuple[Segment, bool]], *, ended: bool) -> None:
        """There are none."""


class Writer:
    """One airing's output. What was released stands in an append-only log on disk, so any process goes on where another died."""

    def __init__(
        self,
        folder: AiringFolder,
        storage: Storage,
        *,
        window_seconds: int,
        sound_only: bool,
        rungs: RungLinks | None = None,
    ) -> None:
        self.folder, self.storage, self.window_seconds = folder, storage, window_seconds
        self.rungs: RungLinks = rungs or NoRungs()
        self.filler = "sound" if sound_only else "picture"
        self.items: list[Item] = []
        self.closed = False
        self._staff = (-1, False)
        self._load()

    def _load(self) -> None:
        """Read the log; a line torn by a crash was never in a playlist and is cut off."""
        file = self.folder[RELEASED]
        if not file.exists():
            return
        raw = file.read_bytes()
        good = 0
        for text in raw.splitlines(keepends=True):
            try:
                item = Item(
                    **{name: value for name, value in json.loads(text).items() if name in Item.__dataclass_fields__}
                )
            except (ValueError, TypeError):
                break
            if item.part == 0 and not item.source:
                # Written by an older version, which knew no other filler.
                item = replace(item, source=CUT, reason=CUT)
            if not text.endswith(b"\n") or item.sequence != len(self.items):
                break
            self.items.append(item)
            good += len(text)
        if good < len(raw):
            os.truncate(file, good)
        live = self.folder[LIVE]
        self.closed = live.exists() and "#EXT-X-ENDLIST" in live.read_text(encoding="utf-8")

    def name(self, part: int, number: int) -> str:
        """Public name of a segment: cannot be guessed, and the same whoever asks."""
        return sealing.digest("media-segment", f"{self.folder.airing_id}/{part}/{number}")[:20]

    def tape_name(self, item: Item) -> str:
        """The same for a segment of a tape, in this airing."""
        return sealing.digest("media-segment", f"{self.folder.airing_id}/{item.source}/{item.file}")[:20]

    def path_of(self, item: Item) -> Path:
        """The item's file on this machine."""
        file = SEGMENT_PATTERN % item.number
        if item.source == CUT:
            return clips.filler_folder() / self.filler / file
        if item.is_filler:
            return self.folder[f"public/{self.tape_name(item)}.ts"]
        return self.folder[f"parts/{item.part:03d}/{file}"]

    def uri(self, item: Item) -> str:
        """Address of an item, relative to the live playlist."""
        if item.source == CUT:
            return f"filler-{self.filler}-{item.number:03d}.ts"
        if item.is_filler:
            return f"{self.tape_name(item)}.ts"
        return f"{self.name(item.part, item.number)}.ts"

    def advance(
        self, segments: Sequence[Segment], show: Show, now_ms: int, fresh: frozenset[int], *, may_close: bool = True
    ) -> bool:
        """Release what is due as of `now_ms`. Returns whether something was. Blocks on the disk.

        Without `may_close` the line stays open past its time: the last media may not be on disk yet.
        """
        if self.closed:
            return False
        released = line.plan(self.items, segments, show, now_ms, fresh)
        closing = may_close and output.complete(show, now_ms)
        if not released and not closing:
            return False
        files = {(segment.part, segment.number): segment for segment in segments}
        for item in released:
            self._release(item, files)
        self.closed = closing
        self._write_live()
        return True

    def _release(self, item: Item, files: dict[tuple[int, int], Segment]) -> None:
        entry: dict[str, Any] = asdict(item)
        if item.file:
            stored = self._link_tape(item)
            entry.update(size=stored.size, digest=stored.digest, algorithm=stored.algorithm)
        elif not item.is_filler:
            segment = files[item.part, item.number]
            stored = self._link(segment)
            self.rungs.link(segment)
            entry.update(size=stored.size, digest=stored.digest, algorithm=stored.algorithm)
        with self.folder[RELEASED].open("ab") as log:
            log.write(json.dumps(entry).encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())
        self.items.append(item)

    def _link(self, segment: Segment) -> Stored:
        source = self.folder[f"parts/{segment.part:03d}/{segment.file}"]
        return self.storage.put(self._public_key(segment), source)

    def _link_tape(self, item: Item) -> Stored:
        """Give a tape's segment a name in this airing. Raises FileNotFoundError when it is on no disk of ours."""
        root = self.folder.path.parents[1]
        return self.storage.put(f"{self.folder.key}/public/{self.tape_name(item)}.ts", root / item.file)

    def forget(self, source: str) -> None:
        """Take the public names of what went out of that source; the log and the playlist keep saying that it did."""
        for name in {self.tape_name(item) for item in self.items if item.source == source}:
            self.storage.delete(f"{self.folder.key}/public/{name}.ts")
        self.rungs.forget(source, {item.file for item in self.items if item.source == source})

    def _public_key(self, segment: Segment) -> str:
        return f"{self.folder.key}/public/{self.name(segment.part, segment.number)}.ts"

    def _write_live(self) -> None:
        uris = [self.uri(item) for item in self.items]
        text = output.live_playlist(self.items, uris, self.window_seconds, ended=self.closed)
        write_atomically(self.folder[LIVE], text.encode())
        self.rungs.write_playlists(self)

    def write_staff(self, segments: Sequence[Segment], show: Show, *, ended: bool = False) -> None:
        """The whole recording so far for staff, cuts included: growing while the show runs, closed once with `ended`."""
        if self._staff == (len(segments), ended):
            return
        self._staff = (len(segments), ended)
        chosen = replay.entries(segments, show, everything=True)
        entries = [
            Entry(f"parts/{each.part:03d}/{each.number:06d}.ts", each.start_ms, each.duration, gap)
            for each, gap in chosen
        ]
        self._write_replay(STAFF, entries, ended=ended)
        self.rungs.write_replay(self, STAFF, chosen, ended=ended)

    def write_public(self, segments: Sequence[Segment], show: Show) -> None:
        """The public's replay, whole, without the cuts of `show`; only once the public line is complete.

        What was cut loses its public name first, whatever gave it one. Whether the public may have the replay is not asked here.
        """
        chosen = replay.entries(segments, show, everything=False)
        for segment in segments:
            if any(cut.withholds(segment) for cut in show.cuts):
                self.storage.delete(self._public_key(segment))
                self.rungs.unlink(segment)
        for segment, _ in chosen:
            self._link(segment)
            self.rungs.link(segment)
        entries = [
            Entry(f"{self.name(each.part, each.number)}.ts", each.start_ms, each.duration, gap) for each, gap in chosen
        ]
        self._write_replay(PUBLIC, entries, ended=True)
        self.rungs.write_replay(self, PUBLIC, chosen, ended=True)

    def _write_replay(self, name: str, entries: Sequence[Entry], *, ended: bool) -> None:
        text = playlists.render(entries, kind="VOD" if ended else "EVENT", ended=ended)
        write_atomically(
            self.folder[name.replace(".m3u8", "-spans.json")], json.dumps({"spans": playlists.spans(entries)}).encode()
        )
        write_atomically(self.folder[name], text.encode())
