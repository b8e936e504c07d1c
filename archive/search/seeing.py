"""Says of what was found what the reader may see now, asked of the rules of the replay page and of every source; it finds nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from archive.models import SearchDocument
from archive.search import indexing, replays
from archive.search.finding import Row
from broadcast import registry
from broadcast.access import Actor, is_told, may_watch_programme, replay_is_released
from broadcast.models import Airing, Programme

# All that the two questions of broadcast.access read.
_ASKED_OF = (
    "kind",
    "announced_at",
    "actual_end",
    "delay_seconds",
    "episode__publication",
    "episode__signed_off_at",
)


@dataclass(frozen=True)
class Seen:
    """A find that may be shown, with its words, the airing it leads to, and the second of its replay (None: the page itself)."""

    row: Row
    text: str
    speaker: str
    airing: Airing
    second: int | None


def programmes(actor: Actor) -> list[Programme]:
    """Those that are for the actor, active or not any more: what they made stays."""
    return [each for each in Programme.objects.all() if may_watch_programme(actor, each)]


def open_rows(allowed: Collection[int], rows: Sequence[Row]) -> list[Row]:
    """Those of airings, of the programmes `allowed`, whose replay anybody for whom these are may play now; see programmes().

    Of words taken back nothing is asked here.

    Staff find no more than the public: what is not out they have on their own pages.
    """
    shown: dict[int, set[UUID]] = defaultdict(set)
    for airing in _out(allowed, {row.episode for row in rows}).only(*_ASKED_OF):
        if is_told(airing) and replay_is_released(airing):
            shown[airing.episode_id].add(airing.pk)
    return [row for row in rows if row.episode in shown and (row.airing is None or row.airing in shown[row.episode])]


def open_episodes(allowed: Collection[int], episode_ids: Collection[int]) -> set[int]:
    """Those of them of which anybody for whom the programmes `allowed` are may play a replay now."""
    rows = _out(allowed, episode_ids).only(*_ASKED_OF)
    return {airing.episode_id for airing in rows if is_told(airing) and replay_is_released(airing)}


def visible(allowed: Collection[int], rows: Iterable[Row]) -> list[Seen]:
    """Of these those that may be shown, in their order: as open_rows(), and the words are those that are public now."""
    asked = {row.pk: row for row in rows}
    texts = {
        pk: (source, key, text, speaker)
        for pk, source, key, text, speaker in SearchDocument.objects.filter(pk__in=list(asked)).values_list(
            "pk", "source", "key", "text", "speaker"
        )
    }
    shown = _airings(allowed, {row.episode for row in asked.values()})
    current = _current((source, key) for source, key, _text, _speaker in texts.values())
    found = []
    for pk, row in asked.items():
        airing = _airing(row, shown.get(row.episode, []))
        source, key, text, speaker = texts.get(pk, ("", "", "", ""))
        if airing is not None and _is_of(text, current.get((source, key), "")):
            found.append(Seen(row, text, speaker, airing, _second(row)))
    return found


def _out(allowed: Collection[int], episode_ids: Collection[int]) -> QuerySet[Airing]:
    return Airing.objects.filter(episode__in=episode_ids, episode__programme__in=allowed).select_related("episode")


def _airings(allowed: Collection[int], episode_ids: Collection[int]) -> dict[int, list[Airing]]:
    """By episode its airings that are open, whole, the first outing first."""
    found: dict[int, list[Airing]] = defaultdict(list)
    for airing in _out(allowed, episode_ids).select_related("episode__programme").order_by("planned_start"):
        if is_told(airing) and replay_is_released(airing):
            found[airing.episode_id].append(airing)
    return found


def _is_of(found: str, current: str) -> bool:
    """Whether the words found are those that are public now; of a long text, a piece of them."""
    return found == current or (len(current) > len(found) > indexing.OVERLAP and found in current)


def _airing(row: Row, shown: list[Airing]) -> Airing | None:
    if row.airing is None:
        return shown[0] if shown else None
    return next((each for each in shown if each.pk == row.airing), None)


def _current(asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """By source and key the text that is public now. A source that fails shows nothing."""
    keys: dict[str, list[str]] = defaultdict(list)
    for source, key in asked:
        keys[source].append(key)
    found: dict[tuple[str, str], str] = {}
    for source, each in keys.items():
        ask = registry.search_current.get(source)
        if ask is not None:
            found |= {(source, key): text for key, text in ask(each).items()}
    return found


def _second(row: Row) -> int | None:
    """What was asked stands on the page whether its moment was cut or not; lines in a cut are not current at all."""
    if row.at is None or row.airing is None:
        return None
    return replays.second(row.at, replays.spans(row.airing), onward=row.kind == "line")
