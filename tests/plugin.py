"""Gives every test run servers of its own, before Django's settings are read; loaded by pytest's `-p` in pyproject.toml.

Where YISHI_DATABASE_URL and YISHI_BUS_URL are both set, those servers are used instead. With `-n` each worker has its own.
"""

from __future__ import annotations

import atexit
import os
import shutil

import pytest
from _pytest.terminal import TerminalReporter
from xdist.scheduler import LoadFileScheduling

from archive import tools
from broadcast.house import private

# xdist's workers are told the environment of the process that started them, with the names of its servers.
_WORKER = "PYTEST_XDIST_WORKER" in os.environ
_OWN = _WORKER or not (os.environ.get("YISHI_DATABASE_URL") and os.environ.get("YISHI_BUS_URL"))
if _OWN:
    private.sweep()
    _servers = private.PrivateServers()
    for name in [each for each in os.environ if each.startswith("YISHI_") and each != "YISHI_FFMPEG"]:
        del os.environ[name]
    # pytest-django reads the settings before any hook of ours could run; the ports are known already.
    os.environ.update(_servers.environ())
    # Only reached when the run is not ended in the ordinary way below.
    atexit.register(_servers.stop)
# What is tested does not depend on how busy the machine is.
os.environ["YISHI_LADDER"] = "0"
# Nor do tests of other things take a second step at each log-in; tests of that one ask for it.
os.environ["YISHI_SECOND_FACTOR"] = "0"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="soaks and kill storms too (an hour and more)")


# What takes longest is begun first, so that no worker is left with it when the others have nothing more to do.
FIRST = (
    "tests/journeys/test_show.py",
    "tests/journeys/test_playback.py",
    "tests/journeys/",
    "tests/archive/test_one_show.py",
    "tests/archive/test_kill_cycles.py",
    "tests/archive/test_ingest.py",
    "tests/archive/test_push_show.py",
    "tests/archive/test_push.py",
    "tests/archive/test_steps.py",
    "tests/live/test_survival.py",
    "tests/archive/test_steps_worker.py",
    "tests/archive/test_outage.py",
    "tests/archive/test_stored_show.py",
    "tests/archive/test_cut.py",
    "tests/archive/test_ingest_lanes.py",
    "tests/live/test_behind.py",
    "tests/live/test_ballots.py",
    "tests/live/test_drain.py",
    "tests/live/test_cut_off.py",
)


# Files that one worker does one after another: each worker that has a journey starts a house of its own.
TOGETHER = {
    "tests/journeys/test_barriers.py": "tests/journeys/test_show.py",
    "tests/journeys/test_desk.py": "tests/journeys/test_show.py",
    "tests/journeys/test_desk_people.py": "tests/journeys/test_show.py",
    "tests/journeys/test_renewal.py": "tests/journeys/test_show.py",
    "tests/journeys/test_without.py": "tests/journeys/test_show.py",
    "tests/journeys/test_floor.py": "tests/journeys/test_playback.py",
}


class _ByFile(LoadFileScheduling):
    """Whole files for each worker, some of them together."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile | None:
    """Ours in the place of `--dist=loadfile`."""
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def _rank(item: pytest.Item) -> int:
    return next((place for place, file in enumerate(FIRST) if item.nodeid.startswith(file)), len(FIRST))


# After pytest-django, which sorts by what a test does with the database.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long ones unless asked for; skip what the machine has no program for, saying which."""
    items.sort(key=_rank)
    long = [item for item in items if item.get_closest_marker("long")]
    if long and not config.getoption("--long"):
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    for marker, programs in (("browser", ("chromium", "chromium-browser")), ("ffmpeg", ("ffmpeg",))):
        if not any(shutil.which(program) for program in programs) and not (marker == "ffmpeg" and tools.candidates()):
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=f"needs {programs[0]}: apt-get install {programs[0]}"))


class _AtOnce:
    """Says what failed when it fails: a run takes a quarter of an hour, and tells the rest at its end."""

    def __init__(self, terminal: TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._terminal.write_line(f"\nFAILED {report.nodeid} ({report.when}, {report.duration:.0f} s)")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None and not _WORKER:
        config.pluginmanager.register(_AtOnce(terminal))


def pytest_sessionstart(session: pytest.Session) -> None:
    shares = bool(getattr(session.config.option, "numprocesses", None)) and not _WORKER
    if _OWN and not session.config.option.collectonly and not shares:
        _servers.start()


def pytest_unconfigure() -> None:
    if _OWN:
        _servers.stop()
