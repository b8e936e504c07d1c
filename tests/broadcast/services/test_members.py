"""The secretariat says whose account a member has; that gives a seat and a badge, and goes when it is taken back."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from broadcast import clock
from broadcast.access import Ability, Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry, Participant, Person, Programme, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import codes, identity, members, roles

pytestmark = pytest.mark.django_db

PHONE = "13800138000"
WHY = "名册 2026-11"


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


def citizen(phone: str = PHONE) -> User:
    actor = Actor(participant_id=uuid.uuid4(), address="192.0.2.1")
    who = identity.verify_code(actor, phone, codes.send(actor, phone).code or "")
    return User.objects.get(pk=who.user_id)


def staff(role: str = RoleGrant.Role.SECRETARIAT, programme: Programme | None = None) -> Actor:
    user = User.objects.create(username=f"s{uuid.uuid4().hex[:8]}")
    RoleGrant.objects.create(user=user, role=role, programme=programme, granted_at=clock.now())
    return Actor(user_id=user.pk, name="秘书处")


def member(name: str = "王委员") -> Person:
    return Person.objects.create(name=name, is_member=True, sector="教育界")


def assurance(user: User) -> int:
    return Participant.objects.get(user=user).assurance


def test_a_bound_member_watches_what_is_for_members_and_is_known_as_one():
    user, person, actor = citizen(), member(), staff()
    members.bind(actor, person.pk, "138 0013 8000", WHY)
    person.refresh_from_db()
    assert (person.user, assurance(user)) == (user, Assurance.MEMBER)
    assert Ability.WATCH_MEMBERS in Actor(user_id=user.pk).grants[None]
    assert not Actor(user_id=user.pk).is_staff
    entry = AuditEntry.objects.get(act="member.bind")
    assert (entry.reason, entry.after["user"]) == (WHY, user.pk)
    assert "0013" not in str(AuditEntry.objects.filter(act="member.bind").values().get())
    # The same again is the same.
    members.bind(actor, person.pk, PHONE, WHY)
    assert AuditEntry.objects.filter(act="member.bind").count() == 1


def test_taken_back_it_is_a_citizen_with_a_verified_phone():
    user, person, actor = citizen(), member(), staff()
    members.bind(actor, person.pk, PHONE, WHY)
    members.unbind(actor, person.pk, "换届 2027")
    person.refresh_from_db()
    assert (person.user, assurance(user)) == (None, Assurance.PHONE)
    assert Actor(user_id=user.pk).grants == {}
    assert AuditEntry.objects.filter(act="member.unbind").exists()
    with pytest.raises(NotFound):
        members.unbind(actor, person.pk, WHY)


def test_one_account_is_one_member_and_one_member_one_account():
    citizen()
    citizen("13900139000")
    one, two, actor = member(), member("李委员"), staff()
    members.bind(actor, one.pk, PHONE, WHY)
    with pytest.raises(Conflict):
        members.bind(actor, two.pk, PHONE, WHY)
    with pytest.raises(Conflict):
        members.bind(actor, one.pk, "13900139000", WHY)


def test_what_is_missing_is_asked_for():
    actor, person = staff(), member()
    with pytest.raises(InvalidInput):
        members.bind(actor, person.pk, PHONE, WHY)
    citizen()
    with pytest.raises(InvalidInput):
        members.bind(actor, person.pk, PHONE, "")
    guest = Person.objects.create(name="专家", is_member=False)
    with pytest.raises(NotFound):
        members.bind(actor, guest.pk, PHONE, WHY)


def test_only_the_secretariat_of_the_whole_house_and_never_for_oneself():
    user, person = citizen(), member()
    programme = Programme.objects.create(slug="p", name_zh="节", name_en="P", kind="video")
    others = [staff(role) for role in RoleGrant.Role.values if role != RoleGrant.Role.SECRETARIAT]
    for actor in [*others, staff(programme=programme), Actor(user_id=user.pk), Actor()]:
        with pytest.raises(NotAllowed):
            members.bind(actor, person.pk, PHONE, WHY)
        with pytest.raises(NotAllowed):
            members.members(actor)
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.SECRETARIAT, granted_at=clock.now())
    with pytest.raises(NotAllowed):
        members.bind(Actor(user_id=user.pk), person.pk, PHONE, WHY)


def test_a_members_role_that_is_revoked_leaves_the_row_at_once():
    user = citizen()
    officer = staff(RoleGrant.Role.SECURITY_ADMINISTRATOR)
    given = roles.grant(officer, user.pk, RoleGrant.Role.MEMBER, None, None, WHY)
    assert assurance(user) == Assurance.MEMBER
    roles.revoke(officer, given.pk, WHY)
    assert assurance(user) == Assurance.PHONE


def test_a_member_whose_right_is_gone_is_not_shown_as_one_and_can_be_verified_again():
    user, person, actor = citizen(), member(), staff()
    members.bind(actor, person.pk, PHONE, WHY)
    assert [each.is_verified for each in members.members(actor)] == [True]
    RoleGrant.objects.filter(user=user).update(expires_at=clock.now())
    assert [each.is_verified for each in members.members(actor)] == [False]
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    page = client.get("/staff/members/").content.decode()
    assert "已认证<" not in page
    assert f"/staff/members/{person.pk}/bind" in page
    members.bind(actor, person.pk, PHONE, WHY)
    assert Ability.WATCH_MEMBERS in Actor(user_id=user.pk).grants[None]
    assert [each.is_verified for each in members.members(actor)] == [True]


def test_the_page_binds_and_says_what_is_wrong():
    user, person, actor = citizen(), member(), staff()
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    assert "王委员" in client.get("/staff/members/?q=教育").content.decode()
    assert "王委员" not in client.get("/staff/members/?q=工商").content.decode()
    wrong = client.post(f"/staff/members/{person.pk}/bind", {"phone": "1", "reason": WHY}, follow=True)
    assert "11 位" in wrong.content.decode()
    done = client.post(f"/staff/members/{person.pk}/bind", {"phone": PHONE, "reason": WHY, "q": "王"}, follow=True)
    assert "已认证为委员" in done.content.decode()
    person.refresh_from_db()
    assert person.user == user
    client.post(f"/staff/members/{person.pk}/unbind", {"reason": "换届 2027"})
    assert assurance(user) == Assurance.PHONE
