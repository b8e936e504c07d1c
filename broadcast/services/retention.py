"""Deletes what is past its time, a piece at a time, and leaves what a legal hold keeps; how long things are kept is in the settings."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from broadcast import audit, clock, evidence, partner_keys
from broadcast.access import HOUSE
from broadcast.models import AuditPersonal, EvidenceRecord, OneTimeCode, RetentionRun, SpentToken
from broadcast.personal import Held, Words
from broadcast.services import codes, holds

logger = logging.getLogger(__name__)

PIECE = 2_000
# One run ends after so many pieces; the next hour goes on.
PIECES_MOST = 200


@dataclass(frozen=True)
class Rule:
    """One kind of thing that is kept for a time. `due` finds what is past its time at a moment, `held` what of it a hold keeps."""

    kind: str
    name: Words
    kept_for: Callable[[], dt.timedelta]
    every: Callable[[], QuerySet[Any]]
    due: Callable[[dt.datetime], QuerySet[Any]]
    held: Callable[[Held], Q | None]
    remove: Callable[[QuerySet[Any]], int]
    is_audited: bool = True

    def left(self, at: dt.datetime, standing: Held) -> tuple[QuerySet[Any], QuerySet[Any]]:
        """What goes at that moment, and what a hold keeps."""
        due, kept = self.due(at), self.held(standing)
        return (due, due.none()) if kept is None else (due.exclude(kept), due.filter(kept))


def _delete(rows: QuerySet[Any]) -> int:
    return rows.delete()[0]


def _held_words(standing: Held) -> Q:
    return (
        Q(subjects__overlap=list(standing.participants))
        | Q(entry__airing_id__in=standing.airings)
        | Q(entry__target__in=standing.items)
    )


def _words_due(at: dt.datetime) -> QuerySet[AuditPersonal]:
    return AuditPersonal.objects.filter(
        words__isnull=False, entry__at__lte=at - dt.timedelta(days=settings.AUDIT_WORDS_DAYS)
    )


RULES = (
    Rule(
        "evidence",
        _("发言和投票的来源记录（加密）"),
        lambda: dt.timedelta(days=settings.EVIDENCE_DAYS),
        lambda: EvidenceRecord.objects.all(),
        lambda at: EvidenceRecord.objects.filter(expires_at__lte=at),
        evidence.held,
        _delete,
    ),
    Rule(
        "audit_words",
        _("审计记录里市民的原文和称呼"),
        lambda: dt.timedelta(days=settings.AUDIT_WORDS_DAYS),
        lambda: AuditPersonal.objects.filter(words__isnull=False),
        _words_due,
        _held_words,
        lambda rows: rows.update(words=None, words_salt=""),
    ),
    Rule(
        "codes",
        _("手机验证码（只有摘要）"),
        lambda: codes.KEPT,
        lambda: OneTimeCode.objects.all(),
        lambda at: OneTimeCode.objects.filter(sent_at__lte=at - codes.KEPT),
        lambda _standing: None,
        _delete,
        is_audited=False,
    ),
    Rule(
        "partner_tokens",
        _("用过的合作平台登录凭证"),
        lambda: dt.timedelta(seconds=partner_keys.LONGEST_SECONDS + partner_keys.LEEWAY_SECONDS),
        lambda: SpentToken.objects.all(),
        # An hour more: a machine's clock may be put back.
        lambda at: SpentToken.objects.filter(expires_at__lt=at - dt.timedelta(hours=1)),
        lambda _standing: None,
        _delete,
        is_audited=False,
    ),
    Rule(
        "sessions",
        _("过期的登录状态"),
        lambda: dt.timedelta(seconds=settings.SESSION_COOKIE_AGE),
        lambda: Session.objects.all(),
        lambda at: Session.objects.filter(expire_date__lt=at),
        lambda _standing: None,
        _delete,
        is_audited=False,
    ),
)


def run() -> dict[str, int]:
    """Delete what is due of every kind; returns how many of each went. Any number may run at once. The tick calls it each hour."""
    return {rule.kind: _run(rule) for rule in RULES}


def _run(rule: Rule) -> int:
    gone = 0
    for _piece in range(PIECES_MOST):
        many = _piece_of(rule)
        gone += many
        if many < PIECE:
            break
    if gone:
        logger.info("retention removed kind=%s rows=%d", rule.kind, gone)
    return gone


def _piece_of(rule: Rule) -> int:
    """One transaction: the rows, the run's row and, where it is audited, the entry; all or nothing."""
    now = clock.now()
    with transaction.atomic():
        due, kept = rule.left(now, holds.guard())
        keys = list(
            due.order_by("pk").select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:PIECE]
        )
        if not keys:
            return 0
        removed = rule.remove(rule.every().filter(pk__in=keys))
        held = kept.count()
        RetentionRun.objects.create(kind=rule.kind, at=now, removed=removed, held=held)
        if rule.is_audited:
            after = {"rows": removed, "held": held, "first": keys[0], "last": keys[-1]}
            audit.record(HOUSE, "retention.remove", f"retention:{rule.kind}", after=after)
    return len(keys)


def overview(days_ahead: int = 30) -> list[dict[str, Any]]:
    """For the page: of each kind how long it is kept, how many there are, go now, go within so many days, are held, and the last run."""
    now, standing = clock.now(), holds.standing()
    told = []
    for rule in RULES:
        due, kept = rule.left(now, standing)
        soon, _kept = rule.left(now + dt.timedelta(days=days_ahead), standing)
        there = rule.every()
        oldest = there.order_by("pk").values_list("pk", flat=True).first()
        told.append(
            {
                "kind": rule.kind,
                "name": rule.name,
                "days": rule.kept_for() / dt.timedelta(days=1),
                "many": there.count() if oldest is not None else 0,
                "due": due.count(),
                "soon": soon.count(),
                "held": kept.count(),
                "last": RetentionRun.objects.filter(kind=rule.kind).first(),
            }
        )
    return told
