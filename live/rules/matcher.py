"""Finds the words of many lists in a text in one pass, however they are disguised, and says where they stand; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import MATCHKIND_STANDARD, AhoCorasick

from live.rules import sounds, views
from live.rules.folding import Sort, fold, is_han
from live.rules.views import GAP_MOST, Span, View

# Letters or digits pushed in between two Han characters.
NOISE_MOST = 2


@dataclass(frozen=True, slots=True)
class WordList:
    """The words of one rule. `except_words` are harmless ones that contain a word: inside them nothing is found."""

    rule: int
    words: tuple[str, ...]
    except_words: tuple[str, ...] = ()
    by_pinyin: bool = False
    by_sound: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """That a word stands in the text, from the code point `first` up to but not with `end`."""

    rule: int
    word: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is searched for: a folded word, and where in it the syllables begin if it is pinyin."""

    rule: int
    word: str
    folded: str
    is_exception: bool = False
    starts: tuple[int, ...] = ()


class _Search:
    """One automaton over many patterns; the same string may belong to several rules."""

    def __init__(self) -> None:
        self._patterns: dict[str, list[_Pattern]] = {}
        self._keys: list[str] = []
        self._machine: AhoCorasick | None = None

    def add(self, key: str, pattern: _Pattern) -> None:
        self._patterns.setdefault(key, []).append(pattern)

    def build(self) -> None:
        self._keys = list(self._patterns)
        if self._keys:
            self._machine = AhoCorasick(self._keys, matchkind=MATCHKIND_STANDARD)

    def __bool__(self) -> bool:
        return self._machine is not None

    def __call__(self, text: str) -> Iterator[tuple[_Pattern, int, int]]:
        if self._machine is None or not text:
            return
        for number, start, stop in self._machine.find_matches_as_indexes(text, overlapping=True):
            for pattern in self._patterns[self._keys[number]]:
                yield pattern, start, stop


def folded(word: str) -> str:
    """A word as it is compared; empty when nothing in it can be."""
    return "".join(fold(each)[0] for each in word)


@dataclass
class Matcher:
    """Compiled lists. Time grows with the length of the text and the number of hits, not with the number of words."""

    lists: Iterable[WordList]
    _plain: _Search = field(default_factory=_Search, repr=False)
    _han: _Search = field(default_factory=_Search, repr=False)
    _sound: _Search = field(default_factory=_Search, repr=False)
    _pinyin: _Search = field(default_factory=_Search, repr=False)
    _sounded: set[int] = field(default_factory=set, repr=False)
    _parts: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        characters: set[str] = set()
        for each in self.lists:
            for word in each.words:
                self._add(each, word)
                characters.update(folded(word))
            for word in each.except_words:
                key = folded(word)
                if key:
                    self._plain.add(key, _Pattern(each.rule, word, key, is_exception=True))
        self._parts = {made_of: one for made_of, one in sounds.parts_of(characters) if made_of not in characters}
        for search in (self._plain, self._han, self._sound, self._pinyin):
            search.build()

    def _add(self, owner: WordList, word: str) -> None:
        key = folded(word)
        if not key:
            return
        self._plain.add(key, _Pattern(owner.rule, word, key))
        if len(key) < 2 or not all(map(is_han, key)):
            return
        self._han.add(key, _Pattern(owner.rule, word, key))
        if owner.by_sound:
            self._sounded.add(owner.rule)
        for syllables in sounds.spellings(key) if owner.by_sound or owner.by_pinyin else ():
            if owner.by_sound:
                self._sound.add(sounds.signs(syllables), _Pattern(owner.rule, word, key))
            if owner.by_pinyin:
                starts = tuple(sum(map(len, syllables[:n])) for n in range(len(syllables)))
                self._pinyin.add("".join(syllables), _Pattern(owner.rule, word, key, starts=starts))

    def find(self, source: str) -> list[Found]:
        """All words in the text, each place once, in order; those inside a harmless word of their rule are left out."""
        return self.find_in(views.words(source))

    def find_in(self, view: View) -> list[Found]:
        """The same in a text that is folded already."""
        found: dict[tuple[int, int, int], Found] = {}
        spared: list[tuple[int, Span]] = []
        for pattern, span in self._everywhere(view):
            if pattern.is_exception:
                spared.append((pattern.rule, span))
            else:
                found.setdefault((pattern.rule, *span), Found(pattern.rule, pattern.word, *span))
        kept = (each for each in found.values() if not _is_spared(each, spared))
        return sorted(kept, key=lambda each: (each.first, -each.end, each.rule))

    def _everywhere(self, view: View) -> Iterator[tuple[_Pattern, Span]]:
        yield from _hits(self._plain, view, _is_one_word)
        narrow = views.han_only(view)
        if narrow is not None:
            yield from _hits(self._han, narrow, _has_little_noise)
        if self._parts:
            longest = sounds.PARTS_MOST
            put_together = views.joined(view, self._parts, longest)
            if put_together is not None:
                yield from _hits(self._plain, put_together, _is_one_word)
        if self._sound:
            yield from _hits(self._sound, views.sounding(view, sounds.sign), _is_one_word)
        if self._pinyin:
            yield from self._by_pinyin(view)

    def _by_pinyin(self, view: View) -> Iterator[tuple[_Pattern, Span]]:
        if not any(each.isascii() and each.isalpha() for each in view.text):
            return
        line = views.spelled(view, sounds.letters)
        written = {at: each for at, each in zip(view.first, view.text, strict=True) if is_han(each)}
        for pattern, start, stop in self._pinyin(line.text):
            if _is_spelled(line, pattern, start, stop, written, any_sound=pattern.rule in self._sounded):
                yield pattern, line.span(start, stop)


