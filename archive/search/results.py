"""The answer to a question: episodes in order of worth, each with its hits, their places by offsets, and what they can be narrowed by."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archive.models import SearchEpisode
from archive.search import finding, seeing
from archive.search.asking import Word
from archive.search.finding import Narrowing, Row
from archive.search.seeing import Seen
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Programme
from broadcast.search_documents import HEAD_KINDS

PAGE = 10
# Hits shown of an episode beside others, and alone.
SHOWN = 4
SHOWN_ALONE = 200
# Of so many more an episode's sources are asked, should some have been taken back.
_SPARE = 8
# Up to so many finds every one is asked of its source before it is counted, so that a count tells nothing of what was taken back.
CHECKED = 200
FACETS = 12
# What a find is worth by its kind; a hit more of the same show adds little.
_WORTH = {"title": 100, "guest": 80, "sector": 60, "programme": 30, "summary": 50, "part": 45}
_WORTH |= {"promise": 40, "answer": 40, "question": 35, "poll": 30, "line": 20}
_MORE = 20
# Of a long text so many characters before and after the first find are shown.
_BEFORE, _AFTER = 30, 90


@dataclass(frozen=True)
class Hit:
    """One find. `marks` are first and last+1 code point of `text`; `second` is that of the replay."""

    kind: str
    text: str
    marks: tuple[tuple[int, int], ...]
    second: int | None
    airing: Airing
    speaker: str = ""
    department: str = ""
    before: bool = False
    after: bool = False

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it was looked for."""
        found, at = [], 0
        for first, last in self.marks:
            found += [(self.text[at:first], False), (self.text[first:last], True)]
            at = last
        return [each for each in [*found, (self.text[at:], False)] if each[0]]


@dataclass(frozen=True)
class Group:
    """One episode with its hits; `count` of them in all, of which `hits` are shown. The title's own marks stand in `title`."""

    episode: Episode
    airing: Airing
    title: Hit
    hits: tuple[Hit, ...]
    count: int


@dataclass(frozen=True)
class Facet:
    """One value that the answer can be narrowed to, and how many of the episodes found have it; None where nobody counted."""

    value: str
    name: str
    count: int | None


@dataclass(frozen=True)
class Answer:
    """A page of it. `hits` and `episodes` count all that was found, at most finding.MOST rows: beyond, `is_cut_off`."""

    groups: tuple[Group, ...] = ()
    hits: int = 0
    episodes: int = 0
    is_cut_off: bool = False
    pages: int = 0
    facets: dict[str, tuple[Facet, ...]] = field(default_factory=dict)


