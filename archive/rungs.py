"""Playlists of the rungs and of the sound alone, in step with the released line, and their master; it makes and releases nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive import output, playlists, variants
from archive.ffmpeg import rung_name
from archive.ladder import SLACK_MS
from archive.output import Item
from archive.parts import AiringFolder, now_ms
from archive.playlists import Entry, Segment
from archive.rung_names import LIVE, MASTER, PUBLIC, Names, playlist_file
from archive.storage import write_atomically
from archive.variants import SOUND, Rate

if TYPE_CHECKING:
    from archive.writer import Writer


@dataclass
class _Lane:
    """One parallel playlist: what each item of the line is called in it, as far as that is settled."""

    uris: list[str] = field(default_factory=list)
    rate: Rate = field(default_factory=Rate)
    window: output.Window | None = None


class Rungs:
    """Rungs of one airing's public line. What has a public name on disk stays called by it, also after a restart.

    Where a rung is missing the playlist names the source's segment. Fillers stand in all playlists as they are: they are small
    already and stand behind a discontinuity, so a player takes them at any rung, and nothing has to be encoded while a show is cut.
    """

    def __init__(self, folder: AiringFolder, *, sound_only: bool = False) -> None:
        self.folder, self.sound_only = folder, sound_only
        self.names = Names(folder)
        self.heights: tuple[int, ...] = ()
        self.delay_ms = 0
        self.pending = False
        self._lanes: dict[str, _Lane] = {}
        self._top = _Lane()
        self._master = ""
        # The line is written by one thread, what comes late by another.
        self._lock = threading.RLock()

    def follow(self, heights: Sequence[int], delay_ms: int) -> None:
        """The rungs that are to be, and the delay of the line."""
        self.heights, self.delay_ms = tuple(heights), delay_ms

    # -- names -----------------------------------------------------------------------------------------------------

    def link(self, segment: Segment | Item) -> None:
        """Give the segment's rungs and its sound their public names, as far as they are made. Blocks on the disk."""
        with self._lock:
            self._link(segment)

    def _link(self, segment: Segment | Item) -> None:
        self.names.note(segment.part, segment.number)
        for rung in self._names():
            self.names.publish(segment.part, segment.number, rung)

    def unlink(self, segment: Segment) -> None:
        """Take away the public names of all that was ever made of the segment."""
        with self._lock:
            self.names.unlink(segment)

    def refuse(self, sources: frozenset[str]) -> None:
        """Sources whose episode is withdrawn now: no rung of them is named (again), also after a restart."""
        with self._lock:
            self.names.withdrawn = sources

    def forget(self, source: str, files: Iterable[str]) -> None:
        """Take away the public names of all rungs of these segments of a tape."""
        with self._lock:
            self.names.forget(source, files, {SOUND, *self._names(), *self._lanes, *self.names.listed()})

    def _names(self) -> list[str]:
        return variants.names(list(self.names.facts.values()), self.heights)

    # -- the live line ---------------------------------------------------------------------------------------------

    def write_playlists(self, writer: Writer) -> None:
        """Bring the live playlists of the rungs and the master up to the released line. Blocks on the disk."""
        with self._lock:
            self._write_live(writer)

    def _write_live(self, writer: Writer) -> None:
        items = writer.items
        for item in items[len(self._top.uris) :]:
            self.names.note_item(item, writer)
        self._count_top(writer)
        self.pending = False
        for rung in self._names():
            lane = self._lanes.setdefault(rung, _Lane())
            self._extend(lane, rung, writer)
            count = len(lane.uris)
            self.pending = self.pending or count < len(items)
            window = lane.window = lane.window or output.Window(writer.window_seconds)
            for item, uri in zip(items[window.count : count], lane.uris[window.count :], strict=True):
                window.add(item, uri)
            text = window.text(ended=writer.closed and count == len(items))
            write_atomically(self.folder[playlist_file(LIVE, rung)], text.encode())
        self._write_master(LIVE, {rung: lane.rate for rung, lane in self._lanes.items()}, self._top.rate)

    def _count_top(self, writer: Writer) -> None:
        for item in writer.items[len(self._top.uris) :]:
            uri = writer.uri(item)
            self._top.uris.append(uri)
            if not item.is_filler:
                self._top.rate.add(self.names.size(uri), item.duration)

    def _extend(self, lane: _Lane, rung: str, writer: Writer) -> None:
        for item in writer.items[len(lane.uris) :]:
            uri = self._called(item, rung, writer)
            if uri is None:
                return
            lane.uris.append(uri)
            if uri in self.names.public and uri != writer.uri(item):
                lane.rate.add(self.names.public[uri], item.duration)

    def _called(self, item: Item, rung: str, writer: Writer) -> str | None:
        """What an item is called in a rung's playlist; None while its rung may still come."""
        if item.is_filler:
            return self.names.of_tape(item, rung, writer)
        self.names.note(item.part, item.number)
        name = self.names.publish(item.part, item.number, rung)
        if name is not None:
            return name
        facts = self.names.facts.get(item.part)
        expected = rung != SOUND and (facts is None or rung in map(rung_name, _lower(self.heights, facts.height)))
        if expected and not writer.closed and now_ms() < item.end_ms + max(self.delay_ms, SLACK_MS):
            return None
        return writer.uri(item)

    # -- replays ---------------------------------------------------------------------------------------------------

    def write_replay(self, writer: Writer, name: str, chosen: Sequence[tuple[Segment, bool]], *, ended: bool) -> None:
        """Write the rungs of a replay once it is whole; while staff's still grows it has the source alone."""
        if not ended:
            return
        with self._lock:
            self._write_rungs_of(writer, name, chosen)

    def rung_names(self) -> list[str]:
        """Rungs that playlists are written of, the sound among them."""
        return self._names()

    def write_list(self, name: str, rung: str, entries: Sequence[Entry]) -> None:
        """One rung's playlist of a whole replay."""
        write_atomically(
            self.folder[playlist_file(name, rung)], playlists.render(entries, kind="VOD", ended=True).encode()
        )

    def write_master(self, name: str, rates: dict[str, Rate], top: Rate) -> None:
        """The list of a replay's playlists, with their measured rates."""
        with self._lock:
            self._write_master(name, rates, top)

    def _write_rungs_of(self, writer: Writer, name: str, chosen: Sequence[tuple[Segment, bool]]) -> None:
        for segment, _ in chosen:
            self.names.note(segment.part, segment.number)
        rates, top = {}, Rate()
        for segment, _ in chosen:
            top.add(self._bytes_of(segment), segment.duration)
        for rung in self._names():
            rate = rates[rung] = Rate()
            entries = [
                Entry(self._replay_uri(writer, name, each, rung, rate), each.start_ms, each.duration, gap)
                for each, gap in chosen
            ]
            self.write_list(name, rung, entries)
        self._write_master(name, rates, top)

    def _bytes_of(self, segment: Segment) -> int:
        try:
            return (self.names.part(segment.part) / segment.file).stat().st_size
        except OSError:
            return 0

    def _replay_uri(self, writer: Writer, name: str, segment: Segment, rung: str, rate: Rate) -> str:
        if name == PUBLIC:
            public = self.names.publish(segment.part, segment.number, rung)
            if public is not None:
                rate.add(self.names.public[public], segment.duration)
                return public
            return f"{writer.name(segment.part, segment.number)}.ts"
        path = f"{segment.part:03d}/{rung}/{segment.number:06d}.ts"
        try:
            rate.add(self.folder[f"parts/{path}"].stat().st_size, segment.duration)
        except OSError:
            return f"parts/{segment.part:03d}/{segment.number:06d}.ts"
        return f"parts/{path}"

    # -- master ----------------------------------------------------------------------------------------------------

    def _write_master(self, name: str, rates: dict[str, Rate], top: Rate) -> None:
        """The playlist of playlists. A rung is in it from the beginning: players read it once."""
        if not self.names.facts:
            return
        best = max(self.names.facts.values(), key=lambda each: (each.height, each.fps))
        # Staff's own replay and the public's have one address; the public's lists say that they are meant.
        query = "?as=public" if name == PUBLIC else ""
        rows = [variants.source(best, top, f"index.m3u8{query}")]
        rows += [variants.rung(best, rung, rates.get(rung, Rate()), f"{rung}.m3u8{query}") for rung in self._names()]
        if self.sound_only and SOUND in self._names():
            # Radio: whoever sends a picture too gets his sound out, nothing else.
            rows = rows[-1:]
        text = playlists.render_master(rows)
        key = f"{name} {text}"
        if key != self._master or not self.folder[playlist_file(name, MASTER)].exists():
            write_atomically(self.folder[playlist_file(name, MASTER)], text.encode())
            self._master = key


def _lower(heights: Sequence[int], than: int) -> list[int]:
    return [height for height in heights if height < than]
