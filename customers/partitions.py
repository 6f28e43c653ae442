"""The monthly parts of the event table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper


def ensure(*, moments: Iterable[datetime]) -> list[str]:
    """Make the partitions that rows received at these moments need; return the new ones' names.

    Nobody who reads or writes events waits for it, however long the caller's transaction lasts.
    """
    made = []
    months = sorted({(at.year, at.month) for at in (m.astimezone(UTC) for m in moments)})
    with transaction.atomic(), connection.cursor() as cursor:
        for year, month in months:
            name = f"customers_event_y{year:04d}m{month:02d}"
            if _is_there(cursor, name):
                continue
            # Two workers may both find it missing; the lock lets one make it.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            if not _is_there(cursor, name):
                # Made apart and attached: a table that is made as a part locks the whole.
                cursor.execute(f"CREATE TABLE {name} (LIKE customers_event INCLUDING ALL)")
                cursor.execute(
                    f"ALTER TABLE customers_event ATTACH PARTITION {name} "
                    f"FOR VALUES FROM ('{_first(year, month)}') "
                    f"TO ('{_first(*after(year, month))}')"
                )
                made.append(name)
    return made


def _is_there(cursor: CursorWrapper, name: str) -> bool:
    # Not by to_regclass: that one remembers for a while that there was none.
    cursor.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = %s AND n.nspname = current_schema()",
        [name],
    )
    return cursor.fetchone() is not None


def after(year: int, month: int) -> tuple[int, int]:
    """Return the month that follows."""
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _first(year: int, month: int) -> str:
    return f"{year:04d}-{month:02d}-01 00:00:00+00"
