"""Gives a house without any rule the few it begins with; never touches a house that has some."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from broadcast import clock
from live.models import Rule, Term

DATA = Path(__file__).resolve().parent.parent / "seeds" / "rules.toml"


def seed(_slugs: list[str]) -> None:
    """All rules of the list, switched on, where there is none at all; inside the transaction that seeds the house."""
    if Rule.objects.exists():
        return
    for number, row in enumerate(rows(), start=1):
        words = row.pop("words", [])
        now = clock.now()
        rule = Rule.objects.create(number=number, is_active=True, created_at=now, changed_at=now, **row)
        Term.objects.bulk_create(
            Term(rule=rule, text=word.removeprefix("!"), is_exception=word.startswith("!")) for word in words
        )


def rows() -> list[dict[str, Any]]:
    """The list as it stands in the file."""
    found: list[dict[str, Any]] = tomllib.loads(DATA.read_text(encoding="utf-8"))["rules"]
    return found
