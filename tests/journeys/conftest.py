"""What journeys share: one running house for all of them, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.journeys.house import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the demo show on air."""
    running = House(tmp_path_factory.mktemp("house") / "var")
    try:
        yield running.start()
    finally:
        running.stop()
        shutil.rmtree(running.var, ignore_errors=True)
