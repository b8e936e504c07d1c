"""What the control room sees of each feed: sums over the last minute, and how long it has been silent or black."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from archive import health
from archive.measures import Measure
from archive.parts import PartFolder
from archive.playlists import Segment
from broadcast import clock


def received(path: Path, measures: list[Measure], *, lane: str = "main", count: int | None = None) -> PartFolder:
    path.mkdir()
    part = PartFolder(path, {"source": "srt", "lane": lane})
    for number in range(len(measures) if count is None else count):
        part.segments.append(
            Segment(part.number, number, 2_000 * number, 2.0, 2_000 * (number + 1), f"{number:06d}.ts")
        )
    for measure in measures:
        part.log.add(measure)
    return part


def test_a_lane_is_summed_over_its_last_minute(tmp_path: Path) -> None:
    measures = [
        Measure(number, -20.0, -3.0, frames=50, drops=number % 2, bytes=250_000, fps=25.0) for number in range(40)
    ]
    seen = health.of_lanes([received(tmp_path / "001", measures)])["main"]
    assert (seen["bitrate"], seen["frames"], seen["drops"], seen["drops_total"]) == (1_000_000, 1500, 15, 20)
    assert (seen["loudness"], seen["peak"], seen["fps"], seen["unmeasured"]) == (-20.0, -3.0, 25.0, 0)


def test_silence_and_black_are_as_long_as_they_are_unbroken(tmp_path: Path) -> None:
    measures = [Measure(0, silent=True), Measure(1), Measure(2, silent=True, black=True), Measure(3, silent=True)]
    seen = health.of_lanes([received(tmp_path / "001", measures, count=5)])["main"]
    assert (seen["silence_seconds"], seen["black_seconds"], seen["unmeasured"]) == (4.0, 0.0, 1)


def test_each_lane_is_shown_by_the_part_that_received_last(tmp_path: Path) -> None:
    old = received(tmp_path / "001", [Measure(0)])
    new = received(tmp_path / "002", [Measure(0), Measure(1, width=1280)])
    other = received(tmp_path / "003", [], lane="backup", count=1)
    empty = received(tmp_path / "004", [], count=0)
    seen = health.of_lanes([new, old, other, empty])
    assert {lane: each["part"] for lane, each in seen.items()} == {"main": 2, "backup": 3}
    assert seen["main"]["width"] == 1280
    assert (seen["backup"]["bitrate"], seen["backup"]["loudness"]) == (0, None)


def test_the_age_is_that_of_now(tmp_path: Path) -> None:
    seen = {"lanes": health.of_lanes([received(tmp_path / "001", [Measure(0)])]), "rungs": {"late": 1}}
    with clock.frozen(dt.datetime(1970, 1, 1, 0, 0, 9, tzinfo=dt.UTC)):
        shown = health.view(seen)
    assert shown["lanes"]["main"]["last_segment_age_seconds"] == 7.0
    assert shown["rungs"] == {"late": 1}
    assert health.view({}) == {"lanes": {}}
