"""The answer to a question: episodes in order of worth, each with its hits, their places by offsets, and what they can be narrowed by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from archive.models import SearchEpisode
from archive.search import finding, seeing
from archive.search.asking import Word
from archive.search.finding import Narrowing
from archive.search.seeing import Seen
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Programme
from broadcast.search_documents import HEAD_KINDS

PAGE = 10
# Hits shown of an episode beside others, and alone.
SHOWN = 4
SHOWN_ALONE = 200
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
    """One value that the answer can be narrowed to, and how many of the episodes found have it."""

    value: str
    name: str
    count: int


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
    """What the actor may see of it now. Raises Unavailable when it took too long."""
    allowed = [each.pk for each in seeing.programmes(actor)]
    programmes = tuple(pk for pk in allowed if not narrowing.programmes or pk in narrowing.programmes)
    found = finding.find(words, replace(narrowing, programmes=programmes))
    seen = seeing.visible(actor, [row for row, _episode in [*found.heads, *found.rows]])
    by_episode: dict[int, list[Seen]] = defaultdict(list)
    for each in seen:
        by_episode[each.row.episode_id].append(each)
    order = sorted(by_episode, key=lambda episode: _worth(by_episode[episode]), reverse=True)
    most = SHOWN_ALONE if narrowing.episode else SHOWN
    first = (page - 1) * PAGE
    return Answer(
        groups=tuple(_group(by_episode[episode], words, most) for episode in order[first : first + PAGE]),
        hits=len(seen),
        episodes=len(order),
        is_cut_off=found.is_cut_off,
        pages=-(-len(order) // PAGE),
        facets=_facets(order, seen),
    )


def _worth(seen: Sequence[Seen]) -> tuple[float, float]:
    best = max(_WORTH[each.row.kind] for each in seen)
    return best + min(len(seen), _MORE), seen[0].row.aired_at.timestamp()


def _group(seen: Sequence[Seen], words: Sequence[Word], most: int) -> Group:
    first = seen[0]
    episode = first.airing.episode
    title = _hit_of(words, "title", episode.title, by_sound=True, second=None, airing=first.airing)
    shown = [each for each in seen if each.row.kind != "title" or each.row.text != episode.title]
    shown.sort(key=lambda each: (-_WORTH[each.row.kind], each.row.at or each.row.aired_at, each.row.pk))
    hits = tuple(_hit(each, words) for each in shown[:most])
    return Group(episode, first.airing, title, hits, len(shown))


def _hit(each: Seen, words: Sequence[Word]) -> Hit:
    row = each.row
    made = _hit_of(words, row.kind, row.text, by_sound=row.kind in HEAD_KINDS, second=each.second, airing=each.airing)
    return replace(made, speaker=row.speaker, department=row.department)


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


def _facets(episodes: Sequence[int], seen: Sequence[Seen]) -> dict[str, tuple[Facet, ...]]:
    """Each counts episodes that can be seen, never what was only found."""
    rows = list(SearchEpisode.objects.filter(pk__in=episodes).select_related("episode"))
    programmes = Counter(row.episode.programme_id for row in rows)
    names = {each.pk: each for each in Programme.objects.filter(pk__in=programmes)}
    by_slug = [
        Facet(names[pk].slug, names[pk].name, count) for pk, count in programmes.most_common(FACETS) if pk in names
    ]
    years = sorted(Counter(row.year for row in rows).items(), reverse=True)
    departments = {(row.pk, name) for row in rows for name in row.departments}
    departments |= {(each.row.episode_id, each.row.department) for each in seen if each.row.department}
    return {
        "programme": tuple(by_slug),
        "year": tuple(Facet(str(year), str(year), count) for year, count in years[:FACETS]),
        "guest": _most(Counter(name for row in rows for name in row.guests)),
        "sector": _most(Counter(name for row in rows for name in row.sectors)),
        "department": _most(Counter(name for _pk, name in departments)),
    }


def _most(found: Counter[str]) -> tuple[Facet, ...]:
    return tuple(Facet(name, name, count) for name, count in found.most_common(FACETS))
