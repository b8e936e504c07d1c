"""The recorder goes on recording and publishing while the database does not answer."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest
from django.db import OperationalError

from archive import orders, parts, recorder, services
from archive.orders import Wanted
from archive.output import Show
from broadcast.house.places import free_port

from .making import Publisher

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]


async def test_a_show_outlives_its_database(
    media_root: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    airing_id, port, passphrase = uuid.uuid4(), free_port(), "a1" * 12
    wanted = Wanted(airing_id, True, port, passphrase, "0" * 64, False, Show(parts.now_ms(), None, 2_000))
    answers = [(parts.now_ms(), [wanted])]

    def once() -> tuple[int, list[Wanted]]:
        if answers:
            return answers.pop()
        raise OperationalError("the server closed the connection unexpectedly")

    def never(*_: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(orders, "wanted", once)
    monkeypatch.setattr(services, "note_report", never)
    monkeypatch.setattr(services, "note_recorder", never)
    working = recorder.Recorder()
    working.gate.port = 0
    task = asyncio.create_task(working.run())
    playlist = media_root / "airings" / str(airing_id) / "live.m3u8"
    try:
        await asyncio.sleep(1.5)
        publisher.send_srt(port, passphrase)
        for _ in range(300):
            await asyncio.sleep(0.1)
            if playlist.exists() and playlist.read_text().count("#EXTINF") >= 3:
                break
        assert playlist.read_text().count("#EXTINF") >= 3
    finally:
        publisher.stop()
        working._stop.set()
        await asyncio.wait_for(task, 30)
