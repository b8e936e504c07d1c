"""Senders that are connected and send nothing of use: each is found out, named, and makes way."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from archive import doors, intake, tools, watching
from archive.entrances import Entrance
from archive.ffmpeg import Srt
from archive.intake import Intake
from archive.parts import AiringFolder, PartFolder
from archive.watching import Watch
from broadcast.house.places import free_port

from .making import eventually

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]
PASSPHRASE = secrets.token_hex(12)


def sooner(*, ends_when_silent: bool = False, sound_only: bool = False) -> Watch:
    """The same watch with less patience."""
    found = Watch(stale=4.0, begin=4.0, picture=4.0, ends_when_silent=ends_when_silent, sound_only=sound_only)
    assert set(vars(found)) == set(vars(watching.receiving()))
    return found


@pytest.fixture
async def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Intake, Srt]]:
    """An intake that listens for SRT, soon out of patience."""
    monkeypatch.setattr(doors, "receiving", sooner)
    monkeypatch.setattr(intake, "receiving", sooner)
    port = free_port(socket.SOCK_DGRAM)
    folder = AiringFolder(uuid4(), tmp_path)
    found = Intake(folder, program=tools.path(), host="127.0.0.1", register=tmp_path / "run")
    await found.want([Entrance("main", port, "0" * 64)], PASSPHRASE)
    yield found, Srt("127.0.0.1", port, PASSPHRASE)
    await found.stop()


@pytest.fixture
def senders() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Every process put in here ends with the test."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for each in running:
        each.kill()
        each.wait()


def send(words: list[str], srt: Srt, container: str) -> subprocess.Popen[bytes]:
    start = [tools.path(), "-hide_banner", "-loglevel", "error"]
    return subprocess.Popen([*start, *words, "-f", container, srt.url("caller")], stdin=subprocess.PIPE)


def picture_and_sound(picture_seconds: int) -> list[str]:
    """A picture that stands still after so many seconds, under a tone that goes on."""
    words = ["-nostdin", "-re", "-f", "lavfi", "-i", f"testsrc=s=96x64:r=10:d={picture_seconds}"]
    words += ["-re", "-f", "lavfi", "-i", "sine=r=48000", "-c:v", "libx264", "-preset", "ultrafast", "-g", "20"]
    return [*words, "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-max_interleave_delta", "100000"]


def sound_seconds(files: list[Path]) -> float:
    words = [tools.path(), "-loglevel", "error", "-f", "mpegts", "-i", "pipe:0", "-map", "0:a:0"]
    words += ["-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1"]
    media = b"".join(each.read_bytes() for each in files)
    return len(subprocess.run(words, input=media, stdout=subprocess.PIPE, check=False).stdout) / 16_000


async def test_bytes_without_media_make_way_for_a_real_sender(
    listening: tuple[Intake, Srt], senders: list[subprocess.Popen[bytes]]
) -> None:
    receiver, srt = listening
    sender = send(["-f", "data", "-i", "pipe:0", "-map", "0", "-c", "copy"], srt, "data")
    senders.append(sender)
    assert sender.stdin is not None
    empty_packet = b"\x47\x1f\xff\x10" + b"\xff" * 184

    async def keep_sending() -> None:
        assert sender.stdin is not None
        while True:
            try:
                sender.stdin.write(empty_packet * 70)
                sender.stdin.flush()
            except OSError:
                return
            await asyncio.sleep(0.1)

    sending = asyncio.create_task(keep_sending())
    await eventually(lambda: receiver.refused.get("no_frames"), 40, "found out")
    assert receiver.problem == "no_frames"
    sending.cancel()
    sender.kill()
    senders.append(send(picture_and_sound(600), srt, "mpegts"))
    await eventually(lambda: receiver.receiving, 40, "a real sender gets in")
    await eventually(lambda: receiver.problem == "", 40, "and is not blamed for the other")


async def test_a_picture_that_stands_still_is_named_and_its_sound_is_recorded(
    listening: tuple[Intake, Srt], senders: list[subprocess.Popen[bytes]]
) -> None:
    receiver, srt = listening
    senders.append(send(picture_and_sound(5), srt, "mpegts"))
    await eventually(lambda: receiver.refused.get("no_picture"), 60, "found out")
    assert receiver.problem == "no_picture"
    senders[-1].kill()
    await eventually(lambda: receiver.writing and not receiver.receiving, 60, "listening again")
    senders.append(send(picture_and_sound(600), srt, "mpegts"))
    await eventually(lambda: receiver.problem == "", 60, "the picture is back")
    senders[-1].kill()
    await eventually(lambda: not receiver.receiving, 60)
    receiver.folder.refresh()
    codes = [str(part.note.get("end_code")) for part in receiver.folder.parts]
    assert codes[0] == "no_picture"
    first = receiver.folder.parts[0]
    assert sound_seconds(sorted(first.path.glob("*.ts"))) > 7, "the sound after the last picture was kept too"


async def test_a_disk_that_refuses_a_folder_is_asked_again(
    listening: tuple[Intake, Srt], senders: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, srt = listening
    await eventually(lambda: receiver.writing)

    def refuse(source: str, lane: str = "main") -> PartFolder:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as full:
        full.setattr(receiver.folder, "new_part", refuse)
        [child] = [each.run for each in receiver._children.values()]
        await child.stop(hard=True)
        await eventually(lambda: receiver.problem == "ingest_failed", 60)
    senders.append(send(picture_and_sound(600), srt, "mpegts"))
    await eventually(lambda: receiver.receiving and receiver.problem == "", 60)
