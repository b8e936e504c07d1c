"""Which steps a finished recording has, and which must be done before which; pure."""

from __future__ import annotations

# In the order in which people miss their results. A step waits until all that it names are done.
NEEDS: dict[str, tuple[str, ...]] = {
    # Only where edits stand: what follows is made of the replay as they want it.
    "edit": (),
    "master": ("edit",),
    "rungs": ("edit",),
    "verify": (),
    "images": ("master",),
    "loudness": ("master",),
    "sound": ("loudness",),
    "peaks": ("master",),
    "words": ("sound",),
    "upload": ("master", "images", "sound", "peaks"),
    "manifest": ("verify", "rungs", "loudness", "upload", "master", "images", "sound", "peaks"),
}
# These begin when all they need is over, well or not, and are done again when one of those succeeds later.
LAST = frozenset({"upload", "manifest"})
# Only where somebody is there to do it: what has no such step lacks nothing.
OPTIONAL = frozenset({"words", "edit"})


def kinds(also: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """All kinds that every recording gets, in order; of the optional ones those asked for."""
    return tuple(kind for kind in NEEDS if kind not in OPTIONAL or kind in also)


def all_needs(kind: str) -> set[str]:
    """What it needs, and what those need."""
    found = set(NEEDS[kind])
    return found.union(*(all_needs(need) for need in found))
