"""The calendar as staff use it: what is typed stays, what clashes is named beside its field, moves answer scripts and forms alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from broadcast import clock
from broadcast.models import Airing, Episode, Person, Programme, RoleGrant, User
from broadcast.services.episodes import GuestPlan
from scheduling.models import Studio
from scheduling.services import planning
from tests.scheduling import making as rows
from tests.scheduling.test_calendar import full_month
from tests.scheduling.test_planning import HOUR, HOUSE, TEN, saturdays, wish

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 4, 3, 52, tzinfo=dt.UTC)
FEBRUARY = "/staff/calendar/?view=month&on=2026-02-01"


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def forum() -> Programme:
    return rows.programme("forum", name_zh="委员议事厅", next_number=118)


def somebody(role: str, brand: Programme | None) -> Client:
    user = User.objects.create_user(f"user-{role}-{brand}", display_name="李编导")
    RoleGrant.objects.create(user=user, programme=brand, role=role, granted_at=NOW)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def producer(forum: Programme) -> Client:
    return somebody("producer", forum)


def typed(brand: Programme, people: list[Person] | None = None, **changes: Any) -> dict[str, Any]:
    data = {"programme": brand.pk, "date": "2026-02-26", "start": "10:00", "end": "11:30", "title": "", **changes}
    chosen = people or []
    data |= {"guests-TOTAL_FORMS": str(len(chosen) + 1), "guests-INITIAL_FORMS": "0"}
    for at, person in enumerate(chosen):
        data |= {f"guests-{at}-person": person.pk, f"guests-{at}-role": "member"}
    return data


@pytest.mark.parametrize("view", ["month", "week", "agenda"])
def test_each_view_shows_the_airing_and_leads_to_it(producer: Client, view: str) -> None:
    airing = planning.place(HOUSE, wish())
    page = producer.get(f"/staff/calendar/?view={view}&on=2026-02-23").content.decode()
    assert f"open={airing.pk}" in page
    assert "第 118 期" in page
    opened = producer.get(f"/staff/calendar/?view={view}&on=2026-02-23&open={airing.pk}").content.decode()
    assert "2026-02-26 周四 10:00" in opened


@pytest.mark.parametrize(
    "address",
    [
        "view=century",
        "on=yesterday",
        "on=9999-12-31",
        "on=0001-01-01",
        "person=x",
        "person=99999999999999999999",
        "open=1",
        "new=",
        "new=9999-99-99",
        "programme=nothing",
    ],
)
def test_what_an_address_says_wrong_leads_to_a_calendar_all_the_same(producer: Client, address: str) -> None:
    assert producer.get(f"/staff/calendar/?{address}").status_code == 200


def test_a_new_airing_is_saved_and_opened(producer: Client, forum: Programme) -> None:
    answer = producer.post(f"{FEBRUARY}&new=1", typed(forum), follow=True)
    airing = Airing.objects.get()
    assert (airing.planned_start, airing.planned_end) == (TEN, TEN + HOUR * 1.5)
    assert f"open={airing.pk}" in answer.redirect_chain[-1][0]


def test_a_clash_names_both_keeps_what_was_typed_and_proposes_a_time(producer: Client, forum: Programme) -> None:
    lin = Person.objects.create(name="林委员", sector="社会福利和社会保障界")
    other = planning.place(HOUSE, wish(TEN + HOUR / 2, guests=[GuestPlan("lecturer", person=lin.pk)]))
    answer = producer.post(f"{FEBRUARY}&new=1", typed(forum, [lin], title="加装电梯"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "没有保存：林委员 02-26 周四不能同时在两处" in page
    assert "10:30–11:30 已排在" in page
    assert "主讲人" in page
    assert f"/staff/episodes/{other.episode_id}/" in page
    assert 'value="加装电梯"' in page
    assert "没有保存，有冲突" in page
    assert "11:30–13:00" in page  # the next time that suits
    assert Airing.objects.count() == 1


def test_the_time_that_is_proposed_is_filled_in_and_can_be_saved(producer: Client, forum: Programme) -> None:
    lin = Person.objects.create(name="林委员")
    planning.place(HOUSE, wish(guests=[GuestPlan("lecturer", person=lin.pk)]))
    told = producer.get("/staff/calendar/check", typed(forum, [lin])).json()
    assert [each["thing"] for each in told["clashes"]] == ["person"]
    page = producer.post(f"{FEBRUARY}&new=1", typed(forum, [lin], take=told["take"])).content.decode()
    assert 'value="11:00"' in page
    assert 'value="12:30"' in page
    assert Airing.objects.count() == 1
    producer.post(f"{FEBRUARY}&new=1", typed(forum, [lin], start="11:00", end="12:30"))
    assert Airing.objects.count() == 2


def test_a_row_more_saves_nothing_and_keeps_what_was_typed(producer: Client, forum: Programme) -> None:
    page = producer.post(f"{FEBRUARY}&new=1", typed(forum, title="半句", row="guests:more")).content.decode()
    assert 'name="guests-1-person"' in page
    assert 'value="半句"' in page
    assert not Airing.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"end": "10:00"}, "结束时间要晚于开始时间。"),
        ({"end": "09:00"}, "结束时间要晚于开始时间。"),
        ({"date": ""}, "请填写日期。"),
        ({"date": "2026-02-30"}, "日期"),
        ({"date": "9999-02-01"}, "请检查年份。"),
        ({"start": "25:00"}, "开始"),
        ({"date": "2026-02-03"}, "这个时间已经过去了。"),
        ({"studio": "99"}, "演播室"),
        ({"programme": "99"}, "节目"),
        ({"guests-TOTAL_FORMS": "x"}, "没有保存"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(
    producer: Client, forum: Programme, wrong: dict[str, str], words: str
) -> None:
    answer = producer.post(f"{FEBRUARY}&new=1", typed(forum) | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Airing.objects.exists()


def test_a_studio_that_is_taken_is_said_beside_the_studio(producer: Client, forum: Programme) -> None:
    studio = Studio.objects.create(name="第一演播室")
    planning.place(HOUSE, wish(studio=studio.pk))
    page = producer.post(f"{FEBRUARY}&new=1", typed(forum, studio=studio.pk)).content.decode()
    assert "没有保存：第一演播室 02-26 周四不能同时给两场用" in page


def move(client: Client, airing: Airing, start: str, **more: Any) -> Any:
    data = {"start": start, "was_start": airing.planned_start.isoformat(), "was_end": airing.planned_end.isoformat()}
    return client.post(f"/staff/calendar/airings/{airing.pk}/move", data | more, headers={"Accept": "application/json"})


def test_a_script_moves_an_airing_and_takes_it_back(producer: Client) -> None:
    airing = planning.place(HOUSE, wish())
    answer = move(producer, airing, "2026-02-27T10:00:00+08:00")
    assert answer.json() == {"start": "2026-02-27T02:00:00+00:00", "end": "2026-02-27T03:00:00+00:00"}
    moved = Airing.objects.get()
    assert move(producer, moved, "2026-02-26T10:00:00+08:00").status_code == 200
    assert Airing.objects.get().planned_start == TEN


def test_of_two_who_move_one_airing_the_second_is_told(producer: Client) -> None:
    airing = planning.place(HOUSE, wish())
    move(producer, airing, "2026-02-27T10:00:00+08:00")
    answer = move(producer, airing, "2026-02-28T10:00:00+08:00")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "2026-02-27 10:00" in answer.json()["message"]


def test_the_form_moves_too_and_keeps_what_was_typed_when_it_is_refused(producer: Client) -> None:
    airing = planning.place(HOUSE, wish())
    was = {"was_start": airing.planned_start.isoformat(), "was_end": airing.planned_end.isoformat()}
    address = f"/staff/calendar/airings/{airing.pk}/move?view=month&on=2026-02-01"
    wrong = producer.post(address, was | {"date": "2026-02-27", "from": "15:00", "to": "14:00", "reason": "换人"})
    assert wrong.status_code == 422
    assert "结束时间要晚于开始时间。" in wrong.content.decode()
    assert 'value="换人"' in wrong.content.decode()
    right = producer.post(address, was | {"date": "2026-02-27", "from": "15:00", "to": "16:00"}, follow=True)
    assert "2026-02-27 周五 15:00" in right.content.decode()


@pytest.mark.parametrize("start", ["", "soon", "9999-12-31T23:59:59+08:00", "0001-01-01T00:00:00+08:00"])
def test_a_time_that_is_none_moves_nothing(producer: Client, start: str) -> None:
    airing = planning.place(HOUSE, wish())
    assert move(producer, airing, start).status_code == 422
    assert move(producer, airing, "2026-02-27T10:00", was_start=start).status_code == 422
    assert Airing.objects.get().planned_start == TEN


def test_a_year_whose_holidays_are_not_announced_is_said_to_be_so(producer: Client) -> None:
    words = "年的放假安排还没有公布"
    assert words not in producer.get(FEBRUARY).content.decode()
    assert f"2031 {words}" in producer.get("/staff/calendar/?on=2031-02-01").content.decode()


def test_who_only_watches_sees_the_calendar_and_changes_nothing(forum: Programme) -> None:
    airing = planning.place(HOUSE, wish())
    moderator = somebody("moderator", forum)
    page = moderator.get(f"{FEBRUARY}&new=1").content.decode()
    assert "第 118 期" in page
    assert "draggable" not in page
    assert "保存时段" not in page
    assert moderator.post(f"{FEBRUARY}&new=1", typed(forum)).status_code == 403
    assert move(moderator, airing, "2026-02-27T10:00").status_code == 403
    assert moderator.get("/staff/calendar/check").status_code == 403


def test_a_rerun_is_planned_from_the_airing_that_it_plays_again(producer: Client) -> None:
    airing = planning.place(HOUSE, wish())
    assert "排重播" not in producer.get(f"{FEBRUARY}&open={airing.pk}").content.decode()
    Airing.objects.update(state="ended", announced_at=NOW, actual_start=NOW - HOUR, actual_end=NOW - HOUR / 2)
    Episode.objects.update(publication="published", signed_off_at=NOW)
    assert "排重播" in producer.get(f"{FEBRUARY}&open={airing.pk}").content.decode()
    address = f"/staff/calendar/airings/{airing.pk}/rerun?view=month&on=2026-02-01"
    wrong = producer.post(address, {"date": "2026-02-03", "from": "20:00"})
    assert (wrong.status_code, "这个时间已经过去了。" in wrong.content.decode()) == (422, True)
    assert producer.post(address, {"date": "2026-02-08"}).status_code == 422
    page = producer.post(address, {"date": "2026-02-08", "from": "20:00"}, follow=True).content.decode()
    assert "第 118 期，重播" in page


def test_a_rehearsal_is_planned_from_the_show_that_it_is_for(producer: Client) -> None:
    airing = planning.place(HOUSE, wish())
    address = f"/staff/calendar/airings/{airing.pk}/rehearse?view=month&on=2026-02-01"
    assert "排彩排" in producer.get(f"{FEBRUARY}&open={airing.pk}").content.decode()
    day = f"{airing.planned_start:%Y-%m-%d}"
    late = producer.post(address, {"date": "2026-02-28", "from": "09:00", "to": "10:00"})
    assert (late.status_code, "彩排要在直播开始以前结束。" in late.content.decode()) == (422, True)
    assert 'value="2026-02-28"' in late.content.decode(), "what was typed is still there"
    page = producer.post(address, {"date": day, "from": "07:00", "to": "08:00"}, follow=True).content.decode()
    assert "彩排" in page
    made = airing.episode.airings.get(kind="rehearsal")
    assert "排彩排" not in producer.get(f"{FEBRUARY}&open={made.pk}").content.decode()


def test_the_rules_behind_struck_lines_are_said_below(producer: Client, forum: Programme) -> None:
    assert "看规则" not in producer.get(FEBRUARY).content.decode()
    slot = saturdays(programme=forum, on_holiday="skip")
    page = producer.get(FEBRUARY).content.decode()
    assert "委员议事厅：放假停播，上班日照常播出。" in page
    assert f"/staff/programmes/forum/slots/{slot.pk}" in page


def test_airings_of_others_are_not_there(producer: Client) -> None:
    other = planning.place(HOUSE, wish(programme=rows.programme("other").pk))
    assert str(other.pk) not in producer.get(f"{FEBRUARY}").content.decode()
    assert producer.get(f"{FEBRUARY}&open={other.pk}").status_code == 404


def test_a_full_months_page_takes_no_more_queries_than_one_airing(
    producer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    lin = Person.objects.create(name="林委员")
    planning.place(HOUSE, wish(guests=[GuestPlan("member", person=lin.pk)]))
    client = somebody("producer", None)
    client.get(FEBRUARY)
    with django_assert_max_num_queries(30) as one:
        client.get(FEBRUARY)
    full_month()
    # The days themselves take 13; the rest are rights, the header's and the list of what is due.
    with django_assert_max_num_queries(30) as full:
        assert client.get(FEBRUARY).status_code == 200
    assert len(full) <= len(one) + 3  # what is due reads plans and feeds only where there are some
