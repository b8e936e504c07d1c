"""Where somebody is heard in a replay, by the signed transcript, and the edits that take that out, by the services of editing alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from archive.editing import services
from archive.models import Edit, Recording, TranscriptLine
from broadcast.access import Actor
from broadcast.errors import IllegalTransition
from broadcast.models import Airing, PersonWithdrawalItem
from broadcast.templatetags.staff import duration

Span = tuple[dt.datetime, dt.datetime]
# Lines so near to each other are one span; and speech begins before its line and lasts beyond it.
_JOINED = dt.timedelta(seconds=1.5)
_ROOM = dt.timedelta(milliseconds=300)
_C, _K = PersonWithdrawalItem.Choice, Edit.Kind
_KINDS = {str(_C.CUT): _K.CUT, str(_C.BLEEP): _K.BLEEP}


def may_be_edited(airing: Airing) -> bool:
    """Whether the editing takes edits of it: over, and its replay written whole."""
    done = Recording.objects.filter(airing=airing, state=Recording.State.FINISHED, replay_ready_at__isnull=False)
    return airing.state == Airing.State.ENDED and airing.actual_end is not None and done.exists()


def where(airing: Airing) -> str:
    """What the airing's show is called in a preview."""
    episode = airing.episode
    number = f"{_('第 %(number)s 期') % {'number': episode.number}} " if episode.number else ""
    return f"{episode.programme.name} {number}{episode.title}"


def told(lines: Sequence[TranscriptLine]) -> str:
    """How many lines they are and how long they last."""
    seconds = int(sum((each.ends_at - each.starts_at for each in lines), dt.timedelta()).total_seconds())
    said = ngettext("%(n)s 行，说了 %(time)s", "%(n)s 行，说了 %(time)s", len(lines))
    return said % {"n": len(lines), "time": duration(seconds)}


def page(airing: Airing) -> str:
    """Where staff see it."""
    return reverse("staff:episode", args=[airing.episode_id])


def spans(airing: Airing, lines: Sequence[TranscriptLine]) -> list[Span]:
    """The spans of these lines within the show, joined, in order."""
    begin, end = airing.actual_start or airing.planned_start, airing.actual_end or airing.planned_end
    found: list[Span] = []
    for line in sorted(lines, key=lambda each: each.starts_at):
        since, until = max(line.starts_at - _ROOM, begin), min(line.ends_at + _ROOM, end)
        if since >= until:
            continue
        if found and since - found[-1][1] <= _JOINED:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def take(actor: Actor, airing: Airing, lines: Sequence[TranscriptLine], item: PersonWithdrawalItem) -> dict[str, Any]:
    """Apply an edit for each span; what is needed to lift them. Inside a transaction."""
    kind, reason = _KINDS[item.choice], item.withdrawal.reason[:200]
    wishes = [services.Wish(kind, since, until, reason=reason) for since, until in spans(airing, lines)]
    drafts = [services.propose(actor, airing.pk, wish) for wish in wishes]
    if drafts:
        services.apply(actor, airing.pk, [(each.pk, each.version) for each in drafts], reason)
    return {"edits": [each.pk for each in drafts]}


def give_back(actor: Actor, airing: Airing, item: PersonWithdrawalItem) -> None:
    """Lift those of them that still stand; what an editor lifted or changed stays so."""
    for edit in Edit.objects.filter(airing=airing, pk__in=item.before.get("edits", ()), state=Edit.State.APPLIED):
        try:
            services.lift(actor, airing.pk, edit.pk, edit.version, item.restore_reason[:200])
        except IllegalTransition:
            continue
