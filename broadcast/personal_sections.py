"""What the ground floor keeps of a person, as sections of the file that it may have; it reads only and asks for no right."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext_lazy as _

from broadcast import registry
from broadcast.models import (
    AuditPersonal,
    Consent,
    EvidenceRecord,
    GuardianConsent,
    LinkedIdentity,
    LoginSession,
    Participant,
    User,
)
from broadcast.personal import Section, Whose
from broadcast.sealing import unseal


def register() -> None:
    """Hang the sections into the registry."""
    registry.personal_data.register("broadcast", sections)


def sections(whose: Whose) -> list[Section]:
    """Identity, account and what else it is known by, consents, where writes came from, and what staff did about the person."""
    own = [_identity(whose), _account(whose), _linked(whose), _logins(whose), _consents(whose), _guardians(whose)]
    return [*own, _evidence(whose), _acts(whose)]


def _identity(whose: Whose) -> Section:
    rows = Participant.objects.filter(pk__in=whose.participants).order_by("created_at")
    return Section(
        "participants",
        _("身份"),
        [
            ("id", _("编号")),
            ("name", _("称呼")),
            ("assurance", _("身份级别")),
            ("district", _("所在区")),
            ("age", _("年龄说明")),
            ("partner", _("合作平台")),
            ("partner_subject", _("合作平台给的编号")),
            ("created_at", _("建立时间")),
        ],
        [
            {
                "id": str(row.pk),
                "name": row.display_name,
                "assurance": row.assurance,
                "district": row.district,
                "age": row.get_age_display() if row.age else "",
                "partner": row.partner,
                "partner_subject": row.partner_subject,
                "created_at": row.created_at,
            }
            for row in rows
        ],
    )


def _account(whose: Whose) -> Section:
    user = User.objects.filter(pk=whose.user).first() if whose.user is not None else None
    rows = []
    if user is not None:
        phone = _opened(user.phone_sealed)
        rows.append(
            {
                "username": user.username,
                "name": user.display_name,
                "phone": phone if isinstance(phone, str) else "",
                "verified_at": user.phone_verified_at,
                "joined_at": user.date_joined,
                "last_login": user.last_login,
            }
        )
    columns = [
        ("username", _("账号")),
        ("name", _("称呼")),
        ("phone", _("手机号")),
        ("verified_at", _("验证时间")),
        ("joined_at", _("建立时间")),
        ("last_login", _("最近登录")),
    ]
    return Section("account", _("账号"), columns, rows)


def _linked(whose: Whose) -> Section:
    rows = LinkedIdentity.objects.filter(user=whose.user).order_by("linked_at", "pk") if whose.user is not None else []
    columns = [
        ("provider", _("由谁证明")),
        ("subject", _("在那里的编号")),
        ("linked_at", _("绑定时间")),
        ("used_at", _("最近")),
    ]
    told = [
        {
            "provider": row.provider,
            "subject": str(_opened(row.subject_sealed) or ""),
            "linked_at": row.linked_at,
            "used_at": row.used_at,
        }
        for row in rows
    ]
    return Section("linked", _("其他登录方式"), columns, told)


def _guardians(whose: Whose) -> Section:
    """Without the guardian's own name and number: the file is the child's."""
    rows = GuardianConsent.objects.filter(participant__in=whose.participants).order_by("given_at", "pk")
    columns = [("version", _("版本")), ("given_at", _("时间")), ("withdrawn_at", _("撤回时间"))]
    told = [{"version": row.version, "given_at": row.given_at, "withdrawn_at": row.withdrawn_at} for row in rows]
    return Section("guardians", _("监护人的同意"), columns, told)


def _logins(whose: Whose) -> Section:
    rows = LoginSession.objects.filter(user=whose.user).order_by("began_at") if whose.user is not None else []
    columns = [("began_at", _("登录时间")), ("seen_at", _("最近")), ("address", _("网络地址")), ("device", _("浏览器"))]
    told = [
        {"began_at": row.began_at, "seen_at": row.seen_at, "address": row.address, "device": row.device} for row in rows
    ]
    return Section("logins", _("登录着的地方"), columns, told)


def _consents(whose: Whose) -> Section:
    rows = Consent.objects.filter(participant__in=whose.participants).order_by("at", "pk")
    return Section(
        "consents",
        _("同意过的文件"),
        [("document", _("文件")), ("version", _("版本")), ("at", _("时间"))],
        [{"document": row.document, "version": row.version, "at": row.at} for row in rows],
    )


def _evidence(whose: Whose) -> Section:
    rows = EvidenceRecord.objects.filter(participant_id__in=whose.participants).order_by("pk")
    told = []
    for row in rows.iterator(chunk_size=1_000):
        data = _opened(row.sealed)
        known: dict[str, Any] = data if isinstance(data, dict) else {}
        told.append(
            {
                "at": row.at,
                "kind": row.kind,
                "ref": row.ref,
                "address": known.get("address", ""),
                "port": known.get("port"),
                "device": known.get("device", ""),
                "expires_at": row.expires_at,
            }
        )
    columns = [
        ("at", _("时间")),
        ("kind", _("做了什么")),
        ("ref", _("对象")),
        ("address", _("网络地址")),
        ("port", _("端口")),
        ("device", _("浏览器")),
        ("expires_at", _("保存到")),
    ]
    return Section("evidence", _("来源记录"), columns, told)


def _acts(whose: Whose) -> Section:
    rows = AuditPersonal.objects.filter(subjects__overlap=list(whose.participants)).select_related("entry")
    columns = [
        ("at", _("时间")),
        ("act", _("做了什么")),
        ("target", _("对象")),
        ("reason", _("原因")),
        ("words", _("当时的原文")),
    ]
    told = [
        {
            "at": row.entry.at,
            "act": row.entry.act,
            "target": row.entry.target,
            "reason": row.entry.reason,
            # What staff noted for each other is not the person's; the person's own words are.
            "words": (row.words or {}).get("text", ""),
        }
        for row in rows.order_by("pk")
    ]
    return Section("acts", _("工作人员对您的内容做过的处理"), columns, told)


def _opened(sealed: bytes | memoryview | None) -> Any:
    if not sealed:
        return None
    try:
        return unseal(sealed)
    except InvalidToken:
        return None
