"""Marks suggestions and promises at the moment they are heard, and keeps what is written about them; it decides about no question."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Appearance, Person
from broadcast.services import moments
from live import hints, protocol, wording
from live.models import Commitment, Question
from live.services import outcomes, questions, rooms

MARKED = frozenset({Airing.State.ON_AIR})


def mark(actor: Actor, airing_id: UUID, command: protocol.MarkCommitment) -> dict[str, Any]:
    """Mark what is being said now: one press, all else later. Marks a moment of the airing, which the public does not read.

    For the host or whoever runs the show, while it is on air. Who is asked, and the question on air, are taken where none is given.
    Raises IllegalTransition, InvalidInput (question, speaker).
    """
    with transaction.atomic():
        airing = questions.allowed(actor, airing_id)
        rooms.ensure([airing_id])
        known = Commitment.objects.filter(room=airing_id, command_id=command.id).first()
        if known is not None:
            return told(known)
        if airing.state not in MARKED:
            raise IllegalTransition(_("直播中才能标记。"), state=airing.state)
        asked = _question(airing_id, command.question)
        speaker = _speaker(airing, command.speaker or (asked.person_id if asked else None))
        row = Commitment(
            room_id=airing_id,
            kind=command.kind,
            at=clock.now(),
            question=asked,
            speaker=speaker,
            department=_department(asked, speaker),
            marked_by_id=actor.user_id,
            command_id=command.id,
        )
        row.moment = moments.mark(airing, f"{row.kind}.mark", at=row.at, public=False)
        row.save()
        _note(actor, airing, row, "mark", None)
        return told(row)


def edit(actor: Actor, airing_id: UUID, command: protocol.EditCommitment) -> dict[str, Any]:
    """Write who said what, for whom, until when; during the show or any time after. Compare-and-set: raises Conflict with what stands
    now. Raises InvalidInput (speaker, due)."""
    with transaction.atomic():
        airing, row = _locked(actor, airing_id, command.commitment)
        _require_version(row, command.version)
        before = _values(row)
        row.kind, row.text, row.department = command.kind, command.text.strip(), command.department.strip()
        row.speaker = _speaker(airing, command.speaker)
        due = row.due_on.isoformat() if row.due_on else None
        # A day that passed meanwhile may stay.
        if command.due != due:
            row.due_on = outcomes.due_day(command.due) if command.due else None
        if row.moment is not None:
            row.moment.kind, row.moment.title = f"{row.kind}.mark", row.text[:200]
            row.moment.save(update_fields=["kind", "title"])
        if _values(row) != before:
            _save(actor, airing, row, "edit", before)
        return told(row)


def undo(actor: Actor, airing_id: UUID, command: protocol.UndoCommitment) -> dict[str, Any]:
    """Take a mark back, or put it back. Its moment goes with it, and is made anew."""
    with transaction.atomic():
        airing, row = _locked(actor, airing_id, command.commitment)
        if (row.undone_at is not None) == command.on:
            return told(row)
        before = _values(row)
        row.undone_at = clock.now() if command.on else None
        gone = row.moment if command.on else None
        row.moment = None if command.on else moments.mark(airing, f"{row.kind}.mark", row.text, at=row.at, public=False)
        _save(actor, airing, row, "undo" if command.on else "redo", before)
        if gone is not None:
            gone.delete()
        return told(row)


def fulfil(actor: Actor, airing_id: UUID, command: protocol.FulfilCommitment) -> dict[str, Any]:
    """Say that a promise was kept, and by what; or that it was not yet. Those who follow it up may, the secretariat too."""
    with transaction.atomic():
        airing, row = _locked(actor, airing_id, command.commitment, follows=True)
        _require_version(row, command.version)
        if row.kind != Commitment.Kind.PROMISE or row.undone_at is not None:
            raise IllegalTransition(_("只有承诺才记是否兑现。"), state=row.kind)
        if (row.done_at is not None) != command.on:
            before = _values(row)
            row.done_at = clock.now() if command.on else None
            row.done_note = command.note.strip() if command.on else ""
            _save(actor, airing, row, "done" if command.on else "reopen", before)
        return told(row)


def told(row: Commitment) -> dict[str, Any]:
    """What an act answers about a mark."""
    return {"commitment": row.pk, "kind": row.kind, "version": row.version, "at": wording.iso(row.at)}


def _locked(actor: Actor, airing_id: UUID, pk: int, *, follows: bool = False) -> tuple[Airing, Commitment]:
    airing = rooms.airing_of(airing_id)
    if not (follows and can(actor, Ability.REPORT, airing.episode.programme_id)):
        questions.allowed(actor, airing_id)
    row = Commitment.objects.select_for_update(of=("self",)).filter(pk=pk, room=airing_id).first()
    if row is None:
        raise NotFound(_("没有找到这条标记。"))
    return airing, row


def _require_version(row: Commitment, version: int) -> None:
    if row.version != version:
        raise Conflict(_("这条标记刚被别人改过，请看过再改。"), **{**told(row), **_values(row)})


def _question(airing_id: UUID, wanted: int | None) -> Question | None:
    """The one that is named, else the one on air."""
    rows = Question.objects.select_related("person").filter(room=airing_id)
    if wanted is None:
        return rows.filter(state=Question.State.ON_AIR).first()
    row = rows.filter(pk=wanted, state__in=Question.PUBLIC).first()
    if row is None:
        raise InvalidInput(_("没有找到这个问题。"), field="question")
    return row


def _speaker(airing: Airing, person_id: int | None) -> Person | None:
    if person_id is None:
        return None
    appears = Appearance.objects.select_related("person").filter(episode=airing.episode_id, person=person_id).first()
    if appears is None:
        raise InvalidInput(_("这一期没有这位嘉宾。"), field="speaker")
    return appears.person


def _department(asked: Question | None, speaker: Person | None) -> str:
    if speaker is not None and speaker.organisation:
        return speaker.organisation
    return asked.department if asked else ""


def _values(row: Commitment) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "text": row.text,
        "speaker": row.speaker_id,
        "department": row.department,
        "due": row.due_on.isoformat() if row.due_on else None,
        "done": row.done_at is not None,
        "undone": row.undone_at is not None,
    }


def _save(actor: Actor, airing: Airing, row: Commitment, verb: str, before: dict[str, Any]) -> None:
    row.version += 1
    row.save()
    _note(actor, airing, row, verb, before)


def _note(actor: Actor, airing: Airing, row: Commitment, verb: str, before: dict[str, Any] | None) -> None:
    rooms.next_staff_seq([airing.pk], panels=True)
    audit.record(actor, f"commitment.{verb}", f"commitment:{row.pk}", airing=airing, before=before, after=_values(row))
    hints.hint(airing.pk, "staff")
