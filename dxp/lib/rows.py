"""Work is a row: how rows change hands, and how many of them move at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

import psycopg
from django.db import connection, models
from psycopg.types.datetime import TimestamptzLoader

M = TypeVar("M", bound=models.Model)


class MovableQuerySet(models.QuerySet[M]):
    """A queryset of rows that have a state."""

    def move(self, pk: int, before: str, after: str, **changes: Any) -> bool:
        """Change a row's state if nobody was faster; return whether it was us."""
        return self.filter(pk=pk, state=before).update(state=after, **changes) == 1


@contextmanager
def raw_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """Yield a cursor of psycopg itself, inside Django's transaction.

    For COPY and for arrays, which Django's cursor binds value by value on the client. Errors still
    reach Django, so that a connection that died is renewed at the next request.
    """
    connection.ensure_connection()
    # A bare psycopg cursor would bypass Django's error tracking: after a restart of PostgreSQL
    # every request failed for a minute.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        # Django's own reader of times is not compiled: ten times slower, and our servers speak UTC.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        yield cursor


def array(values: Iterable[Any]) -> str:
    """Return values as the text of a PostgreSQL array, for one bound parameter.

    psycopg's own lists cost some microseconds a value (measured: a quarter of the fold).
    """
    wanted = list(values)
    kinds = set(map(type, wanted))
    if kinds == {int}:
        return f"{{{','.join(map(str, wanted))}}}"
    if kinds == {str}:
        joined = '","'.join(wanted)
        if "\\" not in joined and joined.count('"') == 2 * len(wanted) - 2:
            return f'{{"{joined}"}}'
    if kinds == {datetime}:
        return f"{{{','.join(map(datetime.isoformat, wanted))}}}"
    if kinds == {date}:
        # Hardly ever more than two different ones.
        told = {day: day.isoformat() for day in set(wanted)}
        return f"{{{','.join([told[day] for day in wanted])}}}"
    return f"{{{','.join(map(_element, wanted))}}}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if value is None:
        return "NULL"
    # Times, days, decimals and truth: their text needs no quotes.
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def copied(text: str) -> str:
    """Return a text as COPY's text format wants it."""
    # Most texts hold nothing that has to be escaped; asking is cheaper than rewriting.
    if "\\" not in text and text.isprintable():
        return text
    return text.translate(_ESCAPES)


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_text(table: str, columns: Sequence[str], lines: bytes) -> None:
    """Append rows that stand in COPY's text format already."""
    with raw_cursor() as cursor, cursor.copy(_copy(table, columns)) as copy:
        copy.write(lines)


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows by COPY; table and columns are names from our code, never from outside."""
    with raw_cursor() as cursor, cursor.copy(_copy(table, columns)) as copy:
        for row in rows:
            copy.write_row(row)


def _copy(table: str, columns: Sequence[str]) -> psycopg.sql.Composed:
    return psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(table),
        psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(name) for name in columns),
    )


def advisory_lock(name: str) -> bool:
    """Take a lock until the end of the transaction; return False if somebody holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        row = cursor.fetchone()
    return bool(row and row[0])


def wait_for_lock(name: str) -> None:
    """Take a lock until the end of the transaction, as soon as nobody else holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
