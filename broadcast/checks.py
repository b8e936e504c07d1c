"""Start-up checks of Django's framework: what would make the house unsafe or unable to run; it must not reach for the network."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from broadcast import env


@register()
def secret_key_is_set(**_options: Any) -> list[CheckMessage]:
    """Without a secret every cookie could be forged; the embedded profile makes one in var/."""
    if len(settings.SECRET_KEY) >= 50:
        return []
    return [
        Error(
            "YISHI_SECRET_KEY has fewer than 50 characters.",
            hint="Set 50 or more random characters.",
            id="broadcast.E001",
        )
    ]


@register()
def variables_are_known(**_options: Any) -> list[CheckMessage]:
    """A misspelt variable would silently do nothing."""
    return [
        Warning(
            f"{name} is not a variable of ours.",
            hint=f"Did you mean {near}?" if near else "Remove it.",
            id="broadcast.W001",
        )
        for name, near in env.unknown()
    ]


@register(deploy=True)
def demo_is_off(**_options: Any) -> list[CheckMessage]:
    """The demo shows one-time codes on the page."""
    return [Error("YISHI_DEMO is on.", hint="Unset it in production.", id="broadcast.E002")] if settings.DEMO else []
