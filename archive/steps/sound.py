"""The sound for listening: the public master's at the house's loudness, as m4a, measured again afterwards; masters stay as they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archive import tools
from archive.models import Derivative
from archive.steps import work as working
from archive.steps.loudness import Loudness, measure
from archive.steps.run import PREFIX, StepFailed, run
from archive.steps.work import Outcome, Work
from broadcast import env

NAME = "sound.m4a"
# EBU R128's own tolerance of a programme that was made at once is 1 LU.
TOLERANCE_LU = 1.0
# An encoder's output peaks somewhat above what it was given.
_HEADROOM_DB = 0.3
_RANGE_LU = 20


def work(work: Work) -> Outcome:
    """Make it from the public master: by plain gain where that keeps the peaks below the ceiling, else by two passes."""
    master = (
        Derivative.objects.filter(recording_id=work.airing_id, kind=Derivative.Kind.MASTER, is_public=True)
        .order_by("-id")
        .first()
    )
    if master is None or not master.details.get("has_sound"):
        return Outcome({"skipped": "nothing_public" if master is None else "no_sound"})
    source, seconds = working.local(work, master.key), float(master.details["seconds"])
    before = measure(work, source, seconds, (0.0, 0.3))
    target, ceiling = float(env.read("SOUND_LUFS")), float(env.read("SOUND_PEAK"))
    how, graph = chosen(work, source, seconds, before, target, ceiling)
    encode(work, source, seconds, graph, (0.5, 0.8))
    after = measure(work, work.folder / NAME, seconds, (0.8, 1.0))
    facts = {
        "seconds": seconds,
        "how": how,
        "target": target,
        "ceiling": ceiling,
        "before": asdict(before),
        "after": asdict(after),
        "within": is_within(after, target, ceiling),
    }
    output = work.output(Derivative.Kind.SOUND, NAME, "audio/mp4", public=True, **facts)
    return Outcome(facts, [output])


def chosen(
    work: Work, source: Path, seconds: float, before: Loudness, target: float, ceiling: float
) -> tuple[str, str]:
    """(how, filter graph): nothing for silence, gain when that is enough, else loudnorm with what its first pass found."""
    if before.integrated is None:
        return "silent", "anull"
    gain = target - before.integrated
    if before.peak is None or before.peak + gain <= ceiling - _HEADROOM_DB:
        return "gain", f"volume={gain:.2f}dB"
    limits = f"I={target}:TP={ceiling - _HEADROOM_DB}:LRA={_RANGE_LU}"
    found = _first_pass(work, source, seconds, limits)
    measured = (
        f"measured_I={found['input_i']}:measured_TP={found['input_tp']}:measured_LRA={found['input_lra']}"
        f":measured_thresh={found['input_thresh']}:offset={found['target_offset']}"
    )
    # It becomes dynamic by itself, since gain alone was not enough; the measurement afterwards says how well it went.
    return "two_pass", f"loudnorm={limits}:{measured}:linear=true,aresample=48000"


def _first_pass(work: Work, source: Path, seconds: float, limits: str) -> dict[str, Any]:
    words = [
        *(tools.path(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-progress", "pipe:1"),
        *("-protocol_whitelist", "file", "-i", f"file:{source}", "-map", "0:a:0", "-vn"),
        *("-af", f"loudnorm={limits}:print_format=json", "-f", "null", "-"),
    ]
    said = "\n".join(run(words, work, media_seconds=seconds, share=(0.3, 0.5)))
    try:
        found: dict[str, Any] = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    except ValueError as error:
        raise StepFailed("loudness_unread") from error
    return found


def encode(work: Work, source: Path, seconds: float, graph: str, share: tuple[float, float]) -> None:
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
