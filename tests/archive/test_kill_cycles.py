"""kill -9 at random instants over recorder, children, store and worker, while numbered pictures come in by two lanes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .numbered import make_clip
from .storm import Storm

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def storm(
    transactional_db, filler: None, media_root: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Storm]:
    """A show about to be stormed; `request.param` are the seconds that its clip must last."""
    clip = make_clip(tmp_path / "numbered.mp4", request.param)
    made = Storm(tmp_path, media_root, clip, seed=20261122, whole=request.param > 1000)
    try:
        yield made
    finally:
        for each in (*made.encoders.values(), made.sink, made.store):
            if each is not None:
                each.stop()
        made.end_worker()
        if made.recorder.process is not None:
            made.recorder.kill()


def weather(storm: Storm, deck: dict[str, int], pause: tuple[float, float]) -> None:
    """So many kills of each kind, in an order and with pauses that nobody chose."""
    kinds = [kind for kind, count in deck.items() for _ in range(count)]
    storm.random.shuffle(kinds)
    storm.begin()
    for kind in kinds:
        time.sleep(storm.random.uniform(*pause))
        storm.kill_one(kind)
    time.sleep(pause[1])
    storm.end()
    storm.check()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("storm", [400], indirect=True)
def test_five_kills_lose_a_segment_each_at_most(storm: Storm) -> None:
    weather(storm, {"recorder": 2, "ingest": 2, "ladder": 1}, (0.3, 2.0))
    print(storm.summary())


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("storm", [1500], indirect=True)
def test_sixty_kills_lose_a_segment_each_at_most(storm: Storm) -> None:
    weather(storm, {"recorder": 14, "ingest": 14, "ladder": 10, "push": 8, "store": 8}, (0.5, 4.0))
    deck = ["worker", "worker's pool", "worker's ffmpeg"] * 2
    storm.random.shuffle(deck)
    storm.work(deck)
    storm.steps_are_true()
    print(storm.summary())
