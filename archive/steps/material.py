"""What a recording consists of, read from its playlists: pieces in order, and runs that one decoder can read; it makes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from archive import playlists, streams
from archive.steps.run import StepFailed
from archive.storage import Cold, kept, media
from archive.streams import Facts

CLOCK = 90_000
_WRAP = 1 << 33
# So much of a segment tells what it carries.
_HEAD_BYTES = 188 * 1500
# Times that go on within this are one run.
_TOUCH_SECONDS = 0.5


@dataclass(frozen=True)
class Piece:
    """One segment of the replay; `gap` when it does not continue the one before."""

    key: str
    start_ms: int
    duration: float
    gap: bool


@dataclass(frozen=True)
class Form:
    """What must be equal for media to be joined without encoding."""

    picture: tuple[str, str, int, int] | None
    sound: tuple[str, str, int, int] | None


@dataclass
class Run:
    """Unbroken pieces of one form. `begins` is the time in its stream of the picture (or sound) it was cut at, in seconds."""

    form: Form
    facts: Facts
    begins: float
    pieces: list[Piece] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ends(self) -> float:
        """Time in its stream where the last piece ends."""
        return self.begins + self.seconds

    def content(self) -> Iterator[bytes]:
        """The bytes of its pieces."""
        for piece in self.pieces:
            yield read(piece.key)


def read(key: str) -> bytes:
    """An object's bytes, from this machine's disk or else from the store. Raises StepFailed when it is nowhere."""
    try:
        return media().path(key).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        pass
    store = kept()
    if store is not None:
        try:
            with store.open(key) as stream:
                return stream.read()
        except Cold as error:
            raise StepFailed(error.code, key.rsplit("/", 1)[-1]) from error
        except FileNotFoundError:
            pass
    raise StepFailed("media_missing", key.rsplit("/", 1)[-1])


def pieces(airing_id: UUID, *, public: bool) -> list[Piece]:
    """The public's replay (nothing of what was cut), or the staff's, with everything; they never mix."""
    base = f"airings/{airing_id}"
    text = read(f"{base}/{'replay' if public else 'staff'}.m3u8").decode()
    folder = f"{base}/public" if public else base
    return list(_parsed(text, folder))


def _parsed(text: str, folder: str) -> Iterator[Piece]:
    duration, at, gap = 0.0, 0, True
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            duration = float(line[8:].split(",")[0])
        elif line == "#EXT-X-DISCONTINUITY":
            gap = True
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            at = playlists.parse_time(line[25:])
        elif line and not line.startswith("#"):
            yield Piece(f"{folder}/{line}", at, duration, gap)
            at, gap = at + round(duration * 1000), False


def runs(found: Iterable[Piece]) -> list[Run]:
    """Cut the pieces into runs: a new one after a gap, when the form changes, and when times in the stream jump."""
    made: list[Run] = []
    for piece in found:
        facts = streams.look(read(piece.key)[:_HEAD_BYTES])
        begins = first_time(facts)
        if begins is None:
            continue
        form = form_of(facts)
        last = made[-1] if made else None
        if (
            last is None
            or piece.gap
            or last.form != form
            or abs(_after(last.begins, begins) - last.ends) > _TOUCH_SECONDS
        ):
            made.append(last := Run(form, facts, begins))
        last.pieces.append(piece)
        # Counted from the times in the stream: those in playlists are rounded.
        last.seconds = _after(last.begins, begins) - last.begins + piece.duration
    return made


def _after(first: float, time: float) -> float:
    """`time` unwrapped: the clock of a stream begins anew after 26.5 hours."""
    wrap = _WRAP / CLOCK
    return first + (time - first + wrap / 2) % wrap - wrap / 2


def look(file: Path) -> Facts:
    """What a segment on this disk carries, by its beginning; empty facts when it is not there."""
    try:
        with file.open("rb") as stream:
            return streams.look(stream.read(_HEAD_BYTES))
    except OSError:
        return Facts()


def first_time(facts: Facts) -> float | None:
    """Seconds in the stream of the picture that it was cut at, without picture of the first sound; None when there is neither.

    Pictures of an open group come behind that one and are shown before it: they are of the segment before.
    """
    if facts.picture_at is not None:
        return facts.picture_at / CLOCK
    return facts.sound_at / CLOCK if facts.sound_at is not None else None


def form_of(facts: Facts) -> Form:
    """The form of a segment."""
    picture = (facts.picture, facts.picture_codec, facts.width, facts.height) if facts.picture else None
    sound = (facts.sound, facts.sound_codec, facts.sample_rate, facts.channels) if facts.sound else None
    return Form(picture, sound)
