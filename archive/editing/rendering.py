"""Makes one piece of an edited replay by ffmpeg: exact at its borders, bleeped and blurred for good; it names and publishes nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from archive import jobs, tools
from archive.editing import kept
from archive.editing.compose import Piece, Region
from archive.ffmpeg import MOST_RUNG_FPS, SEGMENT_PATTERN
from archive.parts import PartFolder
from archive.playlists import Segment
from archive.steps import material
from archive.steps.run import PREFIX, Held, StepFailed, run, threads
from archive.streams import Facts, look

TONE_HZ = 1_000
# -20 dBFS, as of a station's line-up tone.
_TONE = 0.1
# Less than half the distance of two pictures, or of two samples' rounding.
_HAIR = 0.0005
# Of a blurred region so many blocks are left in its longer direction: nothing can be read back from them.
_BLOCKS = 8


def render(held: Held, airing_key: str, piece: Piece, folder: Path, heights: Sequence[int]) -> Path:
    """Make the piece with its rungs and its sound alone; returns the finished folder. `folder` is scratch on the disk of the media.

    Raises StepFailed, also `media_missing` where the source is not on this machine.
    """
    shutil.rmtree(folder, ignore_errors=True)
    made = folder / "made"
    made.mkdir(parents=True)
    content = _around(airing_key, piece.segment)
    near = {number: look(data) for number, data in content.items()}
    facts = near[piece.segment.number]
    begins = material.first_time(facts)
    if begins is None:
        (made / kept.NOTHING).touch()
        return made
    source, around = folder / "source.ts", folder / "around.ts"
    source.write_bytes(content[piece.segment.number])
    around.write_bytes(b"".join(content.values()))
    target = made / kept.FILE
    # Pictures that need the segment before, or that came with the one behind, are made out of all three.
    file = around if any(each.leads for each in near.values()) else source
    run(words(piece, facts, begins, (source, file, around), target), held, media_seconds=piece.duration)
    found = look(target.read_bytes()) if target.exists() else Facts()
    if not (found.picture or (found.sound and not facts.picture)):
        # Between two pictures: there is nothing to see, and sound alone is no piece of a film.
        shutil.rmtree(made)
        made.mkdir()
        (made / kept.NOTHING).touch()
        return made
    _lower(made, piece, heights, found)
    return made


def _around(airing_key: str, segment: Segment) -> dict[int, bytes]:
    """The segment between its neighbours: sound of its time may lie in their files, and a decoder needs what comes before."""
    found = {}
    for number in (segment.number - 1, segment.number, segment.number + 1):
        key = f"{airing_key}/parts/{segment.part:03d}/{SEGMENT_PATTERN % number}"
        try:
            found[number] = material.read(key)
        except StepFailed:
            if number == segment.number:
                raise
    return found


def words(piece: Piece, facts: Facts, begins: float, sources: tuple[Path, Path, Path], target: Path) -> list[str]:
    """Words of the one ffmpeg. Times stay those of the source; what is not touched is copied.

    `sources`: the segment, out of which is copied, and those that picture and sound are made anew of.
    """

    def second(ms: int) -> float:
        return begins + (ms - piece.segment.start_ms) / 1000

    since = second(piece.since_ms)
    until = begins + piece.segment.duration if piece.until_ms == piece.segment.end_ms else second(piece.until_ms)
    graphs, maps = [], []
    if facts.picture and piece.picture:
        blurs = [(second(left), second(right), region) for left, right, region in piece.blurs]
        graphs.append(_picture(facts, since, until, blurs))
        maps += ["-map", "[picture]", *_encode_picture(facts)]
    elif facts.picture:
        maps += ["-map", "0:v:0", "-c:v", "copy"]
    if facts.sound and piece.sound:
        bleeps = [(second(left), second(right)) for left, right in piece.bleeps]
        graphs.append(_sound(facts, since, until, bleeps))
        maps += ["-map", "[sound]", *_encode_sound(facts)]
    elif facts.sound:
        maps += ["-map", "0:a:0", "-c:a", "copy"]
    opened = ("-protocol_whitelist", "file", "-f", "mpegts", "-i")
    return [
        *(tools.path(), *PREFIX, "-progress", "pipe:1", "-copyts"),
        *(word for source in sources for word in (*opened, f"file:{source}")),
        *(("-filter_complex", ";".join(graphs)) if graphs else ()),
        *(*maps, "-map_metadata", "-1", "-muxdelay", "0", "-muxpreload", "0", "-mpegts_copyts", "1"),
        *("-f", "mpegts", f"file:{target}"),
    ]


def _picture(facts: Facts, since: float, until: float, blurs: Sequence[tuple[float, float, Region | None]]) -> str:
    """The pictures from `since` to `until`. The first takes the border's time, so that the piece is as long as it says."""
    graph = (
        f"[1:v:0]select='gte(t,{since - _HAIR:.6f})*lt(t,{until - _HAIR:.6f})',"
        f"setpts='if(eq(N,0),{since:.6f}/TB,PTS)',format=yuv420p"
    )
    for number, (left, right, region) in enumerate(blurs):
        # A picture is shown until the next one comes: the one before the span's begin is in it too.
        when = f"between(t,{left - _shown_seconds(facts):.6f},{right - _HAIR:.6f})"
        if not (facts.width and facts.height):
            # Where the region lies cannot be told, so nothing is shown.
            graph += f",drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill:enable='{when}'"
            continue
        x, y, width, height = _points(facts, region)
        blocks = _blocks(width, height)
        graph += (
            f"[whole{number}];[whole{number}]split[under{number}][cut{number}];"
            f"[cut{number}]crop={width}:{height}:{x}:{y},scale={blocks[0]}:{blocks[1]}:flags=area,"
            f"scale={width}:{height}:flags=neighbor,boxblur=luma_radius='min(w,h)/{2 * _BLOCKS}':luma_power=2[over{number}];"
            f"[under{number}][over{number}]overlay={x}:{y}:enable='{when}',format=yuv420p"
        )
    return graph + "[picture]"


