"""Playlists as far as a store has what they name; pure text, it asks nobody."""

from __future__ import annotations

from collections.abc import Callable

_OF_AN_ENTRY = ("#EXTINF", "#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-STREAM-INF", "#EXT-X-BYTERANGE")


def named(text: str) -> list[str]:
    """The addresses that a playlist names, in order."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def trimmed(text: str, is_there: Callable[[str], bool]) -> tuple[bool, str]:
    """The playlist up to the first entry that is not there, and whether that is all of it.

    Nothing in the middle is left out, so numbers and discontinuities stay true; a playlist cut short has no end.
    """
    kept: list[str] = []
    pending: list[str] = []
    for line in text.splitlines():
        if line.startswith("#EXT-X-DISCONTINUITY-SEQUENCE") or not line.startswith((*_OF_AN_ENTRY, "#EXT-X-END")):
            if line and not line.startswith("#"):
                if not is_there(line):
                    return False, "\n".join(kept) + "\n"
                kept += pending
                pending = []
            kept.append(line)
        else:
            pending.append(line)
    return True, "\n".join([*kept, *pending]) + "\n"
