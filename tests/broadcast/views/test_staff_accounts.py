"""Accounts and roles over HTTP: the one makes them, the other grants, the owner alone has the password."""

from __future__ import annotations

import datetime as dt
import re
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from broadcast import clock
from broadcast.access import Ability, Actor, can
from broadcast.models import AuditEntry, LoginSession, RoleGrant, RolePolicy, SecondFactor, User
from broadcast.sealing import seal
from broadcast.services import accounts
from tests.broadcast import making

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 9"


@pytest.fixture(autouse=True)
def _quick(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
    cache.clear()


def client_of(role: str | None) -> Client:
    client = Client()
    actor = making.actor(role)
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def system() -> Client:
    return client_of("system_administrator")


@pytest.fixture
def security() -> Client:
    return client_of("security_administrator")


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("zheng", password=PASSWORD, display_name="编导郑")


def acts(user: User) -> list[str]:
    return list(AuditEntry.objects.filter(target=f"user:{user.pk}").order_by("id").values_list("act", flat=True))


def test_an_account_is_made_invited_and_its_owner_sets_the_password(system, client):
    page = system.post("/staff/accounts/new", {"username": " Wang.Li ", "display_name": "王 丽"}).content.decode()
    user = User.objects.get(username="wang.li")
    assert (user.display_name, user.has_usable_password()) == ("王 丽", False)
    link = re.search(r"http://testserver(/account/invitation/\S+?)<", page)[1]
    assert "王 丽" in client.get(link).content.decode()
    assert client.post(link, {"password": PASSWORD, "again": "other"}).status_code == 422
    assert client.post(link, {"password": "1234", "again": "1234"}).status_code == 422
    assert client.post(link, {"password": PASSWORD, "again": PASSWORD})["Location"] == "/account/login"
    assert client.get(link).status_code == 404, "once"
    assert client.post("/account/login", {"username": "wang.li", "password": PASSWORD}).status_code == 302
    assert acts(user) == ["account.create", "account.invite", "account.password"]
    entry = AuditEntry.objects.get(act="account.password")
    assert entry.actor_id == user.pk


@pytest.mark.parametrize("token", ["x", "c0ffee-0123456789abcdef"])
def test_a_made_up_invitation_opens_nothing(client, staff, token):
    assert client.get(f"/account/invitation/{staff.pk}/{token}").status_code == 404
    assert (
        client.post(
            f"/account/invitation/{staff.pk}/{token}", {"password": "new horse 77", "again": "new horse 77"}
        ).status_code
        == 404
    )
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


def test_an_invitation_is_of_one_account(client, staff):
    other = User.objects.create_user("other", password=PASSWORD)
    token = accounts.invitation(Actor(house=True), staff.pk)
    assert client.get(f"/account/invitation/{other.pk}/{token}").status_code == 404


def test_a_forgotten_password_is_set_anew_without_touching_the_second_factor(system, client, staff):
    SecondFactor.objects.create(user=staff, secret_sealed=seal("A" * 32), confirmed_at=clock.now())
    page = system.post(f"/staff/accounts/{staff.pk}/invite").content.decode()
    link = re.search(r"http://testserver(/account/invitation/\S+?)<", page)[1]
    client.post(link, {"password": "another horse 10", "again": "another horse 10"})
    answer = client.post("/account/login", {"username": "zheng", "password": "another horse 10"})
    assert answer["Location"] == "/account/second"


@pytest.mark.parametrize(
    ("username", "name", "field"),
    [
        ("", "王丽", "username"),
        ("王丽", "王丽", "username"),
        ("a b", "王丽", "username"),
        ("phone-1", "王丽", "username"),
        ("zheng", "王丽", "username"),
        ("wang", " ", "display_name"),
        ("wang", "x" * 41, "display_name"),
    ],
)
def test_what_cannot_be_an_account_is_told_beside_its_field(system, staff, username, name, field):
    answer = system.post("/staff/accounts/new", {"username": username, "display_name": name})
    assert answer.status_code == 422
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.content.decode())
    assert User.objects.filter(username=username or "-").count() == (username == "zheng")


