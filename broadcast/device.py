"""The signed token of a browser, beside the participant's and lasting longer than it: whoever logs out or begins anew is the same device.

It says nothing of whoever uses it. Only a keyed digest of it leaves this module; a browser that throws it away gets another one.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from broadcast.sealing import digest

COOKIE = "yishi_device"
MAX_AGE_SECONDS = 400 * 24 * 3600
_SALT = "yishi.device"
_ID_CHARS = 32


def fresh() -> str:
    """A new token: sixteen random bytes and our signature."""
    return signing.Signer(salt=_SALT).sign(secrets.token_urlsafe(16))


def read(token: str | None) -> str:
    """The device's name here, the same for the same token; empty when it is missing or not ours."""
    if not token or len(token) > 200:
        return ""
    try:
        return digest("device", signing.Signer(salt=_SALT).unsign(token))[:_ID_CHARS]
    except signing.BadSignature:
        return ""


def keep(request: HttpRequest, response: Any) -> None:
    """Give a browser without a good token one; a good one is left as it is."""
    if read(request.COOKIES.get(COOKIE)):
        return
    response.set_cookie(
        COOKIE, fresh(), max_age=MAX_AGE_SECONDS, httponly=True, samesite="Lax", secure=settings.BEHIND_TLS
    )


__all__ = ["COOKIE", "fresh", "keep", "read"]
