"""三员 apart: who may give which role to whom, said by the service, and said again by the database."""

from __future__ import annotations

import datetime as dt
import itertools
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from broadcast import clock
from broadcast.access import HOUSE, Ability, Actor, can
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry, RoleGrant, User
from broadcast.models.user import OFFICES, SEATS
from broadcast.services import roles
from tests.broadcast import making

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role
WORK = sorted(set(Role.values) - OFFICES - SEATS)


@pytest.fixture
def security() -> Actor:
    return making.actor("security_administrator")


def somebody() -> User:
    return User.objects.create(username=f"s-{making.uuid()}")


def give(
    actor: Actor, user: User, role: str, programme: int | None = None, until: dt.datetime | None = None
) -> RoleGrant:
    return roles.grant(actor, user.pk, role, programme, until, "任命文件 2026-11")


def raw(user: User, role: str) -> None:
    """Past every service."""
    with transaction.atomic():
        RoleGrant.objects.create(user=user, role=role, granted_at=clock.now())


@pytest.mark.parametrize("role", [each for each in Role.values if each != Role.SECURITY_ADMINISTRATOR])
def test_only_the_security_administrator_grants(role: str) -> None:
    with pytest.raises(NotAllowed):
        give(making.actor(role), somebody(), "host")
    with pytest.raises(NotAllowed):
        roles.set_policy(making.actor(role), "host", True)


def test_a_role_is_granted_used_and_taken_away(security: Actor) -> None:
    user, here, there = somebody(), making.programme(), making.programme()
    given = give(security, user, "moderator", here.pk)
    assert can(Actor(user_id=user.pk), Ability.MODERATE, here.pk)
    assert not can(Actor(user_id=user.pk), Ability.MODERATE, there.pk)
    roles.revoke(security, given.pk, "调离")
    assert not can(Actor(user_id=user.pk), Ability.MODERATE, here.pk)
    entries = AuditEntry.objects.filter(target=f"user:{user.pk}").order_by("id")
    assert [(each.act, each.reason, each.actor_id) for each in entries] == [
        ("role.grant", "任命文件 2026-11", security.user_id),
        ("role.revoke", "调离", security.user_id),
    ]
    assert entries[0].after == {"role": "moderator", "programme": here.pk, "expires_at": None}
    with pytest.raises(NotFound):
        roles.revoke(security, given.pk, "再一次")


def test_nobody_grants_to_himself_nor_takes_from_himself(security: Actor) -> None:
    me = User.objects.get(pk=security.user_id)
    with pytest.raises(NotAllowed):
        give(security, me, "member")
    with pytest.raises(NotAllowed):
        roles.revoke(security, RoleGrant.objects.get(user=me).pk, "不想当了")
    with pytest.raises(IntegrityError, match="nobody_grants_to_himself"), transaction.atomic():
        RoleGrant.objects.create(user=me, role="member", granted_at=clock.now(), granted_by=me)


@pytest.mark.parametrize(("first", "second"), [*itertools.permutations(sorted(OFFICES), 2)])
def test_nobody_holds_two_of_the_three_offices(security: Actor, first: str, second: str) -> None:
    user = somebody()
    give(security, user, first)
    with pytest.raises(Conflict, match="三员分立"):
        give(security, user, second)
    with pytest.raises(IntegrityError, match="never one person"):
        raw(user, second)


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("office", sorted(OFFICES))
def test_no_office_goes_with_work_in_either_order(security: Actor, office: str, work: str) -> None:
    for first, second in ((office, work), (work, office)):
        user = somebody()
        give(security, user, first)
        with pytest.raises(Conflict, match="三员分立"):
            give(security, user, second)
        with pytest.raises(IntegrityError, match="never one person"):
            raw(user, second)


def test_no_change_of_a_row_joins_what_is_apart(security: Actor) -> None:
    user = somebody()
    give(security, user, "moderator")
    give(security, user, "host")
    with pytest.raises(IntegrityError, match="never one person"), transaction.atomic():
        RoleGrant.objects.filter(user=user, role="host").update(role="auditor")


