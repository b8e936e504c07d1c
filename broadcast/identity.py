"""The signed participant token in its cookie, and building an Actor from a request or a socket's scope; it must not touch a table."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from broadcast.access import Actor
from broadcast.models.catalogue import Assurance

COOKIE = "yishi_participant"
MAX_AGE_SECONDS = 400 * 24 * 3600
_SALT = "yishi.participant"


@dataclass(frozen=True)
class Identity:
    """Who a browser says it is, as we signed it."""

    participant_id: uuid.UUID
    assurance: int = Assurance.GUEST
    user_id: int | None = None
    name: str = ""


def fresh() -> Identity:
    """A new guest; no row is written until the first accepted write."""
    return Identity(uuid.uuid4())


def sign(identity: Identity) -> str:
    """The cookie's value: signed, timestamped, holding no secret."""
    data = {"p": identity.participant_id.hex, "a": int(identity.assurance), "u": identity.user_id, "n": identity.name}
    return signing.dumps(data, salt=_SALT, compress=True)


def read(token: str | None) -> Identity | None:
    """The identity in a token, or None when it is missing, forged or expired."""
    if not token or len(token) > 1_000:
        return None
    try:
        data = signing.loads(token, salt=_SALT, max_age=MAX_AGE_SECONDS)
        return Identity(uuid.UUID(hex=data["p"]), int(data["a"]), data["u"], str(data["n"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


def set_cookie(response: Any, identity: Identity) -> None:
    """Give the browser its token."""
    response.set_cookie(
        COOKIE, sign(identity), max_age=MAX_AGE_SECONDS, httponly=True, samesite="Lax", secure=settings.BEHIND_TLS
    )


def become(request: HttpRequest, identity: Identity) -> None:
    """From here on this browser is `identity`; ParticipantMiddleware sends it the new token with the answer."""
    request.identity = identity  # type: ignore[attr-defined]
    request.identity_is_new = True  # type: ignore[attr-defined]


def actor_of_request(request: HttpRequest) -> Actor:
    """The Actor of an HTTP request; needs ParticipantMiddleware (request.identity) and the session's user."""
    identity: Identity = request.identity  # type: ignore[attr-defined]
    address, port = client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("REMOTE_PORT"),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
    )
    user = request.user
    return Actor(
        user_id=user.pk if user.is_authenticated else None,
        participant_id=identity.participant_id,
        assurance=identity.assurance,
        name=str(user) if user.is_authenticated else identity.name,
        address=address,
        port=port,
        device=request.headers.get("User-Agent", ""),
    )


def actor_of_scope(scope: dict[str, Any]) -> Actor | None:
    """The Actor of an audience socket from its cookie alone: no session, no query. None without a valid token."""
    headers = dict(scope.get("headers") or ())
    identity = read(cookie_of(headers.get(b"cookie", b"")))
    if identity is None:
        return None
    host, port = scope.get("client") or ("", None)
    address, port = client_address(str(host), port, headers.get(b"x-forwarded-for", b"").decode("latin-1"))
    return Actor(
        user_id=identity.user_id,
        participant_id=identity.participant_id,
        assurance=identity.assurance,
        name=identity.name,
        address=address,
        port=port,
        device=headers.get(b"user-agent", b"").decode("latin-1")[:300],
    )


def cookie_of(header: bytes) -> str | None:
    """The participant token in a Cookie header, or None."""
    try:
        morsel = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


def client_address(peer: str, port: Any, forwarded: str) -> tuple[str, int | None]:
    """Address and source port of the client; X-Forwarded-For is believed only from a proxy named in YISHI_PROXIES."""
    known = int(port) if str(port or "").isdigit() else None
    if peer in settings.TRUSTED_PROXIES and forwarded:
        return forwarded.split(",")[-1].strip()[:64], None
    return peer, known
