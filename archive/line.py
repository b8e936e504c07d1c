"""What goes out next on the public line: delay, cuts, lanes, fallback; pure, it reads no clock and no disk and keeps nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from archive import tape
from archive.ffmpeg import SEGMENT_SECONDS
from archive.lanes import TOUCH_MS, Lane, place
from archive.output import AUTO, BACKUP, CUT, FALLBACK, FILLER_MS, MAIN, Choice, Item, Show
from archive.playlists import Segment

# Looked back so far beyond what the rules ask, to know how long a lane has been unbroken.
_BEHIND_MS = 20_000
# Among so many segments of all parts a lane's last ones are looked for.
_NEWEST = 64


@dataclass(frozen=True)
class _Next:
    """What would follow: a segment of a lane or an item of a tape, and why."""

    start_ms: int
    # When its delay begins to count.
    ready_ms: int
    reason: str
    segment: Segment | None = None
    taped: tape.Place | None = None


def plan(
    items: Sequence[Item], segments: Sequence[Segment], show: Show, now_ms: int, fresh: Collection[int] = ()
) -> list[Item]:
    """What is to be released after `items`, all that ever was, as of `now_ms`.

    `segments` are those of all parts, in order of start; `fresh` are the parts that still receive, which are waited for.
    Calling it again with the same facts and what it answered before goes on without a seam: nothing is kept here.
    """
    history = list(items)
    line = _Line(history, segments, show, now_ms, fresh)
    while (item := line.next()) is not None:
        history.append(item)
    return history[len(items) :]


class _Line:
    """One pass over what is known; `history` grows while it goes."""

    def __init__(
        self,
        history: list[Item],
        segments: Sequence[Segment],
        show: Show,
        now_ms: int,
        fresh: Collection[int],
    ) -> None:
        self.history, self.show, self.now_ms, self.fresh = history, show, now_ms, fresh
        self.horizon = now_ms - show.delay_ms
        since = self.cursor - max(show.rule.steady_ms, show.rule.silence_ms) - _BEHIND_MS
        coming = segments[bisect_left(segments, since, key=lambda segment: segment.start_ms) :]
        # The newest, wherever the line is: how long a lane's segments are must not change while the line catches up.
        newest = segments[-_NEWEST:]
        self.lanes = {name: Lane(name, coming, show, fresh, newest) for name in (MAIN, BACKUP)}

    @property
    def last(self) -> Item | None:
        """The item released last."""
        return self.history[-1] if self.history else None

    @property
    def cursor(self) -> int:
        """Media time from which on the line is open."""
        return max(self.show.start_ms, self.history[-1].end_ms) if self.history else self.show.start_ms

    def next(self) -> Item | None:
        """The next item that is due, or None."""
        cursor = self.cursor
        following = self._following(cursor)
        cut = self._cut_filler(cursor, following.start_ms if following else self.horizon)
        if cut is not None:
            return cut
        if following is None or following.ready_ms > self.horizon:
            return None
        return self._item(following)

    # -- which source ------------------------------------------------------------------------------------------------

    def _following(self, t: int) -> _Next | None:
        """What comes at media time `t` or after it; None while that is not known."""
        while True:
            found = self._decided(t)
            then = next((each for each in self.show.choices if each.since_ms > t), None)
            if then is None or (found is not None and found.start_ms < then.since_ms):
                return found
            if found is None and then.source != FALLBACK and self._awaited(self._place, t):
                return None
            # Nothing fills the time until a person chose anew: what he chose need not wait for it.
            t = then.since_ms

    def _decided(self, t: int) -> _Next | None:
        """The same as far as the choice in force at `t` says."""
        choice = self.show.choice_at(t)
        if choice is not None and choice.source == FALLBACK:
            return self._taped(t, "hand") or self._earliest(t)
        if self.show.rerun is not None:
            return self._rerun(t)
        by_hand = choice is not None and choice.source != AUTO
        if self._place in {None, MAIN, BACKUP} or self.show.fallback is None:
            return self._live(t, choice if by_hand else None)
        return self._back(t, choice)

    @property
    def _place(self) -> str | None:
        """Where the line is: a lane or a tape, whatever a cut covers; None before its first item."""
        current = self._current
        return place(current) if current else None

    @property
    def _current(self) -> Item | None:
        return next((item for item in reversed(self.history) if item.source != CUT), None)

    def _live(self, t: int, choice: Choice | None) -> _Next | None:
        """From a lane, by the rule or by hand; where both have a hole, what then."""
        names = [choice.source] if choice else [MAIN, BACKUP]
        found = {name: self._lane_at(name, t, silent=choice is not None) for name in names}
        now = self._place if self._place in found else None
        if now == BACKUP and MAIN in found and self._may_return(self.lanes[MAIN], found[MAIN], t):
            better, same = found[MAIN], found[BACKUP]
            if better is None or not (same and same.end_ms <= better.start_ms + TOUCH_MS):
                return self._segment(better, choice) if better else None
        order = [now, *(name for name in names if name != now)] if now else names
        if now and self._here(now, found[now], t):
            return self._segment(found[now], choice)
        if self._awaited(now, t):
            return None
        candidates = [each for name in order if (each := found[name]) is not None]
        here = [each for each in candidates if self._here(each.lane, each, t)]
        if here:
            # The first that fills the hole, be it the lane that has it; main where there is no lane yet.
            return self._segment(here[0] if now is None else min(candidates, key=lambda each: each.start_ms), choice)
        return self._hole(t, candidates, choice)

    def _hole(self, t: int, candidates: list[Segment], choice: Choice | None) -> _Next | None:
        """Nothing is there at `t`: the fallback when that lasts, else what is silent, else whatever comes first."""
        until = min((each.start_ms for each in candidates), default=None)
        quiet = [] if choice else [each for lane in self.lanes.values() if (each := lane.at(t, self.last, silent=True))]
        silent = [each for each in quiet if self._here(each.lane, each, t)]
        known = (until if until is not None else self.now_ms) - t
        lasting = known >= max(self.show.rule.missing_ms, *(lane.patience_ms for lane in self.lanes.values()))
        if self.show.rule.fallback and (silent or lasting):
            found = self._taped(t, "feed_silent" if silent else "feed_missing")
            if found is not None:
                return found
        first = min([*candidates, *silent], key=lambda each: each.start_ms, default=None)
        return self._segment(first, choice) if first else None

    def _back(self, t: int, choice: Choice | None) -> _Next | None:
        """The tape goes on, or back to a lane that is there and may be gone back to; not before what the tape still fills."""
        names = [MAIN, BACKUP] if choice is None or choice.source == AUTO else [choice.source]
        by_hand = choice if choice is not None and choice.source != AUTO else None
        taped = self._taped(t, "")
        for name in names:
            segment = self._lane_at(name, t, silent=by_hand is not None)
            at_once = by_hand is not None and self._commanded(by_hand) and self._here(name, segment, t)
            if at_once or self._may_return(self.lanes[name], segment, t):
                fits = segment is not None and taped is not None and taped.ready_ms <= segment.start_ms
                return taped if fits else self._segment(segment, by_hand) if segment else None
        return taped

    def _may_return(self, lane: Lane, segment: Segment | None, t: int) -> bool:
        """Whether the rule lets the line go back to a better source at `t`: that is steady, and the line did not change just now.

        Without `segment` the lane is steady but what it has for `t` has not come: then it is waited for.
        """
        if segment is None:
            if not lane.is_coming(t):
                return False
        elif segment.start_ms > t + lane.reach_ms(False) or not lane.is_steady(segment):
            return False
        if self.show.rule.by_hand:
            choice = self.show.choice_at(t)
            if choice is None or not self._commanded(choice):
                return False
        return t - self._stretch_start(t - self.show.rule.steady_ms) >= self.show.rule.steady_ms

    def _commanded(self, choice: Choice) -> bool:
        """Whether a person chose since the line came to where it is."""
        return self._stretch_start(choice.since_ms) <= choice.since_ms

    def _stretch_start(self, enough_ms: int) -> int:
        """Since when the line has been where it is, looked for no further back than needed."""
        here, start = self._place, self.cursor
        for item in reversed(self.history):
            if item.source == CUT:
                continue
            if place(item) != here or start <= enough_ms:
                break
            start = item.start_ms
        return start

    def _lane_at(self, name: str, t: int, *, silent: bool) -> Segment | None:
        return self.lanes[name].at(t, self.last, silent=silent)

    def _here(self, name: str, segment: Segment | None, t: int) -> bool:
        """Whether the lane has media there: at once where it just was, else from its next segment on."""
        last = self.last
        goes_on = last is not None and not last.is_filler and place(last) == name
        return segment is not None and segment.start_ms <= t + self.lanes[name].reach_ms(goes_on)

    def _awaited(self, now: str | None, t: int) -> bool:
        """Whether the part that went out last still receives and has nothing later yet: then it is not left for another."""
        last = self.last
        if now not in self.lanes or last is None or last.part not in self.fresh:
            return False
        return self.lanes[now].at(t, last, silent=True) is None and not any(
            cut.overlaps(t, t + 1) for cut in self.show.cuts
        )

    def _segment(self, segment: Segment | None, choice: Choice | None) -> _Next:
        assert segment is not None
        reason = "hand" if choice else "rule" if segment.lane == MAIN else self._why_not_main(segment.start_ms)
        return _Next(segment.start_ms, segment.ready_ms, reason, segment=segment)

    def _why_not_main(self, t: int) -> str:
        main = self.lanes[MAIN].at(t, None, silent=True)
        return "feed_silent" if main is not None and self.lanes[MAIN].is_silent(main) else "feed_missing"

    def _earliest(self, t: int) -> _Next | None:
        """The first media that may go out at all."""
        found = [each for lane in self.lanes.values() if (each := lane.at(t, self.last, silent=True))]
        first = min(found, key=lambda each: each.start_ms, default=None)
        return self._segment(first, self.show.choice_at(first.start_ms)) if first else None

    # -- prepared ----------------------------------------------------------------------------------------------------

    def _taped(self, t: int, reason: str) -> _Next | None:
        """The next of the fallback at `t`."""
        found = tape.following(self.show, self.history, t)
        return _Next(found.start_ms, found.end_ms, reason, taped=found) if found else None

    def _rerun(self, t: int) -> _Next | None:
        """The next of the airing's own tape, which lies on the line by the clock; after its end the fallback."""
        found = tape.at_its_time(self.show, t)
        if found is not None:
            return _Next(found.start_ms, found.end_ms, "planned", taped=found)
        return self._taped(t, "feed_missing") if self.show.rule.fallback else None

    def _cut_filler(self, cursor: int, until: int) -> Item | None:
        """The next 2 s of filler, when a cut lies between `cursor` and `until` and that time has come."""
        show, last = self.show, self.last
        for cut in sorted(show.cuts, key=lambda each: each.since_ms):
            start = cursor if cut.since_ms - cursor < FILLER_MS else cut.since_ms
            end = start + FILLER_MS
            limits = [until, self.horizon, *(each for each in (cut.until_ms, show.end_ms) if each is not None)]
            if not cut.overlaps(cursor, until) or end > min(limits):
                continue
            follows = last is not None and last.source == CUT and last.end_ms == start
            number = (last.number + 1) % show.filler_count if follows and last else 0
            gap = last is not None and number == 0
            return Item(len(self.history), 0, number, start, float(SEGMENT_SECONDS), gap, source=CUT, reason="cut")
        return None

    def _item(self, following: _Next) -> Item:
        last, segment, taped = self.last, following.segment, following.taped
        sequence = len(self.history)
        if segment is not None:
            follows = last is not None and segment.part == last.part and segment.number == last.number + 1
            made = Item(
                sequence,
                segment.part,
                segment.number,
                segment.start_ms,
                segment.duration,
                gap=last is not None and not follows,
                lane=segment.lane,
                reason=following.reason,
            )
        else:
            assert taped is not None
            made = taped.item(sequence, last, following.reason)
        current = self._current
        if current is not None and place(current) == place(made):
            # A stretch keeps the reason for which it began.
            made = replace(made, reason=current.reason)
        return made
