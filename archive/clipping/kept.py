"""What of an airing's clips belongs into its bag: which stretches were published; sealed, the drafts and what was withdrawn."""

from __future__ import annotations

from typing import Any

from archive.models import Clip
from broadcast.models import Airing


def documents(airing: Airing, sealed: bool) -> dict[str, Any]:
    """By file name. The files themselves are not kept: they are made from the replay again."""
    rows = Clip.objects.filter(airing=airing)
    public = rows.filter(state=Clip.State.PUBLISHED)
    chosen = rows.exclude(state=Clip.State.PUBLISHED) if sealed else public
    found = [
        {
            "id": clip.pk,
            "title": clip.title,
            "title_en": clip.title_en,
            "starts_at": clip.starts_at.isoformat(),
            "ends_at": clip.ends_at.isoformat(),
            "shape": clip.shape,
            "fit": clip.fit,
            "focus": clip.focus,
            "captions": clip.captions,
            "state": clip.state,
        }
        for clip in chosen
    ]
    return {"clips.json": found} if found else {}
