"""A passkey in a real browser with a virtual authenticator: made because the role asks for one, signed with, and not to be replayed."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.test.testcases import _StaticFilesHandler
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from broadcast import clock
from broadcast.models import AuditEntry, Passkey, RecoveryCode, RoleGrant, User
from tests.journeys.pages import FLAGS

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse 9"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def producer(settings: Any, monkeypatch: pytest.MonkeyPatch) -> User:
    # The browser's event loop runs in this thread; nothing here is asynchronous.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
    settings.SECOND_FACTOR = True
    user = User.objects.create_user("zheng", password=PASSWORD, display_name="编导郑")
    RoleGrant.objects.create(user=user, role="producer", granted_at=clock.now())
    return user


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where pages are, with the collected static files: passkeys belong to a name, never to a bare address."""
    monkeypatch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", _StaticFilesHandler)
    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture
def page(site: str, producer: User) -> Iterator[Page]:
    """A browser of its own, begun after the database and gone before it: while it is open an event loop runs in this thread."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        made = running.new_context(viewport={"width": 390, "height": 844}).new_page()
        wire = made.context.new_cdp_session(made)
        wire.send("WebAuthn.enable")
        wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield made
        running.close()


def log_in(page: Page, site: str, then: str) -> None:
    page.goto(f"{site}/account/login")
    page.fill("#username", "zheng")
    page.fill("#password", PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"{site}{then}")


def test_a_passkey_is_made_and_signs(page: Page, site: str, producer: User) -> None:
    log_in(page, site, "/account/security")
    page.goto(f"{site}/staff/")
    expect(page).to_have_url(f"{site}/account/security")
    page.fill("#passkey-name", "办公室电脑")
    page.get_by_role("button", name="添加通行密钥").click()
    page.wait_for_url(f"{site}/account/security/codes")
    assert page.locator(".codes code").count() == 10
    page.get_by_role("link", name="我已抄好").click()
    expect(page.locator("main")).to_contain_text("办公室电脑")
    assert page.goto(f"{site}/staff/").status == 200
    assert AuditEntry.objects.get(act="factor.add").after == {"kind": "passkey"}
    assert RecoveryCode.objects.filter(user=producer).count() == 10

    page.context.clear_cookies()
    sent: list[Any] = []
    page.on("request", lambda each: sent.append(each.post_data) if each.url.endswith("/passkey/answer") else None)
    log_in(page, site, "/account/second")
    page.get_by_role("button", name="用通行密钥").click()
    page.wait_for_url(f"{site}/staff/")
    assert Passkey.objects.get(user=producer).used_at is not None

    # What was signed once opens nothing again: the question it answers is gone, and another question is another.
    page.context.clear_cookies()
    log_in(page, site, "/account/second")
    for asked_anew in (False, True):
        if asked_anew:
            assert _post(page, f"{site}/account/second/passkey", "{}")["ok"] is True
        assert _post(page, f"{site}/account/second/passkey/answer", sent[0])["code"] == "invalid_input"
    page.goto(f"{site}/staff/")
    assert "/account/login" in page.url


def test_a_passkey_of_another_account_opens_nothing(page: Page, site: str, producer: User) -> None:
    log_in(page, site, "/account/security")
    page.get_by_role("button", name="添加通行密钥").click()
    page.wait_for_url(f"{site}/account/security/codes")
    mallory = User.objects.create_user("mallory", password=PASSWORD)
    Passkey.objects.update(user=mallory)
    Passkey.objects.create(user=producer, credential_id=b"other", public_key=b"x", made_at=clock.now(), name="别的")
    page.context.clear_cookies()
    log_in(page, site, "/account/second")
    question = _post(page, f"{site}/account/second/passkey", "{}")["options"]
    assert [each["id"] for each in question["allowCredentials"]] == ["b3RoZXI"], (
        "only keys of this account are asked for"
    )
    mallorys = Passkey.objects.get(user=mallory)
    answer = json.dumps({"answer": {"id": _text(bytes(mallorys.credential_id)), "response": {}}})
    assert _post(page, f"{site}/account/second/passkey/answer", answer)["code"] == "invalid_input"


def _post(page: Page, url: str, body: str) -> dict[str, Any]:
    """As the page's own script would."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token}
    told: dict[str, Any] = page.request.post(url, data=body, headers=headers).json()
    return told


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
