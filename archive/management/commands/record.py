"""`python -m broadcast record`: runs the recorder until it is told to stop; it holds no rule of recording."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from archive.recorder import Recorder, alone
from archive.tools import FfmpegMissing


class Command(BaseCommand):
    """The recorder process."""

    help = "Receive feeds, record them, write the public playlists."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until INT or TERM."""
        try:
            lock = alone(Path(settings.MEDIA_ROOT))
        except BlockingIOError as error:
            raise CommandError(
                f"another recorder works in {settings.MEDIA_ROOT}; stop that one first", returncode=3
            ) from error
        try:
            asyncio.run(Recorder().run())
        except FfmpegMissing as error:
            raise CommandError(str(error), returncode=4) from error
        finally:
            lock.close()
        sys.stdout.flush()
