"""What a replay's page needs to know beside the playlists: gap map and files made of the recording; it decides no rights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings

from archive import derivatives, writer
from archive.models import Derivative
from broadcast.models import Airing

_KIND = Derivative.Kind
_SHOWN = {
    _KIND.MASTER: "master",
    _KIND.SOUND: "sound",
    _KIND.POSTER: "poster",
    _KIND.SPRITE_INDEX: "sprites",
    _KIND.PEAKS: "peaks",
}


def found(airing: Airing, staff: bool) -> dict[str, Any]:
    """`spans` of the replay that they get, and addresses of `master`, `sound`, `poster`, `sprites`, `peaks` where there are some."""
    spans = _spans(airing, writer.PUBLIC)
    theirs = _spans(airing, writer.STAFF) if staff else spans
    result: dict[str, Any] = {"spans": theirs}
    for each in derivatives.shown(airing.pk, everything=False):
        kind = _SHOWN.get(Derivative.Kind(each.kind))
        # On a version that holds what was cut the times of these files are others.
        if kind and (theirs == spans or kind == "poster"):
            result[kind] = derivatives.address(each)
    return result


def _spans(airing: Airing, name: str) -> list[dict[str, Any]]:
    file = Path(settings.MEDIA_ROOT) / "airings" / str(airing.pk) / name.replace(".m3u8", "-spans.json")
    try:
        rows: list[dict[str, Any]] = json.loads(file.read_bytes())["spans"]
    except (OSError, ValueError, KeyError):
        return []
    return rows
