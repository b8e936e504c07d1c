"""Finds rows by the words of a question, at most so many and the newest first; whether they may be shown is asked of archive.search.seeing.

A word that stands at the head of an episode (title, guests, 界别, programme) counts for everything below that head: 李志明 停车 finds
what was said about 停车 in the shows of 李志明. A term that stands in very many rows is not looked up, since all of its rows would have
to be read to sort them: the newest rows are walked until enough are found. Which of the two is cheaper the newest rows say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from archive.models import SearchEpisode
from archive.search import sounds, vectors
from archive.search.asking import Word
from broadcast.errors import Unavailable

# So many rows are found at most; beyond, the page says 超过.
MOST = 1_000
MOST_HEADS = 2_000
# Of so many newest rows, from so many hits on the rest is walked, not looked up.
SAMPLE = 4_000
COMMON = 600
# From so many on, enough are looked for in the newest months alone, unless those would be more than so many.
USUAL = 6
_MOST_MONTHS = 240
TIMEOUT_MS = 1_500
# With more words, one that stands at the head counts for heads alone.
_MOST_CROSSED = 3


@dataclass(frozen=True)
class Narrowing:
    """What the finds are narrowed to; empty: not."""

    programmes: tuple[int, ...] = ()
    year: int = 0
    guest: str = ""
    sector: str = ""
    department: str = ""
    episode: int = 0

    @property
    def needs_episodes(self) -> bool:
        """Whether rows alone do not know."""
        return bool(self.year or self.guest or self.sector or self.department or self.episode)


class Row(NamedTuple):
    """What is known of a find before its words are read. `airing` is None where it belongs to all outings of the episode."""

    pk: int
    episode: int
    airing: UUID | None
    kind: str
    department: str
    at: dt.datetime | None
    aired_at: dt.datetime


_COLUMNS = "id, episode_id, airing_id, kind, department, at, aired_at"


@dataclass
class Found:
    """Rows, heads apart, and whether there were more."""

    heads: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    is_cut_off: bool = False


def find(words: Sequence[Word], narrowing: Narrowing) -> Found:
    """Raises Unavailable when it took too long."""
    if not words or not narrowing.programmes:
        return Found()
    episodes = _episodes(narrowing) if narrowing.needs_episodes else None
    if episodes == []:
        return Found()
    where, values = ["programme_id = ANY(%s)"], [list(narrowing.programmes)]
    if episodes is not None:
        where.append("episode_id = ANY(%s)")
        values.append(episodes)
    with _bounded() as cursor:
        heads, by_word, cut = _heads(cursor, words, where, values)
        rows = _rows(cursor, words, by_word, where, values)
    return Found(heads, rows[:MOST], cut or len(rows) > MOST)


@contextmanager
def _bounded() -> Iterator[Any]:
    """A transaction whose statements end in time."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
            cursor.execute("SET LOCAL jit = off")
            yield cursor
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        raise Unavailable(_("这次搜索太费时，已经停下。请多写几个字，或者选定节目、年份再搜。")) from error


def _episodes(narrowing: Narrowing) -> list[int]:
    rows = SearchEpisode.objects.all()
    if narrowing.episode:
        rows = rows.filter(pk=narrowing.episode)
    if narrowing.year:
        rows = rows.filter(year=narrowing.year)
    if narrowing.guest:
        rows = rows.filter(guests__contains=[narrowing.guest])
    if narrowing.sector:
        rows = rows.filter(sectors__contains=[narrowing.sector])
    if narrowing.department:
        rows = rows.filter(departments__contains=[narrowing.department])
    return list(rows.values_list("pk", flat=True))


def _heads(
    cursor: Any, words: Sequence[Word], where: list[str], values: list[Any]
) -> tuple[list[Row], list[set[int]], bool]:
    """Head rows of the episodes whose heads hold every word, the episodes by word, and whether there were more."""
    tests, given = [], []
    for word in words:
        by_sound = " OR sounds @@ %s::tsquery" if word.sound else ""
        tests.append(f"(words @@ %s::tsquery{by_sound})")
        given += [word.query, *([sounds.query(word.sound)] if word.sound else [])]
    cursor.execute(
        f"SELECT {_COLUMNS}, {', '.join(tests)} FROM archive_searchdocument WHERE is_head AND ({' OR '.join(tests)})"
        f" AND {' AND '.join(where)} ORDER BY aired_at DESC, id LIMIT {MOST_HEADS + 1}",
        [*given, *given, *values],
    )
    found = cursor.fetchall()
    by_word: list[set[int]] = [set() for _each in words]
    rows = []
    for each in found[:MOST_HEADS]:
        rows.append(row := Row(*each[: len(Row._fields)]))
        for number, does in enumerate(each[len(Row._fields) :]):
            if does:
                by_word[number].add(row.episode)
    whole = set.intersection(*by_word)
    return [row for row in rows if row.episode in whole], by_word, len(found) > MOST_HEADS


def _rows(
    cursor: Any, words: Sequence[Word], by_word: list[set[int]], where: list[str], values: list[Any]
) -> list[Row]:
    """Other rows that hold every word but those that the head holds; the newest."""
    ways: list[str] = ["words @@ %s::tsquery"]
    given: list[Any] = [_all(words)]
    if 2 <= len(words) <= _MOST_CROSSED:
        for size in range(1, len(words)):
            for above in combinations(range(len(words)), size):
                episodes = set.intersection(*(by_word[number] for number in above))
                if episodes:
                    ways.append("(words @@ %s::tsquery AND episode_id = ANY(%s))")
                    given += [_all([word for at, word in enumerate(words) if at not in above]), list(episodes)]
    test = f"({' OR '.join(ways)}) AND {' AND '.join(where)}"
    given += values
    newest = f"SELECT * FROM archive_searchdocument WHERE NOT is_head ORDER BY aired_at DESC, id DESC LIMIT {SAMPLE}"
    cursor.execute(
        f"SELECT count(*) FILTER (WHERE {test}), min(aired_at), max(aired_at) FROM ({newest}) AS newest", given
    )
    count, first, last = cursor.fetchone()
    if count >= COMMON:
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        return _newest(cursor, f"archive_searchdocument WHERE NOT is_head AND {test}", given)
    cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off")
    looked_up = f"SELECT {_COLUMNS} FROM archive_searchdocument WHERE NOT is_head AND {test}"
    if count >= USUAL:
        # Twice as far back as enough should reach. Whole months, so if there are enough, they are the newest.
        back = (last - first) * (2 * MOST / count)
        if back < dt.timedelta(days=30 * _MOST_MONTHS):
            months = vectors.months(last - back, last)
            found = _newest(cursor, f"({looked_up} AND words @@ %s::tsquery OFFSET 0) AS looked_up", [*given, months])
            if len(found) > MOST:
                return found
    return _newest(cursor, f"({looked_up} OFFSET 0) AS looked_up", given)


def _newest(cursor: Any, source: str, given: list[Any]) -> list[Row]:
    cursor.execute(f"SELECT {_COLUMNS} FROM {source} ORDER BY aired_at DESC, id DESC LIMIT {MOST + 1}", given)
    return [Row(*each) for each in cursor.fetchall()]


def _all(words: Sequence[Word]) -> str:
    return " & ".join(f"({word.query})" for word in words)
