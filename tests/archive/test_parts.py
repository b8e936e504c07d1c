"""A part is read on as it grows: the same is known of it as of one read whole, however its lists were written."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from archive import playlists
from archive.measures import Measure
from archive.parts import AiringFolder, PartFolder

START = 1_700_000_000_000


class Child:
    """Writes a part as ffmpeg does."""

    def __init__(self, folder: AiringFolder) -> None:
        self.folder, self.part = folder, folder.new_part("srt")
        self.entries: list[str] = []
        self.longest = 2

    def close_one(self, duration: float = 2.0, *, dated: bool = True) -> None:
        """Close a segment and name it in the list."""
        number = len(self.entries)
        file = self.part.path / f"{number:06d}.ts"
        file.write_bytes(b"x" * 188)
        done = (START + 2_000 * (number + 1)) * 1_000_000
        os.utime(file, ns=(done, done))
        date = f"#EXT-X-PROGRAM-DATE-TIME:{playlists.format_time(START + 2_000 * number)}\n" if dated else ""
        self.entries.append(f"#EXTINF:{duration:.6f},\n{date}{file.name}\n")
        self.longest = max(self.longest, round(duration))
        self.write()

    def write(self, text: str | None = None) -> None:
        """Put the list in place of the last one."""
        whole = f"#EXTM3U\n#EXT-X-TARGETDURATION:{self.longest}\n" + "".join(self.entries)
        written = self.part.path / "new"
        written.write_text(whole if text is None else text)
        done = START * 1_000_000 + len(self.entries) + (text is not None)
        os.utime(written, ns=(done, done))
        written.replace(self.part.path / "i.m3u8")

    def reread(self) -> PartFolder:
        """The same as another process finds it."""
        found = PartFolder(self.part.path, dict(self.part.note))
        found.refresh()
        return found


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child(AiringFolder(uuid4(), tmp_path))


def test_reading_on_gives_what_reading_whole_gives(child: Child) -> None:
    for number in range(12):
        child.close_one(12.5 if number == 5 else 2.0, dated=number not in {4, 7, 8})
        if number % 3 != 1:
            child.part.refresh()
    child.part.refresh()
    assert len(child.part.segments) == 12
    assert child.reread().segments == child.part.segments
    assert child.part.seconds == sum(each.duration for each in child.part.segments)
    kept, written = ((child.part.path / name).read_text() for name in ("kept.m3u8", "i.m3u8"))
    assert playlists.parse_part(kept) == playlists.parse_part(written)


def test_only_the_end_of_the_list_is_read(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(50):
        child.close_one()
    child.part.refresh()
    lines = []
    plain = playlists.parse_part

    def counted(text: str, *rest: int | None) -> list[playlists.RawSegment]:
        lines.append(text.count("\n"))
        return plain(text, *rest)

    monkeypatch.setattr(playlists, "parse_part", counted)
    child.close_one()
    assert child.part.refresh()
    assert lines == [3]


def test_a_list_left_empty_by_a_child_that_died_takes_nothing_away(child: Child) -> None:
    for _ in range(6):
        child.close_one()
        child.part.refresh()
    before = list(child.part.segments)
    child.write("")
    assert not child.part.refresh()
    assert child.part.segments == before
    assert child.reread().segments == before, "our copy has it"


def test_a_segment_that_is_not_there_yet_is_read_with_the_next(child: Child) -> None:
    for _ in range(4):
        child.close_one()
        child.part.refresh()
    child.close_one()
    late = child.part.path / "000004.ts"
    late.rename(late.with_suffix(".late"))
    child.part.refresh()
    assert len(child.part.segments) == 4
    late.with_suffix(".late").rename(late)
    child.close_one()
    child.part.refresh()
    assert [each.number for each in child.part.segments] == list(range(6))
    assert child.reread().segments == child.part.segments


def test_what_is_measured_is_known_whether_it_comes_before_or_after(child: Child) -> None:
    silent = {1, 4, 7}
    for number in range(8):
        child.close_one()
        child.part.refresh()
        if number >= 2:
            child.part.log.add(Measure(number - 2, silent=number - 2 in silent))
        child.part.refresh()
    for number in (6, 7):
        child.part.log.add(Measure(number, silent=number in silent))
    child.folder.refresh()
    assert {each.number for each in child.folder.segments() if each.silent} == silent
    assert {each.number for each in child.reread().segments if each.silent} == silent


def test_the_segments_of_all_parts_are_those_of_now(child: Child) -> None:
    for count in range(1, 8):
        child.close_one()
        child.folder.refresh()
        expected = [each for part in child.folder.parts if part.sure for each in part.segments]
        assert child.folder.segments() == expected
        assert len(expected) == (count if count >= 3 else 0)
