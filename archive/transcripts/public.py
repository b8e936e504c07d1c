"""What everybody who may watch the replay may read of what was said in it: signed transcripts alone; rights are the caller's."""

from __future__ import annotations

from archive.models import Transcript
from archive.transcripts import queries, webvtt
from archive.transcripts.lines import Line
from broadcast.models import Airing

__all__ = ["Line", "lines", "signed", "vtt"]


def signed(airing: Airing) -> Transcript | None:
    """The version that is public now."""
    return Transcript.objects.filter(airing=airing, state=Transcript.State.SIGNED).first()


def lines(airing: Airing) -> list[Line]:
    """What was said, by seconds of the public replay, in order; nothing before a person has signed it.

    What lies in a gap or a cut is not in it, what touches one is shortened. Ask `access.may_watch_replay` first.
    """
    found = signed(airing)
    return queries.heard(queries.timed(found), queries.spans(airing.pk)) if found is not None else []


def vtt(airing: Airing) -> str:
    """The same as WebVTT."""
    return webvtt.write(lines(airing))
