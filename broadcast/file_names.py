"""What a downloaded file about an airing is called: by programme, number and day, as a person would look for it."""

from __future__ import annotations

import re

from broadcast import clock
from broadcast.models import Airing

# What one file system or another refuses in a name, and what breaks a line.
_REFUSED = re.compile(r'[\\/:*?"<>|\s\x00-\x1f]+')
_LONGEST = 80


def cleaned(text: str) -> str:
    """`text` as every file system takes it; "" where nothing is left."""
    return _REFUSED.sub(" ", text).strip()[:_LONGEST].strip()


def of_airing(airing: Airing, ending: str) -> str:
    """`政协热线 12 2019-03-05.srt`; without a number, the title. Wants its episode and programme at hand."""
    episode = airing.episode
    day = (airing.actual_start or airing.planned_start).astimezone(clock.ZONE)
    words = (cleaned(episode.programme.name_zh), str(episode.number or cleaned(episode.title)), f"{day:%Y-%m-%d}")
    return f"{' '.join(filter(None, words))}.{ending}"
