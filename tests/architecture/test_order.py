"""The order in which tests run names files that exist, and keeps together what shares a house."""

from __future__ import annotations

from broadcast.house.places import ROOT
from tests import plugin


def test_what_runs_first_or_together_exists() -> None:
    named = {*plugin.FIRST, *plugin.TOGETHER, *plugin.TOGETHER.values()}
    assert [each for each in sorted(named) if not (ROOT / each).exists()] == []


def test_journeys_that_share_a_house_go_to_one_worker() -> None:
    by_file = object.__new__(plugin._ByFile)
    assert by_file._split_scope("tests/journeys/test_without.py::test_a") == "tests/journeys/test_show.py"
    assert by_file._split_scope("tests/live/test_hub.py::test_a[x::y]") == "tests/live/test_hub.py"
