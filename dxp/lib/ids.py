"""Identifiers: time-ordered public ids, write keys, and stable buckets."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import uuid

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"


def uuid7() -> uuid.UUID:
    """Return a time-ordered random id (RFC 9562, version 7)."""
    moment = time.time_ns() // 1_000_000
    value = (moment << 80) | int.from_bytes(os.urandom(10), "big")
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return uuid.UUID(int=value | (0x7 << 76) | (0x2 << 62))


def key(length: int = 24) -> str:
    """Return a random key without letters that people confuse."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def bucket(salt: str, subject: object, buckets: int = 10_000) -> int:
    """Return the same bucket 0..buckets-1 for the same salt and subject, spread evenly."""
    digest = hashlib.blake2b(f"{salt}:{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % buckets
