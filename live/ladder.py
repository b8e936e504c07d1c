"""The written order in which a room gives way under pressure, as one table, and when it climbs and comes down; pure, it measures nothing.

Likes first, then 弹幕, then comments, then questions, then the pace of everything; votes, polls and what the studio says are never refused
for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What waits for the pace of a level. The airing, its picture, the run-down and the people never do.
PACED = ("comments", "questions", "polls", "counts")


@dataclass(frozen=True)
class Level:
    """What a level does.

    likes_ms: how long pages collect likes before they send them. counts_seconds: how often numbers are counted anew.
    danmaku_percent: of new comments so many in a hundred fly over the picture, by lot.
    readable: comments a second that are shown; of more, a share is drawn by lot. questions: share of the room's own limit.
    pace_seconds: how often comments, questions, polls and counts are composed, at the next tick after it.
    """

    likes_ms: int
    counts_seconds: float
    danmaku_percent: int
    readable: float
    questions: float
    pace_seconds: float


LEVELS: tuple[Level, ...] = (
    Level(likes_ms=2_000, counts_seconds=0.0, danmaku_percent=100, readable=4.0, questions=1.0, pace_seconds=0.0),
    Level(likes_ms=15_000, counts_seconds=4.0, danmaku_percent=100, readable=4.0, questions=1.0, pace_seconds=0.0),
    Level(likes_ms=30_000, counts_seconds=4.0, danmaku_percent=50, readable=1.0, questions=1.0, pace_seconds=0.0),
    Level(likes_ms=60_000, counts_seconds=4.0, danmaku_percent=0, readable=1.0, questions=0.34, pace_seconds=0.0),
    Level(likes_ms=60_000, counts_seconds=8.0, danmaku_percent=0, readable=0.6, questions=0.34, pace_seconds=0.9),
    # No slower: what is withdrawn leaves every surface within two seconds, at every level.
    Level(likes_ms=60_000, counts_seconds=8.0, danmaku_percent=0, readable=0.4, questions=0.34, pace_seconds=1.4),
)
HIGHEST = len(LEVELS) - 1
# From this level on likes that come all the same are acknowledged and dropped, and counted as dropped.
DROPS_LIKES_FROM = 3

# What counts as full pressure (1.0) of each measure: seconds of delay of the event loop, of one look and tick, of writing a frame to
# all sockets of a process, of one batch of writes, of a command until it is answered; commands waiting; share of sockets that do
# not keep up. Measured (`./yishi bench busy_room`): a busy room that keeps its promises stays below them, one whose processes get
# too little time goes well beyond (tests/live/test_pressure.py has the figures).
LIMITS: Mapping[str, float] = {
    "loop": 0.5,
    "tick": 0.8,
    "fan": 0.8,
    "batch": 0.8,
    "answer": 1.2,
    "waiting": 500.0,
    "behind": 0.2,
}
RISE_AFTER_SECONDS = 2.0
# Full pressure comes in bursts: as long as none is further from the last, it counts as one.
BURST_SECONDS = 3.0
SEVERE = 3.0
FALL_BELOW = 0.5
FALL_AFTER_SECONDS = 12.0


def limit_of(most: int, level: int) -> int:
    """A room's own limit of questions at this level; at least one."""
    return max(1, int(most * LEVELS[level].questions))


def worst(measured: Mapping[str, float]) -> tuple[str, float]:
    """The measure that presses most and its pressure; ("", 0.0) when nothing was measured."""
    pressures = {name: value / LIMITS[name] for name, value in measured.items() if name in LIMITS}
    if not pressures:
        return "", 0.0
    name = max(pressures, key=lambda each: pressures[each])
    return name, pressures[name]


@dataclass
class Ladder:
    """The level as time passes. One step at a time: up after two seconds of full pressure (at once when it is severe), down after
    twelve of less than half. Between half and full nothing moves, so that a level's own relief does not end it."""

    level: int = 0
    _over_since: float | None = field(default=None, repr=False)
    _over_at: float = field(default=0.0, repr=False)
    _calm_since: float | None = field(default=None, repr=False)

    def step(self, pressure: float, now: float) -> int:
        """The level after `pressure` was measured at `now` (seconds of any steady clock)."""
        if pressure >= 1:
            self._rise(pressure, now)
        elif pressure < FALL_BELOW:
            self._over_since = None
            self._calm_since = now if self._calm_since is None else self._calm_since
            if self.level and now - self._calm_since >= FALL_AFTER_SECONDS:
                self.level, self._calm_since = self.level - 1, now
        else:
            self._calm_since = None
        return self.level

    def _rise(self, pressure: float, now: float) -> None:
        if self._over_since is None or now - self._over_at > BURST_SECONDS:
            self._over_since = now
        self._over_at, self._calm_since = now, None
        if self.level < HIGHEST and (pressure >= SEVERE or now - self._over_since >= RISE_AFTER_SECONDS):
            self.level, self._over_since = self.level + 1, now
