"""The public line on a disk that fails: what was released is never lost, and one unreadable segment stops nobody's show."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from archive import output, writer
from archive.output import Item, Show, Tape, TapeSegment
from archive.parts import AiringFolder
from archive.playlists import Segment
from archive.storage import LocalStorage, media
from archive.writer import Writer

START = 1_000_000


class Line:
    """A writer and the segments it may release, one part of bytes that say which they are."""

    def __init__(self, count: int) -> None:
        self.folder = AiringFolder(uuid4())
        part = self.folder["parts/001"]
        part.mkdir(parents=True)
        self.segments = []
        for number in range(count):
            (part / f"{number:06d}.ts").write_bytes(f"segment {number}".encode())
            start = START + number * 2_000
            self.segments.append(Segment(1, number, start, 2.0, start + 2_000, f"{number:06d}.ts"))
        self.writer = self.again()

    def again(self) -> Writer:
        return Writer(self.folder, media(), window_seconds=7_200, sound_only=False)

    def advance(self, count: int, end_ms: int | None = None, at_ms: int | None = None, **facts: object) -> bool:
        """One pass when so many segments are there."""
        at = self.segments[count - 1].end_ms if at_ms is None else at_ms
        show = Show(START, end_ms, 0, **facts)  # type: ignore[arg-type]
        return self.writer.advance(self.segments[:count], show, at, frozenset({1}))

    def file(self, number: int) -> Path:
        return self.folder[f"parts/001/{number:06d}.ts"]

    def live(self) -> list[str]:
        return self.folder[writer.LIVE].read_text().splitlines()


@pytest.fixture
def line(media_root: Path) -> Line:
    return Line(10)


def numbers(items: list[Item]) -> list[int]:
    return [item.number for item in items]


# -- the log -----------------------------------------------------------------------------------------------------------


def test_an_item_whose_flush_failed_is_released_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.advance(3)

    def fails(_descriptor: int) -> None:
        raise OSError(errno.EIO, "EIO")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="EIO"):
            line.advance(4)
        assert numbers(line.again().items) == [0, 1, 2], "what was not surely written was not released"
    for count in range(4, 11):
        line.advance(count)
    assert numbers(line.writer.items) == list(range(10))
    assert line.again().items == line.writer.items


def test_what_a_full_disk_left_of_a_line_spoils_none_behind_it(line: Line) -> None:
    line.advance(3)
    with line.folder[writer.RELEASED].open("ab") as log:
        log.write(b'{"sequence": 3, "pa')
    for count in range(4, 11):
        line.advance(count)
    assert line.again().items == line.writer.items
    assert len(line.writer.items) == 10


def test_a_playlist_that_could_not_be_written_is_written_by_the_next_pass(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.advance(3)

    def full(_file: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_atomically", full)
        with pytest.raises(OSError, match="full"):
            line.advance(4)
    line.advance(4)
    assert sum(each.startswith("#EXTINF") for each in line.live()) == 4


def test_a_line_released_by_one_that_was_killed_stands_in_the_playlist_at_once(line: Line) -> None:
    line.advance(3)
    before = line.folder[writer.LIVE].read_text()
    line.advance(4)
    line.folder[writer.LIVE].write_text(before)
    line.writer = line.again()
    line.advance(4)
    assert sum(each.startswith("#EXTINF") for each in line.live()) == 4


# -- what cannot be read -----------------------------------------------------------------------------------------------


def test_the_line_passes_over_a_segment_that_is_gone(line: Line) -> None:
    line.advance(3)
    line.file(3).unlink()
    line.advance(6)
    line.advance(10)
    assert numbers(line.writer.items) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert [item.number for item in line.writer.items if item.gap] == [4]
    assert line.writer.lost == {(1, 3)}
    end = line.segments[-1].end_ms
    line.advance(10, end_ms=end, at_ms=end + 60_000)
    assert line.writer.closed
    line.writer.write_public(line.segments, Show(START, end, 0))
    replay = line.folder[writer.PUBLIC].read_text().splitlines()
    assert sum(each.startswith("#EXTINF") for each in replay) == 9
    assert replay.count("#EXT-X-DISCONTINUITY") == 1


def unreadable(bad: Path, times: int = 10**6):
    """Storage in which one file of the disk cannot be read, at the first so many tries."""

    class Failing(LocalStorage):
        left = times

        def put(self, key: str, source: Path, *, replace: bool = False):
            if source == bad and Failing.left:
                Failing.left -= 1
                raise OSError(errno.EIO, "EIO")
            return super().put(key, source, replace=replace)

    return Failing


@pytest.fixture
def bad_sector(line: Line, media_root: Path, monkeypatch: pytest.MonkeyPatch):
    """Make one segment unreadable, so many times; root reads what has no rights, so the disk's word is put into its place."""

    def spoil(number: int, times: int = 10**6) -> None:
        line.writer.storage = unreadable(line.file(number), times)(media_root)
        plain = Path.open

        def opened(self: Path, *args: object, **named: object):
            if self == line.file(number) and unreadable_now():
                raise OSError(errno.EIO, "EIO")
            return plain(self, *args, **named)  # type: ignore[arg-type]

        def unreadable_now() -> bool:
            return type(line.writer.storage).left > 0  # type: ignore[attr-defined]

        monkeypatch.setattr(Path, "open", opened)

    return spoil


