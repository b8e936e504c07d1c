"""What is known of a child's progress, and when that means that it is to end; pure, it watches no process itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """What the child last said of itself; times are monotonic.

    `moved_at` is None before it said anything (it still waits for its input), `begun_at` before somebody is connected or sends.
    """

    frames: int = 0
    out_time_us: int = 0
    total_size: int = 0
    moved_at: float | None = None
    moved_first: float = 0.0
    begun_at: float | None = None
    # When bytes last came, where we see them ourselves, and the last picture; whether there should be a picture at all.
    bytes_at: float | None = None
    frames_at: float | None = None
    has_picture: bool = False


@dataclass(frozen=True)
class Watch:
    """When a child that receives is given up. Seconds; None: never.

    `ends_when_silent`: the child ends by itself when its peer sends nothing, so one that stands still is being sent bytes.
    `sound_only`: its segments hold no picture, and it is to end as soon as there is one.
    """

    stale: float | None = 10.0
    begin: float | None = None
    picture: float | None = None
    ends_when_silent: bool = False
    sound_only: bool = False

    def verdict(self, progress: Progress, now: float) -> str:
        """Why it is to end: stalled (neither bytes nor media), no_frames (bytes without media), no_picture, picture_back; or ""."""
        if progress.moved_at is None:
            late = self.begin and progress.begun_at is not None and now - progress.begun_at > self.begin
            return "no_frames" if late else ""
        if self.stale and now - progress.moved_at > self.stale:
            sent = progress.bytes_at is not None and now - progress.bytes_at < self.stale / 2
            return "no_frames" if sent or self.ends_when_silent else "stalled"
        if self.sound_only:
            return "picture_back" if progress.frames_at and now - progress.frames_at < 1 else ""
        if self.picture and progress.has_picture:
            return "no_picture" if now - (progress.frames_at or progress.moved_first) > self.picture else ""
        return ""


def receiving(*, ends_when_silent: bool = False, sound_only: bool = False) -> Watch:
    """The watch over a child that receives a feed."""
    return Watch(stale=10.0, begin=15.0, picture=10.0, ends_when_silent=ends_when_silent, sound_only=sound_only)
