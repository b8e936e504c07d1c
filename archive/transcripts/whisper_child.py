"""The child that runs faster-whisper: model folder, file, threads; tells lines of JSON on its output. It knows nothing of the house."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

RATE = 16_000
# So much at a time, cut where it is quietest: a show of hours would else need gigabytes.
PIECE_SECONDS, SEARCH_SECONDS = 300, 20
PROMPT = "以下是普通话的句子，用简体中文和标点。"


def pieces(sound: Any) -> Iterator[tuple[int, Any]]:
    """(first sample, samples) of pieces that begin and end in a pause."""
    import numpy

    at = 0
    while at < len(sound):
        end = at + PIECE_SECONDS * RATE
        if end < len(sound):
            window = sound[end - SEARCH_SECONDS * RATE : end]
            frame = RATE // 4
            loud = numpy.square(window[: len(window) // frame * frame].reshape(-1, frame)).mean(axis=1)
            end = end - SEARCH_SECONDS * RATE + int(loud.argmin()) * frame + frame // 2
        yield at, sound[at:end]
        at = end


def main(folder: str, file: str, threads: str) -> None:
    """Recognise the file."""
    from faster_whisper import WhisperModel
    from faster_whisper.audio import decode_audio

    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True)
    sound = decode_audio(file, sampling_rate=RATE)
    for first, samples in pieces(sound):
        begin = first / RATE
        tell({"at": begin})
        found, _facts = model.transcribe(
            samples,
            language="zh",
            vad_filter=True,
            initial_prompt=PROMPT,
            condition_on_previous_text=False,
            word_timestamps=False,
        )
        for each in found:
            text = each.text.strip()
            told = {"at": begin + each.end}
            if text and text != PROMPT:
                told |= {"start": round(begin + each.start, 3), "end": round(begin + each.end, 3), "text": text}
            tell(told)


def tell(what: dict[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
