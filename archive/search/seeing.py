"""Says of what was found what the reader may see now, asked of the rules of the replay page and of every source; it finds nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from archive.models import SearchDocument
from archive.search import indexing, replays
from broadcast import registry
from broadcast.access import Actor, is_told, may_watch_programme, replay_is_released
from broadcast.models import Airing, Programme


@dataclass(frozen=True)
class Seen:
    """A document that may be shown, the airing it leads to, and the second of its replay (None: the page itself)."""

    row: SearchDocument
    airing: Airing
    second: int | None


def programmes(actor: Actor) -> list[Programme]:
    """Those that are for the actor, active or not any more: what they made stays."""
    return [each for each in Programme.objects.all() if may_watch_programme(actor, each)]


def airings(actor: Actor, episode_ids: Iterable[int]) -> dict[int, list[Airing]]:
    """By episode the airings whose replay anybody for whom the programme is may play now, the first outing first.

    Staff find no more than the public: what is not out they have on their own pages.
    """
    found: dict[int, list[Airing]] = defaultdict(list)
    allowed: dict[int, bool] = {}
    rows = Airing.objects.filter(episode__in=set(episode_ids)).select_related("episode__programme")
    for airing in rows.order_by("planned_start"):
        programme = airing.episode.programme
        if programme.pk not in allowed:
            allowed[programme.pk] = may_watch_programme(actor, programme)
        if allowed[programme.pk] and is_told(airing) and replay_is_released(airing):
            found[airing.episode_id].append(airing)
    return found


def visible(actor: Actor, ids: Iterable[int]) -> list[Seen]:
    """Of these documents those that may be shown."""
    rows = list(SearchDocument.objects.filter(pk__in=list(ids)).defer("words", "sounds"))
    shown = airings(actor, (row.episode_id for row in rows))
    open_rows = [row for row in rows if _airing(row, shown.get(row.episode_id, [])) is not None]
    texts = _current(open_rows)
    found = []
    for row in open_rows:
        airing = _airing(row, shown[row.episode_id])
        if airing is not None and _is_of(row.text, texts.get((row.source, row.key), "")):
            found.append(_place(row, airing))
    return found


def _is_of(found: str, current: str) -> bool:
    """Whether the words found are those that are public now; of a long text, a piece of them."""
    return found == current or (len(current) > len(found) > indexing.OVERLAP and found in current)


def _airing(row: SearchDocument, shown: list[Airing]) -> Airing | None:
    if row.airing_id is None:
        return shown[0] if shown else None
    return next((each for each in shown if each.pk == row.airing_id), None)


def _current(rows: Iterable[SearchDocument]) -> dict[tuple[str, str], str]:
    """By source and key the text that is public now. A source that fails shows nothing."""
    keys: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        keys[row.source].append(row.key)
    found: dict[tuple[str, str], str] = {}
    for source, asked in keys.items():
        ask = registry.search_current.get(source)
        if ask is not None:
            found |= {(source, key): text for key, text in ask(asked).items()}
    return found


def _place(row: SearchDocument, airing: Airing) -> Seen:
    """What was asked stands on the page whether its moment was cut or not; lines in a cut are not current at all."""
    if row.at is None or row.airing_id is None:
        return Seen(row, airing, None)
    second = replays.second(row.at, replays.spans(row.airing_id), onward=row.kind == "line")
    return Seen(row, airing, second)
