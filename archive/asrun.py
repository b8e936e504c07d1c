"""The as-run record: what went out and when, derived from the log of the public line; pure, rows are written by playout.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.lanes import place
from archive.output import LOST_MS, Item, Show

NOTHING = "nothing"
# A hole shorter than this is the seam between two sources, cut at key frames; at either end of the airing twice that.
_SEAM_MS = 1_000
_EDGE_MS = 2_000
# From one source to another the line goes where that begins a segment: so much at most is nobody's outage.
_CHANGE_MS = 2_500


@dataclass(frozen=True)
class Stretch:
    """An entry of the record; media times in ms. A stretch of nothing carries the number of the item after it."""

    first_sequence: int
    kind: str
    start_ms: int
    end_ms: int
    reason: str = ""
    subject: str = ""


def kind_of(item: Item) -> str:
    """main, backup, cut, filler or rerun."""
    return place(item).partition(":")[0]


class AsRun:
    """Follows the growing log; the same log gives the same record whoever follows it and in how many steps."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self._read = 0
        self._told = 0
        self._telling = 0
        self._until: int | None = None

    def follow(self, items: Sequence[Item], show: Show, *, closed: bool) -> None:
        """Take in what is new in the log; with `closed`, the line has come to its end."""
        for item in items[self._read :]:
            since = show.start_ms if self._until is None else self._until
            if item.start_ms - since > (_EDGE_MS if self._until is None else _SEAM_MS):
                self.stretches.append(Stretch(item.sequence, NOTHING, since, item.start_ms, self._why(item, since)))
            self._add(item)
            self._until = item.end_ms
        self._read = len(items)
        if closed and show.end_ms is not None:
            since = show.start_ms if self._until is None else self._until
            if show.end_ms - since > _EDGE_MS:
                self.stretches.append(Stretch(len(items), NOTHING, since, show.end_ms, "feed_missing"))
                self._until = show.end_ms

    def _why(self, item: Item, since: int) -> str:
        """Why there was nothing before `item`."""
        last = self.stretches[-1] if self.stretches else None
        changed = last is not None and last.kind != kind_of(item)
        return "change" if changed and item.start_ms - since <= _CHANGE_MS else "feed_missing"

    def _add(self, item: Item) -> None:
        last = self.stretches[-1] if self.stretches else None
        kind, _, subject = place(item).partition(":")
        if last is not None and (last.kind, last.subject) == (kind, subject):
            self.stretches[-1] = replace(last, end_ms=item.end_ms)
        else:
            # Two sources may overlap by a little: the public saw the first to its end.
            start = max(item.start_ms, last.end_ms) if last else item.start_ms
            self.stretches.append(Stretch(item.sequence, kind, start, max(start, item.end_ms), item.reason, subject))

    def news(self) -> tuple[Stretch, ...]:
        """What the rows may not say yet; call `told` when they do."""
        self._telling = len(self.stretches)
        return tuple(self.stretches[self._told :])

    def told(self) -> None:
        """The last news are in the rows; the newest stretch may still grow."""
        self._told = max(self._telling - 1, 0)


def going_out(items: Sequence[Item], show: Show | None, now_ms: int, *, closed: bool) -> str:
    """What the public line shows as of now: a kind, `nothing`, or "" before it began."""
    if show is None or (not items and now_ms - show.delay_ms - show.start_ms < LOST_MS):
        return ""
    if closed or not items or now_ms - show.delay_ms - items[-1].end_ms > LOST_MS:
        return NOTHING
    return kind_of(items[-1])
