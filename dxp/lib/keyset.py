"""Paging by position instead of page number: stable while rows arrive, fast to the last page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import models
from django.db.models.lookups import GreaterThan, LessThan

M = TypeVar("M", bound=models.Model)
_BIGGEST = 2**63 - 1


class BadCursor(ValueError):
    """A cursor that we did not make, or one of another list."""


class _Row(models.Func):
    """A row value, so that several columns are compared at once and one index serves."""

    template = "(%(expressions)s)"
    output_field = models.TextField()


def beyond(
    queryset: models.QuerySet[M],
    fields: Sequence[str],
    position: Sequence[Any],
    *,
    down: bool = False,
) -> models.QuerySet[M]:
    """Return what follows a position, in the order of these fields; `down` for falling order."""
    here = _Row(*(models.F(name) for name in fields))
    there = _Row(*(models.Value(value) for value in position))
    return queryset.filter(LessThan(here, there) if down else GreaterThan(here, there))


def ordered(
    queryset: models.QuerySet[M], fields: Sequence[str], *, down: bool = False
) -> models.QuerySet[M]:
    """Return the rows in the order of these fields; `down` for falling order."""
    return queryset.order_by(*(f"-{name}" if down else name for name in fields))


def encode(position: Sequence[Any]) -> str:
    """Return a position as an opaque text for an address."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in position]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """Return the position that a cursor holds: moments and whole numbers, as many as `kinds`.

    Raises:
        BadCursor: it is not one of ours.
    """
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        values = json.loads(text)
        if not isinstance(values, list) or len(values) != len(kinds):
            raise BadCursor(cursor)
        return [_value(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise BadCursor(cursor) from error


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if type(value) is not int or not -_BIGGEST <= value <= _BIGGEST:
        raise BadCursor(value)
    return value
