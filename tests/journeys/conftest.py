"""What journeys share: one running house for all of them, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.journeys.house import House
from tests.journeys.pages import FLAGS

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
