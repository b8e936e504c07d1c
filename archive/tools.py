"""Finds the ffmpeg program once and knows what it can do; it builds no arguments and runs nothing but questions to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

from broadcast import env
from broadcast.errors import Unavailable

_ASK_SECONDS = 20
_ANSWERS: dict[tuple[str, str], str] = {}
NEEDED = {"protocols": ("srt", "pipe"), "encoders": ("libx264", "aac"), "muxers": ("hls", "mpegts", "flv")}


class FfmpegMissing(Unavailable):
    """No ffmpeg program on this machine."""

    code = "ffmpeg_missing"


@dataclass(frozen=True)
class Ffmpeg:
    """An ffmpeg program: where it is, its version line, and which of the things we need it lacks."""

    path: str
    version: str
    lacks: tuple[str, ...]


def candidates() -> list[str]:
    """Paths to try in order: YISHI_FFMPEG alone when set; else the machine's, then the wheel's."""
    named = env.read("FFMPEG")
    if named:
        return [str(named)]
    found = []
    machine = shutil.which("ffmpeg")
    if machine:
        found.append(machine)
    try:
        import imageio_ffmpeg  # type: ignore[import-untyped]

        found.append(str(imageio_ffmpeg.get_ffmpeg_exe()))
    except (ImportError, RuntimeError):
        pass
    return found


@lru_cache(maxsize=1)
def find() -> Ffmpeg:
    """The first program that has all we need, else the first that runs at all. Raises FfmpegMissing."""
    tried = [program for path in candidates() if (program := look_at(path))]
    if not tried:
        raise FfmpegMissing(
            "no ffmpeg program: install ffmpeg with SRT and x264, or the imageio-ffmpeg wheel, or set YISHI_FFMPEG"
        )
    return next((program for program in tried if not program.lacks), tried[0])


def path() -> str:
    """Path of the program to run. Raises FfmpegMissing."""
    return find().path


def look_at(path: str) -> Ffmpeg | None:
    """Ask one program for its version and abilities; None when it does not run, or leaves one of the questions open."""
    version = _ask(path, "-version")
    if not version.startswith("ffmpeg version"):
        return None
    said = {kind: _ask(path, f"-{kind}") for kind in NEEDED}
    if not all(said.values()):
        return None
    lacks = [f"{kind[:-1]} {name}" for kind, names in NEEDED.items() for name in names if not _names(said[kind], name)]
    return Ffmpeg(path, version.splitlines()[0], tuple(lacks))


def _names(said: str, name: str) -> bool:
    return any(name in word.split(",") for line in said.splitlines() for word in line.split()[:2])


def _ask(path: str, question: str) -> str:
    """What it says; "" when it does not run. That is no answer and not kept: it may have been killed, or have had no time."""
    if (path, question) not in _ANSWERS:
        said = _answer(path, question) or _answer(path, question)
        if not said:
            return ""
        _ANSWERS[path, question] = said
    return _ANSWERS[path, question]


def _answer(path: str, question: str) -> str:
    try:
        done = subprocess.run(
            [path, "-hide_banner", question] if question != "-version" else [path, question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_SECONDS,
            check=False,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    # One that is killed may have said a part.
    return done.stdout.decode("utf-8", "replace") if done.returncode >= 0 else ""
