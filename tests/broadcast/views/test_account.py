"""The account pages, as forms and as JSON."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from broadcast import clock, identity
from broadcast.access import Actor
from broadcast.models import Consent, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import identity as services

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
    cache.clear()


@pytest.fixture
def producer() -> User:
    user = User.objects.create_user("zheng", password="correct horse 9", display_name="编导郑")
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.PRODUCER, granted_at=clock.now())
    return user


def who(client: Client) -> identity.Identity:
    return identity.read(client.cookies[identity.COOKIE].value)


def test_staff_log_in_and_out(client, producer):
    before = client.get("/account/login") and who(client)
    response = client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    assert (response.status_code, response["Location"]) == (302, "/staff/")
    assert who(client).user_id == producer.pk
    assert client.session["_auth_user_id"] == str(producer.pk)
    response = client.post("/account/logout", {"next": "/programmes/"})
    assert response["Location"] == "/programmes/"
    after = who(client)
    assert after.user_id is None
    assert after.assurance == Assurance.GUEST
    assert after.participant_id != before.participant_id
    assert "_auth_user_id" not in client.session


def test_a_token_loses_its_rights_with_the_session(client, producer):
    client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    logged_in = who(client)
    client.session.flush()
    client.get("/account/phone")
    after = who(client)
    assert (logged_in.user_id, after.user_id) == (producer.pk, None)
    assert after.participant_id == logged_in.participant_id


def test_a_wrong_password_keeps_the_name_and_says_so(client, producer):
    response = client.post("/account/login", {"username": "zheng", "password": "nonsense", "next": "/staff/"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="zheng"' in page
    assert "账号或密码不对" in page
    assert 'value="/staff/"' in page
    assert "nonsense" not in page


def test_five_wrong_passwords_close_the_door_for_a_while(client, producer):
    for _ in range(5):
        client.post("/account/login", {"username": "zheng", "password": "nonsense"})
    response = client.post("/account/login", {"username": "ZHENG", "password": "correct horse 9"})
    assert response.status_code == 429
    assert response["Retry-After"] == "900"
    elsewhere = Client(REMOTE_ADDR="192.0.2.50")
    assert elsewhere.post("/account/login", {"username": "zheng", "password": "correct horse 9"}).status_code == 302


def test_demo_accounts_stay_out_where_there_is_no_demo(client, producer, settings):
    settings.DEMO = False
    User.objects.update(is_demo=True)
    assert client.post("/account/login", {"username": "zheng", "password": "correct horse 9"}).status_code == 422


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_nobody_is_sent_elsewhere(client, producer, where):
    response = client.post("/account/login", {"username": "zheng", "password": "correct horse 9", "next": where})
    assert response["Location"] == "/staff/"


def test_a_phone_is_verified_by_plain_forms(client):
    response = client.post("/account/phone", {"phone": PHONE, "next": "/programmes/"})
    assert response["Location"] == "/account/phone/code?next=%2Fprogrammes%2F"
    page = client.get(response["Location"])
    code = page.context["typed"]["shown_code"]
    assert code in page.content.decode()
    assert PHONE not in str(dict(client.session))
    wrong = client.post("/account/phone/code", {"code": "12", "next": "/programmes/"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.content.decode()
    response = client.post("/account/phone/code", {"code": code, "next": "/programmes/"})
    assert response["Location"] == "/programmes/"
    assert who(client).assurance == Assurance.PHONE
    assert who(client).user_id == User.objects.get().pk


def test_a_phone_is_verified_by_json(client):
    headers = {"accept": "application/json"}
    sent = client.post("/account/phone", {"phone": PHONE}, content_type="application/json", headers=headers).json()
    assert set(sent) == {"valid_seconds", "again_seconds", "binds", "code"}
    body = {"phone": PHONE, "code": sent["code"]}
    done = client.post("/account/phone/code", body, content_type="application/json", headers=headers).json()
    assert done["assurance"] == Assurance.PHONE
    again = client.post("/account/phone", {"phone": PHONE}, content_type="application/json", headers=headers)
    assert again.status_code == 429
    assert again.json()["code"] == "too_many"
    assert 0 < int(again["Retry-After"]) <= 61


def test_the_code_is_on_no_page_outside_the_demo(client, settings):
    settings.DEMO = False
    settings.SMS_SENDER = "log"
    response = client.post("/account/phone", {"phone": PHONE}, headers={"accept": "application/json"})
    assert "code" not in response.json()
    client.post("/account/phone", {"phone": "13900139000"})
    assert client.get("/account/phone/code").context["typed"]["shown_code"] is None


def test_a_bad_number_is_refused_beside_its_field(client):
    response = client.post("/account/phone", {"phone": "123"})
    assert response.status_code == 422
    assert "11 位" in response.content.decode()


@pytest.mark.parametrize("body", ["[]", "{", "1", "[" * 100_000, '"x"'])
def test_json_that_is_no_object_is_refused(client, body):
    response = client.post(
        "/account/phone", body, content_type="application/json", headers={"accept": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_input"


def test_consent_is_given_once_and_kept(client, settings):
    client.get("/account/consent?next=/programmes/")
    first = who(client)
    response = client.post("/account/consent", {**settings.CONSENT_VERSIONS, "age": "over", "next": "/programmes/"})
    assert response["Location"] == "/programmes/"
    assert who(client).participant_id == first.participant_id
    assert Consent.objects.filter(participant_id=first.participant_id).count() == 2
    assert client.post("/account/consent", {"privacy": "old"}).status_code == 422


def test_the_choices_go_back_to_where_the_reader_was(client):
    response = client.get("/account/language?language=en&next=/programmes/%3Flanguage%3Dzh-hans%26page%3D2")
    assert response["Location"] == "/programmes/?page=2&language=en"
    response = client.post("/account/elder", {"elder": "1", "next": "/programmes/"})
    assert response["Location"] == "/programmes/?elder=1"


def test_forms_of_other_sites_are_refused(producer):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    assert response.status_code == 403
    assert "打开太久" in response.content.decode()


def test_the_pages_are_in_english_too(client):
    page = client.get("/account/login?language=en").content.decode()
    assert '<html lang="en"' in page
    assert "Log in" in page


def test_health_says_what_answers(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": True, "bus": True, "schedule": True}
    assert not response.cookies


def test_log_out_ends_a_copied_token(client, producer):
    client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    kept = client.cookies[identity.COOKIE].value
    assert client.post("/account/logout").status_code == 302
    thief = Client()
    thief.cookies[identity.COOKIE] = kept
    response = thief.post("/account/consent", settings.CONSENT_VERSIONS, headers={"accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (403, "identity_stale")


def test_a_stale_browser_is_a_new_guest_after_the_refused_form(client, producer):
    client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    kept = who(client)
    client.post("/account/logout")
    client.cookies[identity.COOKIE] = identity.sign(kept)
    assert client.post("/account/consent", settings.CONSENT_VERSIONS).status_code == 403
    assert who(client).participant_id != kept.participant_id
    assert client.post("/account/consent", {**settings.CONSENT_VERSIONS, "age": "over"}).status_code == 302


def test_a_page_gets_a_good_token_for_a_stale_one(client, producer):
    client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    first = who(client)
    services.log_out(Actor(user_id=producer.pk))  # in another browser
    assert client.post("/account/renew", headers={"accept": "application/json"}).json()["ok"]
    again = who(client)
    assert (again.participant_id, again.user_id, again.generation) == (first.participant_id, producer.pk, 2)
    client.post("/account/renew")
    assert who(client) == again
    stranger = Client()
    stranger.cookies[identity.COOKIE] = identity.sign(first)
    stranger.post("/account/renew")
    assert (who(stranger).generation, who(stranger).user_id) == (0, None)


def test_a_page_of_a_living_session_gives_rights_for_longer(client, producer):
    client.post("/account/login", {"username": "zheng", "password": "correct horse 9"})
    first = who(client)
    with clock.shifted(dt.timedelta(hours=2)):
        client.get("/account/phone")
    assert who(client).since >= first.since + 7_000
    assert who(client).generation == first.generation


@pytest.mark.parametrize("name", ["zh\0eng", "zheng\x07", "\x1bzheng"])
def test_a_name_with_control_characters_is_refused_clearly(client, producer, name):
    response = client.post("/account/login", {"username": name, "password": "correct horse 9"})
    assert response.status_code == 422
    assert "控制字符" in response.content.decode()


@pytest.mark.parametrize("field", ["username", "password"])
def test_half_a_character_is_refused_clearly(client, producer, field):
    body = json.dumps({"username": "zheng", "password": "x", field: "\ud800"})
    response = client.post("/account/login", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
