"""One occurrence is skipped, moved, rerun or as usual again, and numbers follow; a special takes its place with word to all concerned."""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, Appearance, AuditEntry, Episode, Person
from broadcast.services import episodes, timing
from scheduling.models import Notice, Occurrence, Slot, SlotException
from scheduling.queries import coming, days
from scheduling.services import exceptions, making, preemption, seats, slots

from .making import NOON, feed, programme, slot_plan
from .test_slots import planned

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _friday():
    with clock.frozen(NOON - DAY):
        yield


@pytest.fixture
def slot() -> Slot:
    return slots.create(HOUSE, programme(next_number=1001).pk, slot_plan(weeks_ahead=3, feed=feed().pk))


def verdicts(slot: Slot) -> list[str]:
    found = coming.next_ones(coming.slots().get(pk=slot.pk), clock.now(), days.known(), 3)
    return [each.verdict for each in found]


def test_a_skipped_occurrence_takes_no_number(slot):
    exceptions.skip(HOUSE, slot.pk, NOON, "转播大会")
    assert planned() == [(NOON + WEEK, 1001), (NOON + 2 * WEEK, 1002)]
    assert Airing.objects.get(planned_start=NOON).state == "cancelled"
    assert making.materialise() == 0
    assert verdicts(slot)[0] == "skip"
    with clock.frozen(NOON + HOUR):
        making.materialise()
    assert planned()[-1] == (NOON + 3 * WEEK, 1003)


def test_one_that_is_not_made_yet_is_skipped_all_the_same(slot):
    exceptions.skip(HOUSE, slot.pk, NOON + 4 * WEEK, "元旦前调整")
    with clock.frozen(NOON + 2 * WEEK):
        making.materialise()
    assert NOON + 4 * WEEK not in [start for start, _number in planned()]


def test_a_moved_occurrence_keeps_its_airing_and_identity(slot):
    airing = Airing.objects.get(planned_start=NOON)
    exceptions.move(HOUSE, slot.pk, NOON, NOON + 3 * HOUR, "转播大会", 45)
    airing.refresh_from_db()
    assert (airing.planned_start, airing.planned_end) == (NOON + 3 * HOUR, NOON + 3.75 * HOUR)
    assert (airing.occurrence.original_start, airing.episode.number) == (NOON, 1001)
    assert making.materialise() == 0


def test_numbers_follow_time_when_a_draft_is_moved_behind_another(slot):
    exceptions.move(HOUSE, slot.pk, NOON, NOON + WEEK + DAY, "嘉宾出差")
    assert planned()[:3] == [(NOON + WEEK, 1001), (NOON + WEEK + DAY, 1002), (NOON + 2 * WEEK, 1003)]


def test_a_number_that_the_public_knows_stays(slot):
    first = Airing.objects.get(planned_start=NOON)
    episodes.announce(HOUSE, first.pk)
    exceptions.move(HOUSE, slot.pk, NOON, NOON + WEEK + DAY, "嘉宾出差")
    assert planned()[:3] == [(NOON + WEEK, 1002), (NOON + WEEK + DAY, 1001), (NOON + 2 * WEEK, 1003)]


def test_back_to_what_the_rule_says(slot):
    exceptions.move(HOUSE, slot.pk, NOON, NOON + 3 * HOUR, "")
    exceptions.as_usual(HOUSE, slot.pk, NOON)
    assert planned()[0] == (NOON, 1001)
    assert not SlotException.objects.exists()
    exceptions.skip(HOUSE, slot.pk, NOON, "")
    exceptions.as_usual(HOUSE, slot.pk, NOON)
    assert planned() == [(NOON + each * WEEK, 1001 + each) for each in range(3)]
    assert Occurrence.objects.get(original_start=NOON).airing.state == "planned"


def test_what_was_cancelled_on_its_own_page_is_not_made_again_but_gives_its_number(slot):
    lifecycle.cancel(HOUSE, Airing.objects.get(planned_start=NOON).pk, "嘉宾病了")
    assert making.materialise() == 0
    assert planned() == [(NOON + WEEK, 1001), (NOON + 2 * WEEK, 1002)]


def test_an_exception_needs_an_occurrence_a_right_and_a_future(slot):
    with pytest.raises(InvalidInput):
        exceptions.skip(HOUSE, slot.pk, NOON + HOUR, "")
    with pytest.raises(NotAllowed):
        exceptions.skip(Actor(), slot.pk, NOON, "")
    with pytest.raises(InvalidInput):
        exceptions.move(HOUSE, slot.pk, NOON, clock.now() - HOUR, "")
    with clock.frozen(NOON + DAY), pytest.raises(IllegalTransition):
        exceptions.rerun(HOUSE, slot.pk, NOON, "")
    assert not SlotException.objects.exists()


