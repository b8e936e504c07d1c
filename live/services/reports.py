"""举报: takes in that somebody finds a public item should not be public, and closes reports; it never hides an item by itself."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound, TooMany
from live import hints, protocol, text, wording
from live.models.desk import Report
from live.queries import reason_list, visible
from live.services import items, rooms
from live.services.batch import Answer, Batch, Write, require_free

WINDOW = dt.timedelta(minutes=10)
MOST_IN_WINDOW = 20
Key = tuple[str, int, UUID]


def take(batch: Batch) -> None:
    """Accept reports of public items: once for each person and item, a second one gets the first answer."""
    writes = batch.of(protocol.ReportItem)
    if not writes:
        return
    known = _known({_key(write) for write in writes})
    counted = _counted({write.participant.pk for write in writes})
    fresh: dict[Key, Report] = {}
    for write in writes:
        report = known.get(_key(write)) or fresh.get(_key(write))
        if report is None:
            if not write.check(partial(_may_report, batch, counted[write.participant.pk])):
                continue
            report = fresh[_key(write)] = _made(write)
            counted[write.participant.pk] += 1
            batch.keep(write, f"{report.kind}:{report.item}")
        write.answer = Answer(
            {"kind": report.kind, "item": report.item, "state": report.state},
            protocol.Mine(reports=(wording.my_report(report),)),
        )
    Report.objects.bulk_create(fresh.values())
    _count_up(batch, fresh.values())


def dismiss(actor: Actor, airing_id: UUID, command: protocol.DismissReports) -> dict[str, Any]:
    """The item stays public and its open reports are closed; those who reported are told.

    Raises Conflict when the item moved or has no open report any more. Locks the item; audited. The words of `note` stay with staff.
    """
    with transaction.atomic():
        airing = rooms.airing_of(airing_id)
        require(actor, Ability.MODERATE, airing.episode.programme_id)
        row = items.lock(airing_id, command.kind, command.item)
        if row is None:
            raise NotFound(_("没有找到这一条。"))
        if row.version != command.version or not row.open_reports:
            raise Conflict(_("这一条的举报已经有人处理过了。"), state=row.state, version=row.version)
        closed = settle(row, Report.State.DISMISSED, actor)
        row.version += 1
        row.staff_seq = rooms.next_staff_seq([airing_id])[airing_id]
        row.save(update_fields=["version", "staff_seq", "open_reports", "waiting_since"])
        audit.record(
            actor,
            f"{command.kind}.reports_dismiss",
            f"{command.kind}:{row.pk}",
            airing=airing,
            before={"reports": closed, "version": command.version},
            after={"reports": 0, "version": row.version},
            personal={"text": row.text, "author": row.author_name, "note": command.note},
            about=[row.author_id],
        )
        hints.hint(airing_id, "staff", "own")
    return {"kind": command.kind, "item": row.pk, "version": row.version, "closed": closed}


def settle(row: items.Row, state: str, actor: Actor) -> int:
    """Close the open reports of a locked item, `upheld` where it was taken down; returns how many there were.

    Changes `row.open_reports` and `row.waiting_since` too: the caller saves them with its own change, and tells by the hint "own".
    """
    if not row.open_reports:
        return 0
    found = Report.objects.filter(kind=wording.kind_of(row), item=row.pk, state=Report.State.OPEN)
    closed = found.update(state=state, closed_by=actor.user_id, closed_at=clock.now())
    row.open_reports, row.waiting_since = 0, None
    return closed


def move(source_id: UUID, target_id: UUID) -> None:
    """Give the reports of a merged participant to the survivor; of two about one item the survivor's stays."""
    for report in Report.objects.filter(by=source_id):
        if Report.objects.filter(kind=report.kind, item=report.item, by=target_id).exists():
            _drop(report)
        else:
            Report.objects.filter(pk=report.pk).update(by=target_id)


def _drop(report: Report) -> None:
    row = items.lock(report.room_id, report.kind, report.item)
    report.delete()
    if row is not None and report.state == Report.State.OPEN and row.open_reports:
        row.open_reports -= 1
        row.staff_seq = rooms.next_staff_seq([row.room_id])[row.room_id]
        row.save(update_fields=["open_reports", "staff_seq"])
        hints.hint(row.room_id, "staff")


def _key(write: Write) -> Key:
    return (write.command.kind, write.command.item, write.participant.pk)  # type: ignore[union-attr]


def _known(keys: set[Key]) -> dict[Key, Report]:
    wanted = Q()
    for kind, item, by in keys:
        wanted |= Q(kind=kind, item=item, by=by)
    return {(row.kind, row.item, row.by_id): row for row in Report.objects.filter(wanted)}


def _counted(people: set[UUID]) -> Counter[UUID]:
    recent = Report.objects.filter(by__in=people, at__gt=clock.now() - WINDOW)
    return Counter(recent.values_list("by", flat=True))


def _may_report(batch: Batch, many: int, write: Write) -> None:
    command = write.command
    if not isinstance(command, protocol.ReportItem):
        raise TypeError(command)
    require_free(write, to_speak=True)
    row = items.held(batch, write.airing_id, command.kind, command.item)
    if row is None or not visible.public_items(type(row), write.airing_id).filter(pk=row.pk).exists():
        raise NotFound(_("没有这一条，可能已经撤下。"))
    if row.author_id == write.participant.pk:
        raise IllegalTransition(_("这是您自己写的，不用举报，可以撤回。"), state=row.state)
    if not reason_list.is_offered(command.reason, write.airing.episode.programme_id):
        raise InvalidInput(_("请从列表里选一个理由。"), field="reason")
    if many >= MOST_IN_WINDOW:
        raise TooMany(
            _("您在 10 分钟内已举报 %(most)s 条，请过一会儿再报。") % {"most": MOST_IN_WINDOW}, retry_after_seconds=60
        )


def _made(write: Write) -> Report:
    command = write.command
    if not isinstance(command, protocol.ReportItem):
        raise TypeError(command)
    try:
        note = text.clean(command.note, 200)
    except text.BadText:  # nothing that can be seen
        note = ""
    return Report(
        room_id=write.airing_id,
        kind=command.kind,
        item=command.item,
        by_id=write.participant.pk,
        reason=command.reason,
        note=note,
        at=clock.now(),
    )


def _count_up(batch: Batch, fresh: Iterable[Report]) -> None:
    """What is reported comes up at the desk. Its version stays: reports would else throw back every moderator who is at it."""
    brought = Counter((report.kind, report.item) for report in fresh)
    for key, many in sorted(brought.items()):
        row = batch.held[key]
        if not row.open_reports:
            row.waiting_since = clock.now()
        row.open_reports += many
        row.save(update_fields=["open_reports", "waiting_since"])
        batch.number(row)
        batch.hint(row.room_id, "staff")