def answer(actor: Actor, words: Sequence[Word], narrowing: Narrowing, page: int = 1) -> Answer:
    """What the actor may see of it now. Raises Unavailable when it took too long.

    Every word that is shown was asked of its source just now. Of more than CHECKED finds the others are counted by what the index
    knows: that their replay is out is asked of each, whether one of so many lines was taken back this minute is not.
    """
    allowed = [each.pk for each in seeing.programmes(actor)]
    programmes = tuple(pk for pk in allowed if not narrowing.programmes or pk in narrowing.programmes)
    found = finding.find(words, replace(narrowing, programmes=programmes))
    rows = seeing.open_rows(allowed, [*found.heads, *found.rows])
    seen: dict[int, Seen] = {}
    few = len(rows) <= CHECKED
    if few:
        seen = {each.row.pk: each for each in seeing.visible(allowed, rows)}
        rows = [row for row in rows if row.pk in seen]
    by_episode: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_episode[row.episode].append(row)
    order = sorted(by_episode, key=lambda episode: _worth(by_episode[episode]), reverse=True)
    most = SHOWN_ALONE if narrowing.episode else SHOWN
    first = (page - 1) * PAGE
    on_page = [sorted(by_episode[episode], key=_rank) for episode in order[first : first + PAGE]]
    if not few:
        asked = [row for each in on_page for row in each[: most + _SPARE]]
        seen = {each.row.pk: each for each in seeing.visible(allowed, asked)}
    groups = (_group(each, each[: most + _SPARE], seen, words, most) for each in on_page)
    return Answer(
        groups=tuple(group for group in groups if group is not None),
        hits=len(rows),
        episodes=len(order),
        is_cut_off=found.is_cut_off,
        pages=-(-len(order) // PAGE),
        facets=_facets(order, rows, every=allowed if found.is_cut_off else ()),
    )


def _worth(rows: Sequence[Row]) -> tuple[float, float]:
    return max(_WORTH[row.kind] for row in rows) + min(len(rows), _MORE), rows[0].aired_at.timestamp()


def _rank(row: Row) -> tuple[float, dt.datetime, int]:
    return -_WORTH[row.kind], row.at or row.aired_at, row.pk


def _group(
    rows: Sequence[Row], asked: Sequence[Row], seen: Mapping[int, Seen], words: Sequence[Word], most: int
) -> Group | None:
    """None when nothing of what was asked may be shown any more."""
    shown = [seen[row.pk] for row in asked if row.pk in seen]
    if not shown:
        return None
    airing = shown[0].airing
    episode = airing.episode
    title = _hit_of(words, "title", episode.title, by_sound=True, second=None, airing=airing)
    hits = [each for each in shown if each.row.kind != "title" or each.text != episode.title]
    count = len(rows) - len(asked) + len(hits)
    return Group(episode, airing, title, tuple(_hit(each, words) for each in hits[:most]), count)


def _hit(each: Seen, words: Sequence[Word]) -> Hit:
    kind = each.row.kind
    made = _hit_of(words, kind, each.text, by_sound=kind in HEAD_KINDS, second=each.second, airing=each.airing)
    return replace(made, speaker=each.speaker, department=each.row.department)


def _hit_of(words: Sequence[Word], kind: str, text: str, *, by_sound: bool, second: int | None, airing: Airing) -> Hit:
    marks = _joined(place for word in words for place in word.places(text, by_sound=by_sound))
    begin, end = 0, len(text)
    if len(text) > _BEFORE + _AFTER + 20 and marks:
        begin = max(0, marks[0][0] - _BEFORE)
        end = min(len(text), marks[0][0] + _AFTER)
    elif len(text) > _BEFORE + _AFTER + 20:
        end = _BEFORE + _AFTER
    inside = [(first - begin, min(last, end) - begin) for first, last in marks if begin <= first < end]
    return Hit(kind, text[begin:end], tuple(inside), second, airing, before=begin > 0, after=end < len(text))


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, last in sorted(places):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _facets(
    episodes: Sequence[int], found: Sequence[Row], *, every: Sequence[int] = ()
) -> dict[str, tuple[Facet, ...]]:
    """Each counts episodes that can be seen, never what was only found.

    With `every` (programmes) the finds are the newest of more, so all years and programmes that have episodes out are offered.
    """
    rows = list(
        SearchEpisode.objects.filter(pk__in=episodes).values_list(
            "pk", "episode__programme", "year", "guests", "sectors", "departments"
        )
    )
    programmes: Counter[int] = Counter(programme for _pk, programme, *_rest in rows)
    years = Counter(row[2] for row in rows)
    departments = {(row[0], name) for row in rows for name in row[5]}
    departments |= {(row.episode, row.department) for row in found if row.department}
    others = _others(every, programmes, years) if every else ([], [])
    names = {each.pk: each for each in Programme.objects.filter(pk__in=[*programmes, *others[0]])}
    by_programme = [*programmes.most_common(), *((pk, None) for pk in others[0])]
    by_year = sorted([*years.items(), *((year, None) for year in others[1])], reverse=True, key=lambda each: each[0])
    return {
        "programme": tuple(
            Facet(names[pk].slug, names[pk].name, count) for pk, count in by_programme[:FACETS] if pk in names
        ),
        "year": tuple(Facet(str(year), str(year), count) for year, count in by_year[: 2 * FACETS]),
        "guest": _most(Counter(name for row in rows for name in row[3])),
        "sector": _most(Counter(name for row in rows for name in row[4])),
        "department": _most(Counter(name for _pk, name in departments)),
    }


def _others(allowed: Sequence[int], programmes: Container[int], years: Container[int]) -> tuple[list[int], list[int]]:
    """Programmes and years with episodes that are out, besides these."""
    out = Episode.objects.filter(
        programme__in=allowed, publication=Episode.Publication.PUBLISHED, signed_off_at__isnull=False
    )
    found = set(SearchEpisode.objects.filter(episode__in=out).values_list("episode__programme", "year").distinct())
    return (
        sorted({programme for programme, _year in found if programme not in programmes}),
        sorted({year for _programme, year in found if year and year not in years}),
    )


def _most(found: Counter[str]) -> tuple[Facet, ...]:
    return tuple(Facet(name, name, count) for name, count in found.most_common(FACETS))
