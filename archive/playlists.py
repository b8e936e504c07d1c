"""HLS playlists as text: reads ffmpeg's, writes ours; pure, it decides nothing about what may be public."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_RUNG = re.compile(r"^\d+p\.m3u8")
END = "#EXT-X-ENDLIST\n"


@dataclass(frozen=True)
class Segment:
    """One closed media segment of a part. Times are whole milliseconds since 1970, UTC; `received_ms` is when its file was closed.

    `lane` is that of its part (main or backup); `silent` what was measured of it (not yet measured: not silent).
    """

    part: int
    number: int
    start_ms: int
    duration: float
    received_ms: int
    file: str
    lane: str = "main"
    silent: bool = False

    @property
    def end_ms(self) -> int:
        """End of its media time."""
        return self.start_ms + round(self.duration * 1000)

    @property
    def ready_ms(self) -> int:
        """The time whose delay must have passed before it may be public: never before it was received."""
        return max(self.end_ms, self.received_ms)


@dataclass(frozen=True)
class Entry:
    """One line of a playlist of ours. `gap` puts EXT-X-DISCONTINUITY before it."""

    uri: str
    start_ms: int
    duration: float
    gap: bool


@dataclass(frozen=True)
class Variant:
    """One playlist in a master. Bits a second; 0 and "" say nothing. Without a height it is sound alone."""

    uri: str
    peak: int
    mean: int = 0
    codecs: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0


@dataclass(frozen=True)
class RawSegment:
    """What ffmpeg wrote about one segment."""

    file: str
    start_ms: int
    duration: float


def parse_time(text: str) -> int:
    """Milliseconds of an EXT-X-PROGRAM-DATE-TIME value. Raises ValueError."""
    if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():
        text = f"{text[:-2]}:{text[-2:]}"
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=dt.UTC)
    return round(at.timestamp() * 1000)


def format_time(ms: int) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_part(text: str, following: int | None = None) -> list[RawSegment]:
    """Segments of a part's playlist as ffmpeg writes it; what is torn or strange is left out, never guessed.

    A segment without a time of its own follows the one before; the first, `following` (ms), where only the end of a list is read.
    """
    found: list[RawSegment] = []
    duration: float | None = None
    at: int | None = None
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            duration = _number(line[8:].split(",")[0])
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            try:
                at = parse_time(line[25:].strip())
            except ValueError:
                at = None
        elif line and not line.startswith("#"):
            start = at if at is not None else following
            if duration is not None and start is not None and "/" not in line:
                found.append(RawSegment(line.strip(), start, duration))
                following = start + round(duration * 1000)
            duration, at = None, None
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 3600 else None


def target_duration(entries: Iterable[Entry], least: int = 2) -> int:
    """EXT-X-TARGETDURATION: no entry's rounded duration is longer."""
    return max([least, *(int(entry.duration + 0.5) for entry in entries)])


def render(
    entries: Sequence[Entry],
    *,
    sequence: int = 0,
    discontinuities: int = 0,
    target: int | None = None,
    kind: str = "",
    ended: bool = False,
) -> str:
    """A media playlist. `sequence` and `discontinuities` are those of what slid out before; `kind` is "", EVENT or VOD."""
    begin = head(sequence, discontinuities, target or target_duration(entries), kind)
    lines = "".join(entry_text(entry, first=index == 0) for index, entry in enumerate(entries))
    return begin + lines + (END if ended else "")


def head(sequence: int, discontinuities: int, target: int, kind: str = "") -> str:
    """What stands in a media playlist before its entries."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-MEDIA-SEQUENCE:{sequence}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}",
    ]
    if kind:
        lines.append(f"#EXT-X-PLAYLIST-TYPE:{kind}")
    return "\n".join(lines) + "\n"


def entry_text(entry: Entry, *, first: bool = False) -> str:
    """One entry; the first of a playlist is dated, like every one behind a discontinuity."""
    gap = "#EXT-X-DISCONTINUITY\n" if entry.gap else ""
    date = f"#EXT-X-PROGRAM-DATE-TIME:{format_time(entry.start_ms)}\n" if entry.gap or first else ""
    return f"{gap}{date}#EXTINF:{entry.duration:.3f},\n{entry.uri}\n"


def render_master(variants: Sequence[Variant]) -> str:
    """A master playlist, the best first. Rates are rounded up, so that it does not change with every segment."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for each in variants:
        words = [f"BANDWIDTH={_rounded_up(each.peak)}"]
        if each.mean:
            words.append(f"AVERAGE-BANDWIDTH={min(_rounded_up(each.mean), _rounded_up(each.peak))}")
        if each.codecs:
            words.append(f'CODECS="{each.codecs}"')
        if each.width and each.height:
            words.append(f"RESOLUTION={each.width}x{each.height}")
        if each.fps:
            words.append(f"FRAME-RATE={each.fps:.3f}")
        lines += [f"#EXT-X-STREAM-INF:{','.join(words)}", each.uri]
    return "\n".join(lines) + "\n"


def without_rungs(master: str) -> str:
    """A master of ours without its encoded rungs: the source and the sound alone stay."""
    lines = master.splitlines()
    kept = lines[:3]
    for words, uri in zip(lines[3::2], lines[4::2], strict=True):
        if not _RUNG.match(uri):
            kept += [words, uri]
    return "\n".join(kept) + "\n"


def _rounded_up(bits: int) -> int:
    return max(1, -(-bits // 10_000)) * 10_000


class Spans:
    """The gap map turned round: runs of unbroken media time, each with its place in the replay in seconds."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, float, float]] = []
        self._offset = 0.0
        self._end: int | None = None

    def add(self, entry: Entry) -> None:
        """The next entry of the replay."""
        if self._end is None or entry.gap or abs(entry.start_ms - self._end) > 500:
            self._runs.append((entry.start_ms, self._offset, 0.0))
        at, place, long = self._runs[-1]
        self._runs[-1] = (at, place, long + entry.duration)
        self._offset += entry.duration
        self._end = entry.start_ms + round(entry.duration * 1000)

    def copy(self) -> Spans:
        """The same so far, going on by itself."""
        other = Spans()
        other._runs, other._offset, other._end = list(self._runs), self._offset, self._end
        return other

    def rows(self) -> list[dict[str, object]]:
        """The runs as they are written beside a replay."""
        return [
            {"at": format_time(at), "offset": round(place, 3), "duration": round(long, 3)}
            for at, place, long in self._runs
        ]


def spans(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """The spans of a whole replay."""
    found = Spans()
    for entry in entries:
        found.add(entry)
    return found.rows()


def gaps(covered: Sequence[tuple[int, int]], since_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """What is missing between two times, given stretches in order; holes under half a second do not count."""
    edges = [
        (since_ms, since_ms),
        *(span for span in covered if span[1] > since_ms and span[0] < until_ms),
        (until_ms, until_ms),
    ]
    holes = [(max(left[1], since_ms), min(right[0], until_ms)) for left, right in pairwise(edges)]
    return [(start, end) for start, end in holes if end - start > 500]
