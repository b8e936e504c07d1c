"""The demo's loop and the filler, there before a recorder or a house would make them: seconds of encoding that prove nothing twice."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.test import override_settings

from archive import clips, ffmpeg, tools
from tests.kept import made_once


def _facts(name: str) -> tuple[object, ...]:
    program = Path(tools.path())
    sources = [Path(each.__file__).read_text(encoding="utf-8") for each in (clips, ffmpeg)]
    return (name, *sources, str(program), program.stat().st_mtime_ns, clips.chinese_font())


def _run(job: object) -> None:
    """In a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, job).result()  # type: ignore[arg-type]


def demo_clip(target: Path) -> Path:
    """The demo's loop as a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return made_once(_facts("demo"), target, lambda fresh: _run(clips.ensure_demo(tools.path(), fresh)))


def filler(media_root: Path) -> None:
    """The filler where a recorder of that media folder looks for it."""

    def make(fresh: Path) -> None:
        with tempfile.TemporaryDirectory(dir=fresh.parent) as folder, override_settings(MEDIA_ROOT=folder):
            _run(clips.ensure_filler(tools.path()))
            clips.filler_folder().rename(fresh)

    target = media_root / "filler" / clips.VERSION
    target.parent.mkdir(parents=True, exist_ok=True)
    made_once(_facts("filler"), target, make)
