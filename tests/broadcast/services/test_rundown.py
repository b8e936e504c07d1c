"""One segment runs at a time, only on air, only of this episode."""

from __future__ import annotations

import pytest

from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.errors import IllegalTransition, NotAllowed, NotFound
from broadcast.models import Moment, SegmentRun
from broadcast.services import rundown
from tests.broadcast import making

pytestmark = pytest.mark.django_db


def test_the_next_segment_ends_the_one_before_at_the_same_instant() -> None:
    airing = making.airing()
    first, second = (airing.episode.segments.create(position=at, title=f"第{at}节") for at in (1, 2))
    lifecycle.start(HOUSE, airing.pk)
    rundown.start_segment(HOUSE, airing.pk, first.pk)
    rundown.start_segment(HOUSE, airing.pk, second.pk)
    rundown.start_segment(HOUSE, airing.pk, second.pk)
    one, two = SegmentRun.objects.order_by("started_at")
    assert one.ended_at == two.started_at
    assert two.ended_at is None
    assert Moment.objects.filter(kind="segment.start").count() == 2


def test_not_before_the_show_not_of_another_episode_and_not_by_others() -> None:
    airing, other = making.airing(), making.airing()
    mine = airing.episode.segments.create(position=1, title="部门答")
    foreign = other.episode.segments.create(position=1, title="别的")
    with pytest.raises(IllegalTransition):
        rundown.start_segment(HOUSE, airing.pk, mine.pk)
    lifecycle.start(HOUSE, airing.pk)
    with pytest.raises(NotFound):
        rundown.start_segment(HOUSE, airing.pk, foreign.pk)
    with pytest.raises(NotAllowed):
        rundown.start_segment(making.actor("moderator"), airing.pk, mine.pk)