def test_nothing_is_skipped_while_it_is_on_air(slot):
    with clock.frozen(NOON + dt.timedelta(minutes=5)):
        lifecycle.start(HOUSE, Airing.objects.get(planned_start=NOON).pk)
        with pytest.raises(IllegalTransition):
            exceptions.skip(HOUSE, slot.pk, NOON, "")
    assert not SlotException.objects.exists()


def test_dragging_any_airing_is_one_act(slot):
    airing = Airing.objects.get(planned_start=NOON)
    exceptions.move_airing(HOUSE, airing.pk, NOON + HOUR, NOON + 1.5 * HOUR)
    assert SlotException.objects.get().moved_to == NOON + HOUR
    special = episodes.create(
        HOUSE, episodes.EpisodePlan(slot.programme_id, "特别节目", NOON + 3 * DAY, NOON + 3 * DAY + HOUR, number=1004)
    ).airings.get()
    exceptions.move_airing(HOUSE, special.pk, NOON - HOUR, NOON)
    assert planned()[0] == (NOON - HOUR, 1001)
    assert planned()[1] == (NOON + HOUR, 1002)


# -- reruns ----------------------------------------------------------------------------------------------------------


def aired(slot: Slot) -> Airing:
    """The first occurrence, which went out and whose replay is released."""
    airing = Airing.objects.get(planned_start=NOON)
    with clock.frozen(NOON):
        lifecycle.start(HOUSE, airing.pk)
    with clock.frozen(NOON + HOUR / 2):
        lifecycle.end(HOUSE, airing.pk)
        episodes.sign_off(HOUSE, airing.episode_id)
    airing.refresh_from_db()
    return airing


def test_a_rerun_plays_an_earlier_airing_and_takes_no_number(slot):
    first = aired(slot)
    with clock.frozen(NOON + DAY):
        exceptions.rerun(HOUSE, slot.pk, NOON + WEEK, "春节")
        made = Occurrence.objects.get(original_start=NOON + WEEK).airing
        making.materialise()
    assert (made.kind, made.rerun_of, made.episode, made.feed) == ("rerun", first, first.episode, None)
    assert (made.plan.auto_announce, made.plan.auto_start, made.plan.auto_end) == (True, True, True)
    numbers = {number for start, number in planned() if start != NOON + WEEK}
    assert numbers == {1002, 1003}


def test_another_rerun_chosen_later_is_the_one_that_is_played(slot):
    first, second = aired(slot), Airing.objects.get(planned_start=NOON + WEEK)
    with clock.frozen(NOON + WEEK):
        lifecycle.start(HOUSE, second.pk)
    with clock.frozen(NOON + WEEK + HOUR):
        lifecycle.end(HOUSE, second.pk)
        episodes.sign_off(HOUSE, second.episode_id)
    with clock.frozen(NOON + WEEK + 2 * HOUR):
        exceptions.rerun(HOUSE, slot.pk, NOON + 2 * WEEK, "春节", of=first.pk)
        exceptions.rerun(HOUSE, slot.pk, NOON + 2 * WEEK, "换一期", of=second.pk)
        kept = Occurrence.objects.get(original_start=NOON + 2 * WEEK).airing
        exceptions.rerun(HOUSE, slot.pk, NOON + 2 * WEEK, "再说一次", of=second.pk)
    assert (kept.kind, kept.rerun_of, kept.state) == ("rerun", second, "planned")
    assert Occurrence.objects.get(original_start=NOON + 2 * WEEK).airing == kept


def test_a_rerun_waits_until_something_may_be_played_again(slot):
    exceptions.rerun(HOUSE, slot.pk, NOON, "设备检修")
    assert planned()[0] == (NOON + WEEK, 1001)
    assert not Occurrence.objects.filter(original_start=NOON).exists()


def test_only_what_may_go_out_again_is_rerun(slot):
    with pytest.raises(InvalidInput) as refusal:
        exceptions.rerun(HOUSE, slot.pk, NOON + WEEK, "", of=Airing.objects.get(planned_start=NOON).pk)
    assert refusal.value.data["field"] == "rerun_of"


# -- giving way ------------------------------------------------------------------------------------------------------


def special(start: dt.datetime, title: str = "大会直播") -> Airing:
    number = episodes.next_number(programme("forum", next_number=118))
    plan = episodes.EpisodePlan(programme("forum").pk, title, start, start + 2 * HOUR, number=number)
    return episodes.create(HOUSE, plan).airings.get()


