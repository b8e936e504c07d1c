"""Staff pages of subscriptions: an address or token is shown once, right after it was made, and revoked there."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from broadcast import clock
from broadcast.models import Person, RoleGrant, User
from scheduling.models import ApiToken, CalendarToken
from scheduling.services import tokens
from scheduling.views import feeds

from .making import airing, programme

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_second_factor(settings: Any):
    settings.SECOND_FACTOR = False


def logged_in(client: Client, role: str, everywhere: bool = False) -> Client:
    user = User.objects.create(username=role, password="x")
    where = None if everywhere else programme()
    RoleGrant.objects.create(user=user, role=role, programme=where, granted_at=clock.now())
    client.force_login(user)
    return client


def test_what_is_to_be_embedded_is_sound_whatever_a_programme_is_called(client: Client):
    programme(name_zh='民生 "热线" <b>')
    page = logged_in(client, "producer").get("/staff/feeds/").content.decode()
    frames = [html.unescape(each) for each in re.findall(r'data-copy="(&lt;iframe[^"]*)"', page)]
    assert any('title="民生 &quot;热线&quot; &lt;b&gt;"' in each for each in frames)
    assert not any("<b>" in each for each in frames)


def test_my_calendar_is_made_shown_once_read_without_login_and_revoked(client: Client):
    show = airing(announced=False)
    logged_in(client, "producer")
    page = client.post("/staff/feeds/", {"whose": "own"})
    assert page["Cache-Control"] == "no-store"
    (address,) = set(re.findall(r"http://testserver(/calendar/private/[\w-]+\.ics)", page.content.decode()))
    assert "data:image/svg+xml" in page.content.decode()
    assert str(show.pk).encode() in Client().get(address).content
    again = client.get("/staff/feeds/").content.decode()
    assert address not in again
    token = CalendarToken.objects.get()
    assert f"/staff/feeds/calendars/{token.pk}/revoke" in again
    client.post(f"/staff/feeds/calendars/{token.pk}/revoke")
    assert Client().get(address).status_code == 404


def test_calendars_of_roles_and_people(client: Client):
    person = Person.objects.create(name="林委员")
    logged_in(client, "producer")
    mine = programme().pk
    assert client.post("/staff/feeds/", {"whose": "role", "role": "host", "programme": mine}).status_code == 200
    assert client.post("/staff/feeds/", {"whose": "person", "person": person.pk, "programme": mine}).status_code == 200
    assert CalendarToken.objects.filter(revoked_at=None).count() == 2
    for typed in ({"whose": "role", "role": "x", "programme": mine}, {"whose": "role"}, {"whose": "person"}):
        answer = client.post("/staff/feeds/", typed)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    assert client.post("/staff/feeds/", {"whose": "person", "person": person.pk}).status_code == 403


def test_every_scope_has_words():
    assert set(feeds.SCOPES) == set(tokens.Scope)


def test_whoever_produces_nothing_has_the_own_calendar_alone(client: Client):
    logged_in(client, "moderator")
    page = client.get("/staff/feeds/").content.decode()
    assert 'value="own"' in page
    assert 'value="role"' not in page
    assert client.get("/staff/feeds/partners/").status_code == 403


def test_a_partners_token_is_shown_once_and_refused_after_it_was_revoked(client: Client):
    logged_in(client, "system_administrator", everywhere=True)
    page = client.post("/staff/feeds/partners/", {"name": "合作平台", "scopes": ["upcoming"], "expires": "2030-01-01"})
    (secret,) = set(re.findall(r"ys_[\w-]{40,}", page.content.decode()))
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/upcoming", headers=headers).status_code == 200
    page = client.get("/staff/feeds/partners/")
    assert secret not in page.content.decode()
    assert '<span class="fact">即将播出</span>' in page.content.decode(), "what it opens is said in words"
    client.post(f"/staff/feeds/partners/{ApiToken.objects.get().pk}/revoke")
    assert Client().get("/api/v1/upcoming", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "", "scopes": ["past"]},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["past"], "expires": "x"},
        {"name": "a", "scopes": ["past"], "expires": "2001-01-01"},
        {"name": "a", "scopes": ["past"], "expires": "9999-12-31"},
    ],
)
def test_what_was_typed_wrongly_is_kept_and_told(client: Client, typed: dict[str, Any]):
    logged_in(client, "system_administrator", everywhere=True)
    answer = client.post("/staff/feeds/partners/", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert f'value="{typed["name"]}"' in page
    assert not ApiToken.objects.exists()
