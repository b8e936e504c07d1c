"""Rules for tests, short to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from broadcast import clock
from live.models import Rule, Term
from live.queries import rules


def make_rule(name: str, *, words: Sequence[str] = (), spared: Sequence[str] = (), **more: Any) -> Rule:
    """An active rule that this process goes by at once."""
    now = clock.now()
    more.setdefault("kind", "terms")
    more.setdefault("is_active", True)
    if "reason" in more:
        more["reason_id"] = more.pop("reason")
    number = (Rule.objects.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    rule = Rule.objects.create(number=number, name=name, created_at=now, changed_at=now, **more)
    Term.objects.bulk_create(
        [Term(rule=rule, text=word) for word in words]
        + [Term(rule=rule, text=word, is_exception=True) for word in spared]
    )
    rules.forget()
    return rule
