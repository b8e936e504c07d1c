"""Six digits of RFC 6238 from a shared secret and the time; pure: it keeps nothing and knows no account."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
# A phone's clock may be one step off, to either side.
_WINDOW = 1


def new_secret() -> str:
    """160 random bits in base 32, as authenticator apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one time step (seconds since 1970 divided by 30)."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: str, typed: str, now: float, after: int) -> int | None:
    """The step whose code was typed, near `now` (seconds) and later than `after`: no code is taken twice. None: wrong."""
    if not (len(typed) == DIGITS and typed.isascii() and typed.isdigit()):
        return None
    current = int(now) // STEP_SECONDS
    for step in range(current - _WINDOW, current + _WINDOW + 1):
        if step > after and hmac.compare_digest(code_at(secret, step), typed):
            return step
    return None


def address(secret: str, account: str, house: str) -> str:
    """The otpauth: address that an app reads from the QR code."""
    values = urlencode({"secret": secret, "issuer": house, "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote)
    return f"otpauth://totp/{quote(house)}:{quote(account)}?{values}"
