"""Every page knows its reader's language and participant; what proxies may keep carries nobody's cookie."""

from __future__ import annotations

import json

import pytest
from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.utils import translation

from broadcast import identity, middleware, refusals
from broadcast.errors import AssuranceTooLow, TooMany
from broadcast.identity import COOKIE, Identity
from broadcast.models.catalogue import Assurance


def page(request):
    return HttpResponse(translation.get_language())


def data(request):
    return JsonResponse({})


def chain(view):
    return middleware.LanguageMiddleware(middleware.ParticipantMiddleware(middleware.RefusalMiddleware(view)))


def get(path="/", view=page, **headers):
    return chain(view)(RequestFactory().get(path, headers=headers))


def test_chinese_whatever_the_browser_speaks():
    response = get(**{"accept-language": "en-US,en"})
    assert response.content == b"zh-hans"
    assert response["Content-Language"] == "zh-hans"


def test_a_chosen_language_is_kept():
    response = get("/?language=en")
    assert response.content == b"en"
    assert response.cookies["yishi_language"].value == "en"
    request = RequestFactory().get("/")
    request.COOKIES["yishi_language"] = "en"
    assert chain(page)(request).content == b"en"


@pytest.mark.parametrize("value", ["xx", "", "../en", "zh-hans\n"])
def test_an_unknown_language_is_chinese(value):
    request = RequestFactory().get("/", {"language": value})
    request.COOKIES["yishi_language"] = value
    response = chain(page)(request)
    assert response.content == b"zh-hans"
    assert "yishi_language" not in response.cookies


def test_elders_pages_are_kept_until_switched_off():
    response = get("/?elder=1")
    assert response.cookies["yishi_elder"].value == "1"
    request = RequestFactory().get("/?elder=0")
    request.COOKIES["yishi_elder"] = "1"
    assert chain(page)(request).cookies["yishi_elder"].value == "0"
    assert request.elder is False


def test_a_page_gives_a_new_browser_its_token():
    response = get()
    who = identity.read(response.cookies[COOKIE].value)
    assert who.assurance == Assurance.GUEST
    assert response.cookies[COOKIE]["httponly"]


def test_a_known_browser_keeps_its_token():
    who = Identity(identity.fresh().participant_id, Assurance.PHONE, 7, "陈")
    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = identity.sign(who)
    response = chain(page)(request)
    assert request.identity == who
    assert COOKIE not in response.cookies


@pytest.mark.parametrize("token", ["forged", "a:b:c", "x" * 5000, ""])
def test_a_forged_token_is_a_fresh_guest(token):
    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = token
    assert identity.read(chain(page)(request).cookies[COOKIE].value).assurance == Assurance.GUEST


@pytest.mark.parametrize("path", ["/live/airings/x/state", "/media/x/index.m3u8", "/static/x.js"])
def test_what_proxies_may_keep_carries_no_cookie(path):
    response = get(path, data)
    assert not response.cookies
    assert not response.has_header("Vary")


def test_a_write_of_a_new_browser_gets_its_token():
    response = chain(data)(RequestFactory().post("/live/airings/x/commands"))
    assert COOKIE in response.cookies


async def test_the_same_in_an_asynchronous_chain():
    async def view(request):
        return HttpResponse(translation.get_language())

    response = await chain(view)(AsyncRequestFactory().get("/?language=en"))
    assert response.content == b"en"
    assert COOKIE in response.cookies


def test_a_refusal_is_json_for_programs():
    request = RequestFactory().post("/live/airings/x/commands", "{}", content_type="application/json")
    response = middleware.RefusalMiddleware(page).process_exception(request, TooMany("慢一点", retry_after_seconds=7))
    assert response.status_code == 429
    assert response["Retry-After"] == "7"
    assert json.loads(response.content) == {
        "type": "error",
        "id": "",
        "code": "too_many",
        "message": "慢一点",
        "data": {"retry_after_seconds": 7},
    }


def test_an_outage_is_503_without_asking_the_database():
    request = RequestFactory().get("/programmes/", headers={"accept": "text/html"})
    response = middleware.RefusalMiddleware(page).process_exception(request, OperationalError("down"))
    assert response.status_code == 503
    assert response["Retry-After"] == "3"
    assert "正在恢复" in response.content.decode()


def test_other_faults_are_left_to_django():
    assert middleware.RefusalMiddleware(page).process_exception(RequestFactory().get("/"), ValueError()) is None


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", {"accept": "text/html,*/*"}, False),
        ("/", {"accept": "application/json"}, True),
        ("/", {}, False),
        ("/live/airings/x/state", {"accept": "*/*"}, True),
        ("/live/airings/x/state", {"accept": "text/html"}, False),
    ],
)
def test_who_wants_json(path, headers, expected):
    assert refusals.wants_json(RequestFactory().get(path, headers=headers)) is expected


def test_a_page_that_needs_a_phone_says_where(client, db):
    request = RequestFactory().get("/somewhere?x=1", headers={"accept": "text/html"})
    request.identity, request.elder = identity.fresh(), False
    from django.contrib.auth.models import AnonymousUser

    request.user = AnonymousUser()
    response = refusals.answer(request, AssuranceTooLow("请先验证手机号，再试一次。", needed=20, have=0))
    assert response.status_code == 403
    assert "/account/phone?next=/somewhere%3Fx%3D1" in response.content.decode()