def _shown_seconds(facts: Facts) -> float:
    """How long a picture is shown, a little less."""
    # What comes so often in an interlaced stream are fields, of which two are one picture.
    fields = 2 if facts.interlaced and facts.fps > MOST_RUNG_FPS else 1
    return max(0.0, fields * facts.step / material.CLOCK - _HAIR)


def _points(facts: Facts, region: Region | None) -> tuple[int, int, int, int]:
    """(left, top, width, height) in points, even, no smaller than asked."""
    wide, high = facts.width, facts.height
    if region is None:
        return 0, 0, wide - wide % 2, high - high % 2
    left, top, width, height = region
    x, y = left * wide // 100 // 2 * 2, top * high // 100 // 2 * 2
    right = min(-(-(left + width) * wide // 100), wide)
    bottom = min(-(-(top + height) * high // 100), high)
    # At the very edge of an odd picture the last line belongs to the region.
    return (
        x,
        y,
        max(2, (right - x + 1) // 2 * 2 if right < wide - 1 else wide - x),
        max(2, (bottom - y + 1) // 2 * 2 if bottom < high - 1 else high - y),
    )


def _blocks(width: int, height: int) -> tuple[int, int]:
    longer = max(width, height)
    return max(1, round(width / longer * _BLOCKS)), max(1, round(height / longer * _BLOCKS))


def _encode_picture(facts: Facts) -> list[str]:
    """No B-frames, and times as they are: segments encoded apart follow one another as the rungs do. Fields stay fields."""
    # The encoder takes fields in whole blocks of four lines.
    fields = ("-flags:v", "+ilme+ildct") if facts.interlaced and facts.height % 4 == 0 else ()
    return [
        *fields,
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-bf", "0", "-g", "9999", "-sc_threshold", "0"),
        *("-pix_fmt", "yuv420p", "-threads", threads(), "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000"),
    ]


def _sound(facts: Facts, since: float, until: float, bleeps: Sequence[tuple[float, float]]) -> str:
    """The sound from `since` to `until`, a tone in place of what is bleeped; each sample is one or the other."""
    graph = f"[2:a:0]aresample={facts.sample_rate or 48_000}:async=0"
    if bleeps:
        within = "+".join(f"gte(t,{left:.6f})*lt(t,{right:.6f})" for left, right in bleeps)
        tone = f"{_TONE}*sin(2*PI*{TONE_HZ}*t)"
        channels = "|".join(f"if({within},{tone},val({number}))" for number in range(max(1, facts.channels or 2)))
        graph += f",aeval='{channels}':c=same"
    return f"{graph},atrim=start={since:.6f}:end={until:.6f}[sound]"


def _encode_sound(facts: Facts) -> list[str]:
    return [
        *("-c:a", "aac", "-b:a", "160k", "-ar", str(facts.sample_rate or 48_000), "-ac", str(facts.channels or 2)),
    ]


def _lower(made: Path, piece: Piece, heights: Sequence[int], facts: Facts) -> None:
    """Its rungs and its sound alone, beside it, by the one who makes those of every segment."""
    part = PartFolder(made, {"source": "edit"})
    segment = Segment(piece.segment.part, 0, piece.since_ms, piece.duration, piece.until_ms, kept.FILE)
    if not facts.picture:
        return
    done = asyncio.run(jobs.make(tools.path(), jobs.Job(part, segment, tuple(heights))))
    if done is None or not done.well:
        raise StepFailed("rungs_failed")
