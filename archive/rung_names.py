"""Public names of the rungs' segments and of their sound: gives and takes names of files, makes no rung and decides no release."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from archive import streams
from archive.output import CUT, Item
from archive.parts import AiringFolder
from archive.playlists import Segment
from archive.storage import write_atomically
from archive.streams import Facts
from archive.variants import SOUND
from broadcast import sealing

if TYPE_CHECKING:
    from archive.writer import Writer

logger = logging.getLogger(__name__)
LIVE, STAFF, PUBLIC = "live.m3u8", "staff.m3u8", "replay.m3u8"
MASTER = "master"


def playlist_file(name: str, rung: str) -> str:
    """File of a rung's playlist beside that of the source, such as live-480p.m3u8 beside live.m3u8."""
    return name.replace(".m3u8", f"-{rung}.m3u8")


def public_name(airing: object, part: int, number: int, rung: str = "") -> str:
    """Public name of a segment or a rung of it: cannot be guessed, not even from the source's, and the same whoever asks."""
    words = f"{airing}/{part}/{number}/{rung}" if rung else f"{airing}/{part}/{number}"
    return sealing.digest("media-segment", words)[:20]


def tape_name(airing: object, source: str, file: str, rung: str = "") -> str:
    """Public file name that a tape's segment, or a rung of it, has in an airing."""
    words = f"{airing}/{source}/{file}/{rung}" if rung else f"{airing}/{source}/{file}"
    return f"{sealing.digest('media-segment', words)[:20]}.ts"