def invited(airing: Airing) -> Person:
    person = Person.objects.create(name="林委员")
    Appearance.objects.create(episode=airing.episode, person=person, role="member")
    return person


def test_a_special_takes_the_place_and_all_concerned_are_told(slot):
    airing = Airing.objects.get(planned_start=NOON)
    who = invited(airing)
    by = special(NOON - HOUR)
    preemption.preempt(HOUSE, slot.pk, NOON, by.pk, "市里开大会", to=NOON + DAY)
    said = SlotException.objects.get()
    assert (said.kind, said.cause, said.preempted_by, said.moved_to) == ("move", "preempt", by, NOON + DAY)
    assert planned()[1] == (NOON + DAY, 1001)
    told = Notice.objects.get()
    assert (told.kind, told.person) == ("moved", who)
    assert "大会直播" in told.text
    assert "原定时间：2026-11-28 周六 11:00" in told.text
    assert "新的时间：2026-11-29 周日 11:00" in told.text
    assert told.title == "改时间：《热线》原定 2026-11-28 周六 11:00"
    assert AuditEntry.objects.filter(act="slot.move").exists()


def test_who_was_told_of_another_time_is_told_when_that_is_cancelled_too(slot):
    airing = Airing.objects.get(planned_start=NOON)
    invited(airing)
    episodes.announce(HOUSE, airing.pk)
    preemption.preempt(HOUSE, slot.pk, NOON, None, "市里开大会", to=NOON + DAY)
    lifecycle.cancel(HOUSE, airing.pk, "嘉宾病了")
    assert sorted(Notice.objects.values_list("kind", flat=True)) == ["cancelled", "moved"]


def test_without_another_time_it_is_left_out(slot):
    preemption.preempt(HOUSE, slot.pk, NOON, None, "全市统一转播")
    assert planned()[0] == (NOON + WEEK, 1001)


def test_the_letter_of_one_that_is_left_out_says_when_it_would_have_been(slot):
    invited(Airing.objects.get(planned_start=NOON))
    preemption.preempt(HOUSE, slot.pk, NOON, None, "全市统一转播")
    told = Notice.objects.get()
    assert told.kind == "preempted"
    assert "原定时间：2026-11-28 周六 11:00" in told.text
    assert "\n时间：" not in told.text


def test_one_gives_way_only_to_what_is_at_its_time(slot):
    by = special(NOON + DAY)
    with pytest.raises(InvalidInput) as refusal:
        preemption.preempt(HOUSE, slot.pk, NOON, by.pk, "大会")
    assert refusal.value.data["field"] == "by"
    with pytest.raises(InvalidInput):
        preemption.preempt(HOUSE, slot.pk, NOON, None, " ")
    assert not SlotException.objects.exists()
    assert not Notice.objects.exists()


def test_when_the_special_is_cancelled_the_place_is_given_back(slot):
    by = special(NOON - HOUR)
    preemption.preempt(HOUSE, slot.pk, NOON, by.pk, "大会")
    assert preemption.give_back() == 0
    lifecycle.cancel(HOUSE, by.pk, "延期")
    assert preemption.give_back() == 1
    assert preemption.give_back() == 0
    assert planned()[0] == (NOON, 1001)
    assert Episode.objects.filter(programme=slot.programme, number__isnull=True).count() == 1


def test_what_cannot_be_given_back_is_not_tried_every_second(slot, caplog):
    airing, other = Airing.objects.get(planned_start=NOON), special(NOON + DAY)
    by = special(NOON - HOUR)
    preemption.preempt(HOUSE, slot.pk, NOON, by.pk, "大会", to=NOON + DAY / 2)
    lifecycle.cancel(HOUSE, by.pk, "延期")
    seats.put(HOUSE, seats.add(HOUSE, airing.episode_id, "member").pk, invited(other).pk)
    timing.move(HOUSE, other.pk, NOON, NOON + HOUR)
    preemption._looked_at = None
    for second in range(70):
        with clock.frozen(NOON - DAY + dt.timedelta(seconds=second)):
            assert preemption.reconcile() == 0
    assert sum("not given back" in each.message for each in caplog.records) == 2, "once a minute"


def test_nothing_is_given_back_to_a_slot_that_was_stopped(slot):
    by = special(NOON - HOUR)
    preemption.preempt(HOUSE, slot.pk, NOON, by.pk, "大会")
    lifecycle.cancel(HOUSE, by.pk, "延期")
    slots.stop(HOUSE, slot.pk, Slot.objects.get().version, clock.now(), "停办")
    assert preemption.give_back() == 0
    assert SlotException.objects.filter(cause="preempt").count() <= 1
