"""Where uploads lie and what they may be called there; it reads no row and decides nothing else."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path
from uuid import UUID

from django.conf import settings

_MOST_NAME_BYTES = 200


def root() -> Path:
    """On the disk of the media, since old files are large; served to nobody."""
    return Path(settings.MEDIA_ROOT) / "uploads"


def coming(upload_id: UUID) -> Path:
    """A file on its way, by its number: its name is only words until all of it is here."""
    return root() / "coming" / f"{upload_id}.part"


def tray(tray_id: int) -> Path:
    """The folder of the files that are whole."""
    return root() / "trays" / str(tray_id)


def clean(name: str) -> str:
    """The last part of a name as it may stand in a folder; "" for one that may not.

    No way up or down, nothing hidden, nothing that is not printed, no more than file systems take.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2].strip().rstrip(".")
    if not last or last.startswith((".", "~$")) or not last.isprintable() or any(each in last for each in '<>:"|?*'):
        return ""
    return last if len(last.encode()) <= _MOST_NAME_BYTES else ""


def remove_tray(tray_id: int) -> None:
    """All that lies in it."""
    shutil.rmtree(tray(tray_id), ignore_errors=True)
