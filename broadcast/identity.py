"""The signed participant token in its cookie, and building an Actor from a request or a socket's scope; it must not touch a table."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, parse_cookie

from broadcast import clock, device, reader
from broadcast.access import Actor
from broadcast.models import User
from broadcast.models.catalogue import Assurance

COOKIE = "yishi_participant"
MAX_AGE_SECONDS = 400 * 24 * 3600
# How long a token opens what is not for everybody, counted from the log-in or from the last page of a living session.
RIGHTS_SECONDS = 12 * 3600
_RENEW_SECONDS = 3600
_SALT = "yishi.participant"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a browser says it is, as we signed it.

    `generation` is that of the account's participant row, 0 for a guest. With `user_id` come `mark`, a piece of the account's
    session hash, and `since`, when the rights were given (seconds): `services.identity.entitled` asks the database for them.
    """

    participant_id: uuid.UUID
    assurance: int = Assurance.GUEST
    user_id: int | None = None
    name: str = ""
    generation: int = 0
    mark: str = ""
    since: int = 0


def fresh() -> Identity:
    """A new guest; no row is written until the first accepted write."""
    return Identity(uuid.uuid4())


def sign(identity: Identity) -> str:
    """The cookie's value: signed, timestamped, holding no secret."""
    data = {"p": identity.participant_id.hex, "a": int(identity.assurance), "u": identity.user_id, "n": identity.name}
    if identity.generation:
        data["g"] = identity.generation
    if identity.user_id is not None:
        data |= {"m": identity.mark, "s": identity.since}
    return signing.dumps(data, salt=_SALT, compress=True)


def read(token: str | None) -> Identity | None:
    """The identity in a token, or None when it is missing, forged or expired."""
    if not token or len(token) > 1_000:
        return None
    try:
        data = signing.loads(token, salt=_SALT, max_age=MAX_AGE_SECONDS)
        who = uuid.UUID(hex=data["p"])
        more = (int(data.get("g", 0)), str(data.get("m", "")), int(data.get("s", 0)))
        return Identity(who, int(data["a"]), data["u"], str(data["n"]), *more)
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


def mark_of(user: User) -> str:
    """A piece of the account's session hash; another after every change of the password."""
    return user.get_session_auth_hash()[:16]


def wants_rights_anew(identity: Identity, user: User) -> bool:
    """Whether a page of a living session should give the token of this same account its rights for longer."""
    if identity.user_id is None or identity.user_id != user.pk:
        return False
    return identity.mark != mark_of(user) or clock.now().timestamp() - identity.since > _RENEW_SECONDS


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
        request.META.get("HTTP_X_REAL_PORT", ""),
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
        device_id=device.read(request.COOKIES.get(device.COOKIE)),
        generation=identity.generation,
        language=reader.language(request),
    )


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opened a socket, as one reading of its handshake tells: no session, no query. Small, since thousands are kept."""

    identity: Identity | None
    language: str
    address: str
    port: int | None
    device: str
    device_id: str

    def actor(self) -> Actor | None:
        """None without a valid token.

        Its `user_id` is only what the token says: whoever opens what is not for everybody asks `services.identity.entitled` first.
        """
        identity = self.identity
        if identity is None:
            return None
        return Actor(
            user_id=identity.user_id,
            participant_id=identity.participant_id,
            assurance=identity.assurance,
            name=identity.name,
            address=self.address,
            port=self.port,
            device=self.device,
            device_id=self.device_id,
            generation=identity.generation,
            language=self.language,
        )


def visitor_of_scope(scope: dict[str, Any]) -> Visitor:
    """Read a socket's handshake: the cookie's token, the chosen language, where it comes from."""
    cookies = parse_cookie(_header(scope, b"cookie", "; "))
    host, port = scope.get("client") or ("", None)
    forwarded = _header(scope, b"x-forwarded-for", ","), _header(scope, b"x-real-port", ",")
    address, port = client_address(str(host), port, *forwarded)
    return Visitor(
        read(cookies.get(COOKIE)),
        reader.language_of_handshake(scope.get("query_string") or b"", cookies),
        address,
        port,
        _known_device(_header(scope, b"user-agent", " ")[:300]),
        device.read(cookies.get(device.COOKIE)),
    )


def language_of_scope(scope: dict[str, Any]) -> str:
    """The language that the reader of a socket chose, as pages find it."""
    return visitor_of_scope(scope).language


def actor_of_scope(scope: dict[str, Any]) -> Actor | None:
    """The Actor of a socket, as `Visitor.actor` has it."""
    return visitor_of_scope(scope).actor()


@lru_cache(maxsize=2_000)
def _known_device(device: str) -> str:
    """The same string for the same device: there are few kinds of them, and each is long."""
    return device


def cookie_of(header: str) -> str | None:
    """The participant token in a Cookie header, read as pages read it: another's odd cookie beside it does not matter."""
    return parse_cookie(header).get(COOKIE)


def client_address(peer: str, port: Any, forwarded: str, forwarded_port: str = "") -> tuple[str, int | None]:
    """Address and source port of the client; X-Forwarded-For and X-Real-Port are believed only from a proxy in YISHI_PROXIES."""
    if peer in settings.TRUSTED_PROXIES and forwarded:
        return forwarded.split(",")[-1].strip()[:64], _port(forwarded_port.split(",")[-1].strip())
    return peer, _port(str(port or ""))


def _port(text: str) -> int | None:
    known = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return known if 0 < known < 65_536 else None


def _header(scope: dict[str, Any], name: bytes, between: str) -> str:
    found = [value.decode("latin-1") for key, value in scope.get("headers") or () if key == name]
    return between.join(found)
