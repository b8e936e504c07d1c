"""The chain of audit entries: writes them and verifies them; it must never change or delete one."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, AuditEntry, AuditPersonal

ALGORITHM = "sha256"
GENESIS = "0" * 64
_CHAIN_LOCK = 0x59495348_41554449  # "YISHAUDI": one advisory lock serialises the chain until commit


def record(
    actor: Actor,
    act: str,
    target: str,
    *,
    airing: Airing | None = None,
    reason: str = "",
    before: Any = None,
    after: Any = None,
    personal: dict[str, Any] | None = None,
) -> AuditEntry:
    """Chain one staff act. Call inside the transaction that does the act: both stand or neither.

    `act` is noun.verb; `target` is "kind:id". `before`/`after` are plain data without citizens' words or names: those go
    into `personal`, which can be erased. Takes the chain's advisory lock until commit, so keep the transaction short.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
        last = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first()
        private = {"name": actor.name, "address": actor.address, **(personal or {})}
        private_salt = secrets.token_hex(16)
        entry = AuditEntry(
            at=clock.now(),
            act=act,
            actor_id=actor.user_id,
            target=target,
            airing_id=airing.pk if airing else None,
            programme_ms=programme_ms(airing, clock.now()) if airing else None,
            reason=reason[:500],
            before=before,
            after=after,
            personal_digest=_digest(private_salt, private),
            algorithm=ALGORITHM,
            salt=secrets.token_hex(16),
            previous=last or GENESIS,
        )
        entry.digest = entry_digest(entry)
        entry.save(force_insert=True)
        AuditPersonal.objects.create(entry=entry, salt=private_salt, data=private)
        return entry


def programme_ms(airing: Airing, at: dt.datetime) -> int | None:
    """Milliseconds from the airing's real start to `at`; None before it started."""
    if airing.actual_start is None:
        return None
    return int((at - airing.actual_start).total_seconds() * 1000)


def _digest(salt: str, data: Any) -> str:
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{salt}\n{canonical}".encode()).hexdigest()


def entry_digest(entry: AuditEntry) -> str:
    """The digest that `entry` must carry: SHA-256 over its salt, the previous digest and its canonical JSON."""
    return _digest(
        entry.salt,
        {
            "previous": entry.previous,
            "at": entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            "act": entry.act,
            "actor": entry.actor_id,
            "target": entry.target,
            "airing": str(entry.airing_id) if isinstance(entry.airing_id, UUID) else entry.airing_id,
            "programme_ms": entry.programme_ms,
            "reason": entry.reason,
            "before": entry.before,
            "after": entry.after,
            "personal": entry.personal_digest,
        },
    )


def verify() -> tuple[int, list[int]]:
    """Walk the whole chain. Returns how many entries were read and the ids of those that do not fit (changed, or after a missing one)."""
    previous, count, broken = GENESIS, 0, []
    for entry in AuditEntry.objects.order_by("id").select_related("personal").iterator(chunk_size=500):
        count += 1
        personal = getattr(entry, "personal", None)
        fits = entry.previous == previous and entry.digest == entry_digest(entry)
        if personal is not None and _digest(personal.salt, personal.data) != entry.personal_digest:
            fits = False
        if not fits:
            broken.append(entry.pk)
        previous = entry.digest
    return count, broken
