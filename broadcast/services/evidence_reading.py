"""Opens sealed evidence for auditors who say why; each look is an audit entry. It must not change or keep what it opened."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Actor
from broadcast.audit_search import programmes_audited
from broadcast.errors import InvalidInput
from broadcast.models import Airing, EvidenceRecord, User
from broadcast.sealing import unseal

logger = logging.getLogger(__name__)

MOST = 200


@dataclass(frozen=True)
class Opened:
    """One record as it was kept. `phone` is the account's now, where it was asked for; `is_lost`: no key opens it any more."""

    record: EvidenceRecord
    data: dict[str, Any]
    phone: str = ""
    is_lost: bool = False


def find(actor: Actor, wanted: str) -> QuerySet[EvidenceRecord]:
    """The sealed records of an item or act ("comment:12") or of a participant's id, the newest first. Nothing is opened.

    Raises NotAllowed, and InvalidInput for what names nothing. Of one programme's auditor only what was written in its airings.
    """
    programmes = programmes_audited(actor)
    wanted = wanted.strip()
    if not wanted:
        raise InvalidInput(_("请写编号，例如 comment:12，或参与者的编号。"), field="target")
    try:
        rows = EvidenceRecord.objects.filter(participant_id=UUID(wanted))
    except ValueError:
        rows = EvidenceRecord.objects.filter(ref=wanted)
    if programmes is not None:
        rows = rows.filter(airing_id__in=Airing.objects.filter(episode__programme__in=programmes).values("pk"))
    return rows.order_by("-pk")


def open_sealed(
    actor: Actor, wanted: str, *, reason: str, reference: str = "", with_phone: bool = False
) -> list[Opened]:
    """Open up to MOST of what `find` gives. Audited in the same transaction, with the records' numbers, before anything is shown.

    Raises as `find`, and InvalidInput without a reason.
    """
    rows = list(find(actor, wanted)[:MOST])
    if len(reason.strip()) < 4:
        raise InvalidInput(_("请写明为什么要看，至少 4 个字。"), field="reason")
    airings = {row.airing_id for row in rows}
    only = airings.pop() if len(airings) == 1 else None
    airing = Airing.objects.filter(pk=only).first() if only else None
    with transaction.atomic():
        audit.record(
            actor,
            "evidence.read",
            f"evidence:{wanted.strip()}"[:96],
            airing=airing,
            reason=reason,
            after={"records": [row.pk for row in rows], "reference": reference.strip()[:120], "phone": with_phone},
        )
        return _opened(rows, with_phone)


def _opened(rows: Sequence[EvidenceRecord], with_phone: bool) -> list[Opened]:
    data = [_unsealed(row) for row in rows]
    phones = _phones({each["user"] for each in data if each and each.get("user")}) if with_phone else {}
    return [
        Opened(
            row,
            each or {},
            str((each or {}).get("phone") or phones.get((each or {}).get("user") or 0, "")),
            each is None,
        )
        for row, each in zip(rows, data, strict=True)
    ]


def _unsealed(row: EvidenceRecord) -> dict[str, Any] | None:
    try:
        found = unseal(row.sealed)
    except InvalidToken:
        logger.error("evidence cannot be opened with any key record=%d", row.pk)
        return None
    return found if isinstance(found, dict) else {}


def _phones(users: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for pk, sealed in User.objects.filter(pk__in=users, phone_sealed__isnull=False).values_list("pk", "phone_sealed"):
        try:
            found[pk] = str(unseal(sealed or b""))
        except InvalidToken:
            logger.error("a phone cannot be opened with any key user=%d", pk)
    return found