def test_a_committee_member_may_hold_an_office(security: Actor) -> None:
    user = somebody()
    give(security, user, "member")
    give(security, user, "auditor")
    assert set(Actor(user_id=user.pk).grants[None]) == {
        Ability.AUDIT,
        Ability.WATCH_INTERNAL,
        Ability.WATCH_MEMBERS,
    }


@pytest.mark.parametrize("office", ["system_administrator", "security_administrator"])
def test_these_offices_are_of_the_whole_house(security: Actor, office: str) -> None:
    brand = making.programme()
    with pytest.raises(InvalidInput) as refused:
        give(security, somebody(), office, brand.pk)
    assert refused.value.data["field"] == "programme"
    with pytest.raises(IntegrityError, match="offices_are_of_the_house"), transaction.atomic():
        RoleGrant.objects.create(user=somebody(), role=office, programme=brand, granted_at=clock.now())


def test_a_grant_ends_by_itself_and_the_house_writes_it_down(security: Actor) -> None:
    user, now = somebody(), clock.now()
    give(security, user, "host", until=now + dt.timedelta(hours=1))
    assert can(Actor(user_id=user.pk), Ability.HOST, 1)
    with clock.frozen(now + dt.timedelta(hours=1)):
        assert not can(Actor(user_id=user.pk), Ability.HOST, 1), "at once, before any job looked"
        assert roles.expire() == 1
        assert roles.expire() == 0
    assert not RoleGrant.objects.filter(user=user).exists()
    entry = AuditEntry.objects.get(act="role.expire")
    assert (entry.target, entry.actor_id, entry.before["role"]) == (f"user:{user.pk}", None, "host")


def test_an_ended_grant_stands_in_nobodys_way(security: Actor) -> None:
    user, now = somebody(), clock.now()
    give(security, user, "host", until=now + dt.timedelta(hours=1))
    with clock.frozen(now + dt.timedelta(hours=2)):
        give(security, user, "auditor")
    assert [each.role for each in RoleGrant.objects.filter(user=user)] == ["auditor"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("role", ("president", None, None, "x")),
        ("programme", ("host", 999_999, None, "x")),
        ("expires_at", ("host", None, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "x")),
        ("reason", ("host", None, None, "  ")),
    ],
)
def test_what_makes_no_sense_is_told_by_its_field(security: Actor, field: str, values: tuple) -> None:
    with pytest.raises(InvalidInput) as refused:
        roles.grant(security, somebody().pk, *values)
    assert refused.value.data["field"] == field


def test_granting_again_moves_the_end_and_makes_no_second_row(security: Actor) -> None:
    user, end = somebody(), clock.now() + dt.timedelta(days=3)
    give(security, user, "host")
    give(security, user, "host", until=end)
    assert [each.expires_at for each in RoleGrant.objects.filter(user=user)] == [end]
    entry = AuditEntry.objects.filter(act="role.grant").order_by("-id").first()
    assert entry.before["expires_at"] is None
    assert entry.after["expires_at"] == end.isoformat()


def test_the_house_itself_keeps_the_rule() -> None:
    user = somebody()
    give(HOUSE, user, "security_administrator")
    with pytest.raises(Conflict):
        give(HOUSE, user, "moderator")


@pytest.mark.django_db(transaction=True)
def test_two_grants_at_the_same_moment_cannot_join_what_is_apart() -> None:
    user, barrier = somebody(), threading.Barrier(2)
    outcomes: list[str] = []

    def insert(role: str) -> None:
        try:
            barrier.wait(10)
            raw(user, role)
            outcomes.append("made")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connection.close()

    for round_ in range(8):
        RoleGrant.objects.filter(user=user).delete()
        outcomes.clear()
        both = [threading.Thread(target=insert, args=(role,)) for role in ("auditor", "moderator")]
        for each in both:
            each.start()
        for each in both:
            each.join(20)
        assert sorted(outcomes) == ["made", "refused"], round_
