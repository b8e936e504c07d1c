"""Takes in the station's own log, whole or not at all, and removes one that was a mistake; comparing is queries.asrun's."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import PurePath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, sheets
from broadcast.access import Ability, Actor, require_anywhere
from broadcast.errors import Conflict, InvalidInput, NotFound
from scheduling import station_lines
from scheduling.models import StationEntry, StationLog


class BadLog(InvalidInput):
    """The file is not taken; data: field, lines (line and what is wrong with it)."""

    code = "bad_log"


def take(
    actor: Actor, name: str, data: bytes, *, zone: str = "Asia/Shanghai", day: dt.date | None = None
) -> StationLog:
    """Import a CSV or XLSX file of the station; `day` is for times that name none. Needs PRODUCE in any programme; audited.

    All lines or none: raises BadLog with the lines that cannot be understood, Conflict when the same file is here already.
    """
    require_anywhere(actor, Ability.PRODUCE)
    lines = _understood(name, data, zone, day)
    digest = hashlib.sha256(data).hexdigest()
    try:
        with transaction.atomic():
            log = StationLog.objects.create(
                name=PurePath(name.replace("\\", "/")).name[:120] or "log",
                sha256=digest,
                zone=zone,
                imported_by_id=actor.user_id,
                imported_at=clock.now(),
            )
            StationEntry.objects.bulk_create([_entry(log, each) for each in lines], batch_size=2_000)
            after = {"name": log.name, "sha256": digest, "lines": len(lines)}
            audit.record(actor, "station_log.upload", f"station_log:{log.pk}", after=after)
    except IntegrityError as error:
        raise Conflict(_("这个文件已经导入过了，没有再导入。"), field="file") from error
    return log


def remove(actor: Actor, log_id: int, reason: str) -> None:
    """Take an imported file out again, with all its lines. Needs PRODUCE in any programme, and a reason; audited."""
    require_anywhere(actor, Ability.PRODUCE)
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    with transaction.atomic():
        log = StationLog.objects.select_for_update().filter(pk=log_id).first()
        if log is None:
            raise NotFound(_("没有这份播出单，可能已经删去。"))
        before = {"name": log.name, "sha256": log.sha256, "lines": log.entries.count()}
        audit.record(actor, "station_log.remove", f"station_log:{log.pk}", reason=reason.strip(), before=before)
        log.delete()


def _understood(name: str, data: bytes, zone: str, day: dt.date | None) -> list[station_lines.Line]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(_("没有这个时区。"), field="zone") from error
    try:
        found = station_lines.understand(sheets.rows(data, name), zone, day)
    except sheets.BadSheet as error:
        raise BadLog(error.message, field="file", lines=[(error.line, error.message)] if error.line else []) from error
    if found.problems:
        lines = [(each.line, each.message) for each in found.problems]
        raise BadLog(_("文件里有读不懂的行，一行也没有导入。"), field="file", lines=lines)
    return found.lines


def _entry(log: StationLog, line: station_lines.Line) -> StationEntry:
    kind = StationEntry.Kind.OTHER if line.other else StationEntry.Kind.PROGRAMME
    return StationEntry(log=log, line=line.line, started_at=line.start, ended_at=line.end, title=line.title, kind=kind)
