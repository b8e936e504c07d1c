"""Ways to read a text: each a string to be searched and, for each of its characters, the code points it was made of; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from live.rules.folding import Sort, fold, is_han

# More between two characters than this, and they are not one word pulled apart.
GAP_MOST = 6
Span = tuple[int, int]


@dataclass(slots=True)
class View:
    """`text[i]` was made of the code points `first[i]` up to but not with `end[i]` of `source`; both grow with i."""

    source: str
    text: str = ""
    first: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)

    def span(self, start: int, stop: int) -> Span:
        """Where text[start:stop] stands in the source."""
        return self.first[start], self.end[stop - 1]

    def between(self, i: int) -> str:
        """What stands in the source between the characters i-1 and i."""
        return self.source[self.end[i - 1] : self.first[i]]


def words(source: str) -> View:
    """Letters, digits and Han characters alone, folded; what stood between them is found by `between`."""
    view = View(source)
    out, first, end = [], view.first, view.end
    for at, character in enumerate(source):
        folded, sort = fold(character)
        if sort is Sort.MARK:
            if end and end[-1] == at:
                end[-1] = at + 1  # it hangs on the one before and goes with it
            continue
        for each in folded:
            out.append(each)
            first.append(at)
            end.append(at + 1)
    view.text = "".join(out)
    return view


def han_only(view: View) -> View | None:
    """Without letters and digits, for words with those pushed in; None where it would be the same or nothing."""
    kept = [i for i, each in enumerate(view.text) if is_han(each)]
    if len(kept) < 2 or len(kept) == len(view.text):
        return None
    return _picked(view, kept)


def _picked(view: View, kept: list[int]) -> View:
    return View(
        view.source,
        "".join(view.text[i] for i in kept),
        [view.first[i] for i in kept],
        [view.end[i] for i in kept],
    )


def joined(view: View, parts: Mapping[str, str], longest: int) -> View | None:
    """With parts that stand side by side put together to the character they make; None where there are none.

    Longer parts win, from left to right. `parts` maps two or more characters to one.
    """
    text, found = View(view.source), False
    out, i = [], 0
    while i < len(view.text):
        size, made = _made_of(view, i, parts, longest)
        found = found or size > 1
        out.append(made)
        text.first.append(view.first[i])
        text.end.append(view.end[i + size - 1])
        i += size
    text.text = "".join(out)
    return text if found else None


def _made_of(view: View, i: int, parts: Mapping[str, str], longest: int) -> tuple[int, str]:
    for size in range(min(longest, len(view.text) - i), 1, -1):
        made = parts.get(view.text[i : i + size])
        if made is not None:
            return size, made
    return 1, view.text[i]


def sounding(view: View, sound: Callable[[str], str]) -> View:
    """Each Han character replaced by the one sign of its syllable, so that those of one sound are equal."""
    return View(view.source, "".join(sound(each) for each in view.text), view.first, view.end)


def spelled(view: View, letters: Callable[[str], str]) -> View:
    """Each Han character replaced by its pinyin without tones; digits of tones after a letter are left out."""
    out = View(view.source)
    made: list[str] = []
    for i, each in enumerate(view.text):
        if each in "12345" and made and i and view.text[i - 1].isascii() and view.text[i - 1].isalpha():
            out.end[-1] = view.end[i]
            continue
        for letter in letters(each):
            made.append(letter)
            out.first.append(view.first[i])
            out.end.append(view.end[i])
    out.text = "".join(made)
    return out
