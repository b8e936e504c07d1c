"""Checks of `doctor` for a house that the public visits: secrets, switches and what the law wants in the footer."""

from __future__ import annotations

from collections.abc import Iterator

from broadcast.house.diagnosis import BAD, OK, WARNING, Finding, Situation

_FOOTER = (
    ("COMMITTEE_NAME", "name of the committee"),
    ("ICP", "ICP filing number (ICP备案号)"),
    ("POLICE_FILING", "public security filing number (公安备案号)"),
    ("COMPLAINTS", "contact for complaints (投诉举报方式)"),
)


def is_production() -> bool:
    """Neither the demo nor debugging."""
    from django.conf import settings

    return not (settings.DEMO or settings.DEBUG)


def switches(_house: Situation) -> Iterator[Finding]:
    from django.conf import settings

    if is_production():
        yield Finding("mode", OK, "production")
    elif settings.DEBUG:
        yield Finding("mode", BAD, "DEBUG is on", "off where others can reach it", "unset YISHI_DEBUG")
    else:
        yield Finding("mode", WARNING, "demo", "off for the public", "for production: ./yishi up --no-demo")


def secret_key(house: Situation) -> Iterator[Finding]:
    from django.conf import settings

    if len(settings.SECRET_KEY) < 50:
        found = f"{len(settings.SECRET_KEY)} characters"
        yield Finding("secret key", BAD, found, "50 or more, random", "set YISHI_SECRET_KEY")
    else:
        where = (
            "YISHI_SECRET_KEY" if "YISHI_SECRET_KEY" in house.told else "made by this house, kept in var/secrets.json"
        )
        yield Finding("secret key", OK, where)


def footer(_house: Situation) -> Iterator[Finding]:
    from broadcast import env
    from broadcast.context import footer as shown

    level = BAD if is_production() else WARNING
    missing = [(name, what) for name, what in _FOOTER if not env.read(name)]
    for name, what in missing:
        yield Finding("footer", level, f"no {what}", "shown on every page", f"set YISHI_{name}")
    values = shown()
    for key, variable, what in (
        ("privacy_url", "PRIVACY_URL", "privacy notice"),
        ("agreement_url", "AGREEMENT_URL", "user agreement"),
    ):
        if not values.get(key):
            missing.append((variable, what))
            yield Finding("footer", level, f"no {what}", "a page of ours or an address", f"set YISHI_{variable}")
    if not missing:
        yield Finding("footer", OK, "complete")


def framework(_house: Situation) -> Iterator[Finding]:
    """Django's own checks, those for deployment too when this is production."""
    from django.core.checks import ERROR, run_checks

    deployed = is_production()
    for message in run_checks(include_deployment_checks=deployed):
        if message.id in _SAID_ELSEWHERE or message.is_silenced():
            continue
        level = BAD if message.level >= ERROR else WARNING
        yield Finding(message.id or "check", level, message.msg, "", message.hint or "")


_SAID_ELSEWHERE = {"broadcast.W001", "broadcast.E001", "broadcast.E002"}
