"""Which recogniser the house has, and what any of them is asked; one is a name in YISHI_RECOGNISER."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from archive.steps.run import Held, StepFailed
from broadcast import env


@dataclass(frozen=True)
class Heard:
    """What a recogniser understood, in seconds of the sound."""

    start: float
    end: float
    text: str


# A file of sound, its length in seconds, and whom to tell the progress: `check` often, `tell` 0 to 1. Raises StepFailed.
Listen = Callable[[Path, float, Held], Sequence[Heard]]


@dataclass(frozen=True)
class Recogniser:
    """A recogniser by the name that stands beside its text."""

    name: str
    listen: Listen


def configured() -> Recogniser | None:
    """The one that YISHI_RECOGNISER names, None for none. Raises StepFailed for one that cannot be had."""
    name: str = env.read("RECOGNISER").strip()
    if name in {"", "none"}:
        return None
    if name == "whisper":
        from archive.transcripts import whisper

        return Recogniser(whisper.NAME, whisper.listen)
    module, _, function = name.rpartition(".")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise StepFailed("no_recogniser", name, for_good=True) from error
    return Recogniser(name[:120], found)
