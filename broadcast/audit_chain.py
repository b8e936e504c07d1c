"""Walks the audit chain and names what does not fit; a piece at a time, so that a million entries need no memory. It mends nothing."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from broadcast import clock
from broadcast.audit import GENESIS, chained, digest, personal_digest
from broadcast.models import AuditEntry, AuditWalk

logger = logging.getLogger(__name__)

PIECE = 5_000
# Of very many that do not fit only the first are named.
NAMED_MOST = 1_000
# One beat of the job follows so many new entries, and goes so far on its round over all of them.
AHEAD_MOST = 20_000
ROUND_STEP = 2_000
_PIECE = """
SELECT entry.id, entry.at, entry.act, entry.actor_id, entry.target, entry.airing_id, entry.programme_ms, entry.reason,
       entry.before::text, entry.after::text, entry.personal_digest, entry.salt, entry.previous, entry.digest,
       half.salt, half.data::text, half.words_salt, half.words::text, half.words_digest
FROM broadcast_auditentry AS entry LEFT JOIN broadcast_auditpersonal AS half ON half.entry_id = entry.id
WHERE entry.id > %s ORDER BY entry.id LIMIT %s
"""


@dataclass
class Walk:
    """How far it came: the last entry read, and what the one after it must name as `previous`.

    `broken` are entries that were changed, or that come after a missing one. `erased` are those without their personal half or its words.
    """

    entry: int = 0
    digest: str = GENESIS
    count: int = 0
    erased: int = 0
    broken: list[int] = field(default_factory=list)
    more_broken: int = 0

    @property
    def is_whole(self) -> bool:
        """Nothing was found that does not fit."""
        return not self.broken

    @property
    def many_broken(self) -> int:
        """How many do not fit."""
        return len(self.broken) + self.more_broken

    def note(self, entry: int) -> None:
        """This one does not fit."""
        if len(self.broken) < NAMED_MOST:
            self.broken.append(entry)
        else:
            self.more_broken += 1


def verify(walk: Walk | None = None, *, most: int | None = None) -> Walk:
    """Walk on from where `walk` stands (from the beginning without one), to the end or for `most` entries."""
    walk = walk or Walk()
    left = most
    while left is None or left > 0:
        piece = PIECE if left is None else min(PIECE, left)
        with connection.cursor() as cursor:
            cursor.execute(_PIECE, [walk.entry, piece])
            rows = cursor.fetchall()
        for row in rows:
            _step(walk, row)
        if len(rows) < piece:
            break
        left = None if left is None else left - len(rows)
    return walk


def _step(walk: Walk, row: tuple[Any, ...]) -> None:
    (entry, at, act, actor, target, airing, programme_ms, reason, before, after, personal, salt, previous, own) = row[
        :14
    ]
    expected = chained(
        salt, previous, at, act, actor, target, airing, programme_ms, reason, _read(before), _read(after), personal
    )
    if previous != walk.digest or own != expected or not _halves_fit(walk, personal, row[14:]):
        walk.note(entry)
    walk.entry, walk.digest, walk.count = entry, own, walk.count + 1


def _halves_fit(walk: Walk, personal: str, half: tuple[Any, ...]) -> bool:
    salt, data, words_salt, words, words_digest = half
    if salt is None:
        walk.erased += 1
        return True
    if personal_digest(salt, _read(data), words_digest) != personal:
        return False
    if words is not None:
        # Entries from before had no digest of their own for words, and no words here.
        return bool(words_digest) and digest(words_salt, json.loads(words)) == words_digest
    walk.erased += bool(words_digest)
    return True


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def fits(entry: AuditEntry) -> bool:
    """Whether this one fits by itself and to the one before it."""
    before = AuditEntry.objects.filter(pk__lt=entry.pk).order_by("-pk").values_list("pk", "digest").first()
    at, head = before or (0, GENESIS)
    return verify(Walk(entry=at, digest=head), most=1).is_whole


def holds(head: str) -> AuditEntry | None:
    """The entry with this digest, noted elsewhere before: with a whole chain it shows that nothing up to there was made anew."""
    return AuditEntry.objects.filter(digest=head.strip().lower()).first()


def keep_walking() -> int:
    """The house's own walk: follow what is new, and go on with the round over all. Returns how many entries were read.

    What is found is kept (`AuditWalk`), logged and told by the doctor and the audit's page. Any number of processes may call it.
    """
    return _advance("ahead", AHEAD_MOST, again=False) + _advance("round", ROUND_STEP, again=True)


def _advance(name: str, most: int, *, again: bool) -> int:
    AuditWalk.objects.get_or_create(name=name, defaults={"digest": GENESIS})
    with transaction.atomic():
        row = AuditWalk.objects.select_for_update(skip_locked=True).filter(name=name).first()
        if row is None:
            return 0
        if row.began_at is None:
            row.began_at = clock.now()
        walk = Walk(row.entry, row.digest, row.count, broken=list(row.broken))
        # An end that was cut off breaks no link after it: what was read last must still be there.
        if walk.entry and not AuditEntry.objects.filter(pk=walk.entry, digest=walk.digest).exists():
            _restart(walk)
        read = walk.count
        verify(walk, most=most)
        read = walk.count - read
        _keep(row, walk, over=read < most, again=again)
    return read


def _restart(walk: Walk) -> None:
    """The entry where the walk stood is gone or another: named, and walked on after the last one that is still there before it."""
    lost = walk.entry
    before = AuditEntry.objects.filter(pk__lte=lost).order_by("-pk").values_list("pk", "digest").first()
    walk.entry, walk.digest = before or (0, GENESIS)
    if lost not in walk.broken:
        walk.note(lost)


def _keep(row: AuditWalk, walk: Walk, *, over: bool, again: bool) -> None:
    found = [each for each in walk.broken if each not in row.broken]
    row.entry, row.digest, row.count, row.broken, row.at = walk.entry, walk.digest, walk.count, walk.broken, clock.now()
    if over:
        row.finished_at, row.finished_count, row.finished_broken = row.at, walk.count, walk.many_broken
        if again:
            row.entry, row.digest, row.count, row.broken, row.began_at = 0, GENESIS, 0, [], None
    row.save()
    if found:
        logger.error("audit chain does not fit walk=%s entries=%s", row.name, found[:20])
