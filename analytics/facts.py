"""What PostgreSQL alone knows about people, to be joined to their events.

Whose an alias's events are now, whom a rule picks now, and what is known of a person. Each is one
SELECT: written into the question where PostgreSQL answers it, else read into an Arrow table.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection

from customers import match, rules
from dxp.lib import rows

# Before and after all events: calendars of both engines reach further than ours.
BEFORE_ALL, AFTER_ALL = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
OWNERS = """SELECT alias_id, profile_id, coalesce(lower(valid), %s) AS since,
  coalesce(upper(valid), %s) AS until FROM customers_aliasoverride"""
SEGMENT = (
    "SELECT profile_id, 'yes' AS fact FROM customers_segmentmember"
    " WHERE segment_id = %s AND left_at IS NULL"
)
TRAIT = (
    "SELECT id AS profile_id, traits #>> %s::text[] AS fact FROM customers_profile"
    " WHERE traits #>> %s::text[] IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT with its values in it, and the types of its columns.

    `otherwise` is what holds of those whom it does not name, in SQL.
    """

    sql: str
    columns: tuple[tuple[str, str], ...]
    otherwise: str = "NULL"


def owners() -> Select:
    """Return whose an alias's events are from `since` until `until`, where stamps do not say so."""
    columns = (("alias_id", "int64"), ("profile_id", "int64"), ("since", "time"), ("until", "time"))
    return Select(_bound(OWNERS, [BEFORE_ALL, AFTER_ALL]), columns)


def picked(who: rules.Node, *, at: datetime) -> Select:
    """Return the people whom a rule picks at this moment."""
    asked, _raw = match.who(who, at=at, timing=False)
    return Select(
        f"SELECT id AS profile_id FROM ({_bound(asked.text, asked.values)}) w WHERE inside",
        (("profile_id", "int64"),),
    )


def known(fact: str) -> Select:
    """Return what is known of people: `trait:country`, or yes or no for `segment:12`.

    Raises:
        ValueError: there is no such thing to know.
    """
    kind, _colon, of = fact.partition(":")
    columns = (("profile_id", "int64"), ("fact", "text"))
    if kind == "trait" and of:
        path = of.split(".")
        return Select(_bound(TRAIT, [path, path]), columns)
    if kind == "segment" and of.isdecimal():
        return Select(_bound(SEGMENT, [int(of)]), columns, "'no'")
    raise ValueError(f"{fact!r} is nothing that is known of people.")


def read(select: Select) -> tuple[Any, str]:
    """Return a SELECT's rows as an Arrow table, and a digest that changes when they do."""
    import pyarrow as pa
    from pyarrow import csv

    types = {"int64": pa.int64(), "text": pa.string(), "time": pa.timestamp("us", tz="UTC")}
    schema = pa.schema([(name, types[kind]) for name, kind in select.columns])
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(max_size=8_000_000) as file, rows.raw_cursor() as cursor:
        with cursor.copy(f"COPY ({select.sql} ORDER BY 1) TO STDOUT (FORMAT csv)") as copy:
            for block in copy:
                digest.update(block)
                file.write(block)
        if not file.tell():
            return schema.empty_table(), digest.hexdigest()
        file.seek(0)
        table = csv.read_csv(
            file,
            read_options=csv.ReadOptions(column_names=schema.names),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            # COPY writes NULL as nothing and an empty text as "".
            convert_options=csv.ConvertOptions(
                column_types=schema, null_values=[""], strings_can_be_null=True,
                quoted_strings_can_be_null=False, timestamp_parsers=[csv.ISO8601],
            ),
        )  # fmt: skip
    return table, digest.hexdigest()


def column(name: str, values: Sequence[int]) -> Any:
    """Return numbers as an Arrow table of one column."""
    import pyarrow as pa

    return pa.table({name: pa.array(values, pa.int64())})


def _bound(text: str, values: Any) -> str:
    connection.ensure_connection()
    return psycopg.ClientCursor(connection.connection).mogrify(text, values)
