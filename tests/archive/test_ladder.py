"""When rungs are made, given up or left alone: the live line comes first, a machine that is too slow loses rungs and nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive import jobs, tools
from archive.ladder import Ladder
from archive.output import Cut, Show
from archive.parts import AiringFolder, PartFolder, now_ms
from broadcast.house import processes

from .sources import part

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]
DELAY = 600_000


def received(root: Path, *, lane: str = "main", number: int = 1, folder: AiringFolder | None = None) -> AiringFolder:
    """An airing with a part of two segments that has just come."""
    folder = folder or AiringFolder(uuid.uuid4(), root)
    fresh = folder.path / "parts" / f"{number:03d}"
    part(fresh)
    for file in fresh.glob("*.ts"):
        os.utime(file)
    (fresh / "part.json").write_text(f'{{"source": "srt", "lane": "{lane}", "shift_ms": 0}}')
    folder.load(alive=[number])
    return folder


def show_of(folder: AiringFolder, *cuts: Cut, delay: int = DELAY) -> Show:
    return Show(folder.parts[0].segments[0].start_ms, None, delay, cuts)


def files(folder: AiringFolder) -> set[str]:
    return {str(each.relative_to(folder.path / "parts")) for each in folder.path.glob("parts/*/*/*.ts")}


async def settled(ladder: Ladder, show: Show | None, heights: tuple[int, ...] = (90,)) -> None:
    """Advance as the recorder does until there is nothing left to do."""
    for _ in range(600):
        ladder.advance(show, heights)
        assert ladder._worker is not None
        await asyncio.wait([ladder._worker])
        if not ladder.report()["behind"]:
            return
    raise AssertionError("the ladder never comes to an end")


@pytest.fixture
def climbing() -> Callable[[AiringFolder], Ladder]:
    return lambda folder: Ladder(folder, tools.path(), asyncio.Semaphore(1))


async def test_before_the_show_is_measured_and_the_show_has_rungs(media_root: Path, climbing) -> None:
    folder = received(media_root)
    ladder = climbing(folder)
    await settled(ladder, None)
    assert files(folder) == {"001/sound/000000.ts", "001/sound/000001.ts"}
    log = folder.parts[0].log
    log.refresh()
    assert set(log.known) == {0, 1}
    await settled(ladder, show_of(folder))
    assert {"001/90p/000000.ts", "001/90p/000001.ts"} <= files(folder)
    assert ladder.report()["made"] == 2
    assert len(log.file.read_text().splitlines()) == 2, "a segment is measured once"


async def test_another_process_goes_on_where_one_was_killed(media_root: Path, climbing) -> None:
    folder = received(media_root)
    await settled(climbing(folder), show_of(folder))
    (folder.path / "parts/001/90p/000001.ts").unlink()
    first = (folder.path / "parts/001/90p/000000.ts").stat().st_mtime_ns
    left = folder.path / "parts/001/.job-000001-1"
    left.mkdir()
    again = AiringFolder(folder.airing_id, media_root)
    again.load(alive=[1])
    ladder = climbing(again)
    await settled(ladder, show_of(again))
    assert ladder.report()["made"] == 1
    assert (folder.path / "parts/001/90p/000001.ts").exists()
    assert (folder.path / "parts/001/90p/000000.ts").stat().st_mtime_ns == first
    assert not left.exists()


async def test_what_is_too_late_is_given_up_counted_and_still_measured(media_root: Path, climbing) -> None:
    folder = received(media_root)
    ladder = climbing(folder)
    show = show_of(folder, delay=0)
    ladder.counts.seconds = 3_600.0
    await settled(ladder, show)
    assert ladder.report()["late"] == 2
    assert "001/90p/000000.ts" not in files(folder)
    assert len(folder.parts[0].log.known) == 2


async def test_what_was_cut_has_no_rungs(media_root: Path, climbing) -> None:
    folder = received(media_root)
    since = folder.parts[0].segments[1].start_ms
    # Only the second is withheld: the first was out at the CUT.
    first = folder.parts[0].segments[0]
    folder.parts[0].segments[0] = replace(first, received_ms=first.end_ms)
    await settled(climbing(folder), show_of(folder, Cut(since, None)))
    assert {each for each in files(folder) if "90p" in each} == {"001/90p/000000.ts"}


async def test_a_back_up_has_rungs_only_where_main_has_nothing(media_root: Path, climbing) -> None:
    folder = received(media_root)
    received(media_root, lane="backup", number=2, folder=folder)
    main, backup = folder.parts[0], next(each for each in folder.parts if each.lane == "backup")
    if main.lane == "backup":
        main = next(each for each in folder.parts if each.lane == "main")
    start = main.segments[0].start_ms
    main.segments[:] = [replace(each, start_ms=start + 2_000 * each.number) for each in main.segments]
    # The back-up's first segment lies beside main's, its second after main has ended.
    backup.segments[:] = [
        replace(each, start_ms=start + 8_000 * each.number, received_ms=now_ms() - 10_000) for each in backup.segments
    ]
    await settled(climbing(folder), Show(start, None, DELAY))
    made = {each for each in files(folder) if "90p" in each}
    assert made == {"001/90p/000000.ts", "001/90p/000001.ts", "002/90p/000001.ts"}
    assert len(backup.log.known) == 2, "but all of it is measured"


async def test_a_child_that_hangs_is_ended_and_the_next_segment_goes_on(
    media_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = received(media_root)
    stuck = tmp_path / "stuck"
    stuck.write_text(f'#!/bin/sh\ncase "$*" in *000000.ts*) exec sleep 600;; *) exec {tools.path()} "$@";; esac\n')
    stuck.chmod(0o755)
    monkeypatch.setattr(jobs, "_JOB_SECONDS", 2.0)
    ladder = Ladder(folder, str(stuck), asyncio.Semaphore(1))
    await settled(ladder, show_of(folder))
    assert ladder.report()["failed"] == 1
    assert {each for each in files(folder) if "90p" in each} == {"001/90p/000001.ts"}


async def test_stopping_ends_the_child_and_leaves_nothing_half_made(media_root: Path, tmp_path: Path) -> None:
    folder = received(media_root)
    stuck, mark = tmp_path / "stuck", tmp_path / "pid"
    stuck.write_text(f"#!/bin/sh\necho $$ > {mark}\nexec sleep 600\n")
    stuck.chmod(0o755)
    ladder = Ladder(folder, str(stuck), asyncio.Semaphore(1))
    ladder.advance(show_of(folder), (90,))
    for _ in range(500):
        await asyncio.sleep(0.02)
        if mark.exists() and mark.read_text().strip():
            break
    pid = int(mark.read_text())
    await ladder.stop()
    assert processes.identify(pid) is None
    assert not list(folder.path.glob("parts/*/.job-*"))
    ladder.advance(show_of(folder), (90,))
    assert not list(folder.path.glob("parts/*/90p/*")), "it does not begin again"


async def test_a_segment_that_vanishes_stops_nobody(media_root: Path, climbing) -> None:
    folder = received(media_root)
    (folder.path / "parts/001/000000.ts").unlink()
    ladder = climbing(folder)
    await settled(ladder, show_of(folder))
    assert ladder.report()["failed"] == 1
    assert (folder.path / "parts/001/90p/000001.ts").exists()
    shutil.rmtree(folder.path)
    ladder.advance(None, ())


def test_silence_reaches_the_segments_that_the_line_chooses_from(media_root: Path) -> None:
    folder = AiringFolder(uuid.uuid4(), media_root)
    part(folder.path / "parts" / "001", sound="anullsrc=r={sample_rate}:cl=stereo")
    folder.load(alive=[1])
    own: PartFolder = folder.parts[0]
    assert [each.silent for each in own.segments] == [False, False], "what was not measured is not silent"
    done = asyncio.run(jobs.make(tools.path(), jobs.Job(own, own.segments[1])))
    assert done is not None
    own.log.add(done.measure)
    again = AiringFolder(folder.airing_id, media_root)
    again.load(alive=[1])
    for each in (folder, again):
        each.refresh()
        assert [segment.silent for segment in each.parts[0].segments] == [False, True]
