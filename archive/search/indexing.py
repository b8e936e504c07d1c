"""Reads one episode's documents from all sources and writes the rows that are searched; what may be shown is asked at reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import Min

from archive.models import SearchDocument, SearchEpisode
from archive.search import sounds, stamps, tokens, vectors
from broadcast import clock, registry, shown_people
from broadcast.models import Airing, Appearance, Episode
from broadcast.search_documents import HEAD_KINDS, Document

# A longer text stands in pieces, each reaching into the next as far as the longest query.
PIECE = 800
OVERLAP = 100
_R = Appearance.Role


def index(episode_id: int) -> int:
    """Write the episode's rows anew, in one transaction; returns how many. An episode that is not public has none."""
    with transaction.atomic():
        row = SearchEpisode.objects.select_for_update().filter(pk=episode_id).first()
        episode = Episode.objects.select_related("programme").filter(pk=episode_id).first()
        if row is None or episode is None:
            return 0
        # Read before the words: what changes meanwhile is found by the next look.
        wanted, stamp = row.wanted, stamps.stamps([episode_id])[episode_id]
        SearchDocument.objects.filter(episode=episode_id).delete()
        made = _rows(episode) if _is_out(episode) else []
        SearchDocument.objects.bulk_create(made, batch_size=500)
        SearchEpisode.objects.filter(pk=episode_id).update(
            done=wanted, stamp=stamp, looked_at=clock.now(), **_narrowed_by(episode, made)
        )
    return len(made)


def index_all() -> Iterator[tuple[int, int]]:
    """Write everything anew, episode by episode; each with how many rows."""
    for episode_id in list(Episode.objects.order_by("-pk").values_list("pk", flat=True)):
        stamps.mark(episode_id)
        yield episode_id, index(episode_id)


def _is_out(episode: Episode) -> bool:
    """Whether any of it may be public by now; only to keep the rows few, since reading asks the rules themselves."""
    if episode.publication != Episode.Publication.PUBLISHED or episode.signed_off_at is None:
        return False
    return episode.airings.filter(actual_end__isnull=False).exclude(kind=Airing.Kind.REHEARSAL).exists()


def _aired_at(episode: Episode) -> dt.datetime:
    shown = episode.airings.exclude(kind=Airing.Kind.REHEARSAL)
    first: dt.datetime | None = shown.aggregate(first=Min("actual_start"))["first"]
    return first or episode.published_at or episode.created_at


def _narrowed_by(episode: Episode, made: Sequence[SearchDocument]) -> dict[str, object]:
    """A department is one that came, or that answered or promised in writing."""
    people = list(shown_people.named(episode.appearances.select_related("person")))
    aired_at = _aired_at(episode)
    return {
        "year": aired_at.astimezone(clock.ZONE).year,
        "guests": sorted({each.person.name for each in people if each.role != _R.HOST}),
        "sectors": sorted({each.person.sector for each in people if each.person.sector}),
        "departments": sorted(
            {each.person.organisation for each in people if each.role == _R.DEPARTMENT and each.person.organisation}
            | {row.department for row in made if row.department}
        ),
    }


def _rows(episode: Episode) -> list[SearchDocument]:
    aired_at = _aired_at(episode)
    made: list[SearchDocument] = []
    for source, ask in registry.search_documents:
        pieces = (piece for whole in ask(episode) for piece in _pieces(whole))
        made += [_row(episode, source, piece, aired_at) for piece in pieces]
    return made


def _row(episode: Episode, source: str, document: Document, aired_at: dt.datetime) -> SearchDocument:
    is_head = document.kind in HEAD_KINDS
    return SearchDocument(
        episode=episode,
        programme_id=episode.programme_id,
        airing_id=document.airing,
        kind=document.kind,
        is_head=is_head,
        source=source,
        key=document.key,
        text=document.text,
        at=document.at,
        speaker=document.speaker,
        department=document.department,
        aired_at=aired_at,
        words=vectors.vector(tokens.tokens(document.text), aired_at),
        sounds=sounds.vector(document.text) if is_head else None,
    )


def _pieces(document: Document) -> Iterator[Document]:
    text = document.text
    if len(text) <= PIECE + OVERLAP:
        yield document
        return
    for first in range(0, len(text) - OVERLAP, PIECE):
        yield replace(document, text=text[first : first + PIECE + OVERLAP])
