"""What a master playlist says of each variant: measured rates, size, codecs; pure, it knows no file and no address of an airing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.ffmpeg import MOST_RUNG_FPS, RUNG_CODEC, rung_bitrate, rung_name
from archive.playlists import Variant
from archive.streams import Facts

SOUND = "sound"
_SOUND_GUESS = 160_000


@dataclass
class Rate:
    """Bits a second of what a playlist names, measured."""

    peak: int = 0
    bits: float = 0.0
    seconds: float = 0.0

    def add(self, size: int, seconds: float) -> None:
        """Count a segment. Very short ones say nothing about the peak."""
        if seconds <= 0:
            return
        self.bits += size * 8
        self.seconds += seconds
        if seconds >= 1:
            self.peak = max(self.peak, round(size * 8 / seconds))

    @property
    def mean(self) -> int:
        """Over all of it."""
        return round(self.bits / self.seconds) if self.seconds else 0


def names(parts: Sequence[Facts], heights: Sequence[int]) -> list[str]:
    """Rungs that there may be: lower than the source of some part, and the sound where there is a picture to leave out."""
    highest = max((each.height for each in parts), default=0)
    lower = [rung_name(height) for height in sorted(heights, reverse=True) if height < highest]
    return [*lower, *([SOUND] if any(each.picture and each.sound for each in parts) else [])]


def source(facts: Facts, rate: Rate, uri: str) -> Variant:
    """The recording itself, the top rung."""
    return Variant(uri, rate.peak or rate.mean, rate.mean, facts.codecs, facts.width, facts.height, facts.fps)


def rung(facts: Facts, name: str, rate: Rate, uri: str) -> Variant:
    """A rung of a source with those facts. Before one is made its ceiling stands in: one second of buffer in two."""
    if name == SOUND:
        return Variant(uri, rate.peak or _SOUND_GUESS, rate.mean, facts.sound_codec)
    height = int(name.removesuffix("p"))
    guess = rung_bitrate(height) * 3 // 2 + (_SOUND_GUESS if facts.sound else 0)
    width = round(facts.width * height / facts.height / 2) * 2
    named = facts.sound_codec or not facts.sound
    codecs = ",".join(filter(None, (RUNG_CODEC, facts.sound_codec))) if named else ""
    fps = facts.fps / 2 if facts.fps > MOST_RUNG_FPS else facts.fps
    return Variant(uri, rate.peak or guess, rate.mean, codecs, width, height, fps)
