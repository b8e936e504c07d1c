"""What could be searched for: names of the newest shows, and of a question that finds nothing the part that does; it decides no right."""

from __future__ import annotations

from collections.abc import Sequence

from archive.models import SearchEpisode
from archive.search import asking, results, seeing
from archive.search.asking import Word
from archive.search.finding import Narrowing
from broadcast import shown_people
from broadcast.access import Actor
from broadcast.errors import Unavailable

# The newest episodes whose names are offered, so many of them; of a question that found nothing so many parts are tried.
NEWEST = 30
MOST = 12
_TRIED = 3


def recent(actor: Actor) -> list[str]:
    """Departments, sectors and guests of the newest shows that the actor may see, without those who are not to be named."""
    rows = list(SearchEpisode.objects.order_by("-episode_id").filter(year__gt=0)[:NEWEST])
    shown = seeing.open_episodes([each.pk for each in seeing.programmes(actor)], [row.pk for row in rows])
    hidden = shown_people.hidden_names(shown)
    found: dict[str, None] = {}
    for names in ("departments", "sectors", "guests"):
        open_rows = [row for row in rows if row.pk in shown]
        few = [
            name
            for row in open_rows
            for name in getattr(row, names)
            if name not in hidden.get(row.pk, shown_people.NOBODY).held
        ]
        found |= dict.fromkeys(list(dict.fromkeys(few))[: MOST // 3])
    return list(found)


def shorter(actor: Actor, words: Sequence[Word], narrowing: Narrowing) -> list[str]:
    """Of a question without an answer each part that has one: its words alone, or beginning and end of its only word."""
    found = []
    for part in _parts(words)[:_TRIED]:
        try:
            if results.answer(actor, asking.words(part), narrowing).hits:
                found.append(part)
        except Unavailable:
            break
    return found


def _parts(words: Sequence[Word]) -> list[str]:
    if len(words) > 1:
        return [word.typed for word in words]
    typed = words[0].tokens if words else ()
    if len(typed) < 3 or not all(each.is_han for each in typed):
        return []
    text = words[0].typed
    half = max(2, len(typed) // 2)
    first, last = text[: typed[half - 1].end], text[typed[-half].start :]
    return list(dict.fromkeys([first, last]))
