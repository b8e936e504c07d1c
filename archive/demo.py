"""The demo's encoder: sends a small loop into the real ingest of every demo airing that receives; it knows no more than an encoder does."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from archive import clips, ffmpeg, tools
from archive.ffmpeg import Srt
from archive.models import IngestSecret
from archive.runner import Run
from archive.services import addresses_of
from broadcast.models import Airing

logger = logging.getLogger(__name__)
FEED_PREFIX = "demo"
_LOOK_SECONDS = 1.0


def targets() -> dict[UUID, Srt]:
    """Where to send: airings that receive on a feed whose name begins with "demo"."""
    close_old_connections()
    found = {}
    airings = Airing.objects.filter(state__in=["waiting", "on_air"], feed__name__startswith=FEED_PREFIX).select_related(
        "feed"
    )
    for airing in airings:
        secret = IngestSecret.objects.filter(airing=airing).first()
        if secret is not None:
            ingest = addresses_of(airing, secret)
            found[airing.pk] = Srt(ingest.srt_host, ingest.srt_port, ingest.passphrase)
    return found


class DemoPublisher:
    """Level-triggered like the recorder: one sender for each target, started again whenever it ends."""

    def __init__(self) -> None:
        self._senders: dict[UUID, tuple[Srt, Run]] = {}
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Send until INT or TERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        program = tools.path()
        clip = await clips.ensure_demo(program, Path(settings.VAR) / "demo" / f"loop-{clips.VERSION}.mp4")
        logger.info("demo publisher ready clip=%s", clip)
        while not self._stop.is_set():
            try:
                wanted = await sync_to_async(targets)()
            except DatabaseError as error:
                logger.warning("demo publisher cannot ask the database: %s", type(error).__name__)
                wanted = {key: srt for key, (srt, _run) in self._senders.items()}
            await self._match(program, clip, wanted)
            try:
                await asyncio.wait_for(self._stop.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue
        await self._match(program, clip, {})

    async def _match(self, program: str, clip: Path, wanted: dict[UUID, Srt]) -> None:
        for key, (srt, run) in list(self._senders.items()):
            if wanted.get(key) != srt:
                await run.stop()
            if not run.running:
                del self._senders[key]
        for key, srt in wanted.items():
            if key not in self._senders:
                run = Run(
                    ffmpeg.publish_srt(program, clip, srt),
                    name=f"demo-{key}",
                    secrets=[srt.passphrase],
                    stale_seconds=15,
                )
                await run.start()
                self._senders[key] = (srt, run)
