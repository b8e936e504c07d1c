"""Identities that come in a header or a frame instead of a cookie, for pages of partners' own; a cookie's token is none of these.

A request that brings one is asked for nothing else: neither cookie nor session count, so that no page elsewhere can act for whoever
is logged in here, and no CSRF token is needed.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from broadcast.identity import Identity

SECONDS = 12 * 3600
# Where such requests are taken; the header means nothing elsewhere.
PLACES = ("/live/airings/", "/account/partner", "/account/consent")
# Where the partner's own token is shown, not one of ours.
ENTRANCE = "/account/partner"
_SALT = "yishi.bearer"
_MOST = 4_000


def sign(identity: Identity) -> str:
    """A partner's user as a token of ours, for SECONDS. It carries no right of an account."""
    data = {
        "p": identity.participant_id.hex,
        "a": int(identity.assurance),
        "n": identity.name,
        "g": identity.generation,
    }
    return signing.dumps(data, salt=_SALT, compress=True)


def read(token: str) -> Identity | None:
    """The identity in one of our tokens, or None when it is forged or too old."""
    if not token or len(token) > 1_000:
        return None
    try:
        data = signing.loads(token, salt=_SALT, max_age=SECONDS)
        return Identity(uuid.UUID(hex=data["p"]), int(data["a"]), None, str(data["n"]), generation=int(data["g"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


def of_request(request: HttpRequest) -> str | None:
    """The token that the request brings, where such are taken; None without one."""
    if not settings.PARTNERS or not request.path.startswith(PLACES):
        return None
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip()[:_MOST] if kind.lower() == "bearer" and token else None
