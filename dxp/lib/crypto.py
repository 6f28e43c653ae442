"""Keyed digests, which recognize without telling, and seals, which only we open.

What was hashed can't be guessed without the key; what was sealed can't be read or changed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class BrokenSeal(ValueError):
    """This was sealed under a key we no longer have, for another purpose, or was changed."""


def seal(purpose: str, text: str) -> str:
    """Return a text as only we can read it, for a place that others may see, such as a backup.

    Args:
        purpose: what it is sealed for; it opens for nothing else.
        text: the secret.
    """
    return _chest(purpose, *_masters()).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Return what was sealed, under the key of today or one of `SECRET_KEY_FALLBACKS`.

    Raises:
        BrokenSeal: it can't be opened.
    """
    try:
        return _chest(purpose, *_masters()).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError) as error:
        raise BrokenSeal(purpose) from error


def _masters() -> tuple[str, ...]:
    return (str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=16)
def _chest(purpose: str, *masters: str) -> MultiFernet:
    return MultiFernet([Fernet(_sealing_key(master, purpose)) for master in masters])


def _sealing_key(master: str, purpose: str) -> bytes:
    # A key of its own for each purpose, which tells nothing about the one it came from.
    key = hashlib.blake2b(
        b"dxp.seal\0%b" % purpose.encode(), key=hashlib.sha512(master.encode()).digest(),
        digest_size=32,
    )  # fmt: skip
    return base64.urlsafe_b64encode(key.digest())


def digest(purpose: str, text: str) -> str:
    """Return the digest of a text under the key of today.

    Args:
        purpose: keeps digests of the same text for different uses apart.
        text: what to recognize later.
    """
    return _digest(_keys()[0], purpose.encode(), text)


def digests(purpose: str, texts: Iterable[str]) -> dict[str, str]:
    """Return the digests of texts under every key, each with its text.

    What was written under an older key is still found by the others, until it is removed.

    Args:
        purpose: the one they were written for.
        texts: what to recognize.
    """
    kept, keys = list(texts), _keys()
    return {_digest(key, purpose.encode(), text): text for key in keys for text in kept}


def _digest(key: bytes, purpose: bytes, text: str) -> str:
    # A keyed BLAKE2b is a MAC by itself, at a third of the cost of HMAC-SHA-256.
    return hashlib.blake2b(
        b"%b\0%b" % (purpose, text.encode()), key=key, digest_size=32
    ).hexdigest()


def _keys() -> tuple[bytes, ...]:
    named = tuple(str(key) for key in settings.ERASURE_KEYS)
    older = tuple(str(key) for key in settings.SECRET_KEY_FALLBACKS)
    return _derived(*(named or (str(settings.SECRET_KEY), *older)))


@lru_cache(maxsize=8)
def _derived(*secrets: str) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(f"dxp.erasure\0{secret}".encode()).digest() for secret in secrets)
