"""What `yishi doctor` asks of archive: the ffmpeg program and the media folder; it repairs nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from archive import tools

_LEAST_FREE_GB = 5


def check() -> list[tuple[str, str, str]]:
    """(found, expected, how to mend or "") for each part."""
    return [_ffmpeg(), _folder()]


def _ffmpeg() -> tuple[str, str, str]:
    expected = "ffmpeg with SRT, x264 and AAC"
    mend = "install Debian's ffmpeg or the imageio-ffmpeg wheel, or set YISHI_FFMPEG"
    try:
        found = tools.find()
    except tools.FfmpegMissing:
        return "no ffmpeg", expected, mend
    if found.lacks:
        return f"{found.path} without {', '.join(found.lacks)}", expected, mend
    return f"{found.path}: {found.version[:60]}", expected, ""


def _folder() -> tuple[str, str, str]:
    folder = Path(settings.MEDIA_ROOT)
    expected = f"a media folder that can be written, with {_LEAST_FREE_GB} GB free"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
        free = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return (
            f"{folder}: {error.strerror}",
            expected,
            "give the user that runs Yishi the right to write there, or set YISHI_MEDIA_ROOT",
        )
    found = f"{folder}, {free:.0f} GB free"
    return (
        found,
        expected,
        "" if free >= _LEAST_FREE_GB else "free disk space, or set YISHI_MEDIA_ROOT to a larger disk",
    )
