"""Poster and preview sheets of the public master, from key frames alone, with the WebVTT that says where each picture is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archive import tools
from archive.models import Derivative
from archive.steps import work as working
from archive.steps.run import PREFIX, StepFailed, run
from archive.steps.work import Outcome, Work

POSTER, INDEX = "poster.jpg", "sprite.vtt"
WIDTH, ACROSS, DOWN = 160, 10, 10
_EVERY_SECONDS = 10
# A short recording has a picture oftener, though never oftener than it has key frames.
_SHORT_SECONDS, _SHORT_EVERY = 200, 2


def work(work: Work) -> Outcome:
    """Make them all."""
    master = Derivative.objects.filter(recording_id=work.airing_id, kind=Derivative.Kind.MASTER, is_public=True).first()
    if master is None or not master.details.get("has_picture"):
        return Outcome({"skipped": "nothing_public" if master is None else "no_picture"})
    source, seconds = working.local(work, master.key), float(master.details["seconds"])
    every = _EVERY_SECONDS if seconds > _SHORT_SECONDS else _SHORT_EVERY
    run(poster_words(source, work.folder / POSTER), work, media_seconds=seconds, share=(0.0, 0.4))
    run(sheet_words(source, work.folder, every), work, media_seconds=seconds, share=(0.4, 0.95))
    sheets = sorted(work.folder.glob("sprite-*.jpg"))
    if not sheets:
        raise StepFailed("no_pictures")
    height = jpeg_size(sheets[0].read_bytes())[1] // DOWN
    text = index(seconds, every, [sheet.name for sheet in sheets], height)
    (work.folder / INDEX).write_text(text, encoding="utf-8")
    kind = Derivative.Kind
    outputs = [
        work.output(kind.POSTER, POSTER, "image/jpeg", public=True),
        *(work.output(kind.SPRITE, sheet.name, "image/jpeg", public=True) for sheet in sheets),
        work.output(kind.SPRITE_INDEX, INDEX, "text/vtt", public=True, every=every, width=WIDTH, height=height),
    ]
    return Outcome({"sheets": len(sheets), "every": every}, outputs)


def _input(source: Path) -> list[str]:
    return ["-skip_frame", "nokey", "-protocol_whitelist", "file", "-i", f"file:{source}", "-map", "0:v:0", "-an"]


def poster_words(source: Path, target: Path) -> list[str]:
    """The most usual picture of the first hundred key frames, so neither black nor a title card that stood shortly."""
    return [
        *(tools.path(), *PREFIX, "-progress", "pipe:1", *_input(source)),
        *("-vf", "thumbnail=100,scale='min(1280,iw)':-2", "-frames:v", "1", "-update", "1", "-q:v", "3"),
        *("-f", "image2", f"file:{target}"),
    ]


def sheet_words(source: Path, folder: Path, every: int) -> list[str]:
    """A picture every so many seconds, a hundred on a sheet."""
    graph = f"fps=1/{every}:start_time=0:round=up,scale={WIDTH}:-2,tile={ACROSS}x{DOWN}"
    return [
        *(tools.path(), *PREFIX, "-progress", "pipe:1", *_input(source)),
        *("-vf", graph, "-fps_mode", "passthrough", "-q:v", "5", "-f", "image2", f"file:{folder / 'sprite-%03d.jpg'}"),
    ]


def index(seconds: float, every: int, sheets: Sequence[str], height: int) -> str:
    """WebVTT: from when to when which part of which sheet."""
    lines = ["WEBVTT", ""]
    per_sheet = ACROSS * DOWN
    count = min(max(1, -(-int(seconds * 1000) // (every * 1000))), per_sheet * len(sheets))
    for number in range(count):
        until = min((number + 1) * every, seconds) if number < count - 1 else max(seconds, number * every + 0.001)
        place = number % per_sheet
        left, top = place % ACROSS * WIDTH, place // ACROSS * height
        sheet = sheets[number // per_sheet]
        lines += [
            f"{_time(number * every)} --> {_time(until)}",
            f"{sheet}#xywh={left},{top},{WIDTH},{height}",
            "",
        ]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d}.{whole % 1000:03d}"


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG of ours. Raises StepFailed."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        if data[at + 1] in range(0xC0, 0xC4):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise StepFailed("no_pictures")
