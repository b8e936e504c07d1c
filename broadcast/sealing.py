"""Keyed digests and sealed (encrypted) fields with keys from the settings; it must not decide what is sealed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def _derive(purpose: str) -> bytes:
    return hashlib.sha256(f"yishi:{purpose}:".encode() + settings.SECRET_KEY.encode()).digest()


def digest(purpose: str, value: str) -> str:
    """HMAC-SHA-256 of `value` under a key of its own for `purpose`, in hex. Finds equal values again, reveals none."""
    return hmac.new(_derive(purpose), value.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...], secret: str) -> MultiFernet:
    raw = [hashlib.sha256(key.encode()).digest() for key in keys] or [_derive("sealing")]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in raw])


def seal(data: Any) -> bytes:
    """Encrypt JSON-able data (Fernet: AES-128-CBC with HMAC-SHA-256). The newest key of YISHI_EVIDENCE_KEYS is used."""
    return _box(tuple(settings.EVIDENCE_KEYS), settings.SECRET_KEY).encrypt(
        json.dumps(data, ensure_ascii=False).encode()
    )


def unseal(sealed: bytes | memoryview) -> Any:
    """What was sealed, with any key still listed. Raises cryptography.fernet.InvalidToken when none fits."""
    return json.loads(_box(tuple(settings.EVIDENCE_KEYS), settings.SECRET_KEY).decrypt(bytes(sealed)))
