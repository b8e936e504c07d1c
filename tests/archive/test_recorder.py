"""The recorder's pass: what one airing, one name service or one replay does, no other airing waits for."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from archive import fetching, pull
from archive.orders import Wanted
from archive.output import Show
from archive.parts import AiringFolder
from archive.playlists import Segment
from archive.recorder import Recorder
from archive.session import LINES
from archive.writer import Writer

START = 1_700_000_000_000
END = START + 30_000
LATER = END + 3_600_000


def over(airing_id: UUID) -> Wanted:
    """An airing that is over and whose line is complete."""
    return Wanted(airing_id, False, 9, "a" * 24, "0" * 64, False, Show(START, END, 0))


@pytest.fixture
async def recorder(media_root: Path, monkeypatch: pytest.MonkeyPatch):
    """A recorder that is told what to do by the test and reports to nobody."""
    recorder = Recorder()

    async def nothing(**_facts: object) -> None:
        return None

    monkeypatch.setattr(recorder, "_learn", nothing)
    monkeypatch.setattr(recorder, "_report", nothing)
    yield recorder
    for each in (recorder.pushing, recorder.ladders, recorder.uploader):
        await each.stop()
    recorder._orders.close()
    recorder._reports.close()


def order(recorder: Recorder, *airings: UUID) -> None:
    recorder.wanted = {each: over(each) for each in airings}
    recorder.as_of = dict.fromkeys(airings, LATER)


async def test_one_airing_that_cannot_be_entered_stops_no_other(recorder: Recorder, media_root: Path) -> None:
    first, bad, last = uuid4(), uuid4(), uuid4()
    (media_root / "airings").mkdir()
    (media_root / "airings" / str(bad)).write_text("no folder")
    order(recorder, first, bad, last)
    await recorder._pass()
    assert set(recorder.sessions) == {first, last}
    assert all(each.writer.closed for each in recorder.sessions.values()), "their lines went on"
    (media_root / "airings" / str(bad)).unlink()
    await recorder._pass()
    assert set(recorder.sessions) == {first, bad, last}


async def test_what_sends_to_platforms_stops_no_line(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_lines: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(recorder.pushing, "advance", fails)
    airing = uuid4()
    order(recorder, airing)
    await recorder._pass()
    assert recorder.sessions[airing].writer.closed


async def test_a_long_replay_keeps_no_other_airing_waiting(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay of hours is being written; the pass goes on without it, and it is done once."""
    slow, other = uuid4(), uuid4()
    go_on, written = threading.Event(), []
    plain = Writer.write_public

    def slowly(self: Writer, segments: list[Segment], show: Show) -> None:
        if self.folder.airing_id == slow:
            go_on.wait(60)
        plain(self, segments, show)
        written.append(self.folder.airing_id)

    monkeypatch.setattr(Writer, "write_public", slowly)
    order(recorder, slow, other)
    try:
        for _ in range(3):
            await asyncio.wait_for(recorder._pass(), 20)
        await recorder.sessions[other].published()
        assert recorder.sessions[other].report().state == "finished"
        assert recorder.sessions[slow].report().state == "finishing"
        assert written == [other]
        assert not await recorder.sessions[slow].leave(), "nobody leaves while it is being written"
    finally:
        go_on.set()
    await recorder.sessions[slow].published()
    await recorder._pass()
    assert sorted(written) == sorted([slow, other])
    assert await recorder.sessions[slow].leave()


async def test_a_name_service_that_hangs_keeps_no_line_waiting(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def hangs(_address: object, _patterns: object) -> str:
        answer.wait(60)
        return "192.0.2.1"

    monkeypatch.setattr(pull, "resolve", hangs)
    address = pull.parse("rtmp://example.org/live/key")
    asked = [asyncio.create_task(fetching._resolve(address)) for _ in range(40)]
    try:
        await asyncio.sleep(0.1)
        airing = uuid4()
        order(recorder, airing)
        await asyncio.wait_for(recorder._pass(), 20)
        assert recorder.sessions[airing].writer.closed
        await asyncio.wait_for(asyncio.to_thread(str), 20)
        await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(LINES, str), 20)
    finally:
        answer.set()
    assert set(await asyncio.gather(*asked)) == {"192.0.2.1"}


async def test_a_name_that_is_not_answered_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(pull, "resolve", lambda _address, _patterns: answer.wait(60))
    monkeypatch.setattr(fetching, "RESOLVE_SECONDS", 0.05)
    try:
        with pytest.raises(TimeoutError):
            await fetching._resolve(pull.parse("rtmp://example.org/live/key"))
    finally:
        answer.set()


def test_parts_made_at_once_have_numbers_of_their_own(tmp_path: Path) -> None:
    folder = AiringFolder(uuid4(), tmp_path)
    threads = [threading.Thread(target=folder.new_part, args=("srt",)) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(int(each.name) for each in folder["parts"].iterdir()) == list(range(1, 13))
