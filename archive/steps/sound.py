"""The sound for listening: the public master's at the house's loudness, as m4a, measured again afterwards; masters stay as they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from archive import tools
from archive.models import Derivative
from archive.steps import work as working
from archive.steps.loudness import Loudness, measure
from archive.steps.run import PREFIX, Bench, run
from archive.steps.work import Outcome, Work
from broadcast import env

NAME = "sound.m4a"
# EBU R128's own tolerance of a programme that was made at once is 1 LU.
TOLERANCE_LU = 1.0
# An encoder's output peaks somewhat above what it was given.
_HEADROOM_DB = 0.3
# Nobody's hiss is made louder than this.
_MOST_GAIN_DB = 45.0
# Encoders take away what nobody hears, limiters what stands out: what comes out is measured, and made again when it is off by so much.
_CLOSE_LU = 0.5
_TRIES = 5
# Peaks between samples are seen at four times the rate (ITU-R BS.1770-5, annex 2).
_OVER = 4 * 48_000


@dataclass(frozen=True)
class Way:
    """How the sound is made: gain in dB, and below which level its peaks are held (dBTP; None: they stay below by themselves)."""

    gain: float
    limit: float | None = None

    @property
    def name(self) -> str:
        """Stable, for the record of the step."""
        return "gain" if self.limit is None else "limited"

    @property
    def graph(self) -> str:
        """The filters."""
        gain = f"volume={self.gain:.2f}dB"
        if self.limit is None:
            return gain
        level = 10 ** (self.limit / 20)
        return f"{gain},aresample={_OVER},alimiter=limit={level:.4f}:attack=3:release=80:level=false,aresample=48000"


def work(work: Work) -> Outcome:
    """Make it from the public master: by plain gain where that keeps the peaks below the ceiling, else with a limiter too."""
    master = (
        Derivative.objects.filter(recording_id=work.airing_id, kind=Derivative.Kind.MASTER, is_public=True)
        .order_by("-id")
        .first()
    )
    if master is None or not master.details.get("has_sound"):
        return Outcome({"skipped": "nothing_public" if master is None else "no_sound"})
    source, seconds = working.local(work, master.key), float(master.details["seconds"])
    before = measure(work, source, seconds, (0.0, 0.2))
    target, ceiling = float(env.read("SOUND_LUFS")), float(env.read("SOUND_PEAK"))
    how, after, tries = make(work, source, seconds, before, target, ceiling)
    facts = {
        "seconds": seconds,
        "how": how,
        "tries": tries,
        "target": target,
        "ceiling": ceiling,
        "before": asdict(before),
        "after": asdict(after),
        "within": is_within(after, target, ceiling),
    }
    output = work.output(Derivative.Kind.SOUND, NAME, "audio/mp4", public=True, **facts)
    return Outcome(facts, [output])


def make(
    work: Bench, source: Path, seconds: float, before: Loudness, target: float, ceiling: float
) -> tuple[str, Loudness, int]:
    """Encode until what came out is close to what was asked: (how, what was measured of it, tries). Silence stays as it is."""
    if before.integrated is None:
        encode(work, source, seconds, "anull", (0.2, 0.8))
        return "silent", measure(work, work.folder / NAME, seconds, (0.8, 1.0)), 1
    way = first_way(before, target, ceiling)
    for tried in range(1, _TRIES + 1):
        begins = 1 - 0.8 / tried
        encode(work, source, seconds, way.graph, (begins, begins + 0.5 / tried))
        after = measure(work, work.folder / NAME, seconds, (begins + 0.5 / tried, 1.0 - 0.1 / tried))
        better = next_way(way, after, target, ceiling)
        if better is None or tried == _TRIES:
            break
        way = better
    return way.name, after, tried


def first_way(before: Loudness, target: float, ceiling: float) -> Way:
    """Gain alone where the peaks of what is there allow it. `before` was heard."""
    gain = min(target - (before.integrated or 0.0), _MOST_GAIN_DB)
    held = before.peak is not None and before.peak + gain > ceiling - _HEADROOM_DB
    return Way(gain, ceiling - _HEADROOM_DB if held else None)


def next_way(way: Way, after: Loudness, target: float, ceiling: float) -> Way | None:
    """What to try next; None when this is it."""
    if after.integrated is None:
        return None
    over = max(0.0, (after.peak if after.peak is not None else ceiling) - ceiling)
    off = target - after.integrated
    gain = min(way.gain + off, _MOST_GAIN_DB) if abs(off) > _CLOSE_LU else way.gain
    limit = way.limit
    if over or (limit is None and after.peak is not None and after.peak + gain - way.gain > ceiling):
        limit = (limit if limit is not None else ceiling) - over - _HEADROOM_DB
    better = Way(gain, limit)
    return None if better == way else better


def encode(work: Bench, source: Path, seconds: float, graph: str, share: tuple[float, float]) -> None:
    """Encode the sound through the graph into the scratch folder."""
    words = [
        *(tools.path(), *PREFIX, "-progress", "pipe:1", "-protocol_whitelist", "file", "-i", f"file:{source}"),
        *("-map", "0:a:0", "-vn", "-af", graph, "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"),
        *("-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", f"file:{work.folder / NAME}"),
    ]
    run(words, work, media_seconds=seconds, share=share)


def is_within(after: Loudness, target: float, ceiling: float) -> bool:
    """Whether what came out is as loud as asked, and not above the ceiling by more than rounding."""
    if after.integrated is None:
        return False
    quiet = after.peak is None or after.peak <= ceiling + 0.1
    return abs(after.integrated - target) <= TOLERANCE_LU and quiet
