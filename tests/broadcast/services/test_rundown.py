"""One segment runs at a time, only on air, only of this episode; the plan is changed by one producer after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection

from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry, Moment, SegmentRole, SegmentRun
from broadcast.rundown_lines import LinePlan
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


def _lines(airing: Airing, *titles: str) -> list[LinePlan]:
    """A run-down of these titles, five minutes each, as the service made it."""
    episode = rundown.revise(HOUSE, airing.pk, 1, [LinePlan(title, 300) for title in titles])
    assert episode.rundown_version == 2
    return rundown.plans(airing.episode)


def test_a_run_down_is_written_as_it_was_wanted_and_the_version_rises() -> None:
    airing = making.airing()
    SegmentRole.objects.create(
        programme=airing.episode.programme, code="call", mark="听", name_zh="听众来电", name_en="Call"
    )
    wanted = [
        LinePlan("片头", 30, start="hard", offset=0),
        LinePlan("来电", 240, role="call", is_floating=True, least=120, most=300, note="罗先生"),
        LinePlan("台呼", 20, start="hard", offset=900, wait=45),
    ]
    episode = rundown.revise(HOUSE, airing.pk, 1, wanted)
    found = rundown.plans(episode)
    assert [replace(line, pk=None) for line in found] == wanted
    assert episode.rundown_version == 2
    again = rundown.revise(HOUSE, airing.pk, 2, found)
    assert again.rundown_version == 2, "nothing changed"
    turned = rundown.revise(HOUSE, airing.pk, 2, [found[1], found[0], found[2]])
    assert [line.pk for line in rundown.plans(turned)] == [found[1].pk, found[0].pk, found[2].pk]
    (_first, last) = AuditEntry.objects.filter(act="rundown.change").order_by("id")
    assert last.target == f"rundown:{episode.pk}"
    assert last.after["version"] == 3
    assert [each["what"] for each in last.after["changes"]] == ["moved"]


def test_of_two_producers_the_second_is_told_and_nothing_of_hers_is_half_done() -> None:
    airing = making.airing()
    talk, call = _lines(airing, "开场", "来电")
    rundown.revise(HOUSE, airing.pk, 2, [talk, replace(call, seconds=240)])
    with pytest.raises(Conflict) as refused:
        rundown.revise(HOUSE, airing.pk, 2, [replace(talk, seconds=60), call])
    assert refused.value.data["version"] == 3
    assert [line.seconds for line in rundown.plans(airing.episode)] == [300, 240]


def test_what_was_on_air_stays_as_it_was() -> None:
    airing = making.airing()
    talk, call, close = _lines(airing, "开场", "来电", "片尾")
    lifecycle.start(HOUSE, airing.pk)
    rundown.start_segment(HOUSE, airing.pk, talk.pk or 0)
    rundown.start_segment(HOUSE, airing.pk, call.pk or 0)
    for wrong in ([call, close], [call, talk, close], [replace(talk, seconds=60), call, close]):
        with pytest.raises(InvalidInput):
            rundown.revise(HOUSE, airing.pk, 2, wrong)
    late = [replace(talk, note="讲得好"), replace(call, seconds=400), LinePlan("台呼", 20), close]
    assert [line.seconds for line in rundown.plans(rundown.revise(HOUSE, airing.pk, 2, late))] == [300, 400, 20, 300]
    lifecycle.end(HOUSE, airing.pk)
    with pytest.raises(IllegalTransition):
        rundown.revise(HOUSE, airing.pk, 3, [talk])


def test_only_producers_change_it_and_only_with_what_there_is() -> None:
    airing, other = making.airing(), making.airing()
    foreign = _lines(other, "别的")[0]
    with pytest.raises(NotAllowed):
        rundown.revise(making.actor("host"), airing.pk, 1, [LinePlan("开场", 60)])
    with pytest.raises(InvalidInput):
        rundown.revise(HOUSE, airing.pk, 1, [foreign])
    with pytest.raises(InvalidInput, match="这一类"):
        rundown.revise(HOUSE, airing.pk, 1, [LinePlan("开场", 60), LinePlan("来电", 60, role="no-such")])
    assert rundown.plans(airing.episode) == []
    airing.episode.refresh_from_db()
    assert airing.episode.rundown_version == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_producers_at_once_one_wins() -> None:
    airing = making.airing()
    (talk,) = _lines(airing, "开场")

    def change(seconds: int) -> bool:
        try:
            rundown.revise(HOUSE, airing.pk, 2, [replace(talk, seconds=seconds)])
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [seconds for seconds, did in zip(range(1, 21), pool.map(change, range(1, 21)), strict=True) if did]
    assert len(won) == 1
    assert [line.seconds for line in rundown.plans(airing.episode)] == won
