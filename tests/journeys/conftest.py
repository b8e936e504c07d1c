"""What journeys share: one running house for all of them, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.house import House
from tests.journeys.pages import FLAGS


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the demo show on air; while writing a journey, JOURNEYS_IN names the `var` of one that runs already."""
    if "JOURNEYS_IN" in os.environ:
        yield House.attached(Path(os.environ["JOURNEYS_IN"]))
        return
    running = House(tmp_path_factory.mktemp("house") / "var")
    try:
        yield running.furnish().start()
    finally:
        running.stop()
        shutil.rmtree(running.var, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium. For a module only: while it is open an event loop runs in this thread, and other modules have their own."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()
