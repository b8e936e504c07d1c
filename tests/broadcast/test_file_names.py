"""A downloaded file is called by programme, number and day, whatever stands in the names, and every file system takes it."""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast import file_names
from broadcast.models import Airing, Episode, Programme


@pytest.mark.parametrize(
    ("name", "number", "title", "called"),
    [
        ("政协热线", 12, "停车", "政协热线 12 2019-03-06.srt"),
        ("政协热线", None, "停车/收费?", "政协热线 停车 收费 2019-03-06.srt"),
        ("a\\b:c\r\nd", 1, "", "a b c d 1 2019-03-06.srt"),
        ("长" * 200, 1, "", f"{'长' * 80} 1 2019-03-06.srt"),
    ],
)
def test_a_file_is_called_by_programme_number_and_the_citys_day(
    name: str, number: int | None, title: str, called: str
) -> None:
    late = dt.datetime(2019, 3, 5, 17, tzinfo=dt.UTC)
    episode = Episode(programme=Programme(name_zh=name), number=number, title=title)
    assert file_names.of_airing(Airing(episode=episode, planned_start=late), "srt") == called
