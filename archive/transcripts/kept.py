"""What of an airing's transcripts belongs into its bag: the words that are public now; sealed, every version as it is."""

from __future__ import annotations

from typing import Any

from archive.models import Transcript
from archive.transcripts import plain, public, queries, webvtt
from broadcast.models import Airing


def documents(airing: Airing, sealed: bool) -> dict[str, Any]:
    """By file name; nothing where there is none. The seconds are the replay's, the times the programme's."""
    if sealed:
        versions = [_version(each) for each in reversed(queries.versions(airing.pk))]
        return {"transcripts.json": versions} if versions else {}
    lines = public.lines(airing)
    if not lines:
        return {}
    told = [{"start": each.start, "end": each.end, "speaker": each.speaker, "text": each.text} for each in lines]
    return {
        "transcript.json": {"lines": told},
        "transcript.vtt": webvtt.write(lines),
        "transcript.txt": plain.write(lines),
    }


def _version(transcript: Transcript) -> dict[str, Any]:
    return {
        "id": transcript.pk,
        "kind": transcript.kind,
        "state": transcript.state,
        "language": transcript.language,
        "source": transcript.source,
        "based_on": transcript.based_on_id,
        "signed_at": transcript.signed_at and transcript.signed_at.isoformat(),
        "lines": [
            {
                "starts_at": each.starts_at.isoformat(),
                "ends_at": each.ends_at.isoformat(),
                "speaker": each.speaker,
                "text": each.text,
            }
            for each in queries.timed(transcript)
        ],
    }
