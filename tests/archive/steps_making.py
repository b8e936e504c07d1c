"""Finished recordings for the tests of steps: real media of known sound and picture, laid down as the recorder leaves them."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import subprocess
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from django.conf import settings

from archive import tools
from archive.models import Part, Recording
from archive.output import Choice, Cut, Show
from archive.parts import AiringFolder
from archive.queries import from_milliseconds
from archive.storage import media
from archive.writer import Writer
from broadcast import clock
from broadcast.models import Airing
from tests.kept import made_once

from .making import make_airing


@dataclass(frozen=True)
class Source:
    """What an encoder sent over one connection. `sound` is a lavfi source; "" for none. `coding` are words for the picture.

    `after_gap` is below zero where it came beside the one before.
    """

    seconds: int
    size: str = "320x180"
    rate: int = 48_000
    sound: str = "sine=frequency=440"
    picture: str = "testsrc2"
    after_gap: int = 0
    lane: str = "main"
    coding: tuple[str, ...] = ("libx264", "-preset", "ultrafast", "-g", "50", "-sc_threshold", "0")


@dataclass
class Made:
    """A finished recording and where its media are."""

    airing: Airing
    folder: AiringFolder
    start_ms: int
    cuts: list[Cut] = field(default_factory=list)


def encode(source: Source, folder: Path) -> None:
    """A part's folder, which must not be there, as ffmpeg leaves it: 2 s segments and i.m3u8. The same source is encoded once."""
    made_once([tools.find().version, inspect.getsource(_encode), source], folder, lambda fresh: _encode(source, fresh))


def _encode(source: Source, folder: Path) -> None:
    folder.mkdir()
    words = [tools.path(), "-v", "error", "-y"]
    inputs, outputs = [], []
    if source.picture:
        picture = source.picture.format(size=source.size)
        if "size=" not in picture:
            picture += f"{':' if '=' in picture else '='}size={source.size}:rate=25"
        inputs += ["-f", "lavfi", "-i", picture]
        outputs += ["-c:v", *source.coding, "-pix_fmt", "yuv420p"]
    if source.sound:
        glue = ":" if "=" in source.sound else "="
        inputs += ["-f", "lavfi", "-i", f"{source.sound}{glue}sample_rate={source.rate}"]
        outputs += ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", str(source.rate)]
    # As from an encoder: first one stream, then copied into segments.
    stream = folder / "stream.ts"
    subprocess.run([*words, *inputs, "-t", str(source.seconds), *outputs, "-f", "mpegts", stream], check=True)
    hls = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_flags", "program_date_time+omit_endlist"]
    subprocess.run(
        [*words, "-i", stream, "-c", "copy", *hls, "-hls_segment_filename", folder / "%06d.ts", folder / "i.m3u8"],
        check=True,
    )
    stream.unlink()


def finished(
    *sources: Source,
    cuts: tuple[tuple[int, int], ...] = (),
    choices: tuple[tuple[int, str], ...] = (),
    **facts: Any,
) -> Made:
    """An airing whose parts came from these sources one after another; cuts are (from, until) seconds of the show, choices
    (from, lane)."""
    long = max(accumulate(source.seconds + source.after_gap for source in sources))
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(seconds=long + 120)
    end = start + dt.timedelta(seconds=long)
    airing = make_airing(state="ended", actual_start=start, actual_end=end, **facts)
    recording = Recording.objects.create(airing=airing)
    start_ms = int(start.timestamp() * 1000)
    folder = AiringFolder(airing.pk)
    at = start_ms
    for number, source in enumerate(sources, start=1):
        at += source.after_gap * 1000
        _lay(folder, number, source, at)
        Part.objects.create(
            recording=recording,
            number=number,
            source="srt",
            lane=source.lane,
            directory=f"parts/{number:03d}",
            started_at=from_milliseconds(at),
            first_pdt=from_milliseconds(at),
            media_until=from_milliseconds(at + source.seconds * 1000),
        )
        at += source.seconds * 1000
    made = Made(airing, folder, start_ms)
    write_replays(
        made,
        tuple(Cut(start_ms + since * 1000, start_ms + until * 1000) for since, until in cuts),
        tuple(Choice(start_ms + since * 1000, lane) for since, lane in choices),
    )
    return made


def write_replays(made: Made, cuts: tuple[Cut, ...] = (), choices: tuple[Choice, ...] = ()) -> None:
    """Both replays as the recorder writes them, and its report of it."""
    airing = made.airing
    assert airing.actual_end
    folder = AiringFolder(airing.pk)
    folder.load()
    show = Show(made.start_ms, int(airing.actual_end.timestamp() * 1000), 0, cuts=cuts, choices=choices)
    writer = Writer(folder, media(), window_seconds=7200, sound_only=False)
    writer.write_staff(folder.segments(), show, ended=True)
    writer.write_public(folder.segments(), show)
    Recording.objects.filter(pk=airing.pk).update(
        state="finished", replay_ready_at=clock.now(), received_seconds=1, public_until=airing.actual_end
    )


def _lay(folder: AiringFolder, number: int, source: Source, at_ms: int) -> None:
    path = folder.path / "parts" / f"{number:03d}"
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(source, path)
    text, at = [], at_ms
    for line in (path / "i.m3u8").read_text().splitlines():
        if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            continue
        if line.startswith("#EXTINF:"):
            text.append(f"#EXT-X-PROGRAM-DATE-TIME:{from_milliseconds(at).isoformat(timespec='milliseconds')}")
            at += round(float(line[8:].split(",")[0]) * 1000)
        text.append(line)
    (path / "i.m3u8").write_text("\n".join(text) + "\n")
    note = {"source": "srt", "lane": source.lane, "shift_ms": 0, "closed_ms": at, "end_code": "stopped"}
    (path / "part.json").write_text(json.dumps(note))


def kept(name: str) -> Path:
    """A file below the media folder."""
    return Path(settings.MEDIA_ROOT) / name
