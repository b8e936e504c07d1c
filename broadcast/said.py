"""What was typed of what was said while a show ran, as one app tells another; it holds no row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One line, by the studio's time."""

    at: dt.datetime
    until: dt.datetime
    text: str
