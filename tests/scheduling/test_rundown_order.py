"""A run-down laid into the time of its airing, for the page, the control room and files; rows that were made elsewhere never break it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcast import clock, lifecycle, registry
from broadcast.access import HOUSE
from broadcast.models import Airing, Segment
from broadcast.rundown_lines import LinePlan
from broadcast.services import rundown
from scheduling.backtime import Stand
from scheduling.queries import rundown as queries
from tests.broadcast import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def airing() -> Airing:
    made = making.airing()
    made.planned_end = made.planned_start + dt.timedelta(minutes=30)
    made.save()
    lines = [
        LinePlan("片头", 30, start="hard", offset=0),
        LinePlan("来电", 600, is_floating=True, least=60),
        LinePlan("总结", 1_170),
        LinePlan("片尾", 30, start="hard", offset=1_770),
    ]
    rundown.revise(HOUSE, made.pk, 1, lines)
    return made


def test_real_times_count_from_the_planned_start_and_floats_take_lateness_back(airing: Airing) -> None:
    first, second, third, _last = airing.episode.segments.all()
    late = airing.planned_start - clock.now() + dt.timedelta(seconds=40)
    with clock.shifted(late):
        lifecycle.start(HOUSE, airing.pk)
        rundown.start_segment(HOUSE, airing.pk, first.pk)
    with clock.shifted(late + dt.timedelta(seconds=50)):
        rundown.start_segment(HOUSE, airing.pk, second.pk)
        airing.refresh_from_db()
        _segments, order = queries.laid(airing)
    lines = {shape.key: shape for shape in order.lines}
    assert lines[first.pk].stand == Stand.DONE
    assert lines[first.pk].start == pytest.approx(40, abs=5)
    assert lines[second.pk].over == pytest.approx(60, abs=5)
    assert lines[third.pk].start == pytest.approx(lines[second.pk].start + 600, abs=1)
    assert order.over == pytest.approx(0, abs=0.1), "the end is hard"


def test_when_the_show_is_over_what_never_ran_was_not_aired(airing: Airing) -> None:
    first = airing.episode.segments.first()
    assert first is not None
    lifecycle.start(HOUSE, airing.pk)
    rundown.start_segment(HOUSE, airing.pk, first.pk)
    lifecycle.end(HOUSE, airing.pk)
    airing.refresh_from_db()
    stands = [shape.stand for shape in queries.laid(airing)[1].lines]
    assert stands == [Stand.DONE, Stand.SKIPPED, Stand.SKIPPED, Stand.SKIPPED]


def test_the_control_room_counts_with_the_same_lines(airing: Airing) -> None:
    panel = registry.control_panels.get("rundown")
    assert panel is not None
    shown = panel(airing, HOUSE)["lines"]
    assert [(line["at"], line["wait"], line["least"], line["most"]) for line in shown] == [
        (0, 0, None, None),
        (None, None, 60, 600),
        (None, None, None, None),
        (1_770, 0, None, None),
    ]


def test_asking_for_the_state_is_cheap(airing: Airing, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(6):
        shown = queries.state(airing)
    assert [line["title"] for line in shown["lines"]] == ["片头", "来电", "总结", "片尾"]
    assert shown["changed"][0]["words"][0] == "新加“片头”，排在最前"


NUMBER = st.none() | st.integers(0, 4_000)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "planned_seconds": st.integers(0, 4_000),
                "start": st.sampled_from(["follow", "soft", "hard"]),
                "offset_seconds": NUMBER,
                "wait_seconds": NUMBER,
                "is_floating": st.booleans(),
                "least_seconds": NUMBER,
                "most_seconds": NUMBER,
            }
        ),
        max_size=5,
    )
)
def test_rows_made_by_whomever_can_be_laid(airing: Airing, rows: list[dict[str, Any]]) -> None:
    Segment.objects.filter(episode=airing.episode).delete()
    for position, row in enumerate(rows, start=1):
        Segment.objects.create(episode=airing.episode, position=position, title="一节", **row)
    segments, order = queries.laid(airing)
    assert len(order.lines) == len(segments) == len(rows)
    assert queries.printed(airing, segments, order) is not None
