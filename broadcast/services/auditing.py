"""Hands out audit entries as a file: for auditors who say why, and audited itself before the first byte leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, audit_export, audit_search
from broadcast.access import Actor
from broadcast.errors import InvalidInput
from broadcast.models import AuditEntry


@dataclass(frozen=True)
class Export:
    """A file under way: `pieces` are bytes; empty ones only say that work goes on."""

    media_type: str
    suffix: str
    pieces: Iterator[bytes]


def export(actor: Actor, wanted: audit_search.Wanted, suffix: str, reason: str) -> Export:
    """All that fits up to now, as csv, json or xlsx. Audited: what was asked for, how many entries, up to which, and why.

    Raises NotAllowed, InvalidInput (field): no reason, no such format, or too many for a spreadsheet.
    """
    rows = audit_search.search(actor, wanted)
    if suffix not in audit_export.FORMATS:
        raise InvalidInput(_("请选一种格式。"), field="format")
    if len(reason.strip()) < 4:
        raise InvalidInput(_("请写明为什么要导出，至少 4 个字。"), field="reason")
    with transaction.atomic():
        last = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        rows = rows.filter(pk__lte=last)
        many = rows.count()
        if suffix == "xlsx" and many > audit_export.XLSX_MOST:
            raise InvalidInput(
                _("表格最多放 %(most)s 条，现在有 %(many)s 条：请缩小范围，或改用 CSV。")
                % {"most": audit_export.XLSX_MOST, "many": many},
                field="format",
            )
        after = {"format": suffix, "entries": many, "last": last, "wanted": wanted.told()}
        audit.record(actor, "audit.export", "audit:entries", reason=reason.strip(), after=after)
    media_type, write = audit_export.FORMATS[suffix]
    return Export(media_type, suffix, write(audit_search.in_pieces(rows)))
