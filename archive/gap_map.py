"""Reads the gap maps that the recorder writes beside a recording's playlists, from this disk or the store; it decides no rights."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from archive import writer
from archive.steps import material
from archive.steps.run import StepFailed
from broadcast import replay_times
from broadcast.replay_times import Span


def rows(airing_id: UUID, playlist: str = writer.PUBLIC) -> list[dict[str, Any]]:
    """The map's rows as they were written (`at`, `offset`, `duration`); none while there is no such playlist."""
    try:
        text = material.read(f"airings/{airing_id}/{playlist.replace('.m3u8', '-spans.json')}")
        found: list[dict[str, Any]] = json.loads(text)["spans"]
        replay_times.spans_of(found)
    except (StepFailed, ValueError, KeyError, TypeError):
        return []
    return found


def spans(airing_id: UUID, playlist: str = writer.PUBLIC) -> list[Span]:
    """The same, to reckon with."""
    return replay_times.spans_of(rows(airing_id, playlist))
