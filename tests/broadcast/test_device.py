"""The browser's own token: signed, given with the first page, kept when whoever uses it becomes somebody else, and no name outside."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from broadcast import device, identity
from broadcast.identity import actor_of_scope


@pytest.mark.django_db
def test_a_browser_gets_one_with_its_first_page_and_keeps_it() -> None:
    browser = Client()
    assert device.COOKIE not in browser.get("/healthz").cookies, "what proxies may keep carries nobody's token"
    given = browser.get("/").cookies[device.COOKIE]
    assert given["httponly"]
    assert given["samesite"] == "Lax"
    assert device.COOKIE not in browser.get("/").cookies
    # Whoever throws away who they are is still the same device.
    browser.cookies.pop(identity.COOKIE)
    assert identity.COOKIE in browser.get("/").cookies
    assert browser.cookies[device.COOKIE].value == given.value


@pytest.mark.django_db
def test_a_forged_one_is_replaced() -> None:
    browser = Client()
    good = device.fresh()
    for bad in ("", "x", good + "x", good.partition(":")[0], "a" * 300):
        browser.cookies[device.COOKIE] = bad
        assert device.read(bad) == ""
        assert device.read(browser.get("/").cookies[device.COOKIE].value)


def test_pages_and_sockets_find_the_same_name_and_it_is_not_the_token() -> None:
    token = device.fresh()
    request = RequestFactory().get("/")
    request.COOKIES[device.COOKIE] = token
    cookies = f"{device.COOKIE}={token}; {identity.COOKIE}={identity.sign(identity.fresh())}"
    actor = actor_of_scope({"headers": [(b"cookie", cookies.encode())], "client": ("192.0.2.1", 1)})
    assert actor is not None
    assert actor.device_id == device.read(request.COOKIES[device.COOKIE]) != ""
    assert actor.device_id not in token
    assert token not in actor.device_id