class Names:
    """What of one airing's rungs is public, and what its parts carry. All of it is found again on disk."""

    def __init__(self, folder: AiringFolder) -> None:
        self.folder = folder
        # By number of the part, or by source where that is an earlier airing.
        self.facts: dict[int | str, Facts] = {}
        # Sizes of the public files by name.
        self.public: dict[str, int] = {}
        # Sources that nothing may be named of any more.
        self.withdrawn: frozenset[str] = frozenset()
        self._twins: dict[tuple[str, str], dict[str, str]] = {}
        self._load()

    def _load(self) -> None:
        public = self.folder["public"]
        for file in public.iterdir() if public.is_dir() else ():
            if file.suffix == ".ts" and not file.name.startswith("."):
                self.public[file.name] = file.stat().st_size

    def _name(self, part: int, number: int, rung: str) -> str:
        return f"{public_name(self.folder.airing_id, part, number, rung)}.ts"

    def part(self, part: int) -> Path:
        """Folder of a part."""
        return self.folder[f"parts/{part:03d}"]

    def note(self, part: int, number: int) -> None:
        """Know what a part carries; its first segment at hand says it."""
        if part in self.facts:
            return
        try:
            facts = streams.look((self.part(part) / f"{number:06d}.ts").read_bytes())
        except OSError:
            return
        if facts.picture or facts.sound:
            self.facts[part] = facts

    def note_item(self, item: Item, writer: Writer) -> None:
        """The same for what comes on the line: a part's, or an earlier airing's. Fillers say nothing of the show."""
        if not item.is_filler:
            self.note(item.part, item.number)
        elif item.source.startswith("rerun:") and item.source not in self.facts:
            with contextlib.suppress(OSError):
                self.facts[item.source] = streams.look(writer.path_of(item).read_bytes())

    def publish(self, part: int, number: int, rung: str) -> str | None:
        """Public name of a rung's segment, given now if its file is there; None when it is not."""
        name = self._name(part, number, rung)
        if name in self.public:
            return name
        source = self.part(part) / rung / f"{number:06d}.ts"
        if rung == SOUND and not source.exists():
            self._split(part, number, source)
        target = self.folder[f"public/{name}"]
        try:
            _link_once(target, source)
        except OSError:
            return None
        self.public[name] = target.stat().st_size
        return name

    def _split(self, part: int, number: int, target: Path) -> None:
        """The sound is split off on the spot where the ladder did not come to it: that takes a few milliseconds."""
        facts = self.facts.get(part)
        if facts is None or not (facts.picture and facts.sound):
            return
        try:
            data = (self.part(part) / f"{number:06d}.ts").read_bytes()
            target.parent.mkdir(exist_ok=True)
            write_atomically(target, streams.sound_alone(data))
        except OSError:
            logger.exception("sound cannot be split off part=%s number=%s", part, number)

    def unlink(self, segment: Segment) -> None:
        """Take away the public names of all that was ever made of the segment."""
        part = self.part(segment.part)
        folders = [each.name for each in part.iterdir() if each.is_dir()] if part.is_dir() else []
        for rung in {*folders, SOUND}:
            name = self._name(segment.part, segment.number, rung)
            self.folder[f"public/{name}"].unlink(missing_ok=True)
            self.public.pop(name, None)

    def listed(self, name: str = LIVE) -> set[str]:
        """Rungs that a live playlist (or that replay) was ever written of, whatever the rule says now."""
        start = name.removesuffix(".m3u8") + "-"
        return {file.stem.removeprefix(start) for file in self.folder.path.glob(f"{start}*.m3u8")}

    def size(self, name: str) -> int:
        """Bytes of a public file; 0 when it is not there."""
        if name not in self.public:
            try:
                self.public[name] = self.folder[f"public/{name}"].stat().st_size
            except OSError:
                return 0
        return self.public[name]

    def of_tape(self, item: Item, rung: str, writer: Writer) -> str:
        """A filler stands in all rungs as it is, an earlier airing has rungs of its own; of both the sound alone is taken."""
        if rung == SOUND and item.source == CUT:
            return f"filler-sound-{item.number:03d}.ts"
        if not item.file or item.source in self.withdrawn:
            return writer.uri(item)
        name = tape_name(self.folder.airing_id, item.source, item.file, rung)
        if name in self.public or self._give(item, rung, self.folder[f"public/{name}"], writer):
            return name
        return writer.uri(item)

    def forget(self, source: str, files: Iterable[str], rungs: Iterable[str]) -> None:
        """Take away the public names of rungs of a tape's segments."""
        for name in {tape_name(self.folder.airing_id, source, file, rung) for file in files for rung in rungs}:
            self.folder[f"public/{name}"].unlink(missing_ok=True)
            self.public.pop(name, None)

    def _give(self, item: Item, rung: str, target: Path, writer: Writer) -> bool:
        """Name the rung of a tape's segment; its sound is split off where it has none. Returns whether there is one."""
        try:
            twin = self._twin(item, rung)
            if twin is not None:
                _link_once(target, twin)
            elif rung == SOUND and (data := streams.sound_alone(writer.path_of(item).read_bytes())):
                write_atomically(target, data)
            else:
                return False
            self.public[target.name] = target.stat().st_size
        except OSError:
            return False
        return True

    def _twin(self, item: Item, rung: str) -> Path | None:
        """The rung of a segment of an earlier airing's replay: its playlists run side by side."""
        if not item.source.startswith("rerun:"):
            return None
        folder, _, name = item.file.rpartition("/public/")
        root = self.folder.path.parents[1] / folder
        key = (item.source, rung)
        if key not in self._twins:
            self._twins[key] = _side_by_side(root / PUBLIC, root / playlist_file(PUBLIC, rung))
        twin = self._twins[key].get(name)
        return root / "public" / twin if twin and twin != name else None


def _link_once(target: Path, source: Path) -> None:
    """Give a file a second name; where that is taken it is the same file already."""
    target.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        target.hardlink_to(source)


def _side_by_side(source: Path, rung: Path) -> dict[str, str]:
    """What each segment of a replay is called in the playlist of a rung; empty when they do not match."""
    try:
        left, right = (file.read_text(encoding="utf-8").splitlines() for file in (source, rung))
    except OSError:
        return {}
    names = [[line for line in lines if line and not line.startswith("#")] for lines in (left, right)]
    return dict(zip(*names, strict=True)) if len(names[0]) == len(names[1]) else {}
