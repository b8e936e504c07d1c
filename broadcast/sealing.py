"""Keyed digests and sealed (encrypted) fields with keys from the settings; it must not decide what is sealed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

# Begins what `seal_many` made; a Fernet token begins with "g".
_LEAN = b"\x01"
_NONCE_BYTES = 12


def _derive(purpose: str) -> bytes:
    return hashlib.sha256(f"yishi:{purpose}:".encode() + settings.SECRET_KEY.encode()).digest()


def digest(purpose: str, value: str) -> str:
    """HMAC-SHA-256 of `value` under a key of its own for `purpose`, in hex. Finds equal values again, reveals none."""
    return hmac.new(_derive(purpose), value.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...], secret: str) -> MultiFernet:
    raw = [hashlib.sha256(key.encode()).digest() for key in keys] or [_derive("sealing")]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in raw])


@lru_cache(maxsize=4)
def _lean_boxes(keys: tuple[str, ...], secret: str) -> tuple[AESGCM, ...]:
    raw = [hashlib.sha256(b"yishi:lean:" + key.encode()).digest() for key in keys] or [_derive("lean sealing")]
    return tuple(AESGCM(key) for key in raw)


def seal(data: Any) -> bytes:
    """Encrypt JSON-able data (Fernet: AES-128-CBC with HMAC-SHA-256). The newest key of YISHI_EVIDENCE_KEYS is used."""
    return _box(tuple(settings.EVIDENCE_KEYS), settings.SECRET_KEY).encrypt(
        json.dumps(data, ensure_ascii=False).encode()
    )


def seal_many(items: Iterable[Any]) -> list[bytes]:
    """`seal` for the hundreds that one transaction brings: AES-256-GCM under the same keys, a tenth of the time; not text."""
    box = _lean_boxes(tuple(settings.EVIDENCE_KEYS), settings.SECRET_KEY)[0]
    plain = [json.dumps(each, ensure_ascii=False).encode() for each in items]
    random = os.urandom(_NONCE_BYTES * len(plain))
    sealed = []
    for at, each in enumerate(plain):
        nonce = random[at * _NONCE_BYTES : (at + 1) * _NONCE_BYTES]
        sealed.append(_LEAN + nonce + box.encrypt(nonce, each, _LEAN))
    return sealed


def unseal(sealed: bytes | memoryview) -> Any:
    """What was sealed, with any key still listed. Raises cryptography.fernet.InvalidToken when none fits."""
    token = bytes(sealed)
    if token[:1] != _LEAN:
        return json.loads(_box(tuple(settings.EVIDENCE_KEYS), settings.SECRET_KEY).decrypt(token))
    nonce, kept = token[1 : 1 + _NONCE_BYTES], token[1 + _NONCE_BYTES :]
    for box in _lean_boxes(tuple(settings.EVIDENCE_KEYS), settings.SECRET_KEY):
        try:
            return json.loads(box.decrypt(nonce, kept, _LEAN))
        except (InvalidTag, ValueError):
            continue
    raise InvalidToken
