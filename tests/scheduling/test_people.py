"""People belong to no programme; their contacts are sealed and every reading is recorded; choosing shows balance and who is free."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from broadcast import clock, lifecycle, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Appearance, AuditEntry, AuditPersonal, Person, User
from broadcast.personal import Held, Whose
from scheduling.models import Availability, Booking, Invitation, PersonCard, Seat
from scheduling.queries import people as queries
from scheduling.services import guest_data, invitations, people, seats, studios
from scheduling.services.people import PersonPlan
from tests.scheduling import guests_making as making

pytestmark = pytest.mark.django_db


def aired(*who: Person, days_ago: int = 30, slug: str = "hotline") -> None:
    """An episode that went out with these people so many days ago."""
    with clock.shifted(-days_ago * making.DAY):
        made = making.episode(making.soon(0), slug=slug, guests=making.guests(*who))
        airing = making.airing_of(made)
        lifecycle.start(HOUSE, airing.pk)
        lifecycle.end(HOUSE, airing.pk)


def test_whoever_produces_anything_keeps_people_and_nobody_else() -> None:
    plan = PersonPlan(name="林委员", sector="经济界", is_member=True, district="南山区")
    made = people.add(making.producer(), plan)
    assert (made.sector, made.card.district) == ("经济界", "南山区")
    for actor in (Actor(), making.producer(role="host"), making.producer(role="moderator")):
        for act in (
            lambda actor=actor: people.add(actor, plan),
            lambda actor=actor: people.edit(actor, made.pk, 1, plan),
            lambda actor=actor: people.contacts(actor, made.pk),
            lambda actor=actor: people.set_contacts(actor, made.pk, phone="", email="", wechat=""),
            lambda actor=actor: studios.keep(actor, None, "一号", ""),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_the_same_person_twice_is_asked_about() -> None:
    plan = PersonPlan(name="林委员", organisation="某公司")
    made = people.add(HOUSE, plan)
    with pytest.raises(Conflict) as refused:
        people.add(HOUSE, plan)
    assert refused.value.data["person"] == made.pk
    people.add(HOUSE, PersonPlan(name="林委员", organisation="另一家"))


def test_of_two_who_change_a_person_the_second_is_told() -> None:
    made = people.add(HOUSE, PersonPlan(name="林委员"))
    people.edit(HOUSE, made.pk, 1, PersonPlan(name="林委员", title="主任"))
    with pytest.raises(Conflict) as refused:
        people.edit(HOUSE, made.pk, 1, PersonPlan(name="林委员", title="会长"))
    assert refused.value.data["version"] == 2
    made.refresh_from_db()
    assert made.title == "主任"


def test_contacts_are_sealed_and_reading_them_is_recorded() -> None:
    made = people.add(HOUSE, PersonPlan(name="林委员"))
    people.set_contacts(HOUSE, made.pk, phone="138 0013 8000", email="lin@example.cn", wechat="lin")
    row = PersonCard.objects.get(person=made)
    assert row.sealed_contacts is not None
    assert b"8000" not in bytes(row.sealed_contacts)
    assert people.contacts(making.producer(), made.pk)["email"] == "lin@example.cn"
    assert AuditEntry.objects.filter(act="person.contacts_read", target=f"person:{made.pk}").count() == 1
    told = [str(each.after) + str(each.before) for each in AuditEntry.objects.all()]
    told += [str(each.data) + str(each.words) for each in AuditPersonal.objects.all()]
    assert not any("lin@example" in each or "8000" in each for each in told)
    people.set_contacts(HOUSE, made.pk, phone="", email="", wechat="")
    assert PersonCard.objects.get(person=made).sealed_contacts is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "lin@"}, "email"),
        ({"email": "a@b.cn\nBcc: x@y.cn"}, "email"),
        ({"phone": "打电话"}, "phone"),
        ({"wechat": "w" * 121}, "wechat"),
    ],
)
def test_contacts_that_cannot_be_right_are_refused(given: dict[str, str], field: str) -> None:
    made = people.add(HOUSE, PersonPlan(name="林委员"))
    with pytest.raises(InvalidInput) as refused:
        people.set_contacts(HOUSE, made.pk, **({"phone": "", "email": "", "wechat": ""} | given))
    assert refused.value.data["field"] == field


def test_a_time_somebody_cannot_is_kept_and_forgotten() -> None:
    made, start = making.person(), making.soon()
    said = people.say_availability(HOUSE, made.pk, start, start + making.DAY, note="出差")
    assert people.coming_availability(made.pk) == [said]
    assert people.drop_availability(HOUSE, said.pk) == made.pk
    with pytest.raises(NotFound):
        people.drop_availability(HOUSE, said.pk)
    for end in (start, start + 400 * making.DAY):
        with pytest.raises(InvalidInput):
            people.say_availability(HOUSE, made.pk, start, end)


def test_the_list_says_how_often_last_and_next() -> None:
    who = making.person()
    aired(who, days_ago=30)
    aired(who, days_ago=60, slug="hall")
    aired(who, days_ago=400)
    coming = making.airing_of(making.episode(making.soon(), guests=making.guests(who)))
    row = queries.roll().get(pk=who.pk)
    assert row.times == 2
    assert (clock.now() - row.last_at).days in {29, 30}
    assert row.next_at == coming.planned_start
    assert len(queries.appearances_of(who.pk)) == 4


def test_balance_puts_the_least_heard_first() -> None:
    often, once, never = (
        making.person("林委员", sector="经济界"),
        making.person("何委员", sector="科技界"),
        making.person("罗委员", sector="教育界"),
    )
    PersonCard.objects.create(person=never, district="龙岗区")
    aired(often, once, days_ago=20)
    aired(often, days_ago=50)
    found = queries.balance()
    assert [(each.name, each.members, each.appeared, each.times) for each in found["sector"]] == [
        ("教育界", 1, 0, 0),
        ("科技界", 1, 1, 1),
        ("经济界", 1, 1, 2),
    ]
    assert [each.name for each in found["district"]] == ["龙岗区"]


def test_choosing_puts_free_people_first_and_says_why_others_are_not(django_assert_num_queries: Any) -> None:
    start = making.soon()
    busy, away, often, free = (making.person(name) for name in ("忙委员", "假委员", "常委员", "闲委员"))
    elsewhere = making.episode(start, slug="hall", guests=making.guests(busy))
    people.say_availability(HOUSE, away.pk, start - making.DAY, start + making.DAY, note="出差")
    aired(often)
    made = making.episode(start)
    seat = seats.add(HOUSE, made.pk, "member")
    rows = list(queries.narrowed(queries.roll(), queries.Wanted(role="member")))
    airing = making.airing_of(made)
    with django_assert_num_queries(5):
        found = queries.candidates(seat, airing, rows)
    assert [each.person.name for each in found] == ["闲委员", "常委员", "假委员", "忙委员"]
    assert found[3].busy[0].episode == elsewhere.pk
    assert found[2].away == "出差"
    assert [each.free for each in found] == [True, True, False, False]
    assert free.pk == found[0].person.pk


def test_who_is_not_invited_any_more_is_not_offered() -> None:
    made = people.add(HOUSE, PersonPlan(name="林委员", is_member=True, is_retired=True))
    assert not queries.narrowed(queries.roll(), queries.Wanted()).filter(pk=made.pk).exists()
    assert queries.narrowed(queries.roll(), queries.Wanted(retired=True)).filter(pk=made.pk).exists()


def test_studios_have_names_of_their_own() -> None:
    one = studios.keep(HOUSE, None, " 第一演播室 ", "三楼")
    assert studios.keep(HOUSE, one.pk, "第一演播室", "四楼", False).place == "四楼"
    for name in ("", "第一演播室"):
        with pytest.raises(InvalidInput):
            studios.keep(HOUSE, None, name, "")
    with pytest.raises(NotFound):
        studios.keep(HOUSE, 404, "第二演播室", "")


def test_a_guest_with_an_account_may_have_and_erase_what_is_kept() -> None:
    user = User.objects.create(username="lin")
    who = Person.objects.create(name="林委员", user=user)
    people.set_contacts(HOUSE, who.pk, phone="13800138000", email="", wechat="")
    people.say_availability(HOUSE, who.pk, making.soon(), making.soon(11), note="手术")
    aired(who)
    made = making.episode(making.soon())
    asked = invitations.make(HOUSE, seats.add(HOUSE, made.pk, "member").pk, who.pk, "请谈谈")
    whose = Whose(uuid4(), (), user.pk)
    told = str([each.rows for each in guest_data.sections(whose)])
    for words in ("13800138000", "手术", "请谈谈"):
        assert words in told
    assert dict(registry.personal_erase)["guests"] is guest_data.forget
    for _again in range(2):
        found = guest_data.forget(whose, Held())
        assert [each.many for each in found.kept] == [1], "that they were on air stays"
    assert queries.contacts_of(who.pk) == {}
    assert not Availability.objects.filter(person=who).exists()
    assert not Booking.objects.filter(person=who).exists()
    assert Seat.objects.get(pk=asked.seat_id).person is None
    assert Invitation.objects.get(pk=asked.pk).message == ""
    assert Appearance.objects.filter(person=who).count() == 1


def test_an_account_that_is_nobodys_has_empty_sections() -> None:
    whose = Whose(uuid4(), (), None)
    assert all(not each.rows for each in guest_data.sections(whose))
    assert guest_data.forget(whose, Held()).done == {}