def _hits(
    search: _Search, view: View, is_right: Callable[[View, _Pattern, int, int], bool]
) -> Iterator[tuple[_Pattern, Span]]:
    for pattern, start, stop in search(view.text):
        if is_right(view, pattern, start, stop):
            yield pattern, view.span(start, stop)


def _is_spared(found: Found, spared: list[tuple[int, Span]]) -> bool:
    return any(rule == found.rule and span[0] <= found.first and found.end <= span[1] for rule, span in spared)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_one_word(view: View, pattern: _Pattern, start: int, stop: int) -> bool:
    """Whether what stands between the characters was pushed into one word, and no letter goes on before or after it."""
    if _goes_on(view, start) or _goes_on(view, stop):
        return False
    gaps = [view.between(i) for i in range(start + 1, stop)]
    if not any(gaps):
        return True
    if any(len(gap) > GAP_MOST for gap in gaps):
        return False
    pulled_apart = all(gaps)
    if pulled_apart and len(gaps) > 1:
        return True
    for i, gap in enumerate(gaps, start + 1):
        if not gap:
            continue
        latin = _is_latin(view.text[i - 1]) and _is_latin(view.text[i])
        if (latin and not pulled_apart) or _parts_sentences(gap):
            return False
    return True


def _parts_sentences(gap: str) -> bool:
    return any(fold(each)[1] is Sort.STOP for each in gap)


def _goes_on(view: View, edge: int) -> bool:
    """Whether a word of letters, or a number, runs over this edge without a gap."""
    if not 0 < edge < len(view.text) or view.between(edge):
        return False
    before, after = view.text[edge - 1], view.text[edge]
    if not (_is_latin(before) and _is_latin(after)):
        return False
    return before.isdigit() == after.isdigit()


def _has_little_noise(view: View, pattern: _Pattern, start: int, stop: int) -> bool:
    """Whether letters, digits or signs were pushed in, few at a place; for Han characters alone."""
    noisy = False
    for i in range(start + 1, stop):
        gap = view.between(i)
        noise = [each for each in gap if fold(each)[1] is Sort.WORD]
        if len(gap) > GAP_MOST or len(noise) > NOISE_MOST or _parts_sentences(gap):
            return False
        if len(pattern.folded) == 2 and any(folded(each).isdigit() for each in noise):
            return False  # 办3证 is a sentence more often than a word
        noisy = noisy or bool(noise)
    return noisy


def _is_spelled(
    line: View, pattern: _Pattern, start: int, stop: int, written: dict[int, str], *, any_sound: bool
) -> bool:
    """Whether letters, at least one, and the word's own characters spell it, whole, and no letter goes on before or after it."""
    if _breaks(line, start, written) or _breaks(line, stop, written):
        return False
    by_letter = False
    for i in range(start, stop):
        if i > start and (gap := line.between(i)) and (len(gap) > GAP_MOST or _parts_sentences(gap)):
            return False
        han = written.get(line.first[i])
        if han is None:
            by_letter = True
            continue
        if i > start and line.first[i - 1] == line.first[i]:
            continue
        if i - start not in pattern.starts:
            return False
        if not any_sound and han != pattern.folded[pattern.starts.index(i - start)]:
            return False
    return by_letter


def _breaks(line: View, edge: int, written: dict[int, str]) -> bool:
    """Whether this edge would cut a Han character's syllable, or a run of letters, in two."""
    if not 0 < edge < len(line.text):
        return False
    if line.first[edge - 1] == line.first[edge]:
        return True
    if line.first[edge - 1] in written or line.first[edge] in written or line.between(edge):
        return False
    return line.text[edge - 1].isalpha() and line.text[edge].isalpha()
