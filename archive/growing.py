"""Staff's replay of a show that runs, as text: what is old stays as it was chosen, only what came of late is chosen again; pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from archive import line, playlists, replay
from archive.output import Item, Show
from archive.playlists import Entry, Segment, Spans

# So long after its end a segment's place is settled: whatever of another lane or of a late part may come has come.
_SETTLED_MS = 60_000
# The line is chosen with so much before its end in sight.
_BEHIND_MS = 60_000


class Growing:
    """`follow` it as segments come: one costs the same however long the show is. At its end the replay is chosen as a whole."""

    def __init__(self) -> None:
        self._begin(None)

    def _begin(self, since_ms: int | None) -> None:
        self._since_ms = since_ms
        self._until_ms = 0
        self._settled: list[Item] = []
        self._texts: list[str] = []
        self._spans = Spans()
        self._target = playlists.target_duration([])

    def follow(self, segments: Sequence[Segment], show: Show) -> tuple[str, list[dict[str, object]]]:
        """The playlist and its spans, of all segments in order of start."""
        first = next((each for each in segments if replay.is_inside(each, show)), None)
        since_ms = first.start_ms if first else None
        if since_ms != self._since_ms:
            self._begin(since_ms)
        recent = self._recent(segments, show)
        self._until_ms = max([self._until_ms, *(each.ready_ms for each in recent)])
        settled_ms = max((each.end_ms for each in recent), default=0) - _SETTLED_MS
        open_texts: list[str] = []
        spans = self._spans
        for item in line.plan(self._settled, recent, Show(since_ms or 0, None, 0), self._until_ms):
            entry = Entry(replay.address(item.part, item.number), item.start_ms, item.duration, item.gap)
            text = playlists.entry_text(entry, first=item.sequence == 0)
            self._target = playlists.target_duration([entry], self._target)
            if not open_texts and item.end_ms <= settled_ms:
                self._settled.append(item)
                self._texts.append(text)
            else:
                spans = spans if open_texts else self._spans.copy()
                open_texts.append(text)
            spans.add(entry)
        begin = playlists.head(0, 0, self._target, "EVENT")
        return begin + "".join(self._texts) + "".join(open_texts), spans.rows()

    def _recent(self, segments: Sequence[Segment], show: Show) -> list[Segment]:
        """What may follow what is settled, and so much before it as is looked back at."""
        at = 0
        if self._settled:
            since = self._settled[-1].end_ms - _BEHIND_MS
            at = bisect_left(segments, since, key=lambda segment: segment.start_ms)
        return [each for each in segments[at:] if replay.is_inside(each, show)]
