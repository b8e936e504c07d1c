"""Gives every test run servers of its own, before Django's settings are read; loaded by pytest's `-p` in pyproject.toml.

Where YISHI_DATABASE_URL and YISHI_BUS_URL are both set, those servers are used instead.
"""

from __future__ import annotations

import atexit
import os

import pytest

from broadcast.house import private

_OWN = not (os.environ.get("YISHI_DATABASE_URL") and os.environ.get("YISHI_BUS_URL"))
if _OWN:
    private.sweep()
    _servers = private.PrivateServers()
    for name in [each for each in os.environ if each.startswith("YISHI_") and each != "YISHI_FFMPEG"]:
        del os.environ[name]
    # pytest-django reads the settings before any hook of ours could run; the ports are known already.
    os.environ.update(_servers.environ())
    # Only reached when the run is not ended in the ordinary way below.
    atexit.register(_servers.stop)


def pytest_sessionstart(session: pytest.Session) -> None:
    if _OWN and not session.config.option.collectonly:
        _servers.start()


def pytest_unconfigure() -> None:
    if _OWN:
        _servers.stop()
