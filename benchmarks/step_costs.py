"""What the steps after a show cost beside the naive commands; part of the benchmark `recorder`."""

from __future__ import annotations

import subprocess
import tempfile
import time
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.report import Report


def add(report: Report, seconds: int, clip: Path, folder: Path) -> None:
    """Previews, loudness and waveform of `seconds` of media, each beside what one writes first."""
    from archive import tools
    from archive.steps import images

    program = [tools.path(), "-hide_banner", "-loglevel", "error", "-nostdin"]
    report.heading(f"steps on {seconds} s of it (wall seconds)")
    sheets = folder / "sheets"
    sheets.mkdir()
    naive = ["-i", str(clip), "-an", "-vf", "fps=1/10,scale=160:-2,tile=10x10", "-q:v", "5", str(folder / "n-%03d.jpg")]
    _pair(
        report,
        "sprites",
        _timed(images.sheet_words(clip, sheets, 10)),
        _timed([*program, *naive]),
        "key frames alone, beside decoding all",
    )
    measured = ["-i", str(clip), "-map", "0:a:0", "-vn"]
    _pair(
        report,
        "loudness",
        _timed([*program, *measured, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]),
        _timed([*program, *measured, "-af", "loudnorm=print_format=json", "-f", "null", "-"]),
        "ebur128, beside loudnorm's first pass",
    )
    _pair(
        report, "peaks", _our_peaks(program, clip), _naive_peaks(program, clip), "streamed at 8 kHz, beside all samples"
    )


def _pair(report: Report, name: str, ours: float, naive: float, words: str) -> None:
    report.add(f"{name}_s", ours, words)
    report.add(f"{name}_naive_s", naive)
    report.ratio(f"{name}_to_naive_ratio", ours, naive)


def _timed(words: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def _our_peaks(program: list[str], clip: Path) -> float:
    from archive.steps import peaks

    began = time.monotonic()
    words = [
        *program,
        "-i",
        str(clip),
        "-map",
        "0:a:0",
        "-vn",
        "-ac",
        "1",
        "-ar",
        str(peaks.RATE),
        "-f",
        "s16le",
        "pipe:1",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        pairs = peaks.Pairs()
        peaks.read(child.stdout, pairs)
    return time.monotonic() - began


def _naive_peaks(program: list[str], clip: Path) -> float:
    """What one writes first: decode all to a file, then look at every sample."""
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".raw") as raw:
        words = [*program, "-i", str(clip), "-map", "0:a:0", "-vn", "-f", "s16le", raw.name, "-y"]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        samples = array("h")
        samples.frombytes(Path(raw.name).read_bytes())
        step = 48_000 * 2 // 50
        for at in range(0, len(samples), step):
            stretch = samples[at : at + step]
            min(stretch), max(stretch)
    return time.monotonic() - began
