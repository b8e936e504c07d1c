"""Lets one question stand for others that ask the same, and takes that back: a person decides it, supports count once a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import Conflict, InvalidInput
from live import protocol
from live.models import Question, Support
from live.services import deciding, rooms
from live.services.deciding import Desk

S = Question.State
# What may stand for others, and what may go into another: never what was on air, refused or taken back.
STANDS = frozenset({S.PENDING, S.HELD, S.SECOND, S.APPROVED, S.QUEUED, S.ON_AIR, S.ANSWERED, S.PROMISED})
GOES = frozenset({S.PENDING, S.HELD, S.SECOND, S.APPROVED, S.QUEUED})


def merge(actor: Actor, airing_id: UUID, command: protocol.MergeQuestions) -> dict[str, Any]:
    """Merge these into `into`. Returns `into` with its supports, and `done`: all that it stands for now by this command.

    Whoever supported both counts once. What was merged into one of these goes along. Locks all of them; audited each; authors are
    told. Raises Conflict when one of them moved, InvalidInput for itself, NotFound. A retry changes nothing.
    """
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        wanted = sorted(set(command.questions) - {command.into})
        if not wanted:
            raise InvalidInput(_("请至少再选一个要合并的提问。"), field="questions")
        rows = _locked(desk, command.into, wanted)
        into = rows[command.into]
        if into.state not in STANDS:
            raise deciding.moved(into)
        sources = [rows[pk] for pk in wanted]
        fresh = [row for row in sources if row.merged_into_id != into.pk]
        for row in fresh:
            deciding.require_free(desk, row)
            if row.state not in GOES:
                raise deciding.moved(row)
        along = [row for row in rows.values() if row.merged_into_id in {each.pk for each in fresh}]
        _merge(desk, into, fresh, along, command.id)
    supports = Support.objects.filter(question=into.pk).count()
    return {"into": into.pk, "supports": supports, "done": [deciding.told(row) for row in sources]}


def unmerge(actor: Actor, airing_id: UUID, command: protocol.UnmergeQuestion) -> dict[str, Any]:
    """Take one out again, as it was, with the supports that were its own. Standing for itself already it is answered the same."""
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        row = with_standing(desk, [command.question]).get(command.question)
        if row is None:
            raise deciding.missing()
        if row.merged_into_id is not None:
            before = {"state": row.state, "version": row.version, "into": row.merged_into_id}
            give_back(desk, [row])
            row.state, row.version = row.state_before or S.PENDING, row.version + 1
            row.decided_by_id, row.decided_at, row.decided_command = actor.user_id, desk.now, command.id
            row.before, row.state_before, row.waiting_since = {}, "", desk.now
            row.staff_seq = rooms.next_staff_seq([airing_id])[airing_id]
            row.save()
            deciding.note_act(desk, row, "unmerge", before)
            deciding.write_audit(desk)
            deciding.tell(desk, [row])
        return deciding.told(row)


def with_standing(desk: Desk, ids: list[int]) -> dict[int, Question]:
    """These questions, locked together with those that stand for them. Raises Conflict when that changed while waiting."""
    standing = dict(Question.objects.filter(pk__in=ids).values_list("pk", "merged_into_id"))
    rows = deciding.locked(desk, [("question", pk) for pk in {*ids, *filter(None, standing.values())}])
    found = {pk: row for (_kind, pk), row in rows.items() if isinstance(row, Question)}
    if any(found[pk].merged_into_id != into for pk, into in standing.items() if pk in found):
        raise Conflict(_("这些提问刚被别人合并过，请再看一眼。"))
    return found


def give_back(desk: Desk, rows: list[Question]) -> None:
    """Return the supports of these merged questions and let them stand for themselves. The caller has locked them and those that
    stand for them (`with_standing`), and saves. Whoever took a carried support back meanwhile has taken it back."""
    if not rows:
        return
    for row in rows:
        carried = Support.objects.filter(question=row.merged_into_id, carried_from=row.pk)
        carried.update(question=row.pk, carried_from=None)
    seq = rooms.next_staff_seq([desk.airing.pk])[desk.airing.pk]
    Question.objects.filter(pk__in={row.merged_into_id for row in rows}).update(staff_seq=seq)
    for row in rows:
        row.merged_into = None


def _locked(desk: Desk, into: int, wanted: list[int]) -> dict[int, Question]:
    """They and what was merged into them, by id. Looked for first, and again once locked: a merge meanwhile is a conflict."""
    chosen = {into, *wanted}
    children = set(Question.objects.filter(merged_into__in=wanted).values_list("pk", flat=True))
    rows = deciding.locked(desk, [("question", pk) for pk in chosen | children])
    found = {pk: row for (_kind, pk), row in rows.items() if isinstance(row, Question)}
    if chosen - found.keys():
        raise deciding.missing()
    if children != set(Question.objects.filter(merged_into__in=wanted).values_list("pk", flat=True)):
        raise Conflict(_("这些提问刚被别人合并过，请再看一眼。"))
    return found


def _merge(desk: Desk, into: Question, fresh: list[Question], along: list[Question], command_id: str) -> None:
    if not fresh:
        return
    _carry(into.pk, fresh)
    kept = JSONObject(**{name: F(name) for name in deciding.KEPT})
    seq = rooms.next_staff_seq([desk.airing.pk])[desk.airing.pk]
    Question.objects.filter(pk=into.pk).update(staff_seq=seq)
    Question.objects.filter(pk__in=[row.pk for row in along]).update(merged_into=into, staff_seq=seq)
    Question.objects.filter(pk__in=[row.pk for row in fresh]).update(
        state=S.MERGED,
        merged_into=into,
        version=F("version") + 1,
        staff_seq=seq,
        state_before=F("state"),
        before=kept,
        decided_by=desk.actor.user_id,
        decided_at=desk.now,
        decided_command=command_id,
        claimed_by=None,
        claimed_until=None,
    )
    for row in fresh:
        before = {"state": row.state, "version": row.version}
        row.state, row.version, row.merged_into, row.decided_command = S.MERGED, row.version + 1, into, command_id
        deciding.note_act(desk, row, "merge", before, many=len(fresh), into=into.pk)
    deciding.write_audit(desk)
    deciding.tell(desk, [into, *fresh], left=True)


def _carry(into: int, sources: list[Question]) -> None:
    """Move the supports, once a person: of several that one person gave, the oldest goes, the others stay where they are."""
    have = set(Support.objects.filter(question=into).values_list("participant_id", flat=True))
    moving: list[Support] = []
    for support in (
        Support.objects.select_for_update().filter(question__in=[row.pk for row in sources]).order_by("at", "pk")
    ):
        if support.participant_id not in have:
            have.add(support.participant_id)
            support.carried_from_id = support.carried_from_id or support.question_id
            support.question_id = into
            moving.append(support)
    Support.objects.bulk_update(moving, ["question", "carried_from"])
