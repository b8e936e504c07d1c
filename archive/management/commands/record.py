"""`python -m broadcast record`: runs the recorder until it is told to stop; it holds no rule of recording."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection

from archive import machine
from archive.panel import RECORDER
from archive.recorder import Recorder, alone
from archive.tools import FfmpegMissing

logger = logging.getLogger(__name__)


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
            _alone_in_house()
            asyncio.run(Recorder().run())
        except FfmpegMissing as error:
            raise CommandError(str(error), returncode=4) from error
        finally:
            lock.close()
        sys.stdout.flush()


def _alone_in_house() -> None:
    """Raises CommandError while a recorder on another machine, or in another media folder, works for the same house."""
    try:
        other = machine.elsewhere(RECORDER, Path(settings.MEDIA_ROOT))
    except (OperationalError, InterfaceError):
        # Shows are recorded without the database too; whoever works elsewhere cannot be asked then.
        logger.exception("nobody can say whether another recorder works")
        return
    finally:
        connection.close()
    if other is not None:
        host, age = other
        raise CommandError(
            f"another recorder works on {host or 'another machine'} with the same database (seen {age:.0f} s ago); stop that"
            f" one, wait {machine.FRESH_SECONDS:.0f} s, and start this one again",
            returncode=3,
        )
