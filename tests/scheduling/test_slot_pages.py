"""Producers look at what a slot will give before they save it, change one occurrence or all that follow, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Appearance, Episode, Person, RoleGrant, User
from broadcast.services import episodes
from scheduling.models import EpisodeTemplate, Slot, SlotException
from scheduling.queries import slot_pages
from scheduling.services import holidays, making, slots

from .making import NOON, feed, programme, slot_plan
from .test_slots import planned

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


@pytest.fixture(autouse=True)
def _friday():
    with clock.frozen(NOON - dt.timedelta(days=1)):
        yield


@pytest.fixture
def producer(client: Client) -> Client:
    user = User.objects.create(username="bian", display_name="李编导")
    RoleGrant.objects.create(user=user, programme=programme(next_number=1001), role="producer", granted_at=clock.now())
    client.force_login(user)
    return client


@pytest.fixture
def slot() -> Slot:
    return slots.create(HOUSE, programme(next_number=1001).pk, slot_plan(weeks_ahead=3, feed=feed().pk))


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "repeat": "weekly",
        "every": "1",
        "weekdays": ["SA"],
        "nth": "1",
        "first_date": "2026-11-07",
        "local_time": "11:00",
        "minutes": "30",
        "zone": "Asia/Shanghai",
        "on_holiday": "skip",
        "on_workday": "air",
        "move_days": "1",
        "weeks_ahead": "4",
        "announce_hours_before": "72",
        "version": "0",
        **changes,
    }


def seen(answer: Any) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', answer.content.decode())
    assert found is not None
    return found.group(1)


def test_a_slot_is_looked_at_before_it_is_saved(producer):
    url = reverse("staff:slot-new", args=["hotline"])
    assert producer.get(url).status_code == 200
    straight = producer.post(url, typed(do="save"))
    assert straight.status_code == 200
    assert not Slot.objects.exists()
    shown = straight.content.decode()
    assert shown.count('<th scope="row">') == 52
    assert "2026-11-28 周六 11:00" in shown
    assert "未公布" in shown, "2027 is not published in the list that is installed"
    saved = producer.post(url, typed(do="save", seen=seen(straight)))
    assert saved.status_code == 302
    assert len(planned()) == 4


def test_what_was_changed_after_looking_is_looked_at_again(producer):
    url = reverse("staff:slot-new", args=["hotline"])
    looked = seen(producer.post(url, typed()))
    again = producer.post(url, typed(do="save", seen=looked, local_time="12:00"))
    assert "看过再保存" in again.content.decode()
    assert not Slot.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"weekdays": []}, "weekdays", "请选择星期几"),
        ({"repeat": "other", "rule": "FREQ=SECONDLY"}, "rule", "读不懂"),
        ({"repeat": "other", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rule", "2 月 30 日"),
        ({"zone": "Mars/Olympus"}, "zone", "没有“Mars/Olympus”这个时区"),
        ({"zone": "/etc/passwd"}, "zone", "时区"),
        ({"minutes": "-5"}, "minutes", "结束要晚于开始"),
        ({"dates": "2026-12-24 19:30\n明天"}, "dates", "第 2 行“明天”"),
        ({"first_date": "下周"}, "first_date", ""),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_kept(producer, changes, field, words):
    answer = producer.post(reverse("staff:slot-new", args=["hotline"]), typed(**changes))
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert words in str(errors[field])
    assert answer.context["form"]["local_time"].value() == "11:00"


def test_running_into_another_slot_names_both(producer, slot):
    answer = producer.post(reverse("staff:slot-new", args=["hotline"]), typed(local_time="11:10"))
    assert answer.status_code == 409
    assert "11:10–11:40 撞上“热线" in str(answer.context["form"].errors["local_time"])


def test_the_form_keeps_what_the_slot_says(producer, slot):
    Slot.objects.update(rule="FREQ=MONTHLY;BYDAY=-1FR", minutes=90, on_workday="move")
    form = producer.get(reverse("staff:slot-edit", args=["hotline", slot.pk])).context["form"]
    values = {name: form[name].value() for name in ("repeat", "weekdays", "nth", "minutes", "on_workday", "version")}
    assert values == {
        "repeat": "monthly",
        "weekdays": ["FR"],
        "nth": "-1",
        "minutes": 90,
        "on_workday": "move",
        "version": 1,
    }
    Slot.objects.update(rule="FREQ=MONTHLY;BYMONTHDAY=13")
    form = producer.get(reverse("staff:slot-edit", args=["hotline", slot.pk])).context["form"]
    assert (form["repeat"].value(), form["rule"].value()) == ("other", "FREQ=MONTHLY;BYMONTHDAY=13")


def test_this_and_following_is_an_edit_from_one_occurrence_on(producer, slot):
    url = reverse("staff:slot-edit", args=["hotline", slot.pk]) + f"?since={slot_pages.stamp(NOON + WEEK)}"
    form = producer.get(url).context["form"]
    assert str(form["first_date"].value()) == "2026-12-05"
    data = typed(local_time="15:00", version="1", first_date="2026-12-05", feed=str(feed().pk), on_holiday="air")
    saved = producer.post(url, {**data, "do": "save", "seen": seen(producer.post(url, data))})
    assert saved.status_code == 302
    assert [start for start, _number in planned()[:2]] == [NOON, NOON + WEEK + dt.timedelta(hours=4)]


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(producer, slot):
    url = reverse("staff:slot-edit", args=["hotline", slot.pk])
    data = typed(local_time="15:00", version="1")
    looked = seen(producer.post(url, data))
    Slot.objects.update(version=2)
    answer = producer.post(url, {**data, "do": "save", "seen": looked})
    assert answer.status_code == 409
    assert "刚被别人改过" in answer.content.decode()
    assert answer.context["form"]["local_time"].value() == "15:00"
    assert ("开始时间", "11:00") in answer.context["theirs"]
    again = producer.post(url, {**data, "do": "save", "seen": seen(answer), "version": "2"})
    assert again.status_code == 302
    assert planned()[0][0] == NOON + dt.timedelta(hours=4)


def test_the_list_says_when_by_which_rule_and_what_is_next(producer, slot):
    page = producer.get(reverse("staff:slots", args=["hotline"])).content.decode()
    assert "每周六 11:00–11:30" in page
    assert "2026-11-28 周六 11:00" in page
    assert "已建好 3 场" in page


def test_programmes_lead_to_their_slots(producer, slot):
    page = producer.get(reverse("staff:programmes")).content.decode()
    assert "每周六 11:00–11:30" in page
    assert "2026-11-28 周六 11:00 第 1001 期" in page
    assert reverse("staff:slots", args=["hotline"]) in page


def occurrence(slot: Slot, start: dt.datetime = NOON) -> str:
    return reverse("staff:slot-occurrence", args=["hotline", slot.pk]) + f"?start={slot_pages.stamp(start)}"


def test_one_occurrence_is_moved_skipped_and_brought_back(producer, slot):
    assert producer.get(occurrence(slot)).status_code == 200
    act = {"act": "move", "date": "2026-11-29", "time": "10:00", "minutes": "45", "reason": "大会"}
    assert producer.post(occurrence(slot), act).status_code == 302
    assert planned()[0][0] == NOON + dt.timedelta(hours=23)
    assert producer.post(occurrence(slot), {"act": "skip", "reason": "停电"}).status_code == 302
    assert planned()[0] == (NOON + WEEK, 1001)
    assert "停播，不占期号（停电）" in producer.get(reverse("staff:slot", args=["hotline", slot.pk])).content.decode()
    assert producer.post(occurrence(slot), {"act": "as_usual"}).status_code == 302
    assert planned()[0] == (NOON, 1001)


def test_what_is_missing_is_told_and_what_was_typed_is_kept(producer, slot):
    answer = producer.post(occurrence(slot), {"act": "skip", "reason": ""})
    assert answer.status_code == 422
    assert "请写明原因" in answer.content.decode()
    answer = producer.post(
        occurrence(slot), {"act": "move", "date": "2026-01-01", "time": "10:00", "reason": "想回到过去"}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "已经过去的时间" in page
    assert "想回到过去" in page
    assert not SlotException.objects.exists()


def test_an_occurrence_that_is_none_is_not_found(producer, slot):
    for start in ("", "nonsense", slot_pages.stamp(NOON + dt.timedelta(hours=1))):
        url = reverse("staff:slot-occurrence", args=["hotline", slot.pk]) + f"?start={start}"
        assert producer.get(url).status_code == 404


def test_giving_way_to_a_special_from_its_page(producer, slot):
    plan = episodes.EpisodePlan(
        programme("forum").pk, "大会直播", NOON - dt.timedelta(hours=1), NOON + dt.timedelta(hours=2), number=1
    )
    by = episodes.create(HOUSE, plan).airings.get()
    assert "大会直播" in producer.get(occurrence(slot)).content.decode()
    answer = producer.post(occurrence(slot), {"act": "preempt", "by": str(by.pk), "reason": "市里大会"})
    assert answer.status_code == 302
    assert SlotException.objects.get().preempted_by == by
    shown = producer.get(reverse("staff:slot", args=["hotline", slot.pk])).content.decode()
    assert "让播：市里大会" in shown


def test_an_announced_airing_on_a_day_that_became_a_holiday_waits_for_people(producer, slot):
    Slot.objects.update(on_holiday="skip")
    episodes.announce(HOUSE, Airing.objects.get(planned_start=NOON).pk)
    holidays.enter(HOUSE, [holidays.Span(NOON.date(), NOON.date(), "holiday", "台风假")])
    making.materialise()
    page = producer.get(reverse("staff:slot", args=["hotline", slot.pk])).content.decode()
    assert "系统没有改，请您决定" in page


def test_stopping_needs_a_reason_and_cancels_what_was_made(producer, slot):
    url = reverse("staff:slot-stop", args=["hotline", slot.pk])
    producer.post(url, {"version": "1", "reason": " "})
    assert len(planned()) == 3
    producer.post(url, {"version": "1", "reason": "改版"})
    assert planned() == []
    assert not Slot.objects.get().is_active


# -- templates -------------------------------------------------------------------------------------------------------


def rows(prefix: str, *found: dict[str, str]) -> dict[str, str]:
    data = {f"{prefix}-TOTAL_FORMS": str(len(found)), f"{prefix}-INITIAL_FORMS": "0"}
    return data | {f"{prefix}-{at}-{name}": value for at, row in enumerate(found) for name, value in row.items()}


def test_a_template_is_what_new_drafts_begin_with(producer):
    host = Person.objects.create(name="许老师")
    old = Episode.objects.create(programme=programme(), number=7, title="旧", created_at=clock.now())
    Appearance.objects.create(episode=old, person=host, role="host")
    data = {
        "name": "常规",
        "title": "第 {number} 期",
        "description": "每周六",
        "host": str(host.pk),
        "version": "0",
        **rows(
            "segments",
            {"title": "开场", "minutes": "2"},
            {"title": "来电", "minutes": "20", "start": "soft", "offset": "2"},
            {"title": "垫乐", "minutes": "3", "is_floating": "on"},
            {},
        ),
        **rows("seats", {"role": "member", "count": "2", "hint": "经济界"}, {"role": ""}),
    }
    assert producer.post(reverse("staff:template-new", args=["hotline"]), data).status_code == 302
    made = EpisodeTemplate.objects.get()
    slots.create(HOUSE, programme().pk, slot_plan(template=made.pk, weeks_ahead=1))
    episode = Airing.objects.get(planned_start=NOON).episode
    assert (episode.title, episode.description) == ("第 1001 期", "每周六")
    assert [
        (each.title, each.planned_seconds, each.start, each.offset_seconds, each.is_floating)
        for each in episode.segments.all()
    ] == [
        ("开场", 120, "follow", None, False),
        ("来电", 1200, "soft", 120, False),
        ("垫乐", 180, "follow", None, True),
    ]
    assert list(episode.seats.filter(role="member").values_list("role", "hint")) == [("member", "经济界")] * 2
    assert episode.appearances.get(role="host").person == host


def test_a_template_that_cannot_be_is_told_by_its_row(producer):
    url = reverse("staff:template-new", args=["hotline"])
    data = {"name": "常规", "title": "第 {nummer} 期", "version": "0", **rows("segments"), **rows("seats")}
    assert "只能用 {number} 和 {date}" in producer.post(url, data).content.decode()
    data |= {"title": "话题待定", **rows("segments", {"title": "开场", "minutes": "2", "start": "hard"})}
    answer = producer.post(url, data)
    assert answer.status_code == 422
    assert "串联单第 1 行：" in answer.content.decode()
    assert 'value="开场"' in answer.content.decode()
    assert not EpisodeTemplate.objects.exists()


def test_lengths_to_the_second_are_kept_when_a_template_is_saved_again(producer):
    template = EpisodeTemplate.objects.create(programme=programme(), name="常规", title="话题待定")
    template.segments.create(position=1, title="片头", planned_seconds=310, start="soft", offset_seconds=70)
    url = reverse("staff:template", args=["hotline", template.pk])
    page = producer.get(url).content.decode()
    row = dict(re.findall(r'name="segments-0-(minutes|offset)" value="([^"]*)"', page))
    assert row == {"minutes": "5:10", "offset": "1:10"}
    data = {"name": "常规", "title": "话题待定", "version": str(template.version), **rows("seats")}
    sent = data | rows("segments", {"title": "片头", "start": "soft", **row})
    assert producer.post(url, sent).status_code == 302
    assert template.segments.values_list("planned_seconds", "offset_seconds").get() == (310, 70)


def test_what_few_lines_of_a_template_need_is_kept_when_it_is_saved_again(producer):
    template = EpisodeTemplate.objects.create(programme=programme(), name="常规", title="话题待定")
    hard = {"title": "新闻", "planned_seconds": 300, "start": "hard", "offset_seconds": 600, "wait_seconds": 40}
    template.segments.create(position=1, note="等整点报时", **hard)
    floating = {"title": "来电", "planned_seconds": 600, "is_floating": True, "least_seconds": 90, "most_seconds": 900}
    template.segments.create(position=2, **floating)
    url = reverse("staff:template", args=["hotline", template.pk])
    page = producer.get(url).content.decode()
    typed = [dict(re.findall(rf'name="segments-{row}-(\w+)" value="([^"]+)"', page)) for row in (0, 1)]
    assert (typed[0]["wait"], typed[1]["least"], typed[1]["most"]) == ("0:40", "1.5", "15")
    assert page.count('class="further" open') == 2
    data = {"name": "常规", "title": "话题待定", "version": str(template.version), **rows("seats")}
    lines = ({**typed[0], "start": "hard"}, {**typed[1], "start": "follow", "is_floating": "on"})
    assert producer.post(url, data | rows("segments", *lines)).status_code == 302
    kept = template.segments.values_list("wait_seconds", "least_seconds", "most_seconds", "note", "is_floating")
    assert list(kept) == [(40, None, None, "等整点报时", False), (None, 90, 900, "", True)]


def test_a_template_in_use_is_not_taken_away(producer, slot):
    template = EpisodeTemplate.objects.create(programme=programme(), name="常规", title="话题待定")
    Slot.objects.update(template=template)
    url = reverse("staff:template", args=["hotline", template.pk])
    assert producer.post(url, {"do": "remove", **rows("segments"), **rows("seats")}).status_code == 409
    Slot.objects.update(template=None)
    assert producer.post(url, {"do": "remove", **rows("segments"), **rows("seats")}).status_code == 302
    assert not EpisodeTemplate.objects.exists()


# -- holidays --------------------------------------------------------------------------------------------------------


def test_a_year_that_is_not_published_is_flagged_and_entered_by_whoever_may(producer):
    url = reverse("staff:holidays")
    page = producer.get(url + "?year=2027").content.decode()
    assert "系统不猜" in page
    data = {"act": "enter", "first": "2027-01-01", "last": "2027-01-03", "kind": "holiday", "name": "元旦"}
    assert producer.post(url, data).status_code == 403
    RoleGrant.objects.update(programme=None)
    assert producer.post(url, data).status_code == 302
    shown = producer.get(url + "?year=2027").content.decode()
    assert "系统不猜" not in shown
    assert "2027-01-02 周六" in shown
    assert producer.post(url, {"act": "remove", "day": "2027-01-02"}).status_code == 302
    assert producer.post(url, {**data, "last": "2026-12-01"}).status_code == 422
