"""The sound for listening is as loud as the house asks, within 1 LU and below its ceiling, whatever came from the studio."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import cast

import pytest

from archive import tools
from archive.steps import sound
from archive.steps.loudness import measure
from archive.steps.work import Work
from broadcast import env

pytestmark = pytest.mark.ffmpeg
SECONDS = 12
# Talk: noise in the voice's band that swells four times a second, with a pause of a second after every three.
_TALK = "0.5*(0.6+0.4*sin(2*PI*4*t))*lt(mod(t,4),3)*(random(0)*2-1)"
# One sample every 1.7 s as hard as it goes: hands, a knocked microphone.
_CLAPS = "gt(mod(t,1.7),1.695)*0.97"
MATERIAL = {
    "usual": (f"0.25*{_TALK}", "highpass=f=200,lowpass=f=3400"),
    "very quiet": (f"0.012*{_TALK}", "highpass=f=200,lowpass=f=3400"),
    "far too loud": ("0.9*(random(0)*2-1)", "volume=9dB,alimiter=limit=0.99:level=false"),
    "quiet with claps": (f"0.02*{_TALK}+{_CLAPS}", "anull"),
    "telephone": (f"0.05*{_TALK}", "highpass=f=300,lowpass=f=3000,acompressor=threshold=-30dB:ratio=6"),
    "half of it silent": (f"0.2*{_TALK}*lt(t,{SECONDS / 2})", "lowpass=f=3400"),
    "one ear": (f"0.2*{_TALK}", "pan=stereo|c0=c0|c1=0*c0"),
}


class Aside:
    """What a step's handler needs of its attempt, without one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> None:
        """Nobody takes it from us."""

    def tell(self, progress: float) -> None:
        """Nobody asks."""


@pytest.mark.parametrize("name", MATERIAL)
def test_the_sound_is_as_loud_as_asked_and_below_the_ceiling(name: str, tmp_path: Path) -> None:
    said, after = MATERIAL[name]
    studio = tmp_path / "studio.wav"
    made = ["-f", "lavfi", "-i", f"aevalsrc='{said}|{said}':s=48000:d={SECONDS}", "-af", after]
    subprocess.run([tools.path(), "-v", "error", *made, str(studio)], check=True, timeout=60)
    work = cast(Work, Aside(tmp_path))
    target, ceiling = float(env.read("SOUND_LUFS")), float(env.read("SOUND_PEAK"))
    before = measure(work, studio, SECONDS)
    how, _after, _tries = sound.make(work, studio, SECONDS, before, target, ceiling)
    integrated, peak = measured(tmp_path / sound.NAME)
    print(f"{name}: {before.integrated} LUFS {before.peak} dBTP -> {how} -> {integrated} LUFS {peak} dBTP")
    assert abs(integrated - target) <= sound.TOLERANCE_LU
    assert peak <= ceiling + 0.1


def measured(file: Path) -> tuple[float, float]:
    """LUFS and dBTP by another measure than the steps': loudnorm's own, which is libebur128's."""
    words = [tools.path(), "-i", str(file), "-af", "loudnorm=print_format=json", "-f", "null", "-"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stderr
    integrated, peak = (re.search(rf'"input_{each}" : "(-?[\d.]+)"', told) for each in ("i", "tp"))
    assert integrated
    assert peak
    return float(integrated[1]), float(peak[1])
