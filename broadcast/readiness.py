"""What the doctor asks of the ground floor: that codes reach phones, that no demo account is open, that programmes are there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from broadcast import partner_keys, senders
from broadcast.models import AuditWalk, CodeDay, Programme, User
from broadcast.services import spending

Found = tuple[str, str, str]


def codes() -> list[Found]:
    """Whether a citizen could verify a phone."""
    expected = "a dotted path to a function (phone, code) that sends"
    name = settings.SMS_SENDER
    try:
        sender = senders.current()
    except ImportError as error:
        return [(f"YISHI_SMS_SENDER={name}: {error}", expected, "correct YISHI_SMS_SENDER")]
    if not callable(sender):
        return [(f"YISHI_SMS_SENDER={name} is no function", expected, "correct YISHI_SMS_SENDER")]
    if settings.DEMO or settings.DEBUG or name not in {"console", "log"}:
        return [(f"one-time codes by {name}", expected, ""), _code_day()]
    return [
        (
            f"YISHI_SMS_SENDER={name}: no code reaches anybody",
            expected,
            "set YISHI_SMS_SENDER, or nobody can comment or ask",
        )
    ]


def _code_day() -> Found:
    row, most = CodeDay.objects.filter(pk=spending.today()).first(), spending.most()
    sent, refused = (row.sent, row.refused) if row is not None else (0, 0)
    mend = "raise YISHI_SMS_DAY_MOST or YISHI_SMS_DAY_YUAN, or look who asks" if spending.is_alarming(row) else ""
    return f"{sent} codes sent today, {refused} refused for the day's ceiling", f"below {most or 'any number'}", mend


def partners() -> list[Found]:
    """Whether the partners' keys can be read."""
    if not settings.PARTNERS:
        return []
    try:
        found = partner_keys.parsed(Path(settings.PARTNERS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, partner_keys.BadPartners) as error:
        return [(f"YISHI_PARTNERS={settings.PARTNERS}: {error}", "partners with public keys", "mend the file")]
    return [(f"{len(found)} partners' keys", "partners with public keys", "")]


def social() -> list[Found]:
    """Whether other houses' log-ins are set up whole, and asked where nobody can listen."""
    found: list[Found] = []
    wanted = {"YISHI_OIDC": settings.OIDC, "YISHI_WECHAT": settings.WECHAT}
    for name, secret in (("ISSUER", "CLIENT"), ("CLIENT", "SECRET")):
        if settings.OIDC[name.lower()] and not settings.OIDC[secret.lower()]:
            found.append((f"YISHI_OIDC_{name} without YISHI_OIDC_{secret}", "both", f"set YISHI_OIDC_{secret}"))
    for app, secret in (("APP", "SECRET"), ("SITE_APP", "SITE_SECRET")):
        if settings.WECHAT[app.lower()] and not settings.WECHAT[secret.lower()]:
            found.append((f"YISHI_WECHAT_{app} without its secret", "both", f"set YISHI_WECHAT_{secret}"))
    for prefix, key in (("YISHI_OIDC", "issuer"), ("YISHI_WECHAT", "api"), ("YISHI_WECHAT", "open")):
        url = urlsplit(wanted[prefix][key])
        if url.scheme == "http" and url.hostname not in {"localhost", "127.0.0.1", "::1"}:
            mend = f"give {prefix}_{key.upper()} an https address"
            found.append((f"{prefix}_{key.upper()} is asked without TLS", "https", mend))
    return found


def accounts() -> list[Found]:
    """Whether a demo left its accounts open."""
    count = 0 if settings.DEMO else User.objects.filter(is_demo=True, is_active=True).count()
    mend = "run ./yishi seed-programmes: it closes them" if count else ""
    return [(f"{count} open demo accounts outside the demo", "0", mend)]


def programmes() -> list[Found]:
    """Whether there is anything to put on."""
    count = Programme.objects.filter(is_active=True).count()
    return [(f"{count} programmes", "1 or more", "" if count else "run ./yishi seed-programmes")]


def audit() -> list[Found]:
    """Whether the house's own walks of the audit chain found something that does not fit."""
    broken = sorted({each for walk in AuditWalk.objects.all() for each in walk.broken})
    many = sum(AuditWalk.objects.values_list("finished_broken", flat=True))
    if not broken and not many:
        return [("the audit chain fits as far as it was walked", "no entry that does not fit", "")]
    shown = ", ".join(map(str, broken[:10]))
    mend = "run ./yishi verify-audit and compare the entries it names with a backup"
    return [(f"{max(many, len(broken))} entries of the audit chain do not fit ({shown})", "0", mend)]
