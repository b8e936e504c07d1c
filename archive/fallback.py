"""Which prepared tapes may stand in for an airing's feed, in order of preference; it reads rows, and of files only their lists."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet

from archive import clips
from archive.editing import public
from archive.ffmpeg import PLAYLIST
from archive.models import Filler, PlayoutRule
from archive.output import Tape, TapeSegment
from broadcast import access
from broadcast.models import Airing, Episode, Programme

HOUSE = "filler:house"
_PLAIN_NAME = re.compile(r"^[\w-]{1,60}\.ts$")
# Files may go: a list is believed for so long. They come too, so that there is none is believed for less.
_BELIEVED_SECONDS = 10.0
_MISSED_SECONDS = 2.0
_MOST_REFERENCES = 5


@dataclass(frozen=True)
class TapeRef:
    """A tape by its name in the log, the playlist that lists it, and the folder of its segments; keys of storage."""

    source: str
    playlist: str
    folder: str


# -- which, from rows ------------------------------------------------------------------------------------------------


def references(airing: Airing, rule: PlayoutRule | None) -> tuple[TapeRef, ...]:
    """What may go out when there is nothing else, the wanted first; the house's own clip is always the last resort."""
    found = []
    if rule is not None and rule.fallback == PlayoutRule.Fallback.RERUN:
        earlier = rule.rerun_of if rule.rerun_of_id else _newest(airing)
        found.append(rerun(airing, earlier))
    if rule is not None and rule.filler is not None:
        found.append(filler(rule.filler))
    return (*(each for each in found if each is not None), house(airing))


def house(airing: Airing) -> TapeRef:
    """The clip that is shown in place of a cut, as a tape."""
    kind = "sound" if airing.episode.programme.kind == Programme.Kind.RADIO else "picture"
    folder = f"filler/{clips.VERSION}/{kind}"
    return TapeRef(HOUSE, f"{folder}/{PLAYLIST}", folder)


def filler(row: Filler) -> TapeRef | None:
    """A prepared file that was checked; None for any other."""
    if row.state != Filler.State.READY or not row.directory:
        return None
    return TapeRef(f"filler:{row.pk}", f"{row.directory}/{PLAYLIST}", row.directory)


def rerun(airing: Airing, earlier: Airing | None) -> TapeRef | None:
    """The public replay of an earlier airing of the same programme; None when the public may not have it.

    A rerun of a rerun is one of the first.
    """
    for _step in range(_MOST_REFERENCES):
        if earlier is None or earlier.rerun_of_id is None:
            break
        earlier = earlier.rerun_of
    if earlier is None or earlier.pk == airing.pk or earlier.episode.programme_id != airing.episode.programme_id:
        return None
    if not access.may_be_rerun(earlier) or public.is_hidden(earlier):
        return None
    folder = f"airings/{earlier.pk}"
    return TapeRef(f"rerun:{earlier.pk}", f"{folder}/replay.m3u8", f"{folder}/public")


def _newest(airing: Airing) -> Airing | None:
    return offered(airing.episode.programme_id).exclude(pk=airing.pk).first()


def offered(programme_id: int) -> QuerySet[Airing]:
    """What a programme could play again, the latest first; whether each may go out now, `access.may_be_rerun` says."""
    return (
        Airing.objects.select_related("episode")
        .filter(
            episode__programme_id=programme_id,
            state=Airing.State.ENDED,
            rerun_of__isnull=True,
            announced_at__isnull=False,
            episode__signed_off_at__isnull=False,
            episode__publication=Episode.Publication.PUBLISHED,
            recording__replay_ready_at__isnull=False,
        )
        .exclude(kind=Airing.Kind.REHEARSAL)
        .order_by("-actual_end")
    )


# -- their segments, from files --------------------------------------------------------------------------------------


def parse(text: str, folder: str) -> tuple[TapeSegment, ...]:
    """Segments of a playlist of ours; whatever is no plain file beside the others is left out."""
    found: list[TapeSegment] = []
    duration, gap = 0.0, False
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            duration = _seconds(line[8:].split(",")[0])
        elif line == "#EXT-X-DISCONTINUITY":
            gap = True
        elif line and not line.startswith("#"):
            if duration and _PLAIN_NAME.match(line):
                found.append(TapeSegment(f"{folder}/{line}", duration, gap))
            duration, gap = 0.0, False
    return tuple(found)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0.02 <= value <= 60 else 0.0


class Shelf:
    """Tapes by reference, read anew now and then; one that lacks a file is as if it were not there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._kept: dict[TapeRef, tuple[float, Tape | None]] = {}

    def tape(self, wanted: tuple[TapeRef, ...]) -> Tape | None:
        """The first of them that can be played from this machine's disk."""
        return next((tape for each in wanted if (tape := self._tape(each)) is not None), None)

    def _tape(self, ref: TapeRef) -> Tape | None:
        now = time.monotonic()
        at, kept = self._kept.get(ref, (now - _BELIEVED_SECONDS, None))
        if now - at < (_MISSED_SECONDS if kept is None else _BELIEVED_SECONDS):
            return kept
        tape = self._read(ref)
        if tape is not None and tape == kept:
            # The same object for the same list: what is compared often is compared at once.
            tape = kept
        self._kept[ref] = (now, tape)
        return tape

    def _read(self, ref: TapeRef) -> Tape | None:
        try:
            text = (self.root / ref.playlist).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        segments = parse(text, ref.folder)
        whole = bool(segments) and all((self.root / each.file).is_file() for each in segments)
        return Tape(ref.source, segments) if whole else None
