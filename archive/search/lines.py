"""What the archive gives to the search: lines of signed transcripts, each at its time; it signs and shows none."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from archive.editing import public
from archive.models import Transcript, TranscriptLine
from archive.search import replays
from broadcast import registry, shown_people
from broadcast.models import Airing, Episode
from broadcast.search_documents import Document

SOURCE = "transcript"
_STAMPS = """
SELECT airing.episode_id, md5(string_agg(concat_ws('.', one.id, one.state, one.version), ',' ORDER BY one.id))
FROM archive_transcript AS one JOIN broadcast_airing AS airing ON airing.id = one.airing_id
WHERE airing.episode_id = ANY(%s) AND one.state <> 'draft' GROUP BY airing.episode_id
"""


def register() -> None:
    """Called once when the app is ready."""
    registry.search_documents.register(SOURCE, documents)
    registry.search_current.register(SOURCE, current)
    registry.search_stamps.register(SOURCE, stamps)


def _lines() -> QuerySet[TranscriptLine]:
    """Public ones: of versions that a person signed and nobody took back."""
    return TranscriptLine.objects.filter(transcript__state=Transcript.State.SIGNED)


def documents(episode: Episode) -> list[Document]:
    """All lines that are signed; whether they are heard in the replay is asked when they are found."""
    rows = _lines().filter(transcript__airing__episode=episode).exclude(transcript__airing__kind=Airing.Kind.REHEARSAL)
    found = rows.order_by("transcript", "number").values_list(
        "pk", "text", "transcript__airing", "starts_at", "speaker"
    )
    silenced = shown_people.silenced([episode.pk]).get(episode.pk, shown_people.NOBODY)
    hidden = shown_people.hidden_names([episode.pk]).get(episode.pk, shown_people.NOBODY)
    made = []
    for pk, text, airing, at, speaker in found:
        if not silenced.means(speaker):
            shown = "" if hidden.means(speaker) else speaker
            made.append(Document("line", f"line:{pk}", text, airing, at, speaker=shown))
    return made


def current(keys: Sequence[str]) -> dict[str, str]:
    """By key the lines that are signed still and neither in a cut of the replay as it is now nor touched by an edit."""
    columns = ("pk", "text", "transcript__airing", "starts_at", "ends_at", "speaker", "transcript__airing__episode")
    rows = _lines().filter(pk__in=[int(key.partition(":")[2]) for key in keys])
    lines = list(rows.values_list(*columns))
    withheld = public.withheld_words_of({line[2] for line in lines})
    silenced = shown_people.silenced({line[-1] for line in lines}) if lines else {}
    found: dict[str, str] = {}
    for pk, text, airing, since, until, speaker, episode in lines:
        hidden = silenced.get(episode, shown_people.NOBODY).means(speaker)
        if hidden or public.touches(withheld.get(airing, ()), since, until):
            continue
        if replays.line_second(since, until, replays.spans(airing)) is not None:
            found[f"line:{pk}"] = text
    return found


def stamps(ids: Sequence[int]) -> dict[int, str]:
    """A word of each episode that changes with what is signed; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMPS, [list(ids)])
        return dict(cursor.fetchall())
