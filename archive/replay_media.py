"""What a replay's page needs to know beside the playlists: gap map and files made of the recording; it decides no rights."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from archive import derivatives, gap_map, writer
from archive.models import Derivative
from archive.transcripts import public
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
    """`spans` of the replay that they get, and addresses of `master`, `sound`, `poster`, `sprites`, `peaks` where there are some; of signed
    `words` those of each form."""
    spans = gap_map.rows(airing.pk)
    theirs = gap_map.rows(airing.pk, writer.STAFF) if staff else spans
    result: dict[str, Any] = {"spans": theirs}
    if theirs == spans and public.signed(airing) is not None:
        result["words"] = {form: reverse("media:words", args=[airing.pk, form]) for form in ("txt", "srt", "vtt")}
    for each in derivatives.shown(airing.pk, everything=False):
        kind = _SHOWN.get(Derivative.Kind(each.kind))
        # On a version that holds what was cut the times of these files are others.
        if kind and (theirs == spans or kind == "poster"):
            result[kind] = derivatives.address(each)
    return result
