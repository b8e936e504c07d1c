"""Producers plan, announce, sign off and withdraw; numbers are unique; what ran stays."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Programme
from broadcast.services import episodes, rundown
from broadcast.services.episodes import EpisodePlan, GuestPlan, SegmentPlan
from tests.broadcast import making


def plan(programme: Programme, **fields: Any) -> EpisodePlan:
    now = clock.now()
    whole = EpisodePlan(
        programme=programme.pk,
        number=1,
        title="老旧小区加装电梯",
        start=now + making.HOUR,
        end=now + 2 * making.HOUR,
        segments=[SegmentPlan("为什么难", 600), SegmentPlan("怎么商量", 1200)],
        guests=[GuestPlan(role="member", name="林委员", organisation="市政协", is_member=True)],
    )
    return replace(whole, **fields)


@pytest.mark.django_db
def test_a_plan_becomes_a_draft_with_airing_run_down_and_people() -> None:
    programme = making.programme(delay_seconds=6)
    episode = episodes.create(making.actor("producer", programme), plan(programme))
    airing = episode.airings.get()
    assert (episode.publication, airing.state, airing.delay_seconds) == ("draft", "planned", 6)
    assert list(episode.segments.values_list("title", flat=True)) == ["为什么难", "怎么商量"]
    assert episode.appearances.get().person.name == "林委员"
    assert AuditEntry.objects.get().act == "episode.create"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "   "}, "title"),
        ({"number": None}, "number"),
        ({"feed": 999_999}, "feed"),
        ({"backup_feed": 999_999}, "backup_feed"),
        ({"guests": [GuestPlan(role="member", name=" ")]}, "guests"),
    ],
)
def test_bad_input_names_the_field_and_leaves_nothing(wrong: dict[str, Any], field: str) -> None:
    programme = making.programme()
    with pytest.raises(InvalidInput) as refusal:
        episodes.create(HOUSE, plan(programme, **wrong))
    assert refusal.value.data["field"] == field


@pytest.mark.django_db
def test_a_backup_is_another_feed_and_kept_with_the_airing() -> None:
    programme, feed, spare = making.programme(), making.feed(), making.feed()
    with pytest.raises(InvalidInput) as refusal:
        episodes.create(HOUSE, plan(programme, feed=feed.pk, backup_feed=feed.pk))
    assert refusal.value.data["field"] == "backup_feed"
    episode = episodes.create(HOUSE, plan(programme, feed=feed.pk, backup_feed=spare.pk))
    assert episode.airings.get().backup_feed == spare
    episodes.edit(HOUSE, episode.pk, plan(programme, feed=spare.pk))
    assert episode.airings.get().backup_feed is None


@pytest.mark.django_db
def test_an_end_before_the_start_is_refused() -> None:
    programme = making.programme()
    now = clock.now()
    with pytest.raises(InvalidInput) as refusal:
        episodes.create(HOUSE, plan(programme, start=now, end=now))
    assert refusal.value.data["field"] == "end"


@pytest.mark.django_db
def test_a_number_is_taken_once_and_the_next_one_is_told() -> None:
    programme = making.programme(next_number=112)
    assert episodes.next_number(programme) == 112
    episodes.create(HOUSE, plan(programme, number=112))
    assert episodes.next_number(programme) == 113
    with pytest.raises(InvalidInput, match="113"):
        episodes.create(HOUSE, plan(programme, number=112))


@pytest.mark.django_db(transaction=True)
def test_two_producers_cannot_take_one_number_at_the_same_time() -> None:
    programme = making.programme()
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def take() -> None:
        barrier.wait()
        try:
            episodes.create(HOUSE, plan(programme, number=7))
            outcomes.append("made")
        except InvalidInput:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", [None, "moderator", "host", "auditor", "member"])
def test_others_do_not_plan(role: str | None) -> None:
    programme = making.programme()
    with pytest.raises(NotAllowed):
        episodes.create(making.actor(role, programme), plan(programme))


@pytest.mark.django_db
def test_what_has_run_keeps_its_times_and_run_down() -> None:
    programme = making.programme()
    episode = episodes.create(HOUSE, plan(programme))
    airing = episode.airings.get()
    lifecycle.start(HOUSE, airing.pk)
    rundown.start_segment(HOUSE, airing.pk, episode.segments.order_by("position")[0].pk)
    later = plan(
        programme, title="换了题目", start=clock.now() + 5 * making.HOUR, end=clock.now() + 6 * making.HOUR, segments=[]
    )
    changed = episodes.edit(HOUSE, episode.pk, later)
    assert changed.title == "换了题目"
    assert Airing.objects.get().planned_start == airing.planned_start
    assert episode.segments.count() == 2


@pytest.mark.django_db
def test_an_announcement_publishes_the_page_but_no_rehearsal_and_nothing_cancelled() -> None:
    airing = making.airing()
    episodes.announce(HOUSE, airing.pk)
    assert Episode.objects.get().publication == "published"
    for odd in (making.airing(kind=Airing.Kind.REHEARSAL), making.airing(state=Airing.State.CANCELLED)):
        with pytest.raises(IllegalTransition):
            episodes.announce(HOUSE, odd.pk)


@pytest.mark.django_db
def test_a_replay_is_signed_off_only_after_the_end() -> None:
    airing = making.airing()
    with pytest.raises(IllegalTransition):
        episodes.sign_off(HOUSE, airing.episode_id)
    lifecycle.start(HOUSE, airing.pk)
    lifecycle.end(HOUSE, airing.pk)
    assert episodes.sign_off(HOUSE, airing.episode_id).signed_off_at


@pytest.mark.django_db
def test_the_first_signature_stands() -> None:
    airing = making.airing()
    lifecycle.start(HOUSE, airing.pk)
    lifecycle.end(HOUSE, airing.pk)
    first = episodes.sign_off(HOUSE, airing.episode_id).signed_off_at
    assert episodes.sign_off(HOUSE, airing.episode_id).signed_off_at == first
    assert AuditEntry.objects.filter(act="episode.sign_off").count() == 1


@pytest.mark.django_db
def test_a_withdrawal_needs_a_reason() -> None:
    airing = making.airing()
    with pytest.raises(InvalidInput):
        episodes.withdraw(HOUSE, airing.episode_id, "  ")
    assert episodes.withdraw(HOUSE, airing.episode_id, "数字有误").publication == "withdrawn"
    assert AuditEntry.objects.get(act="episode.withdraw").reason == "数字有误"
