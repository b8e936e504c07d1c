"""Reads the house's rules: the compiled book that this process goes by, lists and figures for the page; it must not write."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Sum

from live.models import Rescan, Rule, Term
from live.rules import book as books
from live.rules.book import Book

logger = logging.getLogger(__name__)

# For so long a process goes by what it knows before it asks whether a rule changed.
FRESH_SECONDS = 1.0
# More words than this take longer to compile than a batch of writes may wait: about 0.2 ms each with pinyin.
WORDS_AT_ONCE = 2_000


class _Shelf:
    """The book of this process. A long one is compiled beside the work: until then the one before holds."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._asked_at = float("-inf")
        self._lock = threading.Lock()
        self._is_compiling = False

    def book(self) -> Book:
        known = self._book
        if known is not None and time.monotonic() - self._asked_at < FRESH_SECONDS:
            return known
        with self._lock:
            asked_at = time.monotonic()
            version = version_now()
            if self._book is None or (self._book.version != version and not self._is_long()):
                self._book = compiled(_active(), version)
            elif self._book.version != version and not self._is_compiling:
                self._is_compiling = True
                threading.Thread(target=self._compile, name="rules", daemon=True).start()
            self._asked_at = asked_at
            return self._book

    def _is_long(self) -> bool:
        return Term.objects.filter(rule__is_active=True).count() > WORDS_AT_ONCE

    def _compile(self) -> None:
        try:
            version = version_now()
            made = compiled(_active(), version)
            with self._lock:
                self._book = made
        except Exception:
            logger.exception("rules not compiled, the ones before go on")
        finally:
            self._is_compiling = False
            connection.close()

    def forget(self) -> None:
        self._asked_at = float("-inf")


_shelf = _Shelf()


def book() -> Book:
    """The active rules, compiled; at most a second old, with thousands of words a few. One small query a second, more only when a rule
    changed."""
    return _shelf.book()


def forget() -> None:
    """Ask at the next need whether a rule changed."""
    _shelf.forget()


def version_now() -> tuple[int, ...]:
    """Another one after every change of a rule."""
    found = Rule.objects.aggregate(many=Count("pk"), versions=Sum("version"), newest=Max("pk"))
    return (found["many"], found["versions"] or 0, found["newest"] or 0)


def _active() -> list[Rule]:
    return list(Rule.objects.filter(is_active=True))


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
