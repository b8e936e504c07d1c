"""How much one web process takes: the numbers, their meaning and defaults, changed by YISHI_LIMITS; it counts nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@dataclass(frozen=True)
class Limits:
    """All for one process. A person is a browser's signed identity; an address may be a whole carrier's (IPv6: a /64); a partner is
    another site of YISHI_ORIGINS whose page asks. Rates are by the second and hold in the long run; BURST of them at once."""

    sockets: int = 18_000
    sockets_person: int = 10
    sockets_address: int = 2_000
    sockets_partner: int = 10_000
    joins: int = 500
    joins_person: int = 1
    joins_address: int = 100
    joins_partner: int = 300
    commands_person: int = 4
    commands_address: int = 400
    commands_partner: int = 1_000
    bytes_person: int = 4_096
    bytes_address: int = 262_144
    bytes_partner: int = 1_048_576
    poll_ms: int = 1_000


# Seconds' worth of a rate that may come at once.
BURSTS = {"joins": 1, "joins_person": 20, "joins_address": 20, "joins_partner": 5, "bytes_person": 16}
BURST = 5


def burst_of(name: str) -> int:
    """How many seconds' worth of this rate may come at once."""
    return BURSTS.get(name, BURST)


@cache
def current() -> Limits:
    """The limits of this process."""
    return replace(
        Limits(), **{name: value for name, value in settings.LIMITS.items() if name in _names() and value > 0}
    )


def _names() -> set[str]:
    return {each.name for each in fields(Limits)}


@register()
def limits_are_known(**_options: object) -> list[CheckMessage]:
    """A misspelt limit would silently limit nothing."""
    names = _names()
    hint = f"One of {', '.join(sorted(names))}, at least 1."
    return [
        Error(f"{name}={value} in YISHI_LIMITS is no limit.", hint=hint, id="live.E001")
        for name, value in settings.LIMITS.items()
        if name not in names or value < 1
    ]
