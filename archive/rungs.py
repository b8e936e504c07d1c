"""Public names and playlists of the rungs and of the sound alone, in step with the released line; it makes and releases nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archive import output, playlists, streams, variants
from archive.ffmpeg import rung_name
from archive.ladder import SLACK_MS
from archive.output import Item
from archive.parts import AiringFolder, now_ms
from archive.playlists import Entry, Segment
from archive.storage import write_atomically
from archive.streams import Facts
from archive.variants import SOUND, Rate
from broadcast import sealing

if TYPE_CHECKING:
    from archive.writer import Writer

logger = logging.getLogger(__name__)
LIVE, STAFF, PUBLIC = "live.m3u8", "staff.m3u8", "replay.m3u8"
MASTER = "master"


def playlist_file(name: str, rung: str) -> str:
    """File of a rung's playlist beside that of the source, such as live-480p.m3u8 beside live.m3u8."""
    return name.replace(".m3u8", f"-{rung}.m3u8")


def public_name(airing: object, part: int, number: int, rung: str) -> str:
    """Public name of a rung's segment: cannot be guessed, not even from the source's, and the same whoever asks."""
    return sealing.digest("media-segment", f"{airing}/{part}/{number}/{rung}")[:20]


@dataclass
class _Lane:
    """One parallel playlist: what each item of the line is called in it, as far as that is settled."""

    uris: list[str] = field(default_factory=list)
    rate: Rate = field(default_factory=Rate)


