"""Writes partners' figures: enters and strikes them; who may is checked here, each act is audited, nothing is changed in silence."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from archive.models import PartnerFigure
from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, InvalidInput, NotFound

_MOST = 10**12


def enter(
    actor: Actor,
    programme_id: int,
    *,
    source: str,
    measure: str,
    number: int,
    since: dt.date,
    until: dt.date,
    told_at: dt.datetime,
    note: str = "",
) -> PartnerFigure:
    """Enter what a partner says. Needs REPORT in the programme. Raises InvalidInput (field)."""
    require(actor, Ability.REPORT, programme_id)
    source = source.strip()
    if not source:
        raise InvalidInput(_("请写是哪一家的数字。"), field="source")
    if measure not in PartnerFigure.Measure.values:
        raise InvalidInput(_("请选人数或人次。"), field="measure")
    if not 0 <= number <= _MOST:
        raise InvalidInput(_("数字不对。"), field="number")
    if until < since:
        raise InvalidInput(_("结束不能早于开始。"), field="until")
    if told_at > clock.now():
        raise InvalidInput(_("读数的时间还没有到。"), field="told_at")
    with transaction.atomic():
        row = PartnerFigure.objects.create(
            programme_id=programme_id,
            source=source,
            measure=measure,
            number=number,
            since=since,
            until=until,
            told_at=told_at,
            note=note.strip(),
            entered_by=actor.user_id,
            entered_at=clock.now(),
        )
        audit.record(actor, "partner_figure.enter", f"partner_figure:{row.pk}", after=_facts(row))
    return row


def strike(actor: Actor, pk: int) -> None:
    """Strike a figure out: it stays to be seen. Needs REPORT in its programme; takes the row. Raises IllegalTransition for a struck one."""
    with transaction.atomic():
        row = PartnerFigure.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            raise NotFound(_("没有这个数字。"))
        require(actor, Ability.REPORT, row.programme_id)
        if row.struck_at is not None:
            raise IllegalTransition(_("这个数字已经作废。"), state="struck", wanted="struck")
        row.struck_at, row.struck_by = clock.now(), actor.user_id
        row.save(update_fields=["struck_at", "struck_by"])
        audit.record(actor, "partner_figure.void", f"partner_figure:{pk}", before=_facts(row))


def _facts(row: PartnerFigure) -> dict[str, str | int]:
    return {
        "source": row.source,
        "measure": row.measure,
        "number": row.number,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "told_at": row.told_at.isoformat(),
        "note": row.note,
    }
