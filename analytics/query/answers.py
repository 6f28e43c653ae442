"""Answers are kept for a while, under everything they depend on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import redis

from analytics.measures.base import Row
from dxp.lib import hints

log = logging.getLogger(__name__)

KEPT_SECONDS = 600
# Answers by what they rest on, and those on their way to a page.
OURS = ("answer:*", "desk:*")


def plain(answer: Sequence[Row]) -> list[Row]:
    """Return rows that are the same after a way through JSON: amounts as floats, days as text."""
    return [tuple(_cell(cell) for cell in row) for row in answer]


def recall(key: str) -> list[Row] | None:
    """Return an answer that is kept."""
    try:
        found = hints.client().get(f"answer:{key}")
    except redis.RedisError:
        return None
    return [tuple(row) for row in orjson.loads(found)] if isinstance(found, bytes) else None


def remember(key: str, answer: Sequence[Row]) -> None:
    """Keep an answer; without Redis every question is computed."""
    # A number too big for JSON is not worth an error.
    with contextlib.suppress(redis.RedisError, orjson.JSONEncodeError):
        hints.client().set(f"answer:{key}", orjson.dumps(answer), ex=KEPT_SECONDS)


def forget() -> None:
    """Drop every answer that is kept: one may list a person who is erased."""
    try:
        client = hints.client()
        for ours in OURS:
            for key in client.scan_iter(match=ours, count=1000):
                client.delete(key)
    except redis.RedisError as error:
        log.warning("Kept answers die by themselves within ten minutes: %s", error)


def _cell(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return float(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
