"""Writes an airing's public line to disk: the log of what was released, linked segments, playlists; what is released, output.py says."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from archive import clips, line, output, playlists, released, replay
from archive.ffmpeg import SEGMENT_PATTERN
from archive.growing import Growing
from archive.output import CUT, Item, Show
from archive.parts import AiringFolder, now_ms
from archive.playlists import Entry, Segment
from archive.released import Log
from archive.rung_names import public_name
from archive.storage import Storage, Stored, StoredOtherwise, write_atomically
from broadcast import sealing

logger = logging.getLogger(__name__)
RELEASED = released.FILE
LIVE = "live.m3u8"
STAFF = "staff.m3u8"
PUBLIC = "replay.m3u8"
# A segment that cannot be read is tried in so many passes before the line goes on without it.
TRIES = 4
_CHUNK = 1 << 20


class RungLinks(Protocol):
    """What gives the lower rungs their public names and playlists; it is called where the public line is written."""

    def link(self, segment: Segment | Item) -> None:
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

    def link(self, segment: Segment | Item) -> None:
        """Nothing to name."""

    def unlink(self, segment: Segment) -> None:
        """Nothing was named."""

    def forget(self, source: str, files: Iterable[str]) -> None:
        """Nothing was named."""

    def write_playlists(self, writer: Writer) -> None:
        """There are none."""

    def write_replay(self, writer: Writer, name: str, chosen: Sequence[tuple[Segment, bool]], *, ended: bool) -> None:
        """There are none."""


class _Unreadable(Exception):
    """A segment, or a file of a tape, that was tried often enough."""

    def __init__(self, what: tuple[int, int] | str) -> None:
        super().__init__(what)
        self.what = what


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
        self._log = Log(folder[RELEASED])
        # All that was ever released, in order.
        self.items = self._log.items
        live = folder[LIVE]
        self.closed = live.exists() and playlists.END in live.read_text(encoding="utf-8")
        # What the line passed over: segments by part and number, files of tapes by key; and when that was last.
        self.lost: set[tuple[int, int] | str] = set()
        self.lost_at_ms: int | None = None
        self._tries: Counter[tuple[int, int] | str] = Counter()
        self._window = output.Window(window_seconds)
        # Whether the playlists say what the log does.
        self._shown = self.closed
        self._growing = Growing()
        self._staff = (-1, False)

    def name(self, part: int, number: int) -> str:
        """Public name of a segment: cannot be guessed, and the same whoever asks."""
        return public_name(self.folder.airing_id, part, number)

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
            if not self._shown:
                self._write_live(ended=True)
            return False
        before = len(self.items)
        while (passed := self._advance(segments, show, now_ms, fresh)) is not None:
            # Without it another source may go out in its place, so all that follows is chosen again.
            self._pass_over(passed, now_ms)
        closing = may_close and output.complete(show, now_ms)
        if len(self.items) == before and self._shown and not closing:
            return False
        self._write_live(ended=closing)
        return True

    def _advance(
        self, segments: Sequence[Segment], show: Show, now_ms: int, fresh: frozenset[int]
    ) -> tuple[int, int] | str | None:
        """Release what is due; the first thing that can be read no more ends that, and is returned. Raises OSError."""
        if self.lost:
            segments = self._readable(segments)
            tapes = [tape and tape.without(self._lost_files) for tape in (show.fallback, show.rerun)]
            show = replace(show, fallback=tapes[0], rerun=tapes[1])
        for item in line.plan(self.items, segments, show, now_ms, fresh):
            try:
                self._release(item)
            except _Unreadable as error:
                return error.what
        return None

    def _readable(self, segments: Sequence[Segment]) -> list[Segment]:
        return [each for each in segments if (each.part, each.number) not in self.lost]

    @property
    def _lost_files(self) -> frozenset[str]:
        return frozenset(each for each in self.lost if isinstance(each, str))

    def _pass_over(self, what: tuple[int, int] | str, at_ms: int) -> None:
        """The line goes on without it, for good: behind it stands a discontinuity."""
        logger.error("the public line passes over what cannot be read airing=%s what=%s", self.folder.airing_id, what)
        self.lost.add(what)
        self.lost_at_ms = at_ms

    def _release(self, item: Item) -> None:
        facts: dict[str, Any] = {}
        if item.file or not item.is_filler:
            stored = self._given(item)
            facts = {"size": stored.size, "digest": stored.digest, "algorithm": stored.algorithm}
        if not item.is_filler:
            self.rungs.link(item)
        self._log.add(item, facts)

    def _given(self, item: Item) -> Stored:
        """Give an item its public name. Raises _Unreadable when it can be read no more, OSError when it may be yet."""
        if item.file:
            # A tape's segment gets a name in this airing.
            key = f"{self.folder.key}/public/{self.tape_name(item)}.ts"
            return self._put(key, self.folder.path.parents[1] / item.file, item.file)
        return self._put(self._public_key(item.part, item.number), self.path_of(item), (item.part, item.number))

    def _put(self, key: str, source: Path, what: tuple[int, int] | str) -> Stored:
        try:
            return self.storage.put(key, source)
        except (OSError, StoredOtherwise) as error:
            # A full disk is no fault of the segment.
            if isinstance(error, StoredOtherwise) or not _is_readable(source):
                self._tries[what] += 1
                if self._tries[what] >= TRIES or not source.exists():
                    raise _Unreadable(what) from error
            raise

    def forget(self, source: str) -> None:
        """Take the public names of what went out of that source; the log and the playlist keep saying that it did."""
        for name in {self.tape_name(item) for item in self.items if item.source == source}:
            self.storage.delete(f"{self.folder.key}/public/{name}.ts")
        self.rungs.forget(source, {item.file for item in self.items if item.source == source})

    def _public_key(self, part: int, number: int) -> str:
        return f"{self.folder.key}/public/{self.name(part, number)}.ts"

    def _write_live(self, *, ended: bool) -> None:
        self._shown = False
        for item in self.items[self._window.count :]:
            self._window.add(item, self.uri(item))
        write_atomically(self.folder[LIVE], self._window.text(ended=ended).encode())
        self.closed = ended
        self.rungs.write_playlists(self)
        self._shown = True

    def write_staff(self, segments: Sequence[Segment], show: Show, *, ended: bool = False) -> None:
        """The whole recording so far for staff, cuts included: growing while the show runs, closed once with `ended`."""
        if self._staff == (len(segments), ended):
            return
        if ended:
            chosen = replay.entries(segments, show, everything=True)
            entries = [
                Entry(replay.address(each.part, each.number), each.start_ms, each.duration, gap) for each, gap in chosen
            ]
            self._write_replay(STAFF, entries)
            self.rungs.write_replay(self, STAFF, chosen, ended=True)
        else:
            self._write_with_spans(STAFF, *self._growing.follow(segments, show))
        self._staff = (len(segments), ended)

    def write_public(self, segments: Sequence[Segment], show: Show) -> None:
        """The public's replay, whole, without the cuts of `show`; only once the public line is complete.

        What was cut loses its public name first, whatever gave it one; what has one already is not read again, and what can be
        read no more is left out. Whether the public may have the replay is not asked here. Raises OSError.
        """
        for segment in segments:
            if any(cut.withholds(segment) for cut in show.cuts):
                self.storage.delete(self._public_key(segment.part, segment.number))
                self.rungs.unlink(segment)
        lost: set[tuple[int, int]] = set()
        while (passed := self._name_all(chosen := self._chosen(segments, show, lost))) is not None:
            self._pass_over(passed, now_ms())
            lost.add(passed)
        entries = [
            Entry(f"{self.name(each.part, each.number)}.ts", each.start_ms, each.duration, gap) for each, gap in chosen
        ]
        self._write_replay(PUBLIC, entries)
        self.rungs.write_replay(self, PUBLIC, chosen, ended=True)

    @staticmethod
    def _chosen(
        segments: Sequence[Segment], show: Show, lost: Collection[tuple[int, int]]
    ) -> list[tuple[Segment, bool]]:
        there = [each for each in segments if (each.part, each.number) not in lost] if lost else segments
        return replay.entries(there, show, everything=False)

    def _name_all(self, chosen: Sequence[tuple[Segment, bool]]) -> tuple[int, int] | None:
        """Give all of them their public names; the first that can be read no more ends that, and is returned."""
        for segment, _ in chosen:
            key = self._public_key(segment.part, segment.number)
            try:
                if self.storage.head(key) is None:
                    self._put(
                        key, self.folder[f"parts/{segment.part:03d}/{segment.file}"], (segment.part, segment.number)
                    )
            except _Unreadable:
                return segment.part, segment.number
            self.rungs.link(segment)
        return None

    def write_list(self, name: str, entries: Sequence[Entry]) -> None:
        """A whole replay of these entries, with its gap map."""
        self._write_replay(name, entries)

    def write_live_without(self, withheld: Callable[[Item], bool]) -> None:
        """The live playlists of an ended line anew, without what is withheld; the log keeps saying what went out."""
        shown: list[Item] = []
        left_out = False
        for item in self._log.items:
            if not item.is_filler and withheld(item):
                left_out = True
                continue
            shown.append(replace(item, gap=True) if left_out else item)
            left_out = False
        self.items = shown
        self._window = output.Window(self.window_seconds)
        self._write_live(ended=True)

    def _write_replay(self, name: str, entries: Sequence[Entry]) -> None:
        self._write_with_spans(name, playlists.render(entries, kind="VOD", ended=True), playlists.spans(entries))

    def _write_with_spans(self, name: str, text: str, spans: list[dict[str, object]]) -> None:
        write_atomically(self.folder[name.replace(".m3u8", "-spans.json")], json.dumps({"spans": spans}).encode())
        write_atomically(self.folder[name], text.encode())


def _is_readable(file: Path) -> bool:
    """Whether the whole file can be read."""
    try:
        with file.open("rb") as stream:
            while stream.read(_CHUNK):
                pass
    except OSError:
        return False
    return True
