"""What remains of an airing to watch: the public's replay and the staff's, as segments in order; pure, it writes no playlist."""

from __future__ import annotations

from collections.abc import Sequence

from archive import line
from archive.output import Show
from archive.playlists import Segment


def entries(segments: Sequence[Segment], show: Show, *, everything: bool) -> list[tuple[Segment, bool]]:
    """The recording of the airing in order, each segment with whether a discontinuity stands before it.

    For the public it is the line as it would have been with all that is known now: cuts, tapes and what a person took off are
    absent. With `everything` (staff) nothing is, but of two lanes at the same time one is shown.
    """
    if everything:
        inside = [each for each in segments if is_inside(each, show)]
        facts = Show(min((each.start_ms for each in inside), default=0), None, 0)
    else:
        inside, facts = list(segments), show.without_tapes
    return _marked(_planned(inside, facts))


def is_inside(segment: Segment, show: Show) -> bool:
    """Whether any of it was sent while the show ran."""
    return segment.end_ms > show.start_ms and (show.end_ms is None or segment.start_ms < show.end_ms)


def address(part: int, number: int) -> str:
    """Where staff find a segment as it was received, relative to their replay."""
    return f"parts/{part:03d}/{number:06d}.ts"


def _planned(segments: Sequence[Segment], show: Show) -> list[Segment]:
    files = {(each.part, each.number): each for each in segments}
    until = max((each.ready_ms for each in segments), default=0) + show.delay_ms
    items = line.plan([], segments, show, until)
    return [files[item.part, item.number] for item in items if not item.is_filler]


def _marked(chosen: Sequence[Segment]) -> list[tuple[Segment, bool]]:
    result: list[tuple[Segment, bool]] = []
    for segment in chosen:
        before = result[-1][0] if result else None
        follows = before is not None and before.part == segment.part and before.number + 1 == segment.number
        result.append((segment, before is not None and not follows))
    return result
