"""A programme is closed only when nothing of it is to come, keeps what it had, and is deleted only when it never had anything."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Programme, RoleGrant, User
from broadcast.services import airings, closing
from scheduling.models import Slot
from scheduling.services import slots
from tests.broadcast import making
from tests.scheduling import guests_making
from tests.scheduling import making as slot_making

pytestmark = pytest.mark.django_db
WHY = "改版，2026 年第 8 次主席会议"


@pytest.fixture
def administrator() -> Actor:
    return making.actor("system_administrator")


@pytest.mark.parametrize("role", [each for each in RoleGrant.Role.values if each != "system_administrator"])
def test_only_the_system_administrator_ends_a_programme(role: str) -> None:
    brand, actor = making.programme(), making.actor(role)
    for act in (closing.close, closing.reopen, closing.delete):
        with pytest.raises(NotAllowed):
            act(actor, brand.pk, WHY)
    assert Programme.objects.filter(pk=brand.pk, closed_at=None).exists()


def test_a_reason_is_asked_for(administrator: Actor) -> None:
    for act in (closing.close, closing.reopen, closing.delete):
        with pytest.raises(InvalidInput):
            act(administrator, making.programme().pk, "  ")


def test_a_programme_with_a_future_is_neither_closed_nor_deleted_and_told_why(administrator: Actor) -> None:
    made = guests_making.episode(guests_making.soon(), slug="hotline", title="停车难")
    brand = made.programme
    slots.create(HOUSE, brand.pk, slot_making.slot_plan())
    for act in (closing.close, closing.delete):
        with pytest.raises(Conflict) as refused:
            act(administrator, brand.pk, WHY)
        assert "每周六 11:00" in refused.value.message
    with pytest.raises(Conflict) as refused:
        closing.close(administrator, brand.pk, WHY)
    assert "停车难" in refused.value.message
    assert made.airings.get().state == Airing.State.PLANNED
    brand.refresh_from_db()
    assert brand.closed_at is None
    assert brand.slots.get().is_active


def test_of_a_long_future_the_first_are_named_and_the_rest_are_counted() -> None:
    for day in range(5):
        made = guests_making.episode(guests_making.soon(10 + day), slug="hotline", title=f"第{day}话")
    said = closing.future_of(made.programme)
    assert [next(title for title in ("第0话", "第1话", "第2话") if title in words) for words in said[:3]]
    assert said[3:] == ["还有 2 场已排定"]


def test_a_closed_programme_takes_nothing_new_and_keeps_what_it_had(administrator: Actor) -> None:
    with clock.shifted(-30 * guests_making.DAY):
        made = guests_making.episode(guests_making.soon(1), slug="hotline")
    Airing.objects.filter(episode=made).update(state=Airing.State.ENDED)
    brand = closing.close(administrator, made.programme_id, WHY)
    closing.close(administrator, brand.pk, WHY)
    with pytest.raises(IllegalTransition):
        guests_making.episode(guests_making.soon(), slug="hotline")
    with pytest.raises(IllegalTransition):
        slots.create(HOUSE, brand.pk, slot_making.slot_plan())
    with pytest.raises(IllegalTransition):
        airings.rerun(HOUSE, made.airings.get().pk, guests_making.soon(), guests_making.soon() + dt.timedelta(hours=1))
    assert brand.episodes.get() == made
    assert "已停办" in Client().get(f"/programmes/{brand.slug}/").content.decode()
    closing.reopen(administrator, brand.pk, "恢复")
    assert guests_making.episode(guests_making.soon(), slug="hotline").programme_id == brand.pk
    said = AuditEntry.objects.filter(target=f"programme:{brand.slug}").order_by("pk").values_list("act", "reason")
    assert [each for each in said if each[0].startswith("programme.")] == [
        ("programme.close", WHY),
        ("programme.reopen", "恢复"),
    ]


def test_an_empty_programme_is_deleted_with_its_record_kept(administrator: Actor) -> None:
    brand = making.programme()
    slug = brand.slug
    closing.delete(administrator, brand.pk, WHY)
    assert not Programme.objects.filter(slug=slug).exists()
    entry = AuditEntry.objects.get(act="programme.delete")
    assert (entry.target, entry.reason, entry.before["name"]) == (f"programme:{slug}", WHY, brand.name_zh)


def test_what_other_apps_keep_of_it_stops_a_deletion_too(administrator: Actor) -> None:
    brand = slot_making.programme("hotline")
    ended = {"first_date": dt.date(2000, 9, 2), "local_time": dt.time(11), "minutes": 30, "is_active": False}
    Slot.objects.create(programme=brand, rule="FREQ=WEEKLY", **ended)
    with pytest.raises(Conflict) as refused:
        closing.delete(administrator, brand.pk, WHY)
    assert "1 条别的记录" in refused.value.message
    assert Programme.objects.filter(pk=brand.pk).exists()


def test_the_page_says_what_stands_and_offers_what_can_be_done(administrator: Actor) -> None:
    made = guests_making.episode(guests_making.soon(), slug="hotline", title="停车难")
    client = Client()
    client.force_login(User.objects.get(pk=administrator.user_id))
    page, act = f"/staff/programmes/{made.programme.slug}/settings", f"/staff/programmes/{made.programme.slug}/end"
    shown = client.get(page).content.decode()
    assert "停车难" in shown
    assert "停办这个节目" not in shown
    refused = client.post(act, {"act": "close", "reason": WHY})
    assert refused.status_code == 409
    assert "不是空的" in client.post(act, {"act": "delete", "reason": WHY}).content.decode()
    Airing.objects.filter(episode=made).update(state=Airing.State.CANCELLED)
    assert "停办这个节目" in client.get(page).content.decode()
    assert client.post(act, {"act": "close", "reason": WHY}).status_code == 302
    assert "恢复这个节目" in client.get(page).content.decode()
