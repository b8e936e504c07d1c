"""First drafts of a transcript, from a recogniser or from what was typed live: written once, never changed, never public by themselves."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from archive.models import Recording, Transcript, TranscriptLine
from archive.transcripts.lines import MOST_SPEAKER, MOST_TEXT, cleaned
from archive.transcripts.queries import Timed, timed
from broadcast import audit, clock, registry
from broadcast.access import HOUSE, Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, NotFound
from broadcast.models import Airing

LOOK_SECONDS = 10.0
_RECENT = dt.timedelta(days=2)
_looked = -LOOK_SECONDS
# Whose typed lines were asked for, as of which replay: an airing without any is not asked again by the same process.
_asked: dict[UUID, dt.datetime] = {}


def write_lines(transcript: Transcript, lines: Iterable[Timed]) -> int:
    """Put the lines in, in order of time; those without words or time are left out. Returns how many there are."""
    rows = [
        (line, text)
        for line in sorted(lines, key=lambda each: (each.starts_at, each.ends_at))
        if (text := cleaned(line.text)[:MOST_TEXT]) and line.ends_at > line.starts_at
    ]
    TranscriptLine.objects.bulk_create(
        TranscriptLine(
            transcript=transcript,
            number=number,
            starts_at=line.starts_at,
            ends_at=line.ends_at,
            speaker=cleaned(line.speaker)[:MOST_SPEAKER],
            text=text,
        )
        for number, (line, text) in enumerate(rows, 1)
    )
    return len(rows)


def make(actor: Actor, airing_id: UUID, kind: str, source: str, based_on: Transcript | None = None) -> Transcript:
    """A new version without lines. Call it in a transaction, with the airing's row locked."""
    now = clock.now()
    return Transcript.objects.create(
        airing_id=airing_id,
        kind=kind,
        source=source[:120],
        based_on=based_on,
        made_by_id=actor.user_id,
        made_at=now,
        changed_by_id=actor.user_id,
        changed_at=now,
    )


@transaction.atomic
def keep_machine(airing_id: UUID, recogniser: str, lines: list[Timed]) -> Transcript | None:
    """A recogniser's words as a draft. One that says the same as the last of that recogniser is not kept twice; None for no words."""
    Airing.objects.select_for_update(of=("self",)).get(pk=airing_id)
    before = Transcript.objects.filter(airing_id=airing_id, kind=Transcript.Kind.MACHINE, source=recogniser).first()
    if not lines or (before is not None and timed(before) == lines):
        return before
    made = make(HOUSE, airing_id, Transcript.Kind.MACHINE, recogniser)
    write_lines(made, lines)
    return made


def take_live(actor: Actor, airing_id: UUID) -> Transcript:
    """What was typed as captions while it ran, as a draft of its own. Needs CAPTION; audited.

    Raises IllegalTransition where nothing was typed, Conflict when the last such draft says the same.
    """
    with transaction.atomic():
        airing = Airing.objects.select_for_update(of=("self",)).select_related("episode").filter(pk=airing_id).first()
        if airing is None:
            raise NotFound(_("没有这一场。"))
        require(actor, Ability.CAPTION, airing.episode.programme_id)
        lines = [Timed(each.at, each.until, "", each.text) for _app, tell in registry.said for each in tell(airing)]
        if not lines:
            raise IllegalTransition(_("这一场没有输入过现场字幕。"), state="none", wanted="live")
        before = Transcript.objects.filter(airing=airing, kind=Transcript.Kind.LIVE).first()
        if before is not None and timed(before) == lines:
            raise Conflict(_("现场字幕没有新的内容。"), transcript=before.pk)
        made = make(actor, airing_id, Transcript.Kind.LIVE, "")
        count = write_lines(made, lines)
        audit.record(actor, "transcript.live", f"transcript:{made.pk}", airing=airing, after={"lines": count})
    return made


def reconcile() -> int:
    """Give recordings that lately got their replay a draft of what was typed, every ten seconds at most. Returns how many."""
    global _looked
    if time.monotonic() - _looked < LOOK_SECONDS:
        return 0
    _looked = time.monotonic()
    made = 0
    has = Transcript.objects.filter(airing=OuterRef("pk"), kind=Transcript.Kind.LIVE)
    ready = Recording.objects.filter(replay_ready_at__gt=clock.now() - _RECENT).filter(~Exists(has))
    for airing_id, at in list(ready.values_list("pk", "replay_ready_at")):
        if at is None or _asked.get(airing_id) == at:
            continue
        _asked[airing_id] = at
        try:
            take_live(HOUSE, airing_id)
            made += 1
        except (NotFound, IllegalTransition, Conflict):
            continue
    return made
