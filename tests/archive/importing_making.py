"""Folders of old episodes for the tests: files that ffmpeg makes, a sheet beside them, and the command as a process that can be killed."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from broadcast.house import processes
from broadcast.house.places import ROOT

from . import hostile
from .making import RecorderProcess

HEAD = ("期号", "日期", "时间", "标题", "嘉宾", "文件")
# What a station's shelves hold, by the ending that it has there.
OLD = {
    "mp3": ("-vn", "-c:a", "libmp3lame"),
    "wav": ("-vn", "-c:a", "pcm_s16le"),
    "wma": ("-vn", "-c:a", "wmav2"),
    "avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "mpg": ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpeg"),
    "vcd.mpeg": ("-c:v", "mpeg1video", "-c:a", "mp2", "-f", "mpeg"),
    "flv": ("-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"),
    "mkv": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"),
    "mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac"),
    "mov": ("-c:v", "mpeg4", "-c:a", "alac"),
}


def make(folder: Path, name: str, ending: str, seconds: float = 1.2, tone: int = 0) -> Path:
    """A file of that kind; another tone makes other bytes."""
    words = OLD[ending]
    return hostile.make(folder / name, *words, "-metadata", f"comment={tone}", "-threads", "1", seconds=seconds)


def sheet(
    folder: Path, rows: Iterable[Sequence[object]], *, encoding: str = "utf-8", head: Sequence[str] = HEAD
) -> Path:
    """A CSV beside the files."""
    target = folder / "sheet.csv"
    with target.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return target


class ImportProcess:
    """`import` on the test database, with all that it starts in a session of its own."""

    def __init__(self, folder: Path, source: Path, *words: str) -> None:
        self.log = folder / "import.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "django", "import", str(source), *words],
                cwd=ROOT,
                env=RecorderProcess(folder).environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes._die_with(os.getpid(), signal.SIGKILL),
            )

    def kill(self) -> None:
        """That process alone, without a last word."""
        self.process.kill()
        self.process.wait()

    def words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")
