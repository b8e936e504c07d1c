"""Makes the files of one clip from the public replay's pieces alone, so that what is cut there is cut here; it writes no row."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from archive import clips as loops
from archive import tools
from archive.clipping import burning, picture
from archive.clipping.spans import Stretch, stretch
from archive.models import Clip
from archive.steps import master, material, sound
from archive.steps.loudness import measure
from archive.steps.material import Piece
from archive.steps.run import PREFIX, Bench, StepFailed, run, threads
from archive.storage import ALGORITHM
from archive.transcripts import public
from archive.transcripts import queries as transcripts
from broadcast import env

VIDEO, POSTER = "clip.mp4", "poster.jpg"
_JOINED, _SOUND, _WORDS = "joined.mp4", "span.wav", "words.ass"
_MOST_FPS = 50.0


@dataclass(frozen=True)
class Rendered:
    """Where it stands in the replay, and what there is to say of its files."""

    place: Stretch
    files: dict[str, dict[str, Any]]
    facts: dict[str, Any]


def render(bench: Bench, clip: Clip) -> Rendered:
    """Make video and poster in the scratch folder. Raises StepFailed; problem `nothing_left` where all was cut."""
    place = stretch(clip.starts_at, clip.ends_at, transcripts.spans(clip.airing_id))
    if place is None:
        raise StepFailed("nothing_left", for_good=True)
    pieces, before = touched(material.pieces(clip.airing_id, public=True), place)
    if not pieces:
        raise StepFailed("nothing_left", for_good=True)
    house = master.house_of(material.runs(pieces))
    joined = master.write(bench, pieces, _JOINED, (0.0, 0.1))
    start = place.start - before
    loud = _sound(bench, start, place.seconds) if joined["has_sound"] else None
    fps = min(house.fps, _MOST_FPS)
    frame = picture.frame_of(clip.shape, house.form.picture[3] if house.form.picture else 720)
    words = _words(bench, clip, place, frame) if clip.captions else 0
    graph = picture.graph(
        clip,
        frame,
        has_picture=house.form.picture is not None,
        fps=fps,
        words=bench.folder / _WORDS if words else None,
    )
    _encode(bench, start, place.seconds, graph, has_sound=loud is not None, fps=fps)
    facts = {"width": frame.width, "height": frame.height, "lines": words, "whole": place.whole}
    if loud is not None:
        facts |= loud
    _poster(bench, place.seconds)
    files = {
        "video": _file(bench.folder / VIDEO, "video/mp4"),
        "poster": _file(bench.folder / POSTER, "image/jpeg"),
    }
    return Rendered(place, files, facts)


def touched(pieces: list[Piece], place: Stretch) -> tuple[list[Piece], float]:
    """The pieces of the replay that hold something of the stretch, and the second of the replay at which they begin."""
    ends = list(accumulate(piece.duration for piece in pieces))
    found = [
        (end - piece.duration, piece)
        for piece, end in zip(pieces, ends, strict=True)
        if end > place.start + 0.001 and end - piece.duration < place.end - 0.001
    ]
    return [piece for _at, piece in found], found[0][0] if found else 0.0


def _sound(bench: Bench, start: float, seconds: float) -> dict[str, Any]:
    """Lay the sound of the stretch down beside, at the house's loudness; what was measured before and after."""
    target = bench.folder / _SOUND
    words = [
        *(tools.path(), *PREFIX, "-progress", "pipe:1", "-protocol_whitelist", "file"),
        *("-ss", f"{start:.3f}", "-i", f"file:{bench.folder / _JOINED}", "-t", f"{seconds:.3f}", "-map", "0:a:0"),
        *("-vn", "-af", "aresample=48000:async=1:first_pts=0,apad", "-ac", "2", "-c:a", "pcm_s16le"),
        *("-f", "wav", f"file:{target}"),
    ]
    run(words, bench, media_seconds=seconds, share=(0.1, 0.15))
    before = measure(bench, target, seconds, (0.15, 0.2))
    wanted, ceiling = float(env.read("SOUND_LUFS")), float(env.read("SOUND_PEAK"))
    how, after, _tries = sound.make(bench, target, seconds, before, wanted, ceiling)
    return {
        "how": how,
        "target": wanted,
        "before": asdict(before),
        "after": asdict(after),
        "within": sound.is_within(after, wanted, ceiling),
    }


def _words(bench: Bench, clip: Clip, place: Stretch, frame: picture.Frame) -> int:
    """Write the words to be drawn; returns how many lines, 0 where nothing was said or signed."""
    lines = burning.within(public.lines(clip.airing), place.start, place.end)
    if lines:
        font = family()
        if font is None:
            raise StepFailed("no_font")
        text = burning.script(lines, frame.width, frame.height, font)
        (bench.folder / _WORDS).write_text(text, encoding="utf-8")
    return len(lines)


def _encode(bench: Bench, start: float, seconds: float, graph: str, *, has_sound: bool, fps: float) -> None:
    words = [
        *(tools.path(), *PREFIX, "-progress", "pipe:1"),
        *("-protocol_whitelist", "file", "-ss", f"{start:.3f}", "-i", f"file:{bench.folder / _JOINED}"),
    ]
    if has_sound:
        words += ["-protocol_whitelist", "file", "-i", f"file:{bench.folder / sound.NAME}"]
    words += ["-filter_complex", graph, "-map", "[v]"]
    if has_sound:
        words += ["-map", "1:a:0", "-c:a", "copy"]
    words += [
        *("-t", f"{seconds:.3f}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-profile:v", "high"),
        *("-g", str(max(1, round(fps * 2))), "-threads", threads(), "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{bench.folder / VIDEO}"),
    ]
    run(words, bench, media_seconds=seconds, share=(0.3, 0.9))


def _poster(bench: Bench, seconds: float) -> None:
    """The picture in its middle."""
    words = [
        *(tools.path(), *PREFIX, "-progress", "pipe:1", "-protocol_whitelist", "file", "-ss", f"{seconds / 2:.3f}"),
        *("-i", f"file:{bench.folder / VIDEO}", "-frames:v", "1", "-vf", "scale='min(1280,iw)':-2", "-update", "1"),
        *("-q:v", "3", "-f", "image2", f"file:{bench.folder / POSTER}"),
    ]
    run(words, bench, media_seconds=seconds, share=(0.95, 1.0))
    if not (bench.folder / POSTER).exists():
        raise StepFailed("no_pictures")


def _file(file: Path, media_type: str) -> dict[str, Any]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, ALGORITHM).hexdigest()
    return {"name": file.name, "size": file.stat().st_size, "digest": digest, "type": media_type}


def family() -> str | None:
    """Name of the font with Chinese letters that this machine has, as libass asks for it; None without one."""
    file, program = loops.chinese_font(), shutil.which("fc-scan")
    if file is None or program is None:
        return None
    found = subprocess.run(
        [program, "--format", "%{family[0]}\n", file], capture_output=True, text=True, timeout=10, check=False
    )
    names = [line.strip() for line in found.stdout.splitlines() if line.strip()]
    return next((name for name in names if name.endswith("SC")), None) or next(iter(names), None)
