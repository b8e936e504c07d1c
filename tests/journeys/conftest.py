"""What journeys share: one running house for all of them, and a browser; or pages alone, with a browser of theirs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.test.testcases import _StaticFilesHandler
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from broadcast import clock
from broadcast.models import RoleGrant, User
from tests.journeys.house import House
from tests.journeys.pages import FLAGS
from tests.journeys.site import Site
from tests.scheduling import making as rows

# The one that stands. It goes after the last journey: a show on air costs the machine something all the time.
_standing: list[House] = []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The house with the demo show on air; while writing a journey, JOURNEYS_IN names the `var` of one that runs already."""
    if "JOURNEYS_IN" in os.environ:
        return House.attached(Path(os.environ["JOURNEYS_IN"]))
    if not _standing:
        _standing.append(House(tmp_path_factory.mktemp("house") / "var").furnish())
        _standing[0].start()
    return _standing[0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """After what a module has of the house is gone."""
    if nextitem is None or not nextitem.nodeid.startswith("tests/journeys/"):
        pytest_sessionfinish()


def pytest_sessionfinish() -> None:
    """Also when the run is ended early."""
    while _standing:
        gone = _standing.pop()
        gone.stop()
        shutil.rmtree(gone.var, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium. For a module only: while it is open an event loop runs in this thread, and other modules have their own."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    # What is expected comes at once, on a slow machine too; only what never comes is waited for.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The pages without a house, for a producer of everything."""
    # The browser's event loop runs in this thread; nothing here is asynchronous.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    monkeypatch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", _StaticFilesHandler)
    user = User.objects.create_user("li", display_name="李编导")
    RoleGrant.objects.create(user=user, role="producer", granted_at=clock.now())
    client = Client()
    client.force_login(user)
    brand = rows.programme("forum", name_zh="委员议事厅", next_number=118)
    server = LiveServer("localhost")
    yield Site(server.url, client.cookies[settings.SESSION_COOKIE_NAME].value, brand)
    server.stop()


@pytest.fixture
def site_browser(site: Site) -> Iterator[Browser]:
    """Begun after the database and gone before it: while it is open an event loop runs in this thread."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()
