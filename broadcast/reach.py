"""What an app counted of those who took part, source by source: rows that stand beside each other and are never added up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """One source: its name, how it counts in words, how often (人次), and how many different people; None where nobody knows."""

    name: str
    how: str
    times: int
    people: int | None = None
