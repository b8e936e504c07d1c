"""What really went out of an airing, as whoever records it tells the others; only the shape of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

NOTHING = "nothing"


@dataclass(frozen=True)
class Ran:
    """One stretch. Times are those of the media: the public has it the airing's delay later.

    `kind` is a stable word, NOTHING where nothing went out; `label` says it to people; `reason` why, a stable word or empty;
    `subject` names what went out instead, in words.
    """

    start: dt.datetime
    end: dt.datetime
    kind: str
    label: str
    reason: str = ""
    subject: str = ""
