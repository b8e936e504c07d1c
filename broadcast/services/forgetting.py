"""How the ground floor forgets a person: the account, the participant, one-time codes, and the words in the audit's erasable half."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from broadcast import clock, evidence, registry
from broadcast.models import (
    AuditPersonal,
    Consent,
    EvidenceRecord,
    GuardianConsent,
    LinkedIdentity,
    LoginSession,
    OneTimeCode,
    Participant,
    Passkey,
    RecoveryCode,
    SecondFactor,
    User,
)
from broadcast.personal import Forgotten, Held, Kept, Whose
from broadcast.sealing import seal_many, unseal
from broadcast.services import holds

PIECE = 500
NAMELESS = "已注销"
EVIDENCE = gettext_noop("发言、投票时的来源记录（加密保存）")
EVIDENCE_WHY = gettext_noop("网络安全法要求留存网络日志，到期自动删除")
CONSENTS = gettext_noop("同意个人信息处理说明和用户协议的记录（不含姓名）")
CONSENTS_WHY = gettext_noop("证明当时的处理得到了同意")
ENTRIES = gettext_noop("工作人员处理过的操作记录（不含您的话和称呼）")
ENTRIES_WHY = gettext_noop("操作记录连成一条链，缺一条就无法核对")


def register() -> None:
    """Hang the parts into the registry, in the order in which they are carried out."""
    registry.personal_erase.register("identity", identity)
    registry.personal_erase.register("audit", audit_words)


def identity(whose: Whose, _held: Held) -> Forgotten:
    """Account and participant lose name, phone and every token; the phone goes sealed into evidence, for as long as that is kept."""
    found = Forgotten()
    with transaction.atomic():
        holds.guard()
        # Waits for batches that write for this person; whoever comes later is refused by the new generation.
        rows = Participant.objects.select_for_update().filter(pk__in=whose.participants, erased_at=None).order_by("pk")
        open_ = [row.pk for row in rows]
        if whose.user is not None:
            _close_account(whose.participant, whose.user)
        Participant.objects.filter(pk__in=open_).update(
            display_name=NAMELESS,
            district="",
            partner="",
            partner_subject="",
            user=None,
            generation=F("generation") + 1,
            erased_at=clock.now(),
        )
        # The guardian's name and number; that there was a consent stays among the sealed records for their time.
        GuardianConsent.objects.filter(participant__in=whose.participants).delete()
    found.add("participant", len(whose.participants))
    found.add("account", int(whose.user is not None))
    _tell_kept(found, whose)
    return found


def _close_account(participant: UUID, pk: int) -> None:
    user = User.objects.select_for_update().get(pk=pk)
    if user.username == f"erased-{pk}":
        return
    _seal_into_evidence(participant, user)
    if user.phone_digest:
        OneTimeCode.objects.filter(phone_digest=user.phone_digest).delete()
    user.username = f"erased-{pk}"
    user.display_name, user.first_name, user.last_name, user.email = NAMELESS, "", "", ""
    user.phone_digest = user.phone_sealed = user.phone_verified_at = None
    user.is_active = False
    user.set_unusable_password()
    user.save()
    # What says how it logged in, and from where.
    for model in (LoginSession, SecondFactor, RecoveryCode, Passkey, LinkedIdentity):
        model._default_manager.filter(user=pk).delete()


def _seal_into_evidence(participant: UUID, user: User) -> None:
    phone = unseal(user.phone_sealed) if user.phone_sealed else ""
    linked = [f"{row.provider} {unseal(row.subject_sealed)}" for row in LinkedIdentity.objects.filter(user=user)]
    if not phone and not linked:
        return
    now = clock.now()
    sealed = seal_many([{"user": user.pk, "phone": phone, "name": user.display_name, "linked": linked}])[0]
    EvidenceRecord.objects.create(
        at=now,
        kind=evidence.ACCOUNT_ERASED,
        ref=f"user:{user.pk}",
        participant_id=participant,
        sealed=sealed,
        expires_at=now + dt.timedelta(days=settings.EVIDENCE_DAYS),
    )


def _tell_kept(found: Forgotten, whose: Whose) -> None:
    records = EvidenceRecord.objects.filter(participant_id__in=whose.participants)
    last = records.order_by("-expires_at").values_list("expires_at", flat=True).first()
    if last is not None:
        found.kept.append(Kept(EVIDENCE, records.count(), EVIDENCE_WHY, last.isoformat()))
    consents = Consent.objects.filter(participant__in=whose.participants).count()
    if consents:
        found.kept.append(Kept(CONSENTS, consents, CONSENTS_WHY))


def audit_words(whose: Whose, _held: Held) -> Forgotten:
    """Words by or about the person leave the audit; the entries stay, and the chain with them."""
    found = Forgotten()
    about = AuditPersonal.objects.filter(subjects__overlap=list(whose.participants))
    last = 0
    while True:
        with transaction.atomic():
            kept = _held_entries(holds.guard())
            rows = about.filter(words__isnull=False, pk__gt=last).exclude(kept).order_by("pk")
            keys = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True)[:PIECE])
            AuditPersonal.objects.filter(pk__in=keys).update(words=None, words_salt="")
        if not keys:
            break
        last = keys[-1]
    found.add("audit_words", about.filter(words__isnull=True).exclude(words_digest="").count())
    found.hold(ENTRIES, about.filter(words__isnull=False).count())
    if entries := about.count():
        found.kept.append(Kept(ENTRIES, entries, ENTRIES_WHY))
    return found


def words_of(targets: Iterable[str]) -> int:
    """Take the words out of the audit's entries about these things ("comment:12"), whoever they name; returns of how many."""
    about = AuditPersonal.objects.filter(entry__target__in=list(targets), words__isnull=False)
    return about.update(words=None, words_salt="")


def _held_entries(standing: Held) -> Q:
    return Q(entry__airing_id__in=standing.airings) | Q(entry__target__in=standing.items)
