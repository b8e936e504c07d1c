"""Rows, processes and publishers for the tests of archive; real ffmpeg and a real recorder, nothing pretended."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from archive import ffmpeg, services, tools
from archive.models import IngestSecret
from broadcast.house import processes
from broadcast.house.places import ROOT, free_port
from broadcast.models import Airing, Episode, Feed, Programme, RoleGrant, User

PASSWORD = "unused"


def make_programme(**facts: Any) -> Programme:
    slug = f"p{secrets.token_hex(4)}"
    return Programme.objects.create(
        **{"slug": slug, "name_zh": "委员议事厅", "name_en": "Forum", "kind": "video", "delay_seconds": 4, **facts}
    )


def make_airing(programme: Programme | None = None, *, delay: int = 4, port: int | None = None, **facts: Any) -> Airing:
    """A planned, published airing with a feed of its own."""
    programme = programme or make_programme()
    now = dt.datetime.now(dt.UTC)
    episode = Episode.objects.create(
        programme=programme,
        number=secrets.randbelow(10**8),
        title="老旧小区加装电梯",
        publication="published",
        published_at=now,
        created_at=now,
    )
    feed = Feed.objects.create(name=f"feed {secrets.token_hex(4)}", srt_port=port or free_port(socket.SOCK_DGRAM))
    return Airing.objects.create(
        **{
            "episode": episode,
            "feed": feed,
            "planned_start": now,
            "planned_end": now + dt.timedelta(minutes=30),
            "announced_at": now,
            "delay_seconds": delay,
            "created_at": now,
            **facts,
        }
    )


def make_staff(programme: Programme, role: str = "producer") -> User:
    user = User.objects.create(username=f"u{secrets.token_hex(4)}", is_active=True)
    RoleGrant.objects.create(user=user, programme=programme, role=role, granted_at=dt.datetime.now(dt.UTC))
    return user


def until(condition: Callable[[], Any], seconds: float = 60.0, what: str | Callable[[], str] = "") -> Any:
    """Wait until the condition holds and return what it gave; fails with `what`, or with the end of what it then says.

    The deadline is for machines that are busy.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {_said(what) or condition}")


def _said(what: str | Callable[[], str]) -> str:
    return what()[-3_000:] if callable(what) else what


async def eventually(condition: Callable[[], Any], seconds: float = 60.0, what: str | Callable[[], str] = "") -> Any:
    """The same without standing in the loop's way."""
    for _ in range(int(seconds * 20)):
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {_said(what) or condition}")


class RecorderProcess:
    """`python -m broadcast record` on the test database."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "recorder.log"
        self.rtmp_port = free_port()
        base = settings.DATABASES["default"]
        host = base["OPTIONS"].get("host") or base["HOST"]
        url = f"postgresql://{base['USER']}:{base['PASSWORD']}@/{connections['default'].settings_dict['NAME']}?host={host}"
        if base["PORT"]:
            url += f"&port={base['PORT']}"
        self.environ = {
            **os.environ,
            "YISHI_DATABASE_URL": url,
            "YISHI_MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "YISHI_RTMP_PORT": str(self.rtmp_port),
            "YISHI_FFMPEG": tools.path(),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "django", "record"],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
                # A run of the tests that is killed leaves none behind.
                preexec_fn=processes._die_with(os.getpid(), signal.SIGKILL),
            )

    def wait_ready(self, count: int = 1) -> None:
        until(lambda: self.words().count("recorder ready") >= count, 240, self.words)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def words(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


class Publisher:
    """An encoder: the demo loop sent by SRT or RTMP."""

    def __init__(self, clip: Path, log: Path) -> None:
        self.clip, self.log = clip, log
        self.process: subprocess.Popen[bytes] | None = None

    def srt(self, airing: Airing, passphrase: str | None = None) -> Publisher:
        ingest = services.addresses_of(airing, IngestSecret.objects.get(airing=airing))
        return self.send_srt(ingest.srt_port, passphrase or ingest.passphrase)

    def send_srt(self, port: int, passphrase: str) -> Publisher:
        return self._start(ffmpeg.publish_srt(tools.path(), self.clip, ffmpeg.Srt("127.0.0.1", port, passphrase)))

    def rtmp(self, airing: Airing, port: int, key: str | None = None) -> Publisher:
        ingest = services.addresses_of(airing, IngestSecret.objects.get(airing=airing))
        return self._start(
            ffmpeg.publish_rtmp(tools.path(), self.clip, f"rtmp://127.0.0.1:{port}/live/{key or ingest.stream_key}")
        )

    def _start(self, words: list[str]) -> Publisher:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        return self

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
