"""Polls are prepared, ordered, scheduled, opened once, and closed with their graces."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, AuditEntry, Segment
from broadcast.models.catalogue import Assurance
from broadcast.services import rundown
from live import commands, protocol, queries
from live.models import Poll
from live.queries.staff import staff_polls
from live.services import aftercare, polls
from tests.live import making
from tests.live.polling import do, draft, finish, options, row, shown
from tests.lockstep import together

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"kind": "single", "options": ("甲",)}, "options"),
        ({"kind": "single", "options": ("甲", "甲")}, "options"),
        ({"kind": "single", "options": ("甲", "乙"), "most": 2}, "most"),
        ({"kind": "multiple", "options": ("甲", "乙"), "fewest": 2, "most": 1}, "most"),
        ({"kind": "multiple", "options": ("甲", "乙"), "most": 3}, "most"),
        ({"kind": "scale", "options": ("好", "坏")}, "options"),
        ({"electorate": "roll"}, "roll"),
        ({"rule": protocol.PollRule(quorum=(1, 2))}, "eligible"),
        ({"rule": protocol.PollRule(base="eligible")}, "eligible"),
        ({"rule": protocol.PollRule(threshold=(3, 2))}, "rule"),
        ({"segment": 10**9}, "segment"),
        ({"about": 10**9}, "about"),
        ({"compares": 10**9}, "compares"),
        ({"secrecy": "named", "results": "never"}, "secrecy"),
    ],
)
def test_terms_that_cannot_be_are_refused(terms: dict[str, Any], field: str) -> None:
    show = making.make_show()
    with pytest.raises(InvalidInput) as refused:
        draft(show, **terms)
    assert refused.value.data["field"] == field
    assert not Poll.objects.filter(room=show.id).exists()


def test_kinds_bring_their_options_and_names_ask_for_verified_people() -> None:
    show = making.make_show(least_assurance={"vote": Assurance.GUEST})
    texts = {
        kind: tuple(row(draft(show, kind=kind)).options.values_list("text", flat=True))
        for kind in ("scale", "satisfaction", "approval")
    }
    assert texts["scale"] == ("1", "2", "3", "4", "5")
    assert texts["satisfaction"] == ("满意", "基本满意", "不满意", "不了解")
    assert texts["approval"] == ("赞成", "反对", "弃权")
    assert row(draft(show)).least_assurance == Assurance.GUEST
    assert row(draft(show, secrecy="named")).least_assurance == Assurance.PHONE
    assert row(draft(show, electorate="members")).least_assurance == Assurance.MEMBER


def test_a_draft_is_changed_ordered_and_thrown_away_and_the_public_hears_of_none() -> None:
    show = making.make_show()
    first, second = draft(show), draft(show, kind="single", options=("七点", "八点"))
    do(show, protocol.ChangePoll, poll=second, question="几点？", kind="multiple", options=("六点", "七点", "八点"))
    changed = row(second)
    assert (changed.question, changed.kind, changed.fewest, changed.most) == ("几点？", "multiple", 1, 3)
    assert do(show, protocol.OrderPolls, polls=(second,))["polls"] == [second, first]
    assert [poll.id for poll in staff_polls(show.id)] == [second, first]
    do(show, protocol.DiscardPoll, poll=first)
    assert [poll.id for poll in staff_polls(show.id)] == [second]
    assert [poll.state for poll in staff_polls(show.id, [first])] == ["discarded"], "the lane tells it once"
    groups = queries.public_groups(show.id, ["polls"])
    assert groups is not None
    assert groups["polls"] == []
    for kind in (protocol.OpenPoll, protocol.ClosePoll):
        with pytest.raises((NotFound, IllegalTransition)):
            do(show, kind, poll=first)
    with pytest.raises(NotFound):
        commands.perform(making.make_viewer(), show.id, making.vote(first, *options(first)[:1]))
    do(show, protocol.OpenPoll, poll=second)
    with pytest.raises(IllegalTransition):
        do(show, protocol.ChangePoll, poll=second, question="几点？", kind="approval")
    verbs = set(AuditEntry.objects.filter(airing_id=show.id).values_list("act", flat=True))
    assert {"poll.create", "poll.change", "poll.order", "poll.discard", "poll.open"} <= verbs


# -- opening by itself ------------------------------------------------------------------------------------------------


def test_a_scheduled_poll_opens_at_its_time_once() -> None:
    show = making.make_show()
    poll, at = draft(show, seconds=60), clock.now() + dt.timedelta(minutes=3)
    do(show, protocol.SchedulePoll, poll=poll, opens_at=at.isoformat())
    assert polls.open_due() == 0
    with clock.shifted(dt.timedelta(minutes=3, seconds=1)):
        assert [polls.open_due(), polls.open_due(), polls.open_due(show.id)] == [1, 0, 0]
        opened = row(poll)
        assert opened.state == Poll.State.OPEN
        assert opened.opened_at is not None
        assert opened.closes_at == opened.opened_at + dt.timedelta(seconds=60)
    assert AuditEntry.objects.filter(airing_id=show.id, act="poll.open").count() == 1


@pytest.mark.parametrize(
    ("minutes", "state", "opened"), [(2, "on_air", 1), (6, "on_air", 0), (2, "waiting", 0), (2, "ended", 0)]
)
def test_what_the_house_missed_is_left_to_people(minutes: int, state: str, opened: int) -> None:
    show = making.make_show()
    poll = draft(show)
    do(show, protocol.SchedulePoll, poll=poll, opens_at=(clock.now() + dt.timedelta(seconds=30)).isoformat())
    Airing.objects.filter(pk=show.id).update(state=state)
    with clock.shifted(dt.timedelta(minutes=minutes, seconds=30)):
        assert polls.open_due() == opened
        assert staff_polls(show.id)[0].missed is (minutes > 5)


def test_a_poll_waits_for_a_show_that_begins_late() -> None:
    show = making.make_show("waiting")
    poll = draft(show)
    do(show, protocol.SchedulePoll, poll=poll, opens_at=(clock.now() + dt.timedelta(seconds=30)).isoformat())
    with clock.shifted(dt.timedelta(minutes=20)):
        assert polls.open_due() == 0
        Airing.objects.filter(pk=show.id).update(state="on_air", actual_start=clock.now())
        assert polls.open_due() == 1


@pytest.mark.django_db(transaction=True)
def test_a_poll_opens_with_its_segment_and_not_with_one_that_began_before() -> None:
    show = making.make_show()
    segment = show.episode.segments.get()
    producer = making.staff_actor(show.producer)
    rundown.start_segment(producer, show.id, segment.pk)
    other = Segment.objects.create(episode=show.episode, position=2, title="评")
    late, poll = draft(show), draft(show, kind="satisfaction", segment=other.pk)
    do(show, protocol.SchedulePoll, poll=late, opens_with=segment.pk)
    do(show, protocol.SchedulePoll, poll=poll, opens_with=other.pk)
    assert polls.open_due() == 0, "the segment began before it was scheduled"
    rundown.start_segment(producer, show.id, other.pk)
    assert row(poll).state == Poll.State.OPEN, "by the fact, at once"
    assert row(late).state == Poll.State.DRAFT
    assert shown(show, poll).segment == other.pk
    assert aftercare.reconcile() >= 0
    assert AuditEntry.objects.filter(airing_id=show.id, act="poll.open").count() == 1


def test_opened_by_hand_it_does_not_open_again() -> None:
    show = making.make_show()
    poll = draft(show)
    do(show, protocol.SchedulePoll, poll=poll, opens_at=(clock.now() + dt.timedelta(minutes=1)).isoformat())
    do(show, protocol.OpenPoll, poll=poll)
    finish(show, poll)
    with clock.shifted(dt.timedelta(minutes=1, seconds=5)):
        assert polls.open_due() == 0
    assert row(poll).state == Poll.State.CLOSED
    with pytest.raises(InvalidInput):
        do(show, protocol.SchedulePoll, poll=draft(show), opens_at="2020-01-01T00:00:00+08:00")


def test_an_order_is_of_drafts_and_what_has_begun_keeps_its_place() -> None:
    show = making.make_show()
    first, begun, last = draft(show), draft(show), draft(show)
    do(show, protocol.OpenPoll, poll=begun)
    place = row(begun).position
    assert do(show, protocol.OrderPolls, polls=(begun, last, first))["polls"] == [last, first]
    assert row(begun).position == place
    assert [poll.id for poll in staff_polls(show.id)] == [last, begun, first]
    Poll.objects.filter(room=show.id).update(position=0)
    do(show, protocol.OrderPolls, polls=(last, first))
    assert row(last).position < row(first).position, "drafts made before there was an order get one"


@pytest.mark.django_db(transaction=True)
def test_a_poll_that_names_another_does_not_stand_in_the_way_of_its_close() -> None:
    show = making.make_show()
    before, other = draft(show, kind="scale"), draft(show, kind="scale")
    do(show, protocol.OpenPoll, poll=before)
    for later in (lambda: draft(show, kind="scale", compares=before), lambda: change(show, other, before)):
        assert [type(each) for each in together(later, lambda: close(show, before))] == [int, dict]


def change(show: making.Show, poll: int, compares: int) -> int:
    do(show, protocol.ChangePoll, poll=poll, question="同意吗？", kind="scale", compares=compares)
    return poll


def close(show: making.Show, poll: int) -> dict[str, Any]:
    """By hand; one that is closed is open again before."""
    Poll.objects.filter(pk=poll).update(state="open", closes_at=None, result=None)
    return do(show, protocol.ClosePoll, poll=poll)


# -- closing ----------------------------------------------------------------------------------------------------------


def test_a_close_waits_for_the_picture_and_for_those_filling_it_in() -> None:
    show = making.make_show(delay_seconds=20)
    poll = draft(show, seconds=60, filling_seconds=10)
    do(show, protocol.OpenPoll, poll=poll)
    opened = row(poll).opened_at
    assert opened is not None
    seen = [(21, True), (79, True), (89, True), (91, False)]
    for seconds, taken in seen:
        with clock.shifted(dt.timedelta(seconds=seconds)):
            vote = making.vote(poll, options(poll)[0])
            if taken:
                commands.perform(making.make_viewer(), show.id, vote)
                told = shown(show, poll)
                assert told.ends_at is not None
                assert told.closes_at is not None
                assert told.closes_at > told.ends_at, "counted down to the one, taken until the other"
            else:
                with pytest.raises(IllegalTransition):
                    commands.perform(making.make_viewer(), show.id, vote)
                assert polls.freeze_due() == 1
    frozen = row(poll)
    assert frozen.closed_at == opened + dt.timedelta(seconds=90)
    assert frozen.result is not None
    assert frozen.result["total"] == 3
