"""Measures loudness by EBU R128: integrated, range, true peak; it changes no sound."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path

from archive import tools
from archive.models import Derivative
from archive.steps import work as working
from archive.steps.run import Held, StepFailed, run
from archive.steps.work import Outcome, Work

_NUMBER = r"(-?(?:\d+(?:\.\d+)?|inf|nan))"
_INTEGRATED = re.compile(rf"\bI:\s+{_NUMBER} LUFS")
_RANGE = re.compile(rf"\bLRA:\s+{_NUMBER} LU")
_PEAK = re.compile(rf"\bPeak:\s+{_NUMBER} dBFS")
# ebur128 answers this when nothing passed its gate.
_NOTHING = -70.0


@dataclass(frozen=True)
class Loudness:
    """What was measured; None where there was nothing to hear. LUFS, LU, dBTP."""

    integrated: float | None
    range: float | None
    peak: float | None


def work(work: Work) -> Outcome:
    """Measure both masters."""
    outcome = Outcome()
    masters = list(Derivative.objects.filter(recording_id=work.airing_id, kind=Derivative.Kind.MASTER).order_by("id"))
    for number, each in enumerate(masters):
        if not each.details.get("has_sound"):
            continue
        share = (number / len(masters), (number + 1) / len(masters))
        found = measure(work, working.local(work, each.key), float(each.details["seconds"]), share)
        outcome.result["public" if each.is_public else "sealed"] = asdict(found)
    if not outcome.result:
        outcome.result["skipped"] = "no_sound"
    return outcome


def measure(work: Held, file: Path, seconds: float, share: tuple[float, float] = (0.0, 1.0)) -> Loudness:
    """Measure the first sound of a file of ours. Raises StepFailed."""
    words = [
        *(tools.path(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"),
        *("-progress", "pipe:1", "-protocol_whitelist", "file", "-i", f"file:{file}", "-map", "0:a:0", "-vn"),
        # Each frame's line is verbose, below what is shown: only the summary is said.
        *("-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"),
    ]
    said = run(words, work, media_seconds=seconds, share=share)
    return read("\n".join(said))


def read(text: str) -> Loudness:
    """ebur128's summary. Raises StepFailed when it is not there."""
    summary = text[text.rfind("Summary:") :]
    found = [pattern.search(summary) for pattern in (_INTEGRATED, _RANGE, _PEAK)]
    if found[0] is None:
        raise StepFailed("loudness_unread")
    values = [_value(match[1]) if match else None for match in found]
    heard = values[0] is not None and values[0] > _NOTHING
    return Loudness(values[0], values[1], values[2]) if heard else Loudness(None, None, values[2])


def _value(text: str) -> float | None:
    return None if text.lstrip("-") in {"inf", "nan"} else float(text)
