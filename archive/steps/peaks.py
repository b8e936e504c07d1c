"""The waveform: smallest and largest sample of each stretch, as int8 pairs at three zooms, taken while the sound streams by."""

from __future__ import annotations

import json
import sys
from array import array
from dataclasses import dataclass, field
from typing import IO

from archive import tools
from archive.models import Derivative
from archive.steps import work as working
from archive.steps.run import PREFIX, Child, patience
from archive.steps.work import Outcome, Work

NAME = "peaks.bin"
RATE = 8_000
# Samples a pair, finest first: 20 ms, 200 ms, 2 s.
ZOOMS = (160, 1_600, 16_000)
_READ_BYTES = ZOOMS[-1] * 2 * 8


@dataclass
class Pairs:
    """Pairs of each zoom as they grow. A coarser zoom is made of the finer one's pairs."""

    zooms: list[array[int]] = field(default_factory=lambda: [array("b") for _ in ZOOMS])

    def add(self, samples: array[int]) -> None:
        """Take samples in; all but the last call with whole stretches of the coarsest zoom."""
        finest = array("b")
        step = ZOOMS[0]
        for at in range(0, len(samples), step):
            stretch = samples[at : at + step]
            finest.append(_byte(min(stretch)))
            finest.append(_byte(max(stretch)))
        self.zooms[0].extend(finest)
        for zoom in range(1, len(ZOOMS)):
            pairs = ZOOMS[zoom] // step
            for at in range(0, len(finest), 2 * pairs):
                self.zooms[zoom].append(min(finest[at : at + 2 * pairs : 2]))
                self.zooms[zoom].append(max(finest[at + 1 : at + 2 * pairs : 2]))

    def file(self) -> bytes:
        """One line of JSON, then the pairs of each zoom, one after another."""
        head = {
            "version": 1,
            "rate": RATE,
            "zooms": [
                {"samples": step, "pairs": len(pairs) // 2} for step, pairs in zip(ZOOMS, self.zooms, strict=True)
            ],
        }
        return json.dumps(head).encode() + b"\n" + b"".join(pairs.tobytes() for pairs in self.zooms)


def _byte(sample: int) -> int:
    """16 bits to 8, towards zero: silence stays silence."""
    return sample // 256 if sample >= 0 else -(-sample // 256)


def work(work: Work) -> Outcome:
    """Make the peaks of the public master."""
    master = Derivative.objects.filter(recording_id=work.airing_id, kind=Derivative.Kind.MASTER, is_public=True).first()
    if master is None or not master.details.get("has_sound"):
        return Outcome({"skipped": "nothing_public" if master is None else "no_sound"})
    source, seconds = working.local(work, master.key), float(master.details["seconds"])
    words = [
        *(tools.path(), *PREFIX, "-protocol_whitelist", "file", "-i", f"file:{source}", "-map", "0:a:0", "-vn"),
        *("-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"),
    ]
    pairs = Pairs()
    with Child(words, work, seconds=patience(seconds)) as child:
        read(child.stdout, pairs, child, seconds)
        child.wait()
    (work.folder / NAME).write_bytes(pairs.file())
    output = work.output(Derivative.Kind.PEAKS, NAME, "application/octet-stream", public=True)
    return Outcome({"pairs": len(pairs.zooms[0]) // 2}, [output])


def read(stream: IO[bytes], pairs: Pairs, child: Child | None = None, seconds: float = 0.0) -> None:
    """Read PCM (mono, 16 bits, little-endian) to its end."""
    taken = 0
    while content := stream.read(_READ_BYTES):
        samples = array("h")
        samples.frombytes(content[: len(content) // 2 * 2])
        if sys.byteorder == "big":
            samples.byteswap()
        if samples:
            pairs.add(samples)
        taken += len(samples)
        if child is not None:
            child.moved()
            child.held.tell(min(1.0, taken / RATE / seconds) if seconds else 0.0)
