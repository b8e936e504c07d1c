"""Reads transcripts: their versions, lines in programme time and where they stand in the public replay; it writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from archive import gap_map
from archive.models import Transcript
from archive.queries import milliseconds
from archive.transcripts.lines import Line
from broadcast import replay_times
from broadcast.replay_times import Span


@dataclass(frozen=True)
class Timed:
    """A line in programme time."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    speaker: str
    text: str


@dataclass(frozen=True)
class Placed:
    """A line, and where the public hears it: None where it does not."""

    timed: Timed
    place: replay_times.Place | None


def spans(airing_id: UUID) -> list[Span]:
    """The gap map of the public replay, turned round; none while there is no replay."""
    return gap_map.spans(airing_id)


def timed(transcript: Transcript) -> list[Timed]:
    """Its lines in order."""
    rows = transcript.lines.order_by("number").values_list("starts_at", "ends_at", "speaker", "text")
    return [Timed(*row) for row in rows]


def placed(lines: Iterable[Timed], found: list[Span]) -> list[Placed]:
    """Each line with its place in the replay."""
    return [
        Placed(line, replay_times.place(milliseconds(line.starts_at), milliseconds(line.ends_at), found))
        for line in lines
    ]


def heard(lines: Iterable[Timed], found: list[Span]) -> list[Line]:
    """What of them the public's replay holds, by its seconds."""
    return sorted(
        (
            Line(each.place.start, each.place.end, each.timed.speaker, each.timed.text)
            for each in placed(lines, found)
            if each.place is not None
        ),
        key=lambda line: (line.start, line.end),
    )


def versions(airing_id: UUID) -> list[Transcript]:
    """All of an airing, the newest first."""
    found = Transcript.objects.filter(airing_id=airing_id)
    return list(found.select_related("based_on", "made_by", "changed_by", "signed_by").order_by("-id"))


def chosen(found: list[Transcript], pk: int | None) -> Transcript | None:
    """The version asked for; else the newest correction, else what is public, else the newest."""
    by_pk = {each.pk: each for each in found}
    if pk is not None:
        return by_pk.get(pk)
    kind, state = Transcript.Kind, Transcript.State
    drafts = (each for each in found if each.kind == kind.CORRECTED and each.state == state.DRAFT)
    signed = (each for each in found if each.state == state.SIGNED)
    return next(drafts, None) or next(signed, None) or next(iter(found), None)
