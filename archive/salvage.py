"""Names the segment that a killed child had closed but not yet listed; it invents nothing: what is not whole stays as it lies."""

from __future__ import annotations

import logging
from pathlib import Path

from archive import mpegts, playlists, streams
from archive.ffmpeg import PLAYLIST, SEGMENT_PATTERN
from archive.playlists import RawSegment
from archive.storage import write_atomically

logger = logging.getLogger(__name__)
KEPT = "kept.m3u8"
_UNNAMED = ".tmp"
_CLOCK = 90_000
# Of a file that still has its first name it is not known that it was closed: as long as the one before, it was.
_WHOLE = 0.95


def take(folder: Path) -> bool:
    """Add the one segment after the list of a part that nobody writes any more. Returns whether there was one.

    The child closes a segment, gives it its name and then lists it; killed between two of these, it leaves a whole segment
    that no list names. Call before the part is read.
    """
    text, raw = _listed(folder)
    file = folder / (SEGMENT_PATTERN % len(raw))
    source = file if file.exists() else file.with_name(file.name + _UNNAMED)
    try:
        data, written = source.read_bytes(), source.stat().st_mtime_ns // 1_000_000
        seconds = _seconds(data)
    except (OSError, mpegts.BadSegment):
        return False
    if seconds <= 0 or (source != file and (not raw or seconds < _WHOLE * raw[-1].duration)):
        return False
    start = raw[-1].start_ms + round(raw[-1].duration * 1000) if raw else written - round(seconds * 1000)
    source.replace(file)
    line = f"#EXTINF:{seconds:.6f},\n#EXT-X-PROGRAM-DATE-TIME:{playlists.format_time(start)}\n{file.name}\n"
    write_atomically(folder / KEPT, (text or "#EXTM3U\n").encode() + line.encode())
    logger.warning("segment salvaged file=%s seconds=%.3f", file, seconds)
    return True


def _listed(folder: Path) -> tuple[str, list[RawSegment]]:
    """The longer of the child's list and our copy of it."""
    texts = []
    for name in (PLAYLIST, KEPT):
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # A line that was cut off must not swallow the one we add.
        texts.append(text[: text.rfind("\n") + 1])
    found = [(text, playlists.parse_part(text)) for text in texts]
    return max(found, key=lambda each: len(each[1]), default=("", []))


def _seconds(data: bytes) -> float:
    """How long the segment plays. Raises BadSegment for what is no whole transport stream."""
    facts = streams.look(data)
    if facts.picture and facts.frames > 1:
        return (max(facts.times) - min(facts.times) + facts.step) / _CLOCK
    found = mpegts.scan(data)
    return max(found.last[pid] - found.first[pid] for pid in found.first) / _CLOCK
