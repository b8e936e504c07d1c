"""Logging in with a second step, and what it takes to set one up and to lose it: over HTTP, as forms and as JSON."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from broadcast import clock, identity, totp
from broadcast.access import Ability, Actor, can
from broadcast.models import AuditEntry, LoginSession, Participant, RecoveryCode, RoleGrant, SecondFactor, User
from broadcast.sealing import seal, unseal
from broadcast.services import second_factor

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 9"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _quick(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
    cache.clear()


@pytest.fixture
def producer() -> User:
    user = User.objects.create_user("zheng", password=PASSWORD, display_name="编导郑")
    RoleGrant.objects.create(user=user, role="producer", granted_at=clock.now())
    return user


@pytest.fixture
def guarded(producer: User) -> User:
    """The producer with an app in use."""
    SecondFactor.objects.create(user=producer, secret_sealed=seal(SECRET), confirmed_at=clock.now())
    return producer


@pytest.fixture
def still() -> Iterator[dt.datetime]:
    """The clock stands, so that a code stays good."""
    at = clock.now()
    with clock.frozen(at):
        yield at


def code(offset: int = 0, secret: str = SECRET) -> str:
    return totp.code_at(secret, int(clock.now().timestamp()) // 30 + offset)


def wrong() -> str:
    """Six digits that are no code near now."""
    near = {code(offset) for offset in (-2, -1, 0, 1, 2)}
    return next(each for each in ("000000", "111111", "222222", "333333", "444444", "555555") if each not in near)


def password(client: Client, **more: str):
    return client.post("/account/login", {"username": "zheng", "password": PASSWORD, **more})


def logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_password_alone_opens_nothing(client, guarded):
    answer = password(client, next="/staff/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/second?next=%2Fstaff%2F")
    assert not logged_in(client)
    assert identity.read(client.cookies[identity.COOKIE].value).user_id is None
    assert client.get("/staff/").status_code == 302


def test_the_code_after_it_does(client, guarded, still):
    password(client)
    answer = client.post("/account/second", {"code": f"{code()[:3]} {code()[3:]}", "next": "/staff/"})
    assert (answer.status_code, answer["Location"]) == (302, "/staff/")
    assert logged_in(client)
    assert identity.read(client.cookies[identity.COOKIE].value).user_id == guarded.pk
    assert client.get("/staff/").status_code == 200


def test_the_code_without_the_password_does_not(client, guarded, still):
    answer = client.post("/account/second", {"code": code()})
    assert (answer.status_code, answer["Location"]) == (302, "/account/login")
    assert not logged_in(client)


def test_the_password_counts_for_ten_minutes_and_until_it_changes(client, guarded):
    at = clock.now()
    with clock.frozen(at):
        password(client)
    with clock.frozen(at + dt.timedelta(minutes=11)):
        assert client.post("/account/second", {"code": code()})["Location"] == "/account/login"
    with clock.frozen(at):
        password(client)
        guarded.set_password("another horse 10")
        guarded.save()
        assert client.post("/account/second", {"code": code()})["Location"] == "/account/login"
    assert not logged_in(client)


def test_no_code_twice(client, guarded, still):
    password(client)
    client.post("/account/second", {"code": code()})
    again = Client()
    password(again)
    answer = again.post("/account/second", {"code": code()})
    assert answer.status_code == 422
    assert not logged_in(again)


def test_five_wrong_codes_close_the_step_also_for_the_right_one_and_are_audited(client, guarded, still):
    password(client)
    for left in (4, 3, 2, 1, 0):
        answer = client.post("/account/second", {"code": wrong()})
        assert f"还可以再试 {left} 次" in answer.content.decode()
    assert AuditEntry.objects.filter(act="factor.locked", target=f"user:{guarded.pk}").count() == 1
    answer = client.post("/account/second", {"code": code()})
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    other = Client(REMOTE_ADDR="203.0.113.9")
    password(other)
    assert other.post("/account/second", {"code": code()}).status_code == 429, "from anywhere: the account counts"
    with clock.frozen(still + dt.timedelta(minutes=16)):
        password(other)
        assert other.post("/account/second", {"code": code()}).status_code == 302


def test_the_limit_does_not_need_the_cache(client, guarded, still):
    password(client)
    for _each in range(5):
        client.post("/account/second", {"code": wrong()})
        cache.clear()
    assert client.post("/account/second", {"code": code()}).status_code == 429


def test_recovery_codes_share_the_limit_and_each_works_once(client, guarded, still):
    codes = second_factor.renew_codes(Actor(user_id=guarded.pk))
    assert len(set(codes)) == 10
    password(client)
    answer = client.post("/account/second", {"code": codes[0].upper()})
    assert answer.status_code == 302
    assert logged_in(client)
    entry = AuditEntry.objects.get(act="factor.recovery")
    assert (entry.actor_id, entry.after) == (guarded.pk, {"codes_left": 9})
    again = Client()
    password(again)
    for _each in range(5):
        assert again.post("/account/second", {"code": codes[0]}).status_code == 422
    assert again.post("/account/second", {"code": codes[1]}).status_code == 429
    assert not logged_in(again)


def test_recovery_codes_are_kept_as_digests_of_this_account_only(guarded):
    codes = second_factor.renew_codes(Actor(user_id=guarded.pk))
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert not kept & {each.replace("-", "") for each in codes}
    other = User.objects.create_user("other", password=PASSWORD)
    SecondFactor.objects.create(user=other, secret_sealed=seal(SECRET), confirmed_at=clock.now())
    second_factor.renew_codes(Actor(user_id=other.pk))
    from broadcast.errors import InvalidInput

    with pytest.raises(InvalidInput):
        second_factor.check(Actor(), other, codes[0])


def test_as_json(client, guarded, still):
    ask = {"content_type": "application/json", "headers": {"Accept": "application/json"}}
    answer = client.post("/account/login", {"username": "zheng", "password": PASSWORD}, **ask)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    assert client.post("/account/second", {"code": wrong()}, **ask).json()["code"] == "invalid_input"
    assert client.post("/account/second", {"code": code()}, **ask).json()["ok"] is True
    assert logged_in(client)


def test_a_phone_code_is_not_a_way_around_it(client, guarded, settings):
    settings.DEMO = True
    User.objects.filter(pk=guarded.pk).update(phone_verified_at=None)
    RoleGrant.objects.filter(user=guarded).delete()
    from broadcast.services import codes

    number = codes.normalised("13800138000")
    User.objects.filter(pk=guarded.pk).update(phone_digest=codes.phone_digest(number))
    sent = client.post("/account/phone", {"phone": number}, headers={"Accept": "application/json"}).json()
    client.post("/account/phone/code", {"phone": number, "code": sent["code"]})
    assert not logged_in(client)
    assert identity.read(client.cookies[identity.COOKIE].value).user_id is None


def test_setting_up_the_app_shows_it_once_and_ends_other_sessions(client, producer, still):
    elsewhere = Client()
    password(elsewhere)
    password(client)
    page = client.get("/account/security/app").content.decode()
    secret = unseal(SecondFactor.objects.get(user=producer).secret_sealed)
    assert secret[:4] in page
    assert "data:image/svg+xml" in page
    assert client.get("/account/security/app").content.decode().count(secret[:4]) == 1, "the same, read again"
    assert not second_factor.factors_of(producer.pk).any, "not before a code of it came"
    generation = Participant.objects.get(user=producer).generation
    assert client.post("/account/security/app", {"code": "12345"}).status_code == 422
    answer = client.post("/account/security/app", {"code": code(secret=secret)})
    assert answer["Location"] == "/account/security/codes"
    shown = re.findall(
        r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", client.get("/account/security/codes").content.decode()
    )
    assert len(shown) == 10
    assert client.get("/account/security/codes").status_code == 302, "once"
    assert logged_in(client)
    assert client.get("/staff/").status_code == 200
    assert elsewhere.get("/staff/").status_code == 302
    assert Participant.objects.get(user=producer).generation > generation
    assert AuditEntry.objects.filter(act="factor.add", actor_id=producer.pk).count() == 1


def test_a_role_that_asks_for_it_counts_only_with_it(client, producer, settings, still):
    settings.SECOND_FACTOR = True
    assert not can(Actor(user_id=producer.pk), Ability.RUN, 1)
    assert password(client)["Location"] == "/account/security"
    assert client.get("/staff/")["Location"] == "/account/security"
    assert "设好之前" in client.get("/account/security").content.decode()
    client.get("/account/security/app")
    secret = unseal(SecondFactor.objects.get(user=producer).secret_sealed)
    client.post("/account/security/app", {"code": code(secret=secret)})
    assert can(Actor(user_id=producer.pk), Ability.RUN, 1)
    assert client.get("/staff/").status_code == 200
    answer = client.post("/account/security/app/remove", follow=True)
    assert "必须有两步验证" in answer.content.decode()
    assert can(Actor(user_id=producer.pk), Ability.RUN, 1)


def test_a_session_left_open_cannot_change_how_one_logs_in(client, producer):
    at = clock.now()
    with clock.frozen(at):
        password(client)
    with clock.frozen(at + dt.timedelta(minutes=16)):
        for url in ("/account/security/app", "/account/security/password"):
            assert client.get(url)["Location"] == f"/account/confirm?next={url.replace('/', '%2F')}"
        assert client.post("/account/security/password", {"password": "x", "again": "x"}).status_code == 302
        assert client.post("/account/confirm", {"password": "nonsense"}).status_code == 422
        answer = client.post("/account/confirm", {"password": PASSWORD, "next": "/account/security/app"})
        assert answer["Location"] == "/account/security/app"
        assert client.get("/account/security/app").status_code == 200


def test_the_password_typed_again_is_limited_too(client, producer):
    password(client)
    for _each in range(5):
        client.post("/account/confirm", {"password": "nonsense"})
    assert client.post("/account/confirm", {"password": PASSWORD}).status_code == 429


def test_the_list_of_sessions_names_them_and_ends_one(client, producer):
    phone = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/604"})
    password(phone)
    password(client)
    page = client.get("/account/security").content.decode()
    assert "Safari · iPhone" in page
    other = LoginSession.objects.exclude(session_key=client.session.session_key).get()
    assert client.post(f"/account/security/logins/{other.pk}/end").status_code == 302
    assert phone.get("/staff/").status_code == 302
    assert client.get("/staff/").status_code == 200
    assert not Session.objects.filter(session_key=other.session_key).exists()
    assert AuditEntry.objects.filter(act="session.end", actor_id=producer.pk).count() == 1


def test_nobody_ends_the_session_of_another(client, producer):
    password(client)
    mine = LoginSession.objects.get()
    User.objects.create_user("mallory", password=PASSWORD)
    mallory = Client()
    mallory.post("/account/login", {"username": "mallory", "password": PASSWORD})
    mallory.post(f"/account/security/logins/{mine.pk}/end")
    assert client.get("/staff/").status_code == 200
    assert LoginSession.objects.filter(pk=mine.pk).exists()


def test_a_new_password_ends_all_other_sessions(client, producer):
    elsewhere = Client()
    password(elsewhere)
    password(client)
    assert (
        client.post("/account/security/password", {"password": "battery staple 77", "again": "no"}).status_code == 422
    )
    assert client.post("/account/security/password", {"password": "12345", "again": "12345"}).status_code == 422
    client.post("/account/security/password", {"password": "battery staple 77", "again": "battery staple 77"})
    assert client.get("/staff/").status_code == 200
    assert elsewhere.get("/staff/").status_code == 302
    assert [each.session_key for each in LoginSession.objects.all()] == [client.session.session_key]


def test_logging_out_takes_the_session_from_the_list(client, producer):
    password(client)
    client.post("/account/logout")
    password(client)
    page = client.get("/account/security").content.decode()
    assert page.count("最近") == 1