def test_a_closed_account_is_out_at_once_and_may_come_back(system, staff):
    RoleGrant.objects.create(user=staff, role="producer", granted_at=clock.now())
    their = Client()
    their.post("/account/login", {"username": "zheng", "password": PASSWORD})
    assert their.get("/staff/").status_code == 200
    assert system.post(f"/staff/accounts/{staff.pk}/close", {"reason": ""}).status_code == 422
    assert their.get("/staff/").status_code == 200
    system.post(f"/staff/accounts/{staff.pk}/close", {"reason": "离职"})
    assert their.get("/staff/").status_code == 302
    assert not can(Actor(user_id=staff.pk), Ability.RUN, 1)
    assert not LoginSession.objects.filter(user=staff).exists()
    assert their.post("/account/login", {"username": "zheng", "password": PASSWORD}).status_code == 422
    system.post(f"/staff/accounts/{staff.pk}/reopen", {"reason": "回来了"})
    assert their.post("/account/login", {"username": "zheng", "password": PASSWORD}).status_code == 302
    assert [each for each in acts(staff) if each.startswith("account.") and each != "account.login"] == [
        "account.close",
        "account.reopen",
    ]


def test_nobody_closes_himself(system):
    me = int(system.session["_auth_user_id"])
    assert system.post(f"/staff/accounts/{me}/close", {"reason": "x"}).status_code == 403
    assert system.get("/staff/").status_code == 200


def test_the_system_administrator_ends_sessions_and_grants_nothing(system, staff):
    their = Client()
    their.post("/account/login", {"username": "zheng", "password": PASSWORD})
    assert "这个账号登录着的地方" in system.get(f"/staff/accounts/{staff.pk}/").content.decode()
    system.post(f"/staff/accounts/{staff.pk}/sessions/end")
    assert their.get("/account/security").status_code == 302
    assert system.post(f"/staff/accounts/{staff.pk}/grant", {"role": "host", "reason": "x"}).status_code == 403
    assert not RoleGrant.objects.filter(user=staff).exists()


def test_the_security_administrator_grants_for_a_time_and_takes_away(security, staff):
    brand = making.programme()
    day = (clock.now() + dt.timedelta(days=2)).astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    form = {"role": "moderator", "programme": brand.pk, "until": day.isoformat(), "reason": "双月座谈会"}
    assert security.post(f"/staff/accounts/{staff.pk}/grant", form).status_code == 302
    given = RoleGrant.objects.get(user=staff)
    assert given.expires_at.isoformat() == f"{day}T16:00:00+00:00", "the end of that day in Beijing"
    assert str(given.granted_by_id) == security.session["_auth_user_id"]
    page = security.get(f"/staff/accounts/{staff.pk}/").content.decode()
    assert f"到 {day}" in page
    assert brand.name in page
    url = f"/staff/accounts/{staff.pk}/grants/{given.pk}/revoke"
    assert security.post(url, {"reason": " "}).status_code == 422
    assert security.post(url, {"reason": "调离"}).status_code == 302
    assert not RoleGrant.objects.filter(user=staff).exists()


def test_what_the_offices_forbid_is_told_beside_the_role(security, staff):
    RoleGrant.objects.create(user=staff, role="moderator", granted_at=clock.now())
    answer = security.post(f"/staff/accounts/{staff.pk}/grant", {"role": "auditor", "reason": "x"})
    assert answer.status_code == 409
    assert "三员分立：审核员不能同时是审计员" in answer.content.decode()
    for until in ("2020-01-01", "明天"):
        answer = security.post(f"/staff/accounts/{staff.pk}/grant", {"role": "host", "until": until, "reason": "x"})
        assert answer.status_code == 422
        assert 'id="until-err"' in answer.content.decode()


def test_the_security_administrator_makes_and_closes_no_account(security, staff):
    assert security.get("/staff/accounts/new").status_code == 403
    for act in ("invite", "close", "reopen", "sessions/end"):
        assert security.post(f"/staff/accounts/{staff.pk}/{act}", {"reason": "x"}).status_code == 403, act
    staff.refresh_from_db()
    assert staff.is_active


