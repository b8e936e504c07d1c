"""Small real recordings for the tests: parts as the recorder makes them, of every awkward kind; made by ffmpeg, once each."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from archive import tools
from archive.ffmpeg import PLAYLIST, SEGMENT_PATTERN

PICTURE = "testsrc2=s={size}:r={rate}"
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
EVERY_TWO_SECONDS = ["-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0"]


def part(
    folder: Path,
    *,
    seconds: float = 4,
    size: str = "320x180",
    rate: int = 25,
    picture: str = PICTURE,
    sound: str = "sine=f=440:r={sample_rate}",
    sample_rate: int = 48_000,
    video: tuple[str, ...] = (),
    filters: str = "",
) -> Path:
    """A folder of segments and their playlist. An empty `picture` or `sound` leaves that out."""
    made = _made(seconds, size, rate, picture, sound, sample_rate, video, filters)
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return folder


@lru_cache(maxsize=64)
def _made(
    seconds: float,
    size: str,
    rate: int,
    picture: str,
    sound: str,
    sample_rate: int,
    video: tuple[str, ...],
    filters: str,
) -> Path:
    folder = Path(_kept().name) / f"{_made.cache_info().currsize:03d}"
    folder.mkdir()
    words = [tools.path(), "-hide_banner", "-loglevel", "error", "-nostdin"]
    if picture:
        words += ["-f", "lavfi", "-i", picture.format(size=size, rate=rate)]
    if sound:
        words += ["-f", "lavfi", "-i", sound.format(sample_rate=sample_rate)]
    words += ["-t", str(seconds)]
    if picture:
        words += [*(["-vf", filters] if filters else []), *X264, "-fps_mode", "passthrough"]
        words += video or EVERY_TWO_SECONDS
    if sound:
        words += ["-c:a", "aac", "-b:a", "64k", "-ac", "2"]
    words += ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_playlist_type", "event"]
    words += ["-hls_flags", "independent_segments+program_date_time+omit_endlist"]
    words += ["-hls_segment_filename", str(folder / SEGMENT_PATTERN), str(folder / PLAYLIST), "-y"]
    subprocess.run(words, check=True, timeout=60)
    return folder


@lru_cache(maxsize=1)
def _kept() -> tempfile.TemporaryDirectory[str]:
    """Where they lie; it goes with the process."""
    return tempfile.TemporaryDirectory(prefix="sources-")


def decoded(files: list[Path], stream: str) -> list[tuple[str, str]]:
    """(time, digest) of every decoded frame of `stream` over the files joined, as a player hears or sees them."""
    data = b"".join(file.read_bytes() for file in files)
    words = [tools.path(), "-hide_banner", "-loglevel", "error", "-copyts", "-f", "mpegts", "-i", "pipe:0"]
    words += ["-map", f"0:{stream}:0", "-fps_mode", "passthrough"]
    words += ["-enc_time_base", "1:90000" if stream == "v" else "0", "-f", "framemd5", "-"]
    done = subprocess.run(words, input=data, capture_output=True, check=True, timeout=60)
    assert not done.stderr, done.stderr
    rows = [line.split(",") for line in done.stdout.decode().splitlines() if line and not line.startswith("#")]
    return [(row[2].strip(), row[5].strip()) for row in rows]


def dying(folder: Path, times: int) -> Path:
    """An ffmpeg that is killed so many times in the instant of its start; then it is the real one."""
    program, left = folder / "dying", folder / "left"
    left.write_text("x" * times)
    program.write_text(
        f"""#!/bin/sh
if [ -s '{left}' ]; then
    printf %s "$(tail -c +2 '{left}')" > '{left}'
    kill -9 $$
fi
exec '{tools.path()}' "$@"
"""
    )
    program.chmod(0o755)
    return program
