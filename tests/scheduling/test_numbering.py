"""Whatever people do to a programme's time: no number twice, none left out, public ones never changed, drafts in order of time."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError
from broadcast.models import Airing, Episode
from broadcast.services import episodes
from scheduling.models import Occurrence, Slot
from scheduling.services import exceptions, making, slots, templates, titles
from scheduling.services.templates import TemplatePlan

from .making import NOON, programme, slot_plan

WEEK, DAY = dt.timedelta(days=7), dt.timedelta(days=1)
S = Airing.State


@pytest.mark.django_db
def test_a_title_made_from_the_number_follows_it():
    with clock.frozen(NOON - DAY):
        made = templates.save(HOUSE, programme(next_number=1001).pk, TemplatePlan("常规", "第 {number} 期 {date}"))
        slot = slots.create(HOUSE, programme().pk, slot_plan(template=made.pk, weeks_ahead=3))
        second = Occurrence.objects.get(original_start=NOON + WEEK).airing.episode
        third = Occurrence.objects.get(original_start=NOON + 2 * WEEK).airing.episode
        assert second.title == "第 1002 期 2026-12-05"
        Episode.objects.filter(pk=third.pk).update(title="电梯谁来管")
        exceptions.skip(HOUSE, slot.pk, NOON, "停电")
        exceptions.move(HOUSE, slot.pk, NOON + WEEK, NOON + WEEK + DAY, "")
    second.refresh_from_db()
    third.refresh_from_db()
    assert (second.number, second.title) == (1001, "第 1001 期 2026-12-06")
    assert (third.number, third.title) == (1002, "电梯谁来管")


@pytest.mark.django_db
def test_numbering_goes_on_from_the_archive():
    of = programme(next_number=1)
    for number in (1, 2, 5):
        old = Episode.objects.create(
            programme=of, number=number, title="旧", publication="published", created_at=clock.now()
        )
        when = NOON - number * WEEK
        Airing.objects.create(
            episode=old,
            planned_start=when,
            planned_end=when + DAY,
            actual_start=when,
            actual_end=when + DAY,
            announced_at=when,
            state=S.CANCELLED if number == 2 else S.ENDED,
            created_at=when,
        )
    with clock.frozen(NOON - DAY):
        slots.create(HOUSE, of.pk, slot_plan(weeks_ahead=2))
    numbers = sorted(Episode.objects.filter(programme=of).values_list("number", flat=True))
    assert numbers == [1, 2, 5, 6, 7], "holes of the archive, and what was cancelled long ago, stay as they are"


@pytest.mark.django_db
def test_a_public_number_that_nothing_comes_of_goes_to_the_next_draft():
    with clock.frozen(NOON - DAY):
        slot = slots.create(HOUSE, programme(next_number=1001).pk, slot_plan(weeks_ahead=4))
        for at in (NOON, NOON + WEEK):
            episodes.announce(HOUSE, Airing.objects.get(planned_start=at).pk)
        exceptions.skip(HOUSE, slot.pk, NOON, "台风")
    held = dict(Airing.objects.filter(state=S.PLANNED).values_list("planned_start", "episode__number"))
    assert held == {NOON + WEEK: 1002, NOON + 2 * WEEK: 1001, NOON + 3 * WEEK: 1003}


class Season(RuleBasedStateMachine):
    """A slot, its producers, its listeners and the clock; what one example wrote is gone before the next."""

    def __init__(self) -> None:
        super().__init__()
        self.written = transaction.atomic()
        self.written.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.written.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.now = NOON - DAY
        self.known: dict[int, int] = {}
        self.specials = 0
        with clock.frozen(self.now):
            made = templates.save(HOUSE, programme(next_number=1001).pk, TemplatePlan("常规", "第 {number} 期"))
            self.slot = slots.create(HOUSE, made.programme_id, slot_plan(template=made.pk, weeks_ahead=5))

    def do(self, act: object, *args: object) -> None:
        with clock.frozen(self.now):
            with suppress(BroadcastError):
                act(HOUSE, *args)  # type: ignore[operator]
            making.materialise()

    def originals(self) -> list[dt.datetime]:
        return list(Occurrence.objects.order_by("original_start").values_list("original_start", flat=True))[-6:]

    @rule(which=st.integers(0, 5))
    def skips(self, which: int) -> None:
        starts = self.originals()
        self.do(exceptions.skip, self.slot.pk, starts[which % len(starts)], "停播")

    @rule(which=st.integers(0, 5), days=st.integers(-9, 16), hours=st.integers(1, 9))
    def moves(self, which: int, days: int, hours: int) -> None:
        starts = self.originals()
        start = starts[which % len(starts)]
        self.do(exceptions.move, self.slot.pk, start, start + dt.timedelta(days=days, hours=hours), "改期")

    @rule(which=st.integers(0, 5))
    def thinks_again(self, which: int) -> None:
        starts = self.originals()
        self.do(exceptions.as_usual, self.slot.pk, starts[which % len(starts)])

    @rule(which=st.integers(0, 5))
    def cancels(self, which: int) -> None:
        airing = self.coming(which)
        if airing is not None:
            self.do(lifecycle.cancel, airing.pk, "病了")

    @rule(which=st.integers(0, 2))
    def announces(self, which: int) -> None:
        airing = self.coming(which)
        if airing is not None:
            self.do(episodes.announce, airing.pk)

    @rule(days=st.integers(0, 20))
    def plans_a_special(self, days: int) -> None:
        with clock.frozen(self.now):
            number = episodes.next_number(self.slot.programme)
        start = self.now + dt.timedelta(days=days, hours=7)
        plan = episodes.EpisodePlan(
            self.slot.programme_id, "特别节目", start, start + dt.timedelta(hours=1), number=number
        )
        self.do(episodes.create, plan)

    @precondition(lambda self: self.now < NOON + 20 * WEEK)
    @rule()
    def a_show_goes_out(self) -> None:
        airing = self.coming(0)
        if airing is None:
            return
        self.now = max(self.now, airing.planned_start)
        self.do(lifecycle.start, airing.pk)
        self.now += dt.timedelta(minutes=30)
        self.do(lifecycle.end, airing.pk)

    def coming(self, which: int) -> Airing | None:
        rows = list(Airing.objects.filter(state=S.PLANNED, planned_start__gte=self.now).order_by("planned_start"))
        return rows[which % len(rows)] if rows else None

    @invariant()
    def numbers_are_exact(self) -> None:
        if not hasattr(self, "slot"):
            return
        held = list(Episode.objects.filter(number__isnull=False).order_by("number").values_list("number", flat=True))
        assert held == list(range(1001, 1001 + len(held)))

    @invariant()
    def drafts_stand_in_order_of_time(self) -> None:
        rows = Airing.objects.filter(state=S.PLANNED, announced_at=None, kind="premiere").order_by(
            "planned_start", "episode__number"
        )
        numbers = [each.episode.number for each in rows.select_related("episode")]
        assert numbers == sorted(numbers)

    @invariant()
    def what_the_public_knows_stays(self) -> None:
        public = Airing.objects.filter(announced_at__isnull=False).exclude(state=S.CANCELLED).select_related("episode")
        for each in public:
            assert self.known.setdefault(each.episode_id, each.episode.number) == each.episode.number

    @invariant()
    def titles_say_their_number(self) -> None:
        if not hasattr(self, "slot"):
            return
        template = Slot.objects.get().template
        for each in Occurrence.objects.filter(airing__state=S.PLANNED).select_related("airing__episode"):
            episode = each.airing.episode
            assert episode.title == titles.made(template, episode.number, each.airing.planned_start, "Asia/Shanghai")


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_a_season_of_anything() -> None:
    run_state_machine_as_test(
        Season,
        settings=settings(
            max_examples=4,
            stateful_step_count=10,
            deadline=None,
            derandomize=True,  # the same seasons everywhere; more of them, at random: raise the number here
            phases=[Phase.explicit, Phase.generate],  # to shrink one takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_who_announces_by_hand_fixes_the_number_that_time_gives_it():
    with clock.frozen(NOON - DAY):
        slots.create(HOUSE, programme(next_number=1001).pk, slot_plan(weeks_ahead=3))
        first, second = Airing.objects.order_by("planned_start")[:2]
        late = NOON + 5 * WEEK
        plan = episodes.EpisodePlan(first.episode.programme_id, "话题", late, late + DAY / 24, number=1001)
        episodes.edit(HOUSE, first.episode_id, plan)
        episodes.announce(HOUSE, second.pk)
    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.episode.number, second.announced_at is not None) == (1001, True)
    assert first.episode.number == 1003
