"""Tapes that stand in for a feed are looked for now and then, found or not: a long one is thousands of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import fallback
from archive.fallback import Shelf, TapeRef
from archive.output import Tape

REF = TapeRef("rerun:x", "airings/x/replay.m3u8", "airings/x/public")


def test_a_tape_that_cannot_be_played_is_not_looked_for_with_every_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, reads = Shelf(tmp_path), []
    read = shelf._read

    def counted(ref: TapeRef) -> Tape | None:
        reads.append(ref)
        return read(ref)

    monkeypatch.setattr(shelf, "_read", counted)
    for _ in range(5):
        assert shelf.tape((REF,)) is None
    assert len(reads) == 1
    (tmp_path / REF.folder).mkdir(parents=True)
    (tmp_path / REF.folder / "a.ts").write_bytes(b"G")
    (tmp_path / REF.playlist).write_text("#EXTM3U\n#EXTINF:2.000,\na.ts\n")
    monkeypatch.setattr(fallback, "_MISSED_SECONDS", 0.0)
    found = shelf.tape((REF,))
    assert found, "one that comes is found when it is looked for again"
    assert shelf.tape((REF,)) is found
