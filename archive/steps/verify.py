"""Looks at all that was received: decodes it whole, counts errors, silence, black, drift, changes and holes; it mends nothing."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from archive import playlists, queries, tools
from archive.steps import material
from archive.steps.material import Form, Piece, Run
from archive.steps.run import Child, StepFailed, patience, threads
from archive.steps.work import Outcome, Work
from broadcast.models import Airing

_MOST_WORDS = 20
_SILENCE = re.compile(r"silence_duration: (\d+(?:\.\d+)?)")
_BLACK = re.compile(r"black_duration:(\d+(?:\.\d+)?)")
_SAMPLES = re.compile(r"Number of samples: (\d+)")
# At the beginning and the end up to a segment may be missing or too much.
_EDGES_SECONDS = 5.0
_DRIFT_MS = 200


@dataclass
class Seen:
    """What decoding said, added up over all runs."""

    errors: int = 0
    words: list[str] = field(default_factory=list)
    silence: float = 0.0
    black: float = 0.0
    samples: int = 0

    def line(self, line: str) -> None:
        """One line of ffmpeg's."""
        if found := _SILENCE.search(line):
            self.silence += float(found[1])
        elif found := _BLACK.search(line):
            self.black += float(found[1])
        elif found := _SAMPLES.search(line):
            self.samples = int(found[1])
        elif "[error]" in line or "[fatal]" in line or "corrupt" in line:
            self.errors += 1
            if len(self.words) < _MOST_WORDS:
                self.words.append(re.sub(r"@ 0x[0-9a-f]+", "", line)[:200])


def work(work: Work) -> Outcome:
    """Decode everything that staff see and compare it with the show's times."""
    pieces = material.pieces(work.airing_id, public=False)
    there, missing = _there(pieces)
    found = material.runs(there)
    total = sum(run.seconds for run in found)
    seen = Seen()
    drifts = []
    done = 0.0
    for run in found:
        seen.samples = 0
        decode(work, run, seen, (done, total))
        drifts.append(drift_ms(run, seen.samples))
        done += run.seconds
    airing = Airing.objects.get(pk=work.airing_id)
    result: dict[str, Any] = {
        **_times(airing, total),
        "errors": seen.errors,
        "words": seen.words,
        "silence_ratio": round(seen.silence / total, 4) if total else 0.0,
        "black_ratio": round(seen.black / total, 4) if total else 0.0,
        "drift_ms": max(drifts, key=abs, default=0),
        "changes": changes(found),
        "runs": len(found),
        "missing": missing[:50],
    }
    result["ok"] = not (seen.errors or missing or abs(result["drift_ms"]) > _DRIFT_MS or not result["times_fit"])
    return Outcome(result)


def _there(pieces: Sequence[Piece]) -> tuple[list[Piece], list[str]]:
    """Pieces that can be read, and the names of those that cannot."""
    there, missing = [], []
    for piece in pieces:
        try:
            material.read(piece.key)
        except StepFailed:
            missing.append(piece.key.split("/", 2)[-1])
        else:
            there.append(piece)
    return there, missing


def decode(work: Work, run: Run, seen: Seen, place: tuple[float, float]) -> None:
    """Decode a run wholly. An ffmpeg that gives up counts as an error of the media, not of the step."""
    graph: list[str] = []
    if run.form.picture:
        graph += ["-map", "0:v:0", "-vf", "blackdetect=d=1:pix_th=0.10"]
    if run.form.sound:
        graph += [
            *("-map", "0:a:0"),
            *("-af", "silencedetect=n=-50dB:d=1,astats=measure_perchannel=none:measure_overall=Number_of_samples"),
        ]
    words = [
        *(tools.path(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"),
        *("-threads", threads(), "-err_detect", "+crccheck", "-copyts"),
        *("-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0", *graph, "-f", "null", "-"),
    ]
    with Child(words, work, seconds=patience(run.seconds), feeds=True, on_line=seen.line) as child:
        child.feed(_told(work, run, place))
        try:
            child.wait()
        except StepFailed as error:
            # One that was killed, for want of memory or by somebody, says nothing of the media.
            if error.problem != "ffmpeg_failed" or child.process.returncode == -signal.SIGKILL:
                raise
            seen.errors += 1
            seen.words.append(error.words[:200])


def _told(work: Work, run: Run, place: tuple[float, float]) -> Iterator[bytes]:
    done, total = place
    for piece, content in zip(run.pieces, run.content(), strict=True):
        yield content
        done += piece.duration
        work.tell(done / total if total else 0.0)


def drift_ms(run: Run, samples: int) -> int:
    """How much shorter the decoded sound is than the pictures: what a player that trusts samples would be off at the end."""
    if not (run.form.picture and run.form.sound) or not samples or not run.facts.sample_rate:
        return 0
    return round((run.seconds - samples / run.facts.sample_rate) * 1000)


def changes(found: Sequence[Run]) -> list[dict[str, Any]]:
    """Where size or sample rate changed: the media time, before and after."""
    listed = []
    for left, right in pairwise(found):
        if left.form != right.form:
            at = playlists.format_time(right.pieces[0].start_ms)
            listed.append({"at": at, "before": shown(left.form), "after": shown(right.form)})
    return listed[:100]


def shown(form: Form) -> dict[str, Any]:
    """A form as data."""
    picture, sound = form.picture, form.sound
    return {
        "picture": picture[0] if picture else "",
        "width": picture[2] if picture else 0,
        "height": picture[3] if picture else 0,
        "sound": sound[0] if sound else "",
        "sample_rate": sound[2] if sound else 0,
        "channels": sound[3] if sound else 0,
    }


def _times(airing: Airing, total: float) -> dict[str, Any]:
    """The recording's length against the show's, less the holes of the gap map."""
    gaps = queries.gap_map(airing)
    holes = sum(playlists.parse_time(end) - playlists.parse_time(start) for start, end in gaps) / 1000
    show = (airing.actual_end - airing.actual_start).total_seconds() if airing.actual_end and airing.actual_start else 0
    return {
        "seconds": round(total, 3),
        "show_seconds": round(show, 3),
        "gap_seconds": round(holes, 3),
        "gaps": gaps[:100],
        "times_fit": abs(total - (show - holes)) <= _EDGES_SECONDS,
    }