class Rungs:
    """Rungs of one airing's public line. What has a public name on disk stays called by it, so a restart changes no entry.

    Where a rung is missing the playlist names the source's segment. Fillers stand in all playlists as they are: they are small
    already and stand behind a discontinuity, so a player takes them at any rung, and nothing has to be encoded while a show is cut.
    """

    def __init__(self, folder: AiringFolder, *, sound_only: bool = False) -> None:
        self.folder, self.sound_only = folder, sound_only
        self.heights: tuple[int, ...] = ()
        self.delay_ms = 0
        self.pending = False
        self._public: dict[str, int] = {}
        self._lanes: dict[str, _Lane] = {}
        self._top = _Lane()
        self._facts: dict[int, Facts] = {}
        self._master = ""
        # The line is written by one thread, what comes late by another.
        self._lock = threading.RLock()
        self._load()

    def follow(self, heights: Sequence[int], delay_ms: int) -> None:
        """The rungs that are to be, and the delay of the line."""
        self.heights, self.delay_ms = tuple(heights), delay_ms

    def _load(self) -> None:
        public = self.folder["public"]
        for file in public.iterdir() if public.is_dir() else ():
            if file.suffix == ".ts" and not file.name.startswith("."):
                self._public[file.name] = file.stat().st_size

    # -- names -----------------------------------------------------------------------------------------------------

    def link(self, segment: Segment) -> None:
        """Give the segment's rungs and its sound their public names, as far as they are made. Blocks on the disk."""
        with self._lock:
            self._link(segment)

    def _link(self, segment: Segment) -> None:
        self._note(segment.part, segment.number)
        for rung in self._names():
            self._publish(segment.part, segment.number, rung)

    def unlink(self, segment: Segment) -> None:
        """Take away the public names of all that was ever made of the segment."""
        part = self._part(segment.part)
        folders = [each.name for each in part.iterdir() if each.is_dir()] if part.is_dir() else []
        for rung in {*folders, SOUND}:
            name = self._name(segment.part, segment.number, rung)
            self.folder[f"public/{name}"].unlink(missing_ok=True)
            self._public.pop(name, None)

    def _name(self, part: int, number: int, rung: str) -> str:
        return f"{public_name(self.folder.airing_id, part, number, rung)}.ts"

    def _part(self, part: int) -> Path:
        return self.folder[f"parts/{part:03d}"]

    def _note(self, part: int, number: int) -> None:
        """Know what a part carries; its first segment at hand says it."""
        if part in self._facts:
            return
        try:
            facts = streams.look((self._part(part) / f"{number:06d}.ts").read_bytes())
        except OSError:
            return
        if facts.picture or facts.sound:
            self._facts[part] = facts

    def _names(self) -> list[str]:
        return variants.names(list(self._facts.values()), self.heights)

    def _publish(self, part: int, number: int, rung: str) -> str | None:
        """Public name of a rung's segment, given now if its file is there; None when it is not."""
        name = self._name(part, number, rung)
        if name in self._public:
            return name
        source = self._part(part) / rung / f"{number:06d}.ts"
        if rung == SOUND and not source.exists():
            self._split(part, number, source)
        target = self.folder[f"public/{name}"]
        try:
            target.parent.mkdir(exist_ok=True)
            target.hardlink_to(source)
        except FileExistsError:
            pass
        except OSError:
            return None
        self._public[name] = target.stat().st_size
        return name

    def _split(self, part: int, number: int, target: Path) -> None:
        """The sound is split off on the spot where the ladder did not come to it: that takes a few milliseconds."""
        facts = self._facts.get(part)
        if facts is None or not (facts.picture and facts.sound):
            return
        try:
            data = (self._part(part) / f"{number:06d}.ts").read_bytes()
            target.parent.mkdir(exist_ok=True)
            write_atomically(target, streams.sound_alone(data))
        except OSError:
            logger.exception("sound cannot be split off part=%s number=%s", part, number)

    # -- the live line ---------------------------------------------------------------------------------------------

    def write_playlists(self, writer: Writer) -> None:
        """Bring the live playlists of the rungs and the master up to the released line. Blocks on the disk."""
        with self._lock:
            self._write_live(writer)

    def _write_live(self, writer: Writer) -> None:
        items = writer.items
        for item in items if not self._facts else ():
            if not item.is_filler:
                self._note(item.part, item.number)
        self._count_top(writer)
        self.pending = False
        for rung in self._names():
            lane = self._lanes.setdefault(rung, _Lane())
            self._extend(lane, rung, writer)
            count = len(lane.uris)
            self.pending = self.pending or count < len(items)
            text = output.live_playlist(
                items[:count], lane.uris, writer.window_seconds, ended=writer.closed and count == len(items)
            )
            write_atomically(self.folder[playlist_file(LIVE, rung)], text.encode())
        self._write_master(LIVE, {rung: lane.rate for rung, lane in self._lanes.items()}, self._top.rate)

    def _count_top(self, writer: Writer) -> None:
        for item in writer.items[len(self._top.uris) :]:
            uri = writer.uri(item)
            self._top.uris.append(uri)
            if not item.is_filler:
                self._top.rate.add(self._size(uri), item.duration)

    def _size(self, name: str) -> int:
        if name not in self._public:
            try:
                self._public[name] = self.folder[f"public/{name}"].stat().st_size
            except OSError:
                return 0
        return self._public[name]

    def _extend(self, lane: _Lane, rung: str, writer: Writer) -> None:
        for item in writer.items[len(lane.uris) :]:
            uri = self._called(item, rung, writer)
            if uri is None:
                return
            lane.uris.append(uri)
            if uri in self._public and uri != writer.uri(item):
                lane.rate.add(self._public[uri], item.duration)

    def _called(self, item: Item, rung: str, writer: Writer) -> str | None:
        """What an item is called in a rung's playlist; None while its rung may still come."""
        if item.is_filler:
            return self._filler(item, rung, writer)
        self._note(item.part, item.number)
        name = self._publish(item.part, item.number, rung)
        if name is not None:
            return name
        facts = self._facts.get(item.part)
        expected = rung != SOUND and (facts is None or rung in map(rung_name, _lower(self.heights, facts.height)))
        if expected and not writer.closed and now_ms() < item.end_ms + max(self.delay_ms, SLACK_MS):
            return None
        return writer.uri(item)

    def _filler(self, item: Item, rung: str, writer: Writer) -> str:
        """A filler stands in all rungs as it is; for the sound alone its own sound is taken."""
        if rung != SOUND:
            return writer.uri(item)
        if item.source in {"", "cut"}:
            return f"filler-sound-{item.number:03d}.ts"
        name = f"{sealing.digest('media-segment', f'{self.folder.airing_id}/{item.source}/{writer.uri(item)}')[:20]}.ts"
        if name not in self._public:
            try:
                data = streams.sound_alone(writer.path_of(item).read_bytes())
                if not data:
                    return writer.uri(item)
                write_atomically(self.folder[f"public/{name}"], data)
            except OSError:
                return writer.uri(item)
            self._public[name] = len(data)
        return name

    # -- replays ---------------------------------------------------------------------------------------------------

    def write_replay(self, writer: Writer, name: str, chosen: Sequence[tuple[Segment, bool]], *, ended: bool) -> None:
        """Write the rungs of a replay once it is whole; while staff's still grows it has the source alone."""
        if not ended:
            return
        self.write_rungs_of(name, chosen)

    def write_rungs_of(self, name: str, chosen: Sequence[tuple[Segment, bool]]) -> None:
        """Rung playlists and master of a replay, with what rungs there are now. Blocks on the disk."""
        with self._lock:
            self._write_rungs_of(name, chosen)

    def _write_rungs_of(self, name: str, chosen: Sequence[tuple[Segment, bool]]) -> None:
        for segment, _ in chosen:
            self._note(segment.part, segment.number)
        rates, top = {}, Rate()
        for segment, _ in chosen:
            top.add(self._bytes_of(segment), segment.duration)
        for rung in self._names():
            rate = rates[rung] = Rate()
            entries = [
                Entry(self._replay_uri(name, each, rung, rate), each.start_ms, each.duration, gap)
                for each, gap in chosen
            ]
            text = playlists.render(entries, kind="VOD", ended=True)
            write_atomically(self.folder[playlist_file(name, rung)], text.encode())
        self._write_master(name, rates, top)

    def _bytes_of(self, segment: Segment) -> int:
        try:
            return (self._part(segment.part) / segment.file).stat().st_size
        except OSError:
            return 0

    def _replay_uri(self, name: str, segment: Segment, rung: str, rate: Rate) -> str:
        if name == PUBLIC:
            public = self._publish(segment.part, segment.number, rung)
            if public is not None:
                rate.add(self._public[public], segment.duration)
                return public
            return (
                f"{sealing.digest('media-segment', f'{self.folder.airing_id}/{segment.part}/{segment.number}')[:20]}.ts"
            )
        path = f"{segment.part:03d}/{rung}/{segment.number:06d}.ts"
        try:
            rate.add(self.folder[f"parts/{path}"].stat().st_size, segment.duration)
        except OSError:
            return f"parts/{segment.part:03d}/{segment.number:06d}.ts"
        return f"parts/{path}"

    # -- master ----------------------------------------------------------------------------------------------------

    def _write_master(self, name: str, rates: dict[str, Rate], top: Rate) -> None:
        """The playlist of playlists. A rung is in it from the beginning: players read it once."""
        if not self._facts:
            return
        best = max(self._facts.values(), key=lambda each: (each.height, each.fps))
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