def passes(line: Line, count: int, until: int) -> int:
    """Passes until the line has so many items; how many had to be made."""
    for made in range(1, 30):
        try:
            line.advance(count)
        except OSError:
            continue
        if len(line.writer.items) >= until:
            return made
    raise AssertionError("the line stands still")


def test_the_line_passes_over_a_segment_that_cannot_be_read_after_some_tries(line: Line, bad_sector) -> None:
    line.advance(3)
    bad_sector(3)
    assert passes(line, 10, 9) == writer.TRIES
    assert numbers(line.writer.items) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert line.writer.lost == {(1, 3)}
    assert line.again().items == line.writer.items


def test_a_segment_that_can_be_read_in_the_end_goes_out(line: Line, bad_sector) -> None:
    line.advance(3)
    bad_sector(3, times=writer.TRIES - 1)
    passes(line, 10, 10)
    assert numbers(line.writer.items) == list(range(10))
    assert not line.writer.lost


def test_a_full_disk_passes_over_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.advance(3)

    def full(_self: LocalStorage, _key: str, _source: Path, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", full)
        for _ in range(3 * writer.TRIES):
            with pytest.raises(OSError, match="full"):
                line.advance(10)
    line.advance(10)
    assert numbers(line.writer.items) == list(range(10))


def test_what_was_passed_over_never_comes_back(line: Line) -> None:
    line.advance(3)
    held = line.file(3).read_bytes()
    line.file(3).unlink()
    line.advance(6)
    line.file(3).write_bytes(held)
    line.writer = line.again()
    line.advance(10)
    assert numbers(line.writer.items) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("role", ["fallback", "rerun"])
def test_a_tape_passes_over_a_segment_that_is_gone(media_root: Path, role: str) -> None:
    line = Line(1)
    (media_root / "tape").mkdir()
    for number in (0, 1, 3):
        (media_root / "tape" / f"{number}.ts").write_bytes(f"tape {number}".encode())
    tape = Tape(f"{role}:x", tuple(TapeSegment(f"tape/{number}.ts", 2.0) for number in range(4)))
    facts = {"fallback": {"fallback": tape, "rule": output.Rule(fallback=True)}, "rerun": {"rerun": tape}}[role]
    line.segments = []
    show = Show(START, None, 0, **facts)  # type: ignore[arg-type]
    for after in range(0, 30_000, 2_000):
        line.writer.advance([], show, START + after, frozenset())
    given = numbers(line.writer.items)
    assert given[:3] == [0, 1, 3]
    assert 2 not in given
    assert line.writer.lost == {"tape/2.ts"}
    if role == "rerun":
        assert line.writer.items[2].start_ms == START + 6_000, "a rerun lies by the clock"


# -- the replay --------------------------------------------------------------------------------------------------------


def test_the_replay_reads_no_media_that_were_public(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    end = line.segments[-1].end_ms
    line.advance(10, end_ms=end, at_ms=end + 60_000)

    def reads(_self: LocalStorage, _key: str) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(LocalStorage, "_digest", reads)
    line.writer.write_public(line.segments, Show(START, end, 0))
    assert sum(each.startswith("#EXTINF") for each in line.folder[writer.PUBLIC].read_text().splitlines()) == 10
