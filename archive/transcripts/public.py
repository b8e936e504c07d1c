"""What everybody who may watch the replay may read of what was said in it: signed transcripts alone; rights are the caller's."""

from __future__ import annotations

from dataclasses import replace

from archive.editing import public as editing
from archive.models import Transcript
from archive.transcripts import queries, webvtt
from archive.transcripts.lines import Line
from archive.transcripts.queries import Timed
from broadcast import shown_people
from broadcast.models import Airing

__all__ = ["Line", "lines", "signed", "vtt"]


def signed(airing: Airing) -> Transcript | None:
    """The version that is public now."""
    return Transcript.objects.filter(airing=airing, state=Transcript.State.SIGNED).first()


def lines(airing: Airing) -> list[Line]:
    """What was said, by seconds of the public replay, in order; nothing before a person has signed it.

    What lies in a gap or a cut is not in it, what touches one is shortened; of what an edit bleeps or cuts, be it in part, no line is.
    Ask `access.may_watch_replay` first.
    """
    found = signed(airing)
    if found is None:
        return []
    withheld = editing.withheld_words(airing)
    timed = [each for each in queries.timed(found) if not editing.touches(withheld, each.starts_at, each.ends_at)]
    return queries.heard(_sayable(timed, airing.episode_id), queries.spans(airing.pk))


def _sayable(said: list[Timed], episode: int) -> list[Timed]:
    """Without the words of people who were taken from the public, and without the names of those who are not to be named."""
    silenced, hidden = (
        names([episode]).get(episode, shown_people.NOBODY)
        for names in (shown_people.silenced, shown_people.hidden_names)
    )
    kept = (each for each in said if not silenced.means(each.speaker))
    return [replace(each, speaker="") if hidden.means(each.speaker) else each for each in kept]


def vtt(airing: Airing) -> str:
    """The same as WebVTT."""
    return webvtt.write(lines(airing))
