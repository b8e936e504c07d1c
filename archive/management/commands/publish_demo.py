"""`python -m broadcast publish-demo`: the demo's encoder; for the demo alone."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from archive.demo import DemoPublisher
from archive.tools import FfmpegMissing


class Command(BaseCommand):
    """Send a small loop to every demo airing."""

    help = 'Send a small loop over SRT to every airing that receives on a feed whose name begins with "demo".'

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until INT or TERM."""
        try:
            asyncio.run(DemoPublisher().run())
        except FfmpegMissing as error:
            raise CommandError(str(error), returncode=4) from error
