"""Writes the chain of audit entries; it must never change or delete one. Walking it: broadcast.audit_chain."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, AuditEntry, AuditPersonal

ALGORITHM = "sha256"
GENESIS = "0" * 64
_CHAIN_LOCK = 0x59495348_41554449  # "YISHAUDI": one advisory lock serialises the chain until commit
_waiting: ContextVar[list[tuple[Actor, Sequence[Act], Airing | None]] | None] = ContextVar("waiting", default=None)
# Made once: `json.dumps` with options makes one at each call, which a walk of a million entries would feel.
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


@dataclass(frozen=True)
class Act:
    """One act to be chained. `act` is noun.verb; `target` is "kind:id". `before`/`after` are plain data without citizens' words or
    names: those go into `words`, which is erased when one of the participants in `about` is."""

    act: str
    target: str
    reason: str = ""
    before: Any = None
    after: Any = None
    words: dict[str, Any] = field(default_factory=dict)
    about: tuple[UUID, ...] = ()


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
    about: Iterable[UUID] = (),
) -> None:
    """Chain one staff act; see `Act` (`personal` are its words). Call inside the transaction that does the act: both stand or neither.

    Takes the chain's advisory lock until commit, so keep the transaction short, and lock nothing after it (`at_the_end`).
    """
    record_many(actor, [Act(act, target, reason, before, after, personal or {}, tuple(about))], airing=airing)


def record_many(actor: Actor, acts: Sequence[Act], *, airing: Airing | None = None) -> list[AuditEntry]:
    """Chain the acts of one transaction, in their order, with two inserts however many they are; else as `record`.

    Returns the entries, none yet within `at_the_end`.
    """
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append((actor, acts, airing))
        return []
    return _chain(actor, acts, airing)


@contextmanager
def at_the_end() -> Iterator[None]:
    """What is recorded within is chained when the outermost of these ends. For acts made of several, inside their transaction.

    The chain's lock is the last of all: who has it and still wants a row waits for ever for one who has the row and records. What an
    inner one recorded is forgotten where it raises, as the savepoint around it is.
    """
    outer = _waiting.get()
    waiting: list[tuple[Actor, Sequence[Act], Airing | None]] = [] if outer is None else outer
    known, token = len(waiting), _waiting.set(waiting)
    try:
        yield
    except BaseException:
        del waiting[known:]
        raise
    finally:
        _waiting.reset(token)
    if outer is None:
        for actor, acts, airing in waiting:
            _chain(actor, acts, airing)


def _chain(actor: Actor, acts: Sequence[Act], airing: Airing | None) -> list[AuditEntry]:
    if not acts:
        return []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
        previous = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first() or GENESIS
        entries, halves = made(actor, acts, airing, previous, clock.now())
        AuditEntry.objects.bulk_create(entries)
        for entry, half in zip(entries, halves, strict=True):
            half.entry = entry
        AuditPersonal.objects.bulk_create(halves)
        return entries


def made(
    actor: Actor, acts: Sequence[Act], airing: Airing | None, previous: str, now: dt.datetime
) -> tuple[list[AuditEntry], list[AuditPersonal]]:
    """The entries and their personal halves that follow `previous`, not yet written."""
    entries, halves = [], []
    for each in acts:
        half = _personal(actor, each)
        entry = AuditEntry(
            at=now,
            act=each.act,
            actor_id=actor.user_id,
            target=each.target,
            airing_id=airing.pk if airing else None,
            programme_ms=programme_ms(airing, now) if airing else None,
            reason=each.reason[:500],
            before=each.before,
            after=each.after,
            personal_digest=personal_digest(half.salt, half.data, half.words_digest),
            algorithm=ALGORITHM,
            salt=secrets.token_hex(16),
            previous=previous,
        )
        previous = entry.digest = entry_digest(entry)
        entries.append(entry)
        halves.append(half)
    return entries, halves


def _personal(actor: Actor, act: Act) -> AuditPersonal:
    half = AuditPersonal(
        salt=secrets.token_hex(16), data={"name": actor.name, "address": actor.address}, subjects=list(act.about)
    )
    if act.words:
        half.words_salt, half.words = secrets.token_hex(16), act.words
        half.words_digest = digest(half.words_salt, act.words)
    return half


def programme_ms(airing: Airing, at: dt.datetime) -> int | None:
    """Milliseconds from the airing's real start to `at`; None before it started."""
    if airing.actual_start is None:
        return None
    return int((at - airing.actual_start).total_seconds() * 1000)


def digest(salt: str, data: Any) -> str:
    """Salted SHA-256 of canonical JSON."""
    return hashlib.sha256(f"{salt}\n{_canonical(data)}".encode()).hexdigest()


def personal_digest(salt: str, data: Any, words_digest: str) -> str:
    """What an entry holds of its personal half. Without words, and before words had a digest of their own, it is that of `data`."""
    return digest(salt, {"actor": data, "words": words_digest} if words_digest else data)


def entry_digest(entry: AuditEntry) -> str:
    """The digest that `entry` must carry: SHA-256 over its salt, the previous digest and its canonical JSON."""
    return chained(
        entry.salt,
        entry.previous,
        entry.at,
        entry.act,
        entry.actor_id,
        entry.target,
        entry.airing_id,
        entry.programme_ms,
        entry.reason,
        entry.before,
        entry.after,
        entry.personal_digest,
    )


def chained(
    salt: str,
    previous: str,
    at: dt.datetime,
    act: str,
    actor: int | None,
    target: str,
    airing: UUID | None,
    programme_ms: int | None,
    reason: str,
    before: Any,
    after: Any,
    personal: str,
) -> str:
    """`entry_digest` of an entry's fields as the database gives them."""
    return digest(
        salt,
        {
            "previous": previous,
            "at": at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            "act": act,
            "actor": actor,
            "target": target,
            "airing": str(airing) if isinstance(airing, UUID) else airing,
            "programme_ms": programme_ms,
            "reason": reason,
            "before": before,
            "after": after,
            "personal": personal,
        },
    )