def test_a_lost_phone_is_the_security_administrators(security, system, staff):
    SecondFactor.objects.create(user=staff, secret_sealed=seal("A" * 32), confirmed_at=clock.now())
    url = f"/staff/accounts/{staff.pk}/factor/reset"
    assert system.post(url, {"reason": "x"}).status_code == 403
    assert security.post(url, {"reason": ""}).status_code == 422
    assert security.post(url, {"reason": "手机丢失，已当面核对"}).status_code == 302
    assert not SecondFactor.objects.filter(user=staff).exists()
    entry = AuditEntry.objects.get(act="factor.reset")
    assert (entry.reason, entry.before) == ("手机丢失，已当面核对", {"app": True, "passkeys": 0})
    me = int(security.session["_auth_user_id"])
    assert security.post(f"/staff/accounts/{me}/factor/reset", {"reason": "x"}).status_code == 403


def test_the_policy_works_at_the_next_act(security, staff):
    RoleGrant.objects.create(user=staff, role="host", granted_at=clock.now())
    assert can(Actor(user_id=staff.pk), Ability.HOST, 1)
    security.post("/staff/accounts/policy", {"role": ["host"]})
    assert RolePolicy.objects.get(role="host").needs_second_factor is True
    assert not can(Actor(user_id=staff.pk), Ability.HOST, 1)
    assert AuditEntry.objects.filter(act="role.policy").count() == 1, "only what changed"
    security.post("/staff/accounts/policy", {})
    assert can(Actor(user_id=staff.pk), Ability.HOST, 1)


def test_by_default_every_role_of_the_work_needs_a_second_factor_outside_the_demo(settings, staff):
    from broadcast.services import roles

    settings.SECOND_FACTOR = True
    assert [role for role, needed in roles.policies().items() if not needed] == ["member", "guest_speaker"]


def test_the_list_finds_by_name_and_role(system, staff):
    RoleGrant.objects.create(user=staff, role="host", granted_at=clock.now())
    User.objects.create(username="phone-abc", display_name="市民1234")
    assert "编导郑" in system.get("/staff/accounts/").content.decode()
    assert "市民1234" not in system.get("/staff/accounts/").content.decode()
    assert "市民1234" in system.get("/staff/accounts/?q=市民").content.decode()
    assert "编导郑" in system.get("/staff/accounts/?role=host").content.decode()
    assert "编导郑" not in system.get("/staff/accounts/?role=auditor").content.decode()
    assert "没有找到" in system.get("/staff/accounts/?q=nobody-of-that-name").content.decode()


def test_hostile_names_are_only_letters(system):
    user = User.objects.create(username="evil", display_name="<script>alert(1)</script>")
    RoleGrant.objects.create(user=user, role="host", granted_at=clock.now())
    for url in ("/staff/accounts/", f"/staff/accounts/{user.pk}/"):
        assert b"<script>alert" not in system.get(url).content


def told(*words: str, **options: object) -> str:
    out = StringIO()
    call_command("account", *words, stdout=out, **options)
    return out.getvalue()


def test_the_machine_makes_the_first_administrators(client):
    text = told("he", "--name", "何", "--role", "system_administrator")
    user = User.objects.get(username="he")
    assert can(Actor(user_id=user.pk), Ability.ADMINISTER, 1)
    link = re.search(r"  (/account/invitation/\S+)", text)[1]
    assert client.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert acts(user) == ["account.create", "role.grant", "account.invite", "account.password"]
    assert "链接" not in told("he"), "its password is set"
    assert "/account/invitation/" in told("he", "--link")
    with pytest.raises(CommandError, match="三员分立"):
        told("he", "--role", "auditor")
    with pytest.raises(CommandError, match="no programme"):
        told("he", "--role", "member", "--programme", "nowhere")


def test_there_is_no_superuser():
    with pytest.raises(CommandError, match="三员分立"):
        call_command("createsuperuser")
    user = User.objects.create_superuser("root", password=PASSWORD)
    assert not Actor(user_id=user.pk).is_staff


@pytest.mark.parametrize(("role", "page"), [("security_administrator", "/staff/accounts/"), ("auditor", "/staff/")])
def test_everybody_begins_where_there_is_something_to_do(client, staff, role, page):
    RoleGrant.objects.create(user=staff, role=role, granted_at=clock.now())
    answer = client.post("/account/login", {"username": "zheng", "password": PASSWORD})
    assert answer["Location"] == page
    assert client.get(page).status_code == 200
