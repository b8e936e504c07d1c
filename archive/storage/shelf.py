"""One folder of media and one store: what waits to be sent, in which order, and what the stored playlists may name."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from archive.storage import ledger
from archive.storage.base import Cold, Damaged, Storage, StorageDown, StorageRefused, StoredOtherwise
from archive.storage.ledger import Ledger
from archive.storage.listing import named, trimmed

logger = logging.getLogger(__name__)
MEDIA, TEXTS = ".ts", frozenset({".m3u8", ".json", ".jsonl", ".vtt"})
# ffmpeg's own list of a part, our copy of it, and logs change with every segment; nobody plays them.
_SELDOM = frozenset({"i.m3u8", "kept.m3u8", "measures.jsonl", "part.json", "released.jsonl"})
_SELDOM_SECONDS = 20.0
_AT_ONCE = 64
# With these nothing else can be sent either; every other problem is of one object.
OF_THE_STORE = frozenset({StorageDown.code, StorageRefused.code})


@dataclass(frozen=True)
class File:
    """A closed file of the folder."""

    name: str
    inode: int
    size: int
    written_ns: int

    @property
    def is_public(self) -> bool:
        """Whether it is a public name, a second one of a segment."""
        return self.name.startswith("public/")


@dataclass
class Round:
    """What one round came to."""

    sent: int = 0
    waiting: int = 0
    waiting_bytes: int = 0
    oldest_ns: int = 0
    problem: str = ""


@dataclass
class Shelf:
    """State of one folder for one store; all of it is found again in the log and in the store. Blocks on the network."""

    folder: Path
    key: str
    place: str
    storage: Storage
    # Whether a file of the house that a playlist names is there, such as the filler's.
    elsewhere: Callable[[str], bool] = lambda name: True
    _ledger: Ledger = field(init=False)
    _notes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _noted: dict[str, float] = field(default_factory=dict)
    _listed: dict[str, tuple[int, list[File], list[str]]] = field(default_factory=dict)
    _odd: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._ledger = Ledger(self.folder, self.place)

    @property
    def settled(self) -> dict[str, int]:
        """Times of the folders when nothing waited any more; see `is_settled`."""
        return self._ledger.settled

    def has(self, name: str) -> bool:
        """Whether the file is known to be in the store."""
        return name in self._ledger

    # -- what there is ---------------------------------------------------------------------------------------------

    def files(self) -> list[File]:
        """All closed files of the folder; a folder that did not change is not read again."""
        found: list[File] = []
        open_folders = [""]
        while open_folders:
            name = open_folders.pop()
            files, below = self._list(name)
            found += files
            open_folders += below
        return found

    def _list(self, name: str) -> tuple[list[File], list[str]]:
        folder = self.folder / name
        changed = _changed(folder)
        known = self._listed.get(name)
        # Notes are appended to without their folder changing, so only folders of media alone are remembered whole.
        media = {each.name: each for each in known[1] if each.name.endswith(MEDIA)} if known else {}
        if known is not None and known[0] == changed and len(media) == len(known[1]):
            return known[1], known[2]
        files, below = [], []
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return [], []
        for entry in entries:
            if entry.name.startswith(".") or entry.name.endswith(".tmp") or entry.name == ledger.NAME:
                continue
            path = f"{name}/{entry.name}" if name else entry.name
            if entry.is_dir(follow_symlinks=False):
                below.append(path)
            elif entry.is_file(follow_symlinks=False) and (file := media.get(path) or _look(path, entry)):
                files.append(file)
        self._listed[name] = (changed, files, below)
        return files, below

    # -- one round -------------------------------------------------------------------------------------------------

    def round(self, pool: Executor, *, resting: bool = False, most: int = _AT_ONCE) -> Round:
        """Send what waits, the public line first and the oldest first, then the playlists that name only what is there.

        `resting`: no recorder writes here now, so that a folder in which nothing waits is not looked at again. Never raises.
        """
        result = Round()
        try:
            folders = {name: _changed(self.folder / name) for name in ["", *self._listed]}
            files = self.files()
            # First, and whatever else is wrong: what lost its public name.
            self._take_back(files, result)
            if self._send_media(files, pool, result, most) not in OF_THE_STORE:
                self._send_notes(files, result, everything=resting)
            if resting and not result.waiting and not result.problem and len(folders) == len({"", *self._listed}):
                self._ledger.settle(folders)
        except (StorageDown, StorageRefused, Damaged, StoredOtherwise) as error:
            result.problem = error.code
            logger.warning("storage place=%s folder=%s: %s", self.place, self.key, error)
        except Exception:
            result.problem = "storage_failed"
            logger.exception("storage failed place=%s folder=%s", self.place, self.key)
        return result

    def _waiting(self, files: Iterable[File]) -> list[File]:
        waiting = [each for each in files if each.name.endswith(MEDIA) and each.name not in self._ledger]
        public = {each.inode for each in waiting if each.is_public}
        # A public name comes right after the segment that it names.
        return sorted(waiting, key=lambda each: (each.inode not in public, each.written_ns, each.inode, each.is_public))

    def _send_media(self, files: list[File], pool: Executor, result: Round, most: int) -> str:
        """Returns the first problem, of the store before that of one object."""
        waiting = [each for each in self._waiting(files) if each.name not in self._odd]
        first = {each.inode: each for each in files if not each.is_public}
        problems: list[str] = []
        for group in (
            [each for each in waiting[:most] if not each.is_public],
            [each for each in waiting[:most] if each.is_public],
        ):
            problems += [each for each in pool.map(lambda each: self._send(each, first.get(each.inode)), group) if each]
        left = [each for each in waiting if each.name not in self._ledger and each.name not in self._odd]
        result.sent = len(waiting) - len(left)
        result.waiting, result.waiting_bytes = len(left), sum(each.size for each in left)
        result.oldest_ns = min((each.written_ns for each in left), default=0)
        problem = next((each for each in problems if each in OF_THE_STORE), problems[0] if problems else "")
        result.problem = problem or result.problem or (StoredOtherwise.code if self._odd else "")
        return problem

    def _send(self, file: File, original: File | None) -> str:
        """Send one segment; the code of what was wrong, or ""."""
        try:
            key = f"{self.key}/{file.name}"
            if file.is_public and original is not None and original.name in self._ledger:
                try:
                    stored = self.storage.copy(f"{self.key}/{original.name}", key)
                except (FileNotFoundError, Cold):
                    stored = self.storage.put(key, self.folder / file.name)
            else:
                stored = self.storage.put(key, self.folder / file.name)
            self._ledger.add(file.name, stored)
        except FileNotFoundError:
            # It lost its public name while it waited.
            return ""
        except StoredOtherwise as error:
            logger.error("storage keeps other bytes place=%s key=%s", self.place, error.data.get("key"))
            self._odd.add(file.name)
            return error.code
        except (StorageDown, StorageRefused, Damaged) as error:
            logger.warning("storage place=%s: %s", self.place, error)
            return error.code
        except OSError as error:
            logger.warning("storage place=%s: %s", self.place, error)
            return "storage_failed"
        return ""

    def take_back(self) -> str:
        """The same at once, and nothing else; the code of what was wrong, or ""."""
        result = Round()
        self._take_back(self.files(), result)
        return result.problem

    def _take_back(self, files: Iterable[File], result: Round) -> None:
        """What lost its public name here loses it in the store; as received it stays."""
        if not (self.folder / "public").is_dir():
            return
        there = {each.name for each in files}
        try:
            for name in [each for each in self._ledger.stored if each.startswith("public/") and each not in there]:
                self.storage.delete(f"{self.key}/{name}")
                self._ledger.drop(name)
        except (StorageDown, StorageRefused, Damaged) as error:
            result.problem = error.code
            logger.error("storage takes nothing back place=%s folder=%s: %s", self.place, self.key, error)

    # -- playlists and notes ---------------------------------------------------------------------------------------

    def _send_notes(self, files: Iterable[File], result: Round, *, everything: bool) -> None:
        notes = [each for each in files if not each.name.endswith(MEDIA)]
        # A master playlist names other playlists: it comes after them.
        for each in sorted(notes, key=lambda each: (each.name.startswith("master"), each.name)):
            if self._notes.get(each.name) == (each.written_ns, each.size):
                continue
            pause = _SELDOM_SECONDS if each.name.rsplit("/", 1)[-1] in _SELDOM else 0.0
            if not everything and time.monotonic() - self._noted.get(each.name, -pause) < pause:
                continue
            if self._send_note(each):
                self._notes[each.name] = (each.written_ns, each.size)
                self._noted[each.name] = time.monotonic()
            else:
                result.waiting += 1

    def _send_note(self, file: File) -> bool:
        """Send a playlist as far as the store has what it names, or another small file as it is; whether it was all of it."""
        key, path = f"{self.key}/{file.name}", self.folder / file.name
        if path.suffix not in TEXTS:
            self.storage.put(key, path, replace=True)
            return True
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return True
        if path.suffix != ".m3u8" or "/" in file.name:
            self.storage.write(key, content)
            return True
        text = content.decode("utf-8")
        whole, shown = trimmed(text, self._is_there)
        if named(shown) or whole:
            self.storage.write(key, shown.encode())
        return whole

    def _is_there(self, name: str) -> bool:
        """Whether an entry of a playlist may be named."""
        if name.endswith(".m3u8"):
            return name in self._notes or not (self.folder / name).exists()
        if name.startswith("filler-"):
            return self.elsewhere(name)
        name = name if "/" in name else f"public/{name}"
        # What was withdrawn is nowhere and never will be: the line goes on past it.
        return name in self._ledger or name in self._odd or not (self.folder / name).exists()


def is_settled(folder: Path, settled: dict[str, int]) -> bool:
    """Whether nothing can wait: no folder changed since nothing did."""
    return bool(settled) and all(_changed(folder / name) == at for name, at in settled.items())


def _look(path: str, entry: os.DirEntry[str]) -> File | None:
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return File(path, facts.st_ino, facts.st_size, facts.st_mtime_ns)


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
