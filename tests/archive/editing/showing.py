"""An episode whose every picture carries its number and whose tone rises every second, edited and rendered for the tests."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

from archive.editing import services
from archive.editing.services import Wish
from archive.models import Derivative, Edit, Step
from archive.steps import engine, work
from archive.storage import media
from broadcast.access import HOUSE
from tests.archive.one_show import listen, pcm, tones_of
from tests.archive.steps_making import Made, Source, finished

FPS = 25
_BITS = 12
_STRIPS = ",".join(
    [
        "drawbox=x=0:y=0:w=20:h=ih:color=white:t=fill",
        *(
            f"drawbox=x={20 * (bit + 1)}:y=0:w=20:h=ih:color=white:t=fill:enable='mod(floor(n/{2**bit}),2)'"
            for bit in range(_BITS)
        ),
    ]
)
PICTURE = f"color=blue:size=320x180:rate={FPS},{_STRIPS}"
SOUND = "aevalsrc='0.2*sin(2*PI*(400+40*floor(t))*t)'"


def tone_at(second: float) -> int:
    """The tone that the studio sent at that second."""
    return 400 + 40 * int(second)


def show(seconds: int = 16, *, size: str = "") -> Made:
    """A finished recording, its public replay written; larger than 320x180 where a size is given."""
    picture = f"{PICTURE},scale={size.replace('x', ':')}" if size else PICTURE
    return finished(Source(seconds, picture=picture, sound=SOUND))


def at(made: Made, second: float) -> dt.datetime:
    assert made.airing.actual_start
    return made.airing.actual_start + dt.timedelta(seconds=second)


def edit(made: Made, kind: str, since: float, until: float, **facts: Any) -> Edit:
    """Propose and apply."""
    drafted = services.propose(HOUSE, made.airing.pk, Wish(kind, at(made, since), at(made, until), **facts))
    return services.apply(HOUSE, made.airing.pk, [(drafted.pk, drafted.version)])[0]


def lift(made: Made, one: Edit) -> None:
    one.refresh_from_db()
    services.lift(HOUSE, made.airing.pk, one.pk, one.version)


def steps(*kinds: str) -> None:
    """Do the steps of these kinds until none of them waits; without kinds all. Nothing may fail."""
    while True:
        engine.ensure_all()
        if kinds:
            others = Step.objects.filter(state="waiting").exclude(kind__in=kinds)
            others.update(not_before=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        if not work.once("test"):
            break
    assert list(Step.objects.exclude(problem="").values_list("kind", "problem", "reason")) == []


def listed(made: Made, name: str = "replay.m3u8") -> list[str]:
    """Addresses of a playlist."""
    text = (made.folder.path / name).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def media_of(made: Made, name: str = "replay.m3u8") -> list[Path]:
    return [made.folder.path / "public" / uri for uri in listed(made, name)]


def spans(made: Made) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((made.folder.path / "replay-spans.json").read_text())["spans"]
    return found


def digests(made: Made) -> dict[str, str]:
    """Of everything as it was received."""
    parts = made.folder.path / "parts"
    return {
        file.relative_to(parts).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(parts.glob("*/*.ts"))
    }


def master(*, public: bool) -> Derivative:
    return Derivative.objects.get(kind="master", is_public=public)


def file_of(derivative: Derivative) -> Path:
    return media().path(derivative.key)


def tones(file: Path | bytes, since: float, until: float) -> set[int]:
    """Tones heard between two seconds of a file."""
    samples = pcm(file)
    return tones_of(listen(samples[int(since * 16_000) : int(until * 16_000)]))
