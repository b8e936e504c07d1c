"""What `yishi doctor` asks of archive: the ffmpeg program and the media folder; it repairs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from archive import fixity, sandbox, tools
from archive.storage import MAIN
from archive.storage.cold import has_classes
from archive.storage.places import leaving
from broadcast import env
from broadcast.errors import BroadcastError

_LEAST_FREE_GB = 5


def check() -> list[tuple[str, str, str]]:
    """(found, expected, how to mend or "") for each part."""
    return [_ffmpeg(), _folder(), *_stores(), _sandbox(), *_fixity()]


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


def _stores() -> Iterator[tuple[str, str, str]]:
    """Each store must answer and let us in."""
    expected = "a store that answers"
    try:
        stores = leaving()
    except ValueError as error:
        yield str(error), expected, "see docs/configuration.md"
        return
    if env.read("COLD_CLASS") and not any(has_classes(each) for each in stores.values()):
        mend = "unset YISHI_COLD_CLASS, or keep recordings in S3 (YISHI_STORE)"
        yield "YISHI_COLD_CLASS without S3", "a store with storage classes", mend
    for name, store in stores.items():
        variable = "YISHI_STORE" if name == MAIN else "YISHI_STORE_COPY"
        try:
            store.probe()
        except (BroadcastError, OSError) as error:
            mend = (
                f"check {variable}, YISHI_S3_ENDPOINT, YISHI_S3_KEY and YISHI_S3_SECRET, and that the bucket is there"
            )
            yield f"{variable}: {error}"[:300], expected, mend
        else:
            yield f"{variable}: {env.read(variable.removeprefix('YISHI_'))}", expected, ""


def _sandbox() -> tuple[str, str, str]:
    expected = "uploaded media opened with a read-only root, no other processes and no network"
    if shutil.which("prlimit") is None or shutil.which("ffprobe") is None:
        return "no prlimit or no ffprobe", expected, "install util-linux and ffmpeg; until then uploads are refused"
    chosen = sandbox.way(shutil.which("ffprobe") or "")
    found = ", ".join([*chosen.named(), "limits on time, memory and size"])
    if chosen.jailed:
        return found, expected, ""
    mend = "allow user namespaces (kernel.unprivileged_userns_clone=1), or run the worker where it may use `unshare` and mount"
    return found, expected, mend


def _fixity() -> Iterator[tuple[str, str, str]]:
    """Asked only of a database that is there."""
    try:
        standing = fixity.standing()
    except DatabaseError:
        return
    bad = standing.get("missing", 0) + standing.get("damaged", 0)
    mend = (
        "see `python -m broadcast fixity` and the rows of FixityCheck; bring the objects back from a backup"
        if bad
        else ""
    )
    yield f"{bad} kept objects missing or damaged", "none", mend
