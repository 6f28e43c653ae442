"""Keyed digests: what was hashed can be recognized, and not be guessed without the key."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


def digests(purpose: str, text: str) -> list[str]:
    """Return the digest of a text under every key: the first under the key of today.

    What was written under an older key is still found by the others, until it is removed.

    Args:
        purpose: keeps digests of the same text for different uses apart.
        text: what to recognize.
    """
    message = f"{purpose}\0{text}".encode()
    return [hmac.digest(key, message, "sha256").hex() for key in _keys(*_secrets())]


def _secrets() -> tuple[str, ...]:
    named = tuple(str(key) for key in settings.ERASURE_KEYS)
    older = tuple(str(key) for key in settings.SECRET_KEY_FALLBACKS)
    return named or (str(settings.SECRET_KEY), *older)


@lru_cache(maxsize=8)
def _keys(*secrets: str) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(f"dxp.erasure\0{secret}".encode()).digest() for secret in secrets)
