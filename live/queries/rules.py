"""Reads the house's rules: the compiled book that this process goes by, lists and figures for the page; it must not write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Count, Max, Sum

from live.models import Rescan, Rule, Term
from live.rules import book as books
from live.rules.book import Book

# For so long a process goes by what it knows before it asks whether a rule changed.
FRESH_SECONDS = 1.0


class _Shelf:
    """The book of this process."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._asked_at = 0.0
        self._lock = threading.Lock()

    def book(self) -> Book:
        known = self._book
        if known is not None and time.monotonic() - self._asked_at < FRESH_SECONDS:
            return known
        with self._lock:
            asked_at = time.monotonic()
            version = version_now()
            if self._book is None or self._book.version != version:
                self._book = compiled(Rule.objects.filter(is_active=True), version)
            self._asked_at = asked_at
            return self._book

    def forget(self) -> None:
        self._asked_at = float("-inf")


_shelf = _Shelf()


def book() -> Book:
    """The active rules, compiled; at most a second old. One small query a second, more only when a rule changed."""
    return _shelf.book()


def forget() -> None:
    """Ask at the next need whether a rule changed."""
    _shelf.forget()


def version_now() -> tuple[int, ...]:
    """Another one after every change of a rule."""
    found = Rule.objects.aggregate(many=Count("pk"), versions=Sum("version"), newest=Max("pk"))
    return (found["many"], found["versions"] or 0, found["newest"] or 0)


def compiled(rules: Iterable[Rule], version: tuple[int, ...] = ()) -> Book:
    """These rules as a book."""
    if not isinstance(rules, list):
        rules = list(rules)
    terms: dict[int, list[tuple[str, bool]]] = {}
    for rule in rules:
        terms[rule.pk] = list(rule.terms.values_list("text", "is_exception")) if rule.pk else []
    return Book(tuple(for_book(rule, terms[rule.pk]) for rule in rules), version)


def for_book(rule: Rule, terms: Iterable[tuple[str, bool]]) -> books.Rule:
    """A row and its terms (text, is an exception) as the book has them."""
    found = list(terms)
    return books.Rule(
        id=rule.pk or 0,
        code=rule.code,
        name=rule.name,
        kind=rule.kind,
        action=rule.action,
        reason=rule.reason_id or "",
        programme=rule.programme_id,
        words=tuple(text for text, is_exception in found if not is_exception),
        except_words=tuple(text for text, is_exception in found if is_exception),
        by_pinyin=rule.by_pinyin,
        by_sound=rule.by_sound,
        many=rule.many,
        minutes=rule.minutes,
    )


def as_if(rule: Rule | None, fill: Callable[[Rule, Any], None], draft: Any) -> Book:
    """A book of one rule as if it were changed to that; nothing is saved. `fill` gives a row what the draft says."""
    row = Rule(pk=rule.pk if rule else 0, number=rule.number if rule else 0)
    fill(row, draft)
    return Book(
        (for_book(row, [*((word, False) for word in draft.words), *((word, True) for word in draft.except_words)]),)
    )


def word_counts(rules: Iterable[Rule]) -> dict[int, int]:
    """How many words each rule looks for."""
    found = Term.objects.filter(rule__in=list(rules), is_exception=False).values("rule").annotate(many=Count("pk"))
    return {row["rule"]: row["many"] for row in found}


def rescans_under_way(rules: Iterable[Rule]) -> list[Rescan]:
    """The looks back that are not done yet."""
    return list(Rescan.objects.filter(rule__in=list(rules), done_at__isnull=True).select_related("rule"))


def categories() -> list[str]:
    """The categories in use, for the form to offer."""
    found = Rule.objects.exclude(category="").order_by("category").values_list("category", flat=True)
    return list(dict.fromkeys(found))
