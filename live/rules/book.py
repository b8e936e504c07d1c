"""The house's active rules, compiled: what they find in a text of a programme; pure, and what then happens is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from live.rules import addresses, flood, numbers, views
from live.rules.flood import Recent, Said
from live.rules.matcher import Matcher, WordList
from live.rules.views import Span, View

TERMS, LINKS, PHONE, ID_NUMBER, CONTACT, FLOOD, REPEAT = (
    "terms",
    "links",
    "phone",
    "id_number",
    "contact",
    "flood",
    "repeat",
)
# From the gravest on: what happens when several rules find something.
GRAVEST = ("reject", "hold", "mask")
# How much of two texts must be the same for them to count as nearly the same, in a hundred.
ALIKE_PERCENT = 75


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the book needs it. `many` within `minutes` is the measure of floods and repeats; `programme` None: of all."""

    id: int
    code: str
    name: str
    kind: str
    action: str
    reason: str = ""
    programme: int | None = None
    words: tuple[str, ...] = ()
    except_words: tuple[str, ...] = ()
    by_pinyin: bool = False
    by_sound: bool = False
    many: int = 3
    minutes: int = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """What one rule found: where (nowhere: in the whole), and by which words of it."""

    rule: Rule
    spans: tuple[Span, ...] = ()
    words: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As it is kept with an item."""
        return {
            "rule": self.rule.id,
            "code": self.rule.code,
            "name": self.rule.name,
            "action": self.rule.action,
            "spans": [list(span) for span in self.spans],
            "false": False,
        }


@dataclass
class Book:
    """All active rules. Made anew when one changes; safe to be read by several threads."""

    rules: tuple[Rule, ...] = ()
    version: tuple[int, ...] = ()
    _matcher: Matcher = field(init=False, repr=False)
    _by_id: dict[int, Rule] = field(init=False, repr=False)
    _readers: list[Rule] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_id = {rule.id: rule for rule in self.rules}
        self._readers = [rule for rule in self.rules if rule.kind in _READERS]
        self._matcher = Matcher(
            [
                WordList(rule.id, rule.words, rule.except_words, rule.by_pinyin, rule.by_sound)
                for rule in self.rules
                if rule.kind == TERMS
            ]
        )

    def of_kind(self, kind: str, programme: int | None) -> list[Rule]:
        """The rules of a kind that hold in a programme."""
        return [rule for rule in self.rules if rule.kind == kind and rule.programme in {None, programme}]

    def read(self, text: str, programme: int | None = None) -> list[Hit]:
        """What the rules find in the text itself, in the order of the rules. Floods over time and repeats are `weigh`'s."""
        view = views.words(text)
        spans: dict[int, list[Span]] = {}
        words: dict[int, list[str]] = {}
        for found in self._matcher.find_in(view):
            if self._by_id[found.rule].programme in {None, programme}:
                spans.setdefault(found.rule, []).append((found.first, found.end))
                words.setdefault(found.rule, []).append(found.word)
        for rule in self._readers:
            if rule.programme in {None, programme} and (own := _READERS[rule.kind](view, rule)):
                spans[rule.id] = own
        if not spans:
            return []
        return [
            Hit(rule, merged(spans[rule.id]), tuple(dict.fromkeys(words.get(rule.id, ()))))
            for rule in self.rules
            if rule.id in spans
        ]

    def weigh(self, recent: Recent, said: Said, programme: int | None = None) -> list[Hit]:
        """What the rules find in the company of a text: too many by one author, or too many nearly the same."""
        found = [
            Hit(rule)
            for rule in self.of_kind(FLOOD, programme)
            if recent.many_of(said.author, said.at - 60 * rule.minutes, said.key) >= rule.many
        ]
        for rule in self.of_kind(REPEAT, programme):
            alike = recent.like(said.print, said.at - 60 * rule.minutes, ALIKE_PERCENT, said.key)
            if _repeats_itself(said, alike) or (len(said.print.words) >= _SAYS_MUCH and len(alike) >= rule.many):
                found.append(Hit(rule))
        return found

    @property
    def looks_around(self) -> bool:
        """Whether any rule needs to know what others said."""
        return any(rule.kind in {FLOOD, REPEAT} for rule in self.rules)


# Two people who say 支持 or 辛苦了 repeat nobody.
_SAYS_SOMETHING = 6
_SAYS_MUCH = 10


def _repeats_itself(said: Said, alike: list[Said]) -> bool:
    own = sum(each.author == said.author for each in alike)
    return own >= (1 if len(said.print.words) >= _SAYS_SOMETHING else 2)


_READERS: dict[str, Callable[[View, Rule], list[Span]]] = {
    LINKS: lambda view, rule: addresses.links(view.source, rule.except_words, view.text),
    PHONE: lambda view, _rule: numbers.phones(view),
    ID_NUMBER: lambda view, _rule: numbers.identities(view),
    CONTACT: lambda view, _rule: addresses.contacts(view.source, view.text),
    FLOOD: lambda view, _rule: flood.repeated(view),
}


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch or overlap as one."""
    out: list[Span] = []
    for first, end in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((first, end))
    return tuple(out)


def gravest(hits: Iterable[Hit]) -> Hit | None:
    """The hit whose action goes furthest, the first of several."""
    found = list(hits)
    return min(found, key=lambda hit: GRAVEST.index(hit.rule.action)) if found else None
