"""The pages of people, seats and invitations, as browsers ask for them: what was typed stays, refusals stand beside it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcast.access import HOUSE
from broadcast.clock import ZONE
from broadcast.models import Appearance, Episode, Person, RoleGrant, User
from scheduling.models import Booking, Invitation, Notice, Seat, Studio
from scheduling.queries import invitations as queries
from scheduling.services import invitations, seats
from tests.scheduling import guests_making as making
from tests.scheduling.making import programme

pytestmark = pytest.mark.django_db


@pytest.fixture
def producer() -> Client:
    user = User.objects.create(username="zheng", display_name="编导郑")
    brand = programme()
    RoleGrant.objects.create(user=user, programme=brand, role="producer", granted_at=making.soon(0))
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize(
    ("first", "last", "words_of_it"),
    [
        ("2026-12-01T10:00", "2026-12-01T09:00", "结束时间要晚于开始时间。"),
        ("2026-12-01T10:00", "2028-12-01T10:00", "一次最长一年。"),
        ("0001-01-01T00:00", "2026-12-01T10:00", "请填写从什么时候起。"),
        ("2026-12-01T10:00", "", "请填写到什么时候为止。"),
    ],
)
def test_a_time_that_cannot_be_is_told_at_the_top_and_at_its_field(
    producer: Client, first: str, last: str, words_of_it: str
) -> None:
    who = making.person()
    typed = {"act": "away", "first": first, "last": last, "note": "出差"}
    page = producer.post(reverse("staff:roster-act", args=[who.pk]), typed)
    assert page.status_code == 422
    assert words(page).count(words_of_it) == 2
    assert 'value="出差"' in words(page), "what was typed is kept, and its form is open"
    assert "<details open>" in words(page)


def test_what_has_no_field_on_the_page_is_told_at_its_top(producer: Client) -> None:
    page = producer.post(reverse("staff:roster-act", args=[making.person().pk]), {"act": "²"})
    assert "没有这个操作。" in words(page)


def test_a_guest_is_found_asked_answers_and_appears(producer: Client, client: Client) -> None:
    made = making.episode(making.soon())
    added = producer.post(reverse("staff:roster-new"), {"name": "林委员", "is_member": "on", "sector": "经济界"})
    who = Person.objects.get()
    assert added["Location"] == reverse("staff:roster-person", args=[who.pk])
    producer.post(reverse("staff:seats-act", args=[made.pk]), {"act": "add", "role": "member", "hint": "经济界"})
    seat = Seat.objects.get()
    choose = reverse("staff:seat-choose", args=[made.pk, seat.pk])
    assert "这段时间有空" in words(producer.get(choose))
    asked = producer.post(choose, {"person": str(who.pk), "message": "谈谈电动车"}, follow=True)
    token = queries.token_of(Invitation.objects.get())
    link = "http://testserver" + reverse("invitation", args=[token])
    assert link in words(asked)
    assert "data:image/svg+xml" in words(asked), "the link as a picture for WeChat"
    page = client.get(reverse("invitation", args=[token]))
    assert "谈谈电动车" in words(page)
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("strict-origin", "no-store"), (
        "no-referrer: null as Origin"
    )
    assert client.post(reverse("invitation", args=[token]), {"answer": "accept", "words": "好"}).status_code == 302
    assert "您已接受" in words(client.get(reverse("invitation", args=[token])))
    assert Appearance.objects.get(episode=made).person == who
    for address in (reverse("staff:seats", args=[made.pk]), reverse("staff:episode", args=[made.pk])):
        assert "已接受" in words(producer.get(address))
    assert "林委员" in words(client.get(reverse("invitation-briefing", args=[token])))


def _asked(days: float = 10) -> tuple[Invitation, str]:
    made = making.episode(making.soon(days))
    seat = seats.add(HOUSE, made.pk, "member")
    asked = invitations.make(HOUSE, seat.pk, making.person().pk)
    return asked, reverse("invitation", args=[queries.token_of(asked)])


def test_what_a_guest_typed_stays_when_something_is_missing(client: Client) -> None:
    _one, link = _asked()
    answer = client.post(link, {"answer": "other", "alternative": "", "words": "周日也行"})
    assert answer.status_code == 422
    assert "请填写您方便的时间" in words(answer)
    assert "周日也行" in words(answer)
    assert Invitation.objects.get().state == "open"
    assert client.post(link, {}).status_code == 422


def test_a_guests_other_time_is_read_as_beijing_time(client: Client) -> None:
    _one, link = _asked()
    local = making.soon(12).astimezone(ZONE)
    client.post(link, {"answer": "other", "alternative": f"{local:%Y-%m-%dT%H:%M}"})
    assert Invitation.objects.get().alternative == local.astimezone(dt.UTC)


def test_a_link_that_is_wrong_or_taken_back_says_so(client: Client) -> None:
    one, link = _asked()
    assert client.get("/invitations/" + "x" * 32 + "/").status_code == 404
    assert client.get("/invitations/" + "x" * 300 + "/").status_code == 404
    invitations.revoke(HOUSE, one.pk, one.version)
    assert "已经收回" in words(client.get(link))
    assert client.post(link, {"answer": "accept"}).status_code == 409
    assert client.get(link + "briefing")["Location"] == link


def test_a_clash_is_told_with_a_way_out(producer: Client) -> None:
    who, start = making.person(), making.soon()
    first = making.episode(start, guests=making.guests(who))
    made = making.episode(start)
    seat = seats.add(HOUSE, made.pk, "member")
    page = producer.post(
        reverse("staff:seat-choose", args=[made.pk, seat.pk]), {"person": str(who.pk), "message": "来"}
    )
    assert page.status_code == 409
    assert "不能同时在两处" in words(page)
    assert reverse("staff:episode", args=[first.pk]) in words(page)
    assert ">来<" in words(page)


def test_the_form_of_an_episode_keeps_what_was_typed_on_a_clash(producer: Client) -> None:
    who, start = making.person("林委员"), making.soon()
    making.episode(start, guests=making.guests(who))
    local = start.astimezone(ZONE)
    form = {
        "number": "2000",
        "title": "新题目",
        "kind": "premiere",
        "date": f"{local:%Y-%m-%d}",
        "start": f"{local:%H:%M}",
        "minutes": "30",
        "segments-TOTAL_FORMS": "0",
        "segments-INITIAL_FORMS": "0",
        "guests-TOTAL_FORMS": "1",
        "guests-INITIAL_FORMS": "0",
        "guests-0-name": "林委员",
        "guests-0-role": "member",
    }
    brand = programme()
    brand.next_number = 2000
    brand.save()
    page = producer.post(reverse("staff:episode-new") + "?programme=hotline", form)
    assert page.status_code == 422
    assert "不能同时在两处" in words(page)
    assert "新题目" in words(page)
    assert not Episode.objects.filter(title="新题目").exists()


def test_a_second_producer_sees_what_the_first_did(producer: Client) -> None:
    one, _link = _asked()
    act = reverse("staff:seat-act", args=[one.seat.episode_id, one.seat_id])
    seen = {"invitation": str(one.pk), "version": str(one.version)}
    assert producer.post(act, {**seen, "act": "confirm"}).status_code == 302
    page = producer.post(act, {**seen, "act": "revoke"})
    assert page.status_code == 409
    assert "已接受" in words(page)


def test_sending_without_a_contact_says_what_to_do(producer: Client) -> None:
    one, _link = _asked()
    act = reverse("staff:seat-act", args=[one.seat.episode_id, one.seat_id])
    told = producer.post(act, {"invitation": one.pk, "version": one.version, "act": "send"}, follow=True)
    assert "转给本人" in words(told)
    listed = producer.get(reverse("staff:notices"))
    assert "待人工转达" in words(listed)
    done = {"notice": str(Notice.objects.get().pk), "act": "told"}
    assert "已转达" in words(producer.post(reverse("staff:notices"), done, follow=True))
    assert Notice.objects.get().state == "told"


def test_contacts_are_shown_only_when_asked_for(producer: Client) -> None:
    who = making.person()
    page = reverse("staff:roster-person", args=[who.pk])
    act = reverse("staff:roster-act", args=[who.pk])
    given = {"act": "set_contacts", "phone": "", "email": "lin@example.cn", "wechat": ""}
    assert producer.post(act, given).status_code == 302
    assert "lin@example.cn" not in words(producer.get(page))
    assert "lin@example.cn" in words(producer.post(act, {"act": "contacts"}))
    wrong = producer.post(act, {**given, "email": "lin@", "phone": "12345678"})
    assert wrong.status_code == 422
    assert "12345678" in words(wrong)


def test_of_two_who_edit_a_person_the_second_keeps_what_they_typed(producer: Client) -> None:
    who = making.person()
    edit = reverse("staff:roster-edit", args=[who.pk])
    form = {"name": "林委员", "sector": "经济界", "version": "1"}
    assert producer.post(edit, {**form, "title": "主任"}).status_code == 302
    late = producer.post(edit, {**form, "title": "会长"})
    assert late.status_code == 409
    assert "会长" in words(late)
    assert 'name="version" value="2"' in words(late)


def test_a_time_away_is_typed_in_beijing_time(producer: Client) -> None:
    who = making.person()
    act = reverse("staff:roster-act", args=[who.pk])
    span = {"act": "away", "first": "2030-05-01T09:00", "last": "2030-05-02T09:00", "note": "出差"}
    assert producer.post(act, span).status_code == 302
    assert "2030-05-01 周三 09:00" in words(producer.get(reverse("staff:roster-person", args=[who.pk])))
    assert producer.post(act, {**span, "last": "2030-04-01T09:00"}).status_code == 422


def test_a_studio_is_added_chosen_and_refused_when_taken(producer: Client) -> None:
    assert producer.post(reverse("staff:studios"), {"name": "第一演播室", "place": "三楼"}).status_code == 302
    studio, start = Studio.objects.get(), making.soon()
    first, second = making.episode(start), making.episode(start)
    for made, status in ((first, 302), (second, 409)):
        act = {"act": "studio", "studio": str(studio.pk)}
        assert producer.post(reverse("staff:seats-act", args=[made.pk]), act).status_code == status
    assert Booking.objects.get(studio=studio).airing.episode == first
    assert first.title in words(producer.get(reverse("staff:studios")))


def test_the_list_searches_orders_and_pages(producer: Client) -> None:
    for number in range(60):
        making.person(f"委员{number:02}")
    making.person("何专家", sector="", organisation="高校")
    assert "61 人" in words(producer.get(reverse("staff:roster")))
    assert "1 人" in words(producer.get(reverse("staff:roster"), {"q": "高校"}))
    second = words(producer.get(reverse("staff:roster"), {"page": "2", "order": "least"}))
    assert "2 / 2" in second
    assert "没有找到" in words(producer.get(reverse("staff:roster"), {"q": "没有这个人"}))


def test_the_answer_passes_the_check_of_where_a_form_comes_from() -> None:
    _one, link = _asked()
    guest = Client(enforce_csrf_checks=True, headers={"Origin": "http://testserver"})
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', words(guest.get(link)))
    assert token is not None
    form = {"answer": "accept", "csrfmiddlewaretoken": token[1]}
    assert guest.post(link, form, headers={"Origin": "null"}).status_code == 403
    assert guest.post(link, form).status_code == 302
