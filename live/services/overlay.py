"""Gives out and ends the links of an airing's overlay, and sets its line of text; each is an audited act of a producer."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput
from broadcast.models import Airing
from live import hints, text
from live.models import Overlay
from live.services import rooms

# A link outlives its show by a night, so that a rehearsal or a late end needs no new one.
AFTER_END = dt.timedelta(hours=12)
LINE_MOST = 60


def make_links(actor: Actor, airing_id: UUID) -> int:
    """New links, for the studio and for screens with the public's picture; older ones open nothing from now on. Gives their generation."""
    with transaction.atomic():
        airing, row = _locked(actor, airing_id)
        before = row.generation
        row.generation += 1
        row.expires_at = max(airing.planned_end, clock.now()) + AFTER_END
        row.revoked_at, row.made_by_id, row.made_at = None, actor.user_id, clock.now()
        row.save()
        _record(actor, airing, "links", {"generation": before}, {"generation": row.generation, "until": row.expires_at})
    return row.generation


def revoke(actor: Actor, airing_id: UUID) -> None:
    """No link opens any more; open screens are emptied within seconds. Repeating changes nothing."""
    with transaction.atomic():
        airing, row = _locked(actor, airing_id)
        if not row.generation or row.revoked_at is not None:
            return
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        _record(actor, airing, "revoke", {"generation": row.generation}, {})


def announce(actor: Actor, airing_id: UUID, words: str) -> None:
    """Set the line over the picture, or take it away with no words. Raises InvalidInput (field: words)."""
    line = _line(words)
    with transaction.atomic():
        airing, row = _locked(actor, airing_id)
        if line == row.announcement:
            return
        before, row.announcement, row.announced_at = row.announcement, line, clock.now() if line else None
        row.save(update_fields=["announcement", "announced_at"])
        _record(actor, airing, "announce", {"words": before}, {"words": line})


def _line(words: str) -> str:
    if not words.strip():
        return ""
    try:
        return text.clean(words, LINE_MOST)
    except text.BadText as bad:
        said = (
            _("公告里没有看得见的字。") if bad.code == "empty" else _("公告最多 %(most)s 个字。") % {"most": LINE_MOST}
        )
        raise InvalidInput(said, field="words") from bad


def _locked(actor: Actor, airing_id: UUID) -> tuple[Airing, Overlay]:
    airing = rooms.airing_of(airing_id)
    require(actor, Ability.RUN, airing.episode.programme_id)
    Overlay.objects.get_or_create(pk=airing_id)
    return airing, Overlay.objects.select_for_update(of=("self",)).get(pk=airing_id)


def _record(actor: Actor, airing: Airing, verb: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    told = {key: value.isoformat() if isinstance(value, dt.datetime) else value for key, value in after.items()}
    audit.record(actor, f"overlay.{verb}", f"overlay:{airing.pk}", airing=airing, before=before, after=told)
    hints.hint(airing.pk, "overlay")
