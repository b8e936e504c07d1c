"""Partners whose signed tokens are taken: their public keys out of the file that YISHI_PARTNERS names, and what a token must say; no table.

The file is TOML, read again when it changes, so that a key taken out of it opens nothing from then on:

    [city-app]
    name = "城市客户端"
    [[city-app.keys]]
    id = "2026-11"
    key = \"\"\"-----BEGIN PUBLIC KEY----- … -----END PUBLIC KEY-----\"\"\"

A token is a JWT signed by one of them (EdDSA, ES256 or RS256; header: kid), with iss (the partner's code), aud (YISHI_PUBLIC_URL), sub (its
user), iat, exp (at most ten minutes later) and jti (never twice).
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import NotAllowed
from broadcast.models import Participant

logger = logging.getLogger(__name__)

LONGEST_SECONDS, LEEWAY_SECONDS = 600, 30
TOKEN_MOST = 4_000
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}")
_JTI = re.compile(r"[\x21-\x7e]{8,128}")
_RESERVED = frozenset({Participant.TELEPHONE})


@dataclass(frozen=True)
class Partner:
    """Its keys by their ids, each with the one algorithm that it is for."""

    code: str
    name: str
    keys: dict[str, tuple[str, Any]]


@dataclass(frozen=True)
class Claims:
    """What a good token says. `jti` was not yet looked up."""

    partner: str
    subject: str
    jti: str
    expires_at: dt.datetime


class BadPartners(ValueError):
    """The file cannot be read as partners; the text says where."""


def known() -> dict[str, Partner]:
    """The partners by code; none where the file cannot be read, which is logged and told by doctor."""
    path = settings.PARTNERS
    if not path:
        return {}
    try:
        return _read(path, Path(path).stat().st_mtime_ns)
    except (OSError, BadPartners) as error:
        logger.error("partners unknown: %s", error)
        return {}


def read(token: str) -> Claims:
    """What a partner's token says, when it is good now. Raises NotAllowed, which does not tell what was wrong; the log does."""
    try:
        return _claims(token)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError) as error:
        logger.warning("partner's token refused error=%s", type(error).__name__)
        raise NotAllowed(_("合作平台的登录已过期，请回到原来的应用重新打开。"), cause="partner_token") from None


def parsed(text: str) -> dict[str, Partner]:
    """The file's text as partners. Raises BadPartners."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPartners(f"no TOML: {error}") from error
    return {code: _partner(code, rows) for code, rows in data.items()}


def _claims(token: str) -> Claims:
    if len(token) > TOKEN_MOST:
        raise ValueError("too long")
    header = jwt.get_unverified_header(token)
    # Only to find the key: the signature is checked right after, with that partner's key and its one algorithm.
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    algorithm, key = known()[issuer].keys[header["kid"]]
    told = jwt.decode(
        token,
        key=key,
        algorithms=[algorithm],
        audience=settings.PUBLIC_URL,
        issuer=issuer,
        options={
            "require": ["iss", "aud", "sub", "exp", "iat", "jti"],
            # By our own clock, below.
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        },
    )
    now, begun, ends = clock.now().timestamp(), int(told["iat"]), int(told["exp"])
    if not (begun - LEEWAY_SECONDS <= now < ends + LEEWAY_SECONDS and 0 < ends - begun <= LONGEST_SECONDS):
        raise ValueError("not now")
    if not (_SUBJECT.fullmatch(told["sub"]) and _JTI.fullmatch(told["jti"])):
        raise ValueError("sub or jti")
    until = dt.datetime.fromtimestamp(ends + LEEWAY_SECONDS, dt.UTC)
    return Claims(issuer, told["sub"], told["jti"], until)


@lru_cache(maxsize=2)
def _read(path: str, _changed_ns: int) -> dict[str, Partner]:
    try:
        return parsed(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadPartners(f"{path} is no text") from error


def _partner(code: str, rows: Any) -> Partner:
    if not _CODE.fullmatch(code) or code in _RESERVED:
        raise BadPartners(f"{code!r}: 3 to 40 small letters, digits and hyphens, and not reserved")
    if not isinstance(rows, dict) or not isinstance(rows.get("keys"), list):
        raise BadPartners(f"{code}: needs keys")
    keys = {
        str(row.get("id", "")): _key(code, str(row.get("key", ""))) for row in rows["keys"] if isinstance(row, dict)
    }
    if not keys or "" in keys or len(keys) != len(rows["keys"]):
        raise BadPartners(f"{code}: each key needs an id of its own")
    return Partner(code, str(rows.get("name") or code)[:40], keys)


def _key(code: str, pem: str) -> tuple[str, Any]:
    """The key with the algorithm that it is for: a token does not choose."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadPartners(f"{code}: a key is no public key in PEM") from error
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA", key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256", key
    if isinstance(key, RSAPublicKey) and key.key_size >= 2_048:
        return "RS256", key
    raise BadPartners(f"{code}: keys are Ed25519, P-256, or RSA of 2048 bits or more")
