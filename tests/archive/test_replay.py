"""When which replay is written: staff's at the end, the public's when the public line is complete, never what was cut."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
import os
import uuid
from pathlib import Path

import pytest

from archive.intake import Intake
from archive.orders import Wanted
from archive.output import Cut, Show
from archive.parts import AiringFolder, PartFolder, now_ms
from archive.session import Session
from archive.storage import media
from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor, may_watch_replay
from broadcast.models import Airing, Episode

from .making import make_airing, make_programme

START = (now_ms() - 3_600_000) // 1000 * 1000
END = START + 30_000
DELAY = 20_000


def written_part(folder: AiringFolder, count: int = 15) -> PartFolder:
    """A closed part of two-second segments from START, as ffmpeg and we leave it."""
    path = folder.path / "parts" / "001"
    path.mkdir(parents=True)
    lines = ["#EXTM3U"]
    for number in range(count):
        at = dt.datetime.fromtimestamp(START / 1000 + 2 * number, dt.UTC)
        lines += ["#EXTINF:2.000,", f"{number:06d}.ts"]
        lines.insert(len(lines) - 2, f"#EXT-X-PROGRAM-DATE-TIME:{at.isoformat(timespec='milliseconds')}")
        file = path / f"{number:06d}.ts"
        file.write_bytes(bytes([number]) * 188)
        done = (START + 2_000 * (number + 1)) * 1_000_000
        os.utime(file, ns=(done, done))
    (path / "i.m3u8").write_text("\n".join(lines) + "\n")
    (path / "part.json").write_text(
        json.dumps({"source": "srt", "shift_ms": 0, "closed_ms": END, "end_code": "stopped"})
    )
    folder.load()
    return folder.parts[0]


@pytest.fixture
def session(media_root: Path, tmp_path: Path) -> Session:
    """A session of an airing that has just ended, all its media on disk."""
    airing_id = uuid.uuid4()
    wanted = Wanted(airing_id, False, 9, "a" * 24, "0" * 64, False, Show(START, END, DELAY))
    folder = AiringFolder(airing_id)
    folder.path.mkdir(parents=True)
    written_part(folder)
    return Session(wanted, folder, Intake(folder, program="ffmpeg", host="127.0.0.1", register=tmp_path), media())


async def at(session: Session, as_of: int, *cuts: Cut) -> None:
    assert session.wanted.show
    show = dataclasses.replace(session.wanted.show, cuts=cuts)
    for _ in range(2):
        await session.advance(dataclasses.replace(session.wanted, show=show), as_of)
        await session.published()


def contents(session: Session) -> set[int]:
    """Which segments (by their bytes) have a public name."""
    return {file.read_bytes()[0] for file in (session.folder["public"]).glob("*.ts")}


async def test_at_the_end_staff_have_all_and_the_public_only_what_is_due(session: Session) -> None:
    await at(session, END + 3_000)
    staff = session.folder["staff.m3u8"].read_text()
    assert staff.count("#EXTINF") == 15
    assert "#EXT-X-ENDLIST" in staff
    assert not session.folder["replay.m3u8"].exists()
    assert session.report().replay_ready_at is None
    assert contents(session) == set(range(6)), "nothing younger than the delay has a public name"


async def test_a_cut_of_the_tail_holds_in_the_public_replay_too(session: Session) -> None:
    await at(session, END + 3_000)
    tail = Cut(END + 3_000 - DELAY, None)
    await at(session, END + 3_500, tail)
    await at(session, END + DELAY + 2_000, tail)
    assert session.folder["replay.m3u8"].read_text().count("#EXTINF") == 6
    assert session.report().replay_ready_at is not None
    assert session.report().state == "finished"
    assert contents(session) == set(range(6))


async def test_without_a_cut_the_public_replay_is_whole_when_the_line_is_complete(session: Session) -> None:
    await at(session, END + DELAY + 1_999)
    assert not session.folder["replay.m3u8"].exists()
    await at(session, END + DELAY + 2_000)
    assert session.folder["replay.m3u8"].read_text().count("#EXTINF") == 15


async def test_cuts_known_later_are_taken_out_of_the_written_replay(session: Session) -> None:
    await at(session, END + DELAY + 2_000)
    await at(session, END + DELAY + 3_000, Cut(START + 10_000, START + 14_000))
    text = session.folder["replay.m3u8"].read_text()
    assert text.count("#EXTINF") == 13
    assert contents(session) == set(range(15)) - {5, 6}


async def test_a_child_that_dies_slowly_holds_nobody_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = asyncio.Event()

    async def slowly() -> None:
        await gone.wait()

    monkeypatch.setattr(session.intake, "stop", slowly)
    await asyncio.wait_for(at(session, END + 3_000), 2)
    assert contents(session) == set(range(6)), "the public line goes on meanwhile"
    await asyncio.wait_for(at(session, END + DELAY + 9_000), 2)
    assert not session.writer.closed, "the line is not closed before the last segment may have come"
    assert "#EXT-X-ENDLIST" in session.folder["staff.m3u8"].read_text(), "staff need not wait for it"
    gone.set()
    await at(session, END + DELAY + 9_500)
    assert session.report().state == "finished"


@pytest.mark.django_db
@pytest.mark.parametrize("release", ["at_once", "after_sign_off"])
def test_the_public_may_play_the_replay_only_after_the_delay(release: str) -> None:
    airing = make_airing(make_programme(replay_release=release), delay=20)
    lifecycle.start(HOUSE, airing.pk)
    lifecycle.end(HOUSE, airing.pk)
    if release == "after_sign_off":
        Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=clock.now())
    fresh = Airing.objects.select_related("episode__programme").get(pk=airing.pk)
    assert fresh.actual_end
    for seconds, allowed in ((0, False), (19, False), (20, True)):
        with clock.frozen(fresh.actual_end + dt.timedelta(seconds=seconds)):
            assert may_watch_replay(Actor(), fresh) is allowed
