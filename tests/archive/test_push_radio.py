"""Radio to Icecast: the mount plays the line's sound, in the format its name asks for, whatever the sources' own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import tools

from .icecast import Icecast
from .pushes import Pushes, Reels, make_reel, tones

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]


@pytest.fixture
def icecast(tmp_path: Path) -> Iterator[Icecast]:
    server = Icecast(tmp_path)
    try:
        yield server.start()
    finally:
        server.stop()


def listen(url: str, file: Path) -> subprocess.Popen[bytes]:
    words = [tools.path(), "-nostdin", "-loglevel", "error", "-i", url, "-c", "copy", "-y", str(file)]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def test_two_mounts_play_the_line_and_a_wrong_password_is_named(icecast: Icecast, tmp_path: Path) -> None:
    low = make_reel(tmp_path / "low", "red", 400)
    high = make_reel(tmp_path / "high", "blue", 1200, rate=44_100)
    line = Reels(low=low, high=high)
    pushes = Pushes(line, tmp_path)
    pushes.add("mp3", icecast.source("live.mp3"))
    pushes.add("aac", icecast.source("live.aac"))
    pushes.add("denied", icecast.source("other.mp3", "wrong"))
    playing = asyncio.create_task(line.play([("low", 0), ("low", 1), ("high", 1), ("high", 2), ("low", 3)]))
    listeners = []
    try:
        async with asyncio.timeout(30):
            for mount, kind in (("live.mp3", "audio/mpeg"), ("live.aac", "audio/aac")):
                while (found := await asyncio.to_thread(icecast.content_type, mount)) == "":  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
                assert found == kind
                listeners.append(listen(icecast.listener(mount), tmp_path / mount))
        await playing
        denied = pushes.all["denied"].report()
        assert (denied.problem, denied.sent_seconds) == ("denied", 0)
        line.closed = True
        await pushes.finish()
        for each in listeners:
            await asyncio.to_thread(each.wait, 15)
    finally:
        for each in listeners:
            each.kill()
            each.wait()
    for name, mount in (("mp3", "live.mp3"), ("aac", "live.aac")):
        report = pushes.all[name].report()
        assert (report.state, report.problem, report.attempts, report.missed_seconds) == ("done", "", 1, 0)
        assert tones(tmp_path / mount) == [400, 1200, 400], mount
